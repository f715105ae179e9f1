/**
 * Calls handlers for events: `on`, `once` and `off` of a Ratchet and of each subscription.
 */
import { wellFormed } from './frames.js';
import { logFailure } from './log.js';
import { isPromise } from './promises.js';

/** The result of a handler that failed. */
export const FAILED = Symbol('failed');

/**
 * Calls the handlers of an event, and gives their results. Before each handler it asks isWanted(): the one before may have
 * ended it.
 *
 * Handlers added meanwhile wait for the next event; handlers removed meanwhile aren't called. A page can't call dispatch.
 */
export let dispatch;

/** Something whose events a page can listen to. It is `this` in its handlers. */
export class Listenable {
    static {
        dispatch = (listenable, event, data, isWanted) => listenable.#dispatch(event, data, isWanted);
    }

    // A Map, as an object would already have "constructor" and "__proto__".
    #entries = new Map();

    /**
     * Calls the handler with the data of each such event, after the handlers already there.
     *
     * Where the event is a question of the server's, the handler's result, or its promise's, is the answer.
     */
    on(event, handler) {
        return this.#add(event, handler, false);
    }

    /** Calls the handler with the data of the next such event only. */
    once(event, handler) {
        return this.#add(event, handler, true);
    }

    /** Removes a handler of the event; all of them, if none is given. */
    off(event, handler) {
        const name = wellFormed(event);
        for (const entry of this.#of(name)) {
            if (handler === undefined || entry.handler === handler) {
                this.#drop(name, entry);
            }
        }
        return this;
    }

    #add(event, handler, once) {
        if (typeof handler !== 'function') {
            throw new TypeError("Give a function to call with the event's data.");
        }
        const name = wellFormed(event);
        this.#entries.set(name, this.#of(name).add({ handler, once }));
        return this;
    }

    #dispatch(event, data, isWanted) {
        const entries = this.#of(event);
        const results = [];
        for (const entry of [...entries]) {
            if (entries.has(entry) && isWanted()) {
                results.push(this.#call(event, entry, data));
            }
        }
        return results;
    }

    #of(event) {
        return this.#entries.get(event) ?? new Set();
    }

    // Leaves no empty set behind: a page that makes up names would fill the memory.
    #drop(event, entry) {
        const entries = this.#of(event);
        entries.delete(entry);
        if (entries.size === 0) {
            this.#entries.delete(event);
        }
    }

    #call(event, entry, data) {
        if (entry.once) {
            this.#drop(event, entry);
        }
        try {
            const result = entry.handler.call(this, data);
            return isPromise(result) ? Promise.resolve(result).catch((error) => failed(event, error)) : result;
        } catch (error) {
            return failed(event, error);
        }
    }
}

function failed(event, error) {
    logFailure(event, error);
    return FAILED;
}
