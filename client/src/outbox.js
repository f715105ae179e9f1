/**
 * Sends events and requests once the login is answered; until then they wait.
 */
import { ReplyError, UNSENT } from './errors.js';
import { encode } from './frames.js';
import { isReserved } from './names.js';
import { promised } from './promises.js';
import { Replies } from './replies.js';
import { RequestQueue } from './requestqueue.js';

/** How many events wait for the login at most. */
const MOST_WAITING = 64;

// What one event may cost above its first token: a token for each of so many bytes.
const BYTES_PER_TOKEN = 4096;

/** What is sent over one connection, and the replies to it. */
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

    /** Has a request of the client's own stand in the queue. */
    add(request) {
        this.#requests.add(request);
    }

    /** The same, if anything may be sent; else it fails. */
    ask(request) {
        const obstacle = this.#obstacle(request.event);
        if (obstacle) {
            request.done(new ReplyError(obstacle), null);
        } else {
            this.#requests.add(request);
        }
    }

    /** A reply has come. */
    received(id, reply) {
        this.#replies.received(id, reply);
    }

    /** The login is answered: requests may go, within these limits. */
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

    /** Waits for no reply any more. */
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

    // The queue has counted its own. Of a text's bytes no more than its units are counted: the reserve has the rest.
    #sendEvent(frame) {
        if (!isReserved(frame.event)) {
            this.#requests.spend(1 + Math.floor(frame.text.length / BYTES_PER_TOKEN));
        }
        this.#send(frame);
    }
}
