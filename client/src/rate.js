/**
 * Estimates how much the server's rate limit still lets us send.
 */
import { now } from './clock.js';

/** A token bucket. */
export class Rate {
    #perSecond;
    #burst;
    #left;
    #at = now();

    constructor({ eventsPerSecond, eventsBurst }) {
        this.#perSecond = eventsPerSecond;
        this.#burst = eventsBurst;
        this.#left = eventsBurst;
    }

    /** Whether there is a limit at all: 0 is none. */
    get isLimited() {
        return this.#perSecond > 0 && this.#burst > 0;
    }

    spend(tokens) {
        this.#fill();
        this.#left = Math.max(0, this.#left - tokens);
    }

    /** Takes all tokens, and adds none for so many seconds: the server says that there are none. */
    empty(seconds) {
        this.#left = 0;
        this.#at = now() + seconds;
    }

    /** In how many seconds a request may be sent. A quarter of the burst is reserved for what the page emits. */
    get wait() {
        if (!this.isLimited) {
            return 0;
        }
        this.#fill();
        const lacking = Math.min(1 + this.#burst / 4, this.#burst) - this.#left;
        return lacking > 0 ? Math.max(0, this.#at - now()) + lacking / this.#perSecond : 0;
    }

    #fill() {
        const seconds = now() - this.#at;
        if (seconds > 0) {
            this.#left = Math.min(this.#burst, this.#left + seconds * this.#perSecond);
            this.#at += seconds;
        }
    }
}
