/**
 * Waits for the server's replies, each for a number of seconds.
 */
import { LONGEST_WAIT } from './clock.js';
import { LATE, ReplyError } from './errors.js';

/** How long `ack: true` waits. */
const PATIENCE = 10;

/** How many seconds to wait for a reply, from the option `ack`; 0 without one. */
export function secondsOf(ack) {
    if (ack === undefined || ack === null || ack === false) {
        return 0;
    }
    const seconds = ack === true ? PATIENCE : ack;
    if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= LONGEST_WAIT)) {
        throw new TypeError('Let "ack" be true, or for how many seconds to wait for the reply.');
    }
    return seconds;
}

/**
 * The replies that are waited for.
 *
 * They are told by callbacks, in the same turn: a promise would go on only after the next message was read.
 */
export class Replies {
    #lastId = 0;
    #waiting = new Map();

    nextId() {
        this.#lastId += 1;
        return this.#lastId;
    }

    /** Calls done(error, result) once. Without seconds it waits however long it takes. */
    wait(id, done, seconds) {
        const timer = seconds && setTimeout(() => this.fail(id, LATE), seconds * 1000);
        this.#waiting.set(id, { done, timer });
    }

    received(id, reply) {
        if (reply?.ok === true) {
            this.#take(id)?.(null, reply.result ?? null);
        } else {
            this.fail(id, reply?.error ?? {});
        }
    }

    fail(id, error) {
        this.#take(id)?.(new ReplyError(error), null);
    }

    failAll(error) {
        [...this.#waiting.keys()].forEach((id) => this.fail(id, error));
    }

    #take(id) {
        const waiting = this.#waiting.get(id);
        if (waiting?.timer) {
            clearTimeout(waiting.timer);
        }
        this.#waiting.delete(id);
        return waiting?.done;
    }
}
