/**
 * Named events to and from a Ratchet server, for a page; what they mean is left to the page.
 *
 * A classic script that defines the global `Ratchet`; ratchet.mjs is the same as an ES module.
 *
 *     const ratchet = new Ratchet('ws://localhost:8080');
 *     ratchet.on('chat.message', (message) => show(message));
 *     ratchet.emit('chat.send', 'hi');
 */
(() => {
    'use strict';

    const LONGEST_NAME = 128;
    const MOST_WAITING = 64;

    // Only this script says these: a frame of such a name is a forgery.
    const LOCAL = new Set(['socket.open', 'socket.close', 'socket.error']);

    function pageUri() {
        const { location } = globalThis;
        if (!location?.host) {
            throw new TypeError("Give the server's address, new Ratchet('ws://...'): this page has no host.");
        }
        return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/`;
    }

    // The server counts code points; `length` counts UTF-16 units, of which an emoji has two.
    function isName(event) {
        return typeof event === 'string' && event !== '' && [...event].length <= LONGEST_NAME;
    }

    function requireFreeName(event) {
        if (!isName(event)) {
            throw new TypeError(`Name the event by a string of 1 to ${LONGEST_NAME} characters.`);
        }
        if (event.startsWith('socket.')) {
            throw new TypeError(`Choose another name than "${event}": "socket." begins the protocol's own.`);
        }
    }

    function encode(event, data) {
        return JSON.stringify({ event, data });
    }

    // No word of why not: the engine's own SyntaxError quotes the text, which may be private.
    function decode(message) {
        try {
            const frame = typeof message === 'string' ? JSON.parse(message) : null;
            return isName(frame?.event) ? frame : null;
        } catch {
            return null;
        }
    }

    // Logins by name only: a token in a log is a token given away.
    function log(what, event, text) {
        if (Ratchet.debug) {
            console.log(`Ratchet ${what}`, event, ...(event.startsWith('socket.auth.') ? [] : [text]));
        }
    }

    class Ratchet {
        /** Whether all instances log by console.log what they send and receive, except tokens. */
        static debug = globalThis.p2_ratchet_debug === true;

        #uri;
        #socket;
        #client = null;
        #authenticated = false;
        #loginAnswered = false;
        #waiting = [];
        // A Map, as an object would already have "constructor" and "__proto__".
        #handlers = new Map();

        /**
         * Connects at once and logs in with the page's `p2_ratchet_access_token`.
         *
         * @param {string | URL} [uri] - without one, the page's own host
         */
        constructor(uri = pageUri()) {
            this.#uri = uri;
            this.#connect();
        }

        /** Who is logged in, in the server's words; null while nobody is. */
        get client() {
            return this.#client;
        }

        /** Whether the server has accepted the login of this connection. */
        get authenticated() {
            return this.#authenticated;
        }

        /** Calls the handler with the data of each such event, after the handlers already there. */
        on(event, handler) {
            return this.#add(event, { handler, once: false });
        }

        /** Calls the handler with the data of the next such event only. */
        once(event, handler) {
            return this.#add(event, { handler, once: true });
        }

        /** Removes a handler of the event; all of them, if none is given. */
        off(event, handler) {
            for (const entry of this.#entries(event)) {
                if (handler === undefined || entry.handler === handler) {
                    this.#remove(event, entry);
                }
            }
            return this;
        }

        /**
         * Sends an event; up to 64 of them wait until the server has answered the login.
         *
         * @param {string} event - 1 to 128 characters, not beginning with "socket."
         * @param {any} [data] - anything that JSON can express
         * @throws {Error} if the name is not allowed, the connection is closed, or too many events wait
         */
        emit(event, data = null) {
            requireFreeName(event);
            if (this.#socket.readyState > WebSocket.OPEN) {
                throw new Error(`Can't emit "${event}": the connection is closed.`);
            }
            // Encoded now, even if it has to wait: the caller may change the data after this.
            this.#sendAfterLogin(event, encode(event, data));
        }

        /** Closes the connection for good; events that still wait for the login are dropped. */
        close() {
            this.#waiting = [];
            this.#socket.close(1000);
        }

        #connect() {
            this.#socket = new WebSocket(this.#uri);
            this.#socket.addEventListener('open', () => this.#opened());
            this.#socket.addEventListener('message', ({ data }) => this.#received(data));
            this.#socket.addEventListener('error', ({ message }) => this.#failed(message));
            this.#socket.addEventListener('close', (event) => this.#closed(event));
        }

        // The login goes first: a handler of "socket.open" may close the connection.
        #opened() {
            const token = globalThis.p2_ratchet_access_token ?? '';
            this.#send('socket.auth.request', encode('socket.auth.request', { token }));
            this.#dispatch('socket.open', null);
        }

        #received(message) {
            const frame = decode(message);
            if (!frame) {
                this.#failed('Ignored a frame that is not a JSON object with the name of an event.');
            } else if (!LOCAL.has(frame.event)) {
                this.#accept(frame, message);
            }
        }

        #accept({ event, data = null }, text) {
            log('received', event, text);
            if (event === 'socket.auth.success') {
                this.#loginEnded(true, data?.client ?? null);
            } else if (event === 'socket.auth.failure') {
                this.#loginEnded(false, null);
            }
            this.#dispatch(event, data);
        }

        // Browsers keep the cause of a broken connection from scripts; other runtimes tell it.
        #failed(message) {
            this.#dispatch('socket.error', { message: message || 'The connection failed.' });
        }

        #closed({ code, reason, wasClean }) {
            this.#client = null;
            this.#authenticated = false;
            this.#dispatch('socket.close', { code, reason, clean: wasClean });
        }

        // Sends what waited before any handler runs, so that a handler's own emits stay behind it.
        #loginEnded(authenticated, client) {
            this.#authenticated = authenticated;
            this.#client = client;
            this.#loginAnswered = true;
            this.#waiting.splice(0).forEach(([event, text]) => this.#send(event, text));
        }

        #sendAfterLogin(event, text) {
            if (this.#loginAnswered) {
                this.#send(event, text);
            } else if (this.#waiting.length < MOST_WAITING) {
                this.#waiting.push([event, text]);
            } else {
                throw new Error(`Can't emit "${event}": ${MOST_WAITING} events wait for the login already.`);
            }
        }

        #send(event, text) {
            log('sent', event, text);
            this.#socket.send(text);
        }

        #entries(event) {
            return this.#handlers.get(event) ?? new Set();
        }

        #add(event, entry) {
            if (typeof entry.handler !== 'function') {
                throw new TypeError("Give a function to call with the event's data.");
            }
            this.#handlers.set(event, this.#entries(event).add(entry));
            return this;
        }

        // Leaves no empty set behind: names made up for a single use would pile up.
        #remove(event, entry) {
            const entries = this.#entries(event);
            entries.delete(entry);
            if (entries.size === 0) {
                this.#handlers.delete(event);
            }
        }

        // Handlers added meanwhile wait for the next event, handlers removed meanwhile are passed over.
        #dispatch(event, data) {
            const entries = this.#entries(event);
            for (const entry of [...entries]) {
                if (entries.has(entry)) {
                    this.#call(event, entry, data);
                }
            }
        }

        #call(event, entry, data) {
            if (entry.once) {
                this.#remove(event, entry);
            }
            try {
                entry.handler.call(this, data);
            } catch (error) {
                console.error(`Ratchet: a handler of "${event}" failed.`, error);
            }
        }
    }

    globalThis.Ratchet = Ratchet;
})();
