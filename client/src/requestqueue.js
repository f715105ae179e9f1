/**
 * Queues the client's own requests (subscribes, histories), so that they go as fast as the server takes them.
 */
import { later, stop } from './clock.js';
import { ReplyError, UNSENT } from './errors.js';
import { Rate } from './rate.js';
import { mayPass, pauseBefore } from './retries.js';

// The limits of a server that doesn't tell its own: these are the defaults.
const USUAL_LIMITS = { eventsPerSecond: 50, eventsBurst: 100, rooms: 0 };

// How many pages of the past are asked for at the same time: they are large, and what waits for us is bounded.
const MOST_READINGS = 2;

function isReading({ event }) {
    return event === 'socket.history';
}

/**
 * What this client asks by itself, and what costs the page no thought: where the server refuses it for now, it is asked
 * again.
 *
 * A request has `event`, `data()` as it is when it is sent, `isWanted()` just before, `mayRepeat`, and done(error, result).
 */
export class RequestQueue {
    #send;
    #requests = [];
    #rate = null;
    // The server takes the first subscribes of a login for nothing.
    #free = 0;
    #timer = null;
    // How many pages of the past are on their way.
    #readings = 0;
    // Those that were refused for now, each with its timer.
    #pausing = new Map();

    constructor(send) {
        this.#send = send;
    }

    get length() {
        return this.#requests.length;
    }

    /** The login is answered: what waits may go. */
    open(limits) {
        if (this.#rate === null) {
            const told = { ...USUAL_LIMITS, ...limits };
            this.#rate = new Rate(told);
            this.#free = told.rooms;
        }
        this.#goOn();
    }

    add(request) {
        this.#requests.push({ tries: 0, ...request });
        this.#goOn();
    }

    /** Counts what is sent besides. */
    spend(tokens) {
        this.#rate?.spend(tokens);
    }

    /** Lets go of everything: the connection is gone, or about to go. */
    clear() {
        stop(this.#timer);
        this.#pausing.forEach(stop);
        const dropped = [...this.#pausing.keys(), ...this.#requests];
        this.#timer = null;
        this.#pausing.clear();
        this.#requests = [];
        dropped.forEach(({ done }) => done(new ReplyError(UNSENT), null));
    }

    #goOn() {
        while (this.#rate !== null && this.#timer === null) {
            const place = this.#requests.findIndex((each) => !isReading(each) || this.#readings < MOST_READINGS);
            if (place === -1) {
                return;
            }
            const request = this.#requests[place];
            const wait = request.isWanted() && !this.#isFree(request) ? this.#rate.wait : 0;
            if (wait > 0) {
                this.#timer = later(wait, () => {
                    this.#timer = null;
                    this.#goOn();
                });
                return;
            }
            this.#requests.splice(place, 1);
            this.#begin(request);
        }
    }

    #isFree({ event, tries }) {
        return event === 'socket.subscribe' && tries === 0 && this.#free > 0;
    }

    #begin(request) {
        if (!request.isWanted()) {
            return;
        }
        if (this.#isFree(request)) {
            this.#free -= 1;
        } else {
            this.#rate.spend(1);
        }
        request.tries += 1;
        this.#readings += isReading(request) ? 1 : 0;
        this.#send(request.event, request.data(), (error, result) => this.#answered(request, error, result));
    }

    #answered(request, error, result) {
        this.#readings -= isReading(request) ? 1 : 0;
        this.#settle(request, error, result);
        this.#goOn();
    }

    #settle(request, error, result) {
        const { after } = error?.facts ?? {};
        const pause = error && request.mayRepeat && mayPass(error) ? pauseBefore(request.tries, after) : null;
        if (error?.code === 'rate.limited') {
            this.#rate?.empty(pause ?? 0);
        }
        if (pause === null) {
            return request.done(error, result);
        }
        this.#pausing.set(request, later(pause, () => {
            this.#pausing.delete(request);
            this.#requests.unshift(request);
            this.#goOn();
        }));
    }
}
