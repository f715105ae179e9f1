/**
 * Logs in with the page's token, and keeps who is logged in.
 */
import { later, stop } from './clock.js';
import { pageToken } from './page.js';
import { pauseBefore } from './retries.js';

/** The login of one connection. */
export class Login {
    #send;
    #client = null;
    #authenticated = false;
    #attempts = 0;
    #timer = null;

    constructor(send) {
        this.#send = send;
    }

    /** Who is logged in, in the server's words; null while nobody is. */
    get client() {
        return this.#client;
    }

    get authenticated() {
        return this.#authenticated;
    }

    begin() {
        this.#attempts += 1;
        this.#send('socket.auth.request', { token: pageToken(), v: 2 });
    }

    /** Begins again after a pause, where the server refused the login for now; false where it doesn't. */
    beginAgain(refusal) {
        const pause = refusal?.retry === true ? pauseBefore(this.#attempts, refusal.after) : null;
        if (pause !== null) {
            this.#timer = later(pause, () => this.begin());
        }
        return pause !== null;
    }

    succeeded(client) {
        this.#authenticated = true;
        this.#client = client;
    }

    /** Nobody is logged in: the server has refused it, or the connection has ended. */
    failed() {
        this.#authenticated = false;
        this.#client = null;
    }

    /** Cancels a login that was to begin again: the connection closes. */
    stop() {
        stop(this.#timer);
        this.#timer = null;
    }
}
