/**
 * Queues the client's own requests (subscribe, history), and sends them as fast as the server takes them.
 */
import { later, stop } from './clock.js';
import { ReplyError, UNSENT } from './errors.js';
import { Rate } from './rate.js';
import { mayPass, pauseBefore } from './retries.js';

// The limits of a server that doesn't say its own: the server's defaults.
const USUAL_LIMITS = { eventsPerSecond: 50, eventsBurst: 100, rooms: 0 };

// The most history pages that are asked for at the same time: they are large, and the server bounds what waits for us.
const MOST_READINGS = 2;

function isReading({ event }) {
    return event === 'socket.history';
}

/**
 * The requests that this client makes by itself. Where the server refuses one for now, it is sent again.
 *
 * A request has `event`, `mayRepeat` and done(error, result). isWanted() and data() are called just before it is sent.
 */
export class RequestQueue {
    #send;
    #requests = [];
    #rate = null;
    // How many subscribes cost nothing: the server takes so many after a login.
    #free = 0;
    #timer = null;
    // How many history pages are asked for now.
    #readings = 0;
    // Requests that were refused for now, each with its timer.
    #pausing = new Map();

    constructor(send) {
        this.#send = send;
    }

    get length() {
        return this.#requests.length;
    }

    /** Lets requests go: the login is answered. */
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

    /** Counts events that are sent past the queue. */
    spend(tokens) {
        this.#rate?.spend(tokens);
    }

    /** Fails all requests: the connection closes. */
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
