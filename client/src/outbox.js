/**
 * Sends events and requests, and keeps them until the login is answered.
 */
import { ReplyError, UNSENT } from './errors.js';
import { encode } from './frames.js';
import { isReserved } from './names.js';
import { promised } from './promises.js';
import { Replies } from './replies.js';
import { RequestQueue } from './requestqueue.js';

/** How many events wait for the login at most. */
const MOST_WAITING = 64;

// An event costs one token, and one more for each of so many bytes.
const BYTES_PER_TOKEN = 4096;

/** The outgoing side of one connection, with the replies that it waits for. */
export class Outbox {
    #send;
    #hasEnded;
    #isOpen = false;
    #waiting = new Set();
    #replies = new Replies();
    #requests = new RequestQueue((event, data, done) => this.#request(event, data, done));

    /**
     * @param {object} connection - send({ event, text }) sends a frame, hasEnded() says whether nothing can be sent any more
     */
    constructor({ send, hasEnded }) {
        this.#send = send;
        this.#hasEnded = hasEnded;
    }

    /** Whether the login is answered. */
    get isOpen() {
        return this.#isOpen;
    }

    /** Sends an event that has no reply; it throws where the connection is closed, or too many wait. */
    emit(event, data) {
        const obstacle = this.#obstacle(event);
        if (obstacle) {
            throw new Error(obstacle.message);
        }
        // Encoded now, even if it has to wait: the caller may change the data after this.
        this.#sendAfterLogin({ event, text: encode(event, data) });
    }

    /** Sends an event, and gives a promise of its reply, for which it waits so many seconds. */
    promise(event, data, seconds) {
        return promised((done) => this.#request(event, data, done, seconds));
    }

    /** Queues a request of the client's own. */
    add(request) {
        this.#requests.add(request);
    }

    /** Queues a request, or fails it where nothing can be sent. */
    ask(request) {
        const obstacle = this.#obstacle(request.event);
        if (obstacle) {
            request.done(new ReplyError(obstacle), null);
        } else {
            this.#requests.add(request);
        }
    }

    /** Settles the request that a reply is for. */
    received(id, reply) {
        this.#replies.received(id, reply);
    }

    /** Lets requests go, within these limits: the login is answered. */
    open(limits) {
        this.#isOpen = true;
        this.#requests.open(limits);
    }

    /** Sends the events that waited for the login. */
    flush() {
        this.#waiting.forEach((frame) => this.#sendEvent(frame));
        this.#waiting.clear();
    }

    /** Drops what was not sent; replies are still waited for. */
    dropWaiting() {
        const dropped = [...this.#waiting];
        this.#waiting.clear();
        dropped.forEach(({ id }) => this.#replies.fail(id, UNSENT));
        this.#requests.clear();
    }

    /** Fails all replies that are waited for. */
    failAll(error) {
        this.#replies.failAll(error);
    }

    #obstacle(event) {
        if (this.#hasEnded()) {
            return { ...UNSENT, message: `Can't emit "${event}": the connection is closed.` };
        }
        if (!this.#isOpen && this.#waiting.size + this.#requests.length >= MOST_WAITING) {
            const message = `Can't emit "${event}": ${MOST_WAITING} events wait for the login already.`;
            return { code: 'queue.full', message, retry: true };
        }
        return null;
    }

    /** Sends an event that has a reply, and calls done(error, result). */
    #request(event, data, done, seconds) {
        const obstacle = this.#obstacle(event);
        if (obstacle) {
            return done(new ReplyError(obstacle), null);
        }
        const id = this.#replies.nextId();
        const frame = { event, id, text: encode(event, data, { id }) };
        const settled = (error, result) => {
            this.#waiting.delete(frame);
            done(error, result);
        };
        this.#replies.wait(id, settled, seconds);
        this.#sendAfterLogin(frame);
    }

    #sendAfterLogin(frame) {
        if (this.#isOpen) {
            this.#sendEvent(frame);
        } else {
            this.#waiting.add(frame);
        }
    }

    // The queue counts its own requests. `length` counts fewer units than there are bytes: the reserve covers the rest.
    #sendEvent(frame) {
        if (!isReserved(frame.event)) {
            this.#requests.spend(1 + Math.floor(frame.text.length / BYTES_PER_TOKEN));
        }
        this.#send(frame);
    }
}
