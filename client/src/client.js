/**
 * Defines `Ratchet`, the class that a page uses: it puts the parts together.
 */
import { answerOf } from './answers.js';
import { Connection } from './connection.js';
import { LOST, ReplyError } from './errors.js';
import { decode, encode } from './frames.js';
import { Listenable, dispatch } from './listenable.js';
import { Warnings, logFrame } from './log.js';
import { Login } from './login.js';
import { requireFreeName } from './names.js';
import { Outbox } from './outbox.js';
import { pageDebugs, pageUri } from './page.js';
import { secondsOf } from './replies.js';
import { Rooms } from './rooms.js';

// These events happen in the page. A frame with such a name is forged, and ignored.
const LOCAL = new Set(['socket.open', 'socket.close', 'socket.error']);

// These events are still dispatched after `close()`.
const ENDS = new Set(['socket.close', 'socket.error']);

/** A connection over which both sides send named events. */
export class Ratchet extends Listenable {
    /** Whether all instances log by console.log what they send and receive, except tokens. */
    static debug = pageDebugs();

    /** What a promise of a reply fails with. */
    static ReplyError = ReplyError;

    #uri;
    #connection;
    #isClosed = false;
    #login = new Login((event, data) => this.#send({ event, text: encode(event, data) }));
    #outbox = new Outbox({ send: (frame) => this.#send(frame), hasEnded: () => this.#connection.hasEnded });
    #rooms = new Rooms({
        request: (request) => this.#outbox.add(request),
        ask: (request) => this.#outbox.ask(request),
        dispatch: (event, data, isWanted) => this.#dispatch(event, data, isWanted),
        isClosed: () => this.#isClosed,
        hasEnded: () => this.#connection.hasEnded,
        isLoggedIn: () => this.#outbox.isOpen,
    });
    #warnings = new Warnings();

    /**
     * Connects at once and logs in with the page's `p2_ratchet_access_token`.
     *
     * @param {string | URL} [uri] - without one, the page's own host
     */
    constructor(uri = pageUri()) {
        super();
        this.#uri = uri;
        this.#connect();
    }

    /** Who is logged in, in the server's words; null while nobody is. */
    get client() {
        return this.#login.client;
    }

    /** Whether the server has accepted the login of this connection. */
    get authenticated() {
        return this.#login.authenticated;
    }

    /**
     * Sends an event; up to 64 of them wait until the server has answered the login.
     *
     * @param {string} event - 1 to 128 characters, not beginning with "socket."
     * @param {any} [data] - anything that JSON can express
     * @param {{ack?: boolean | number}} [options] - ack: true, or for how many seconds to wait for a reply
     * @returns {Promise<any> | undefined} with ack, the reply's result; it fails with a ReplyError where there is none
     * @throws {Error} if the name is not allowed; without ack, if the connection is closed, or too many events wait
     */
    emit(event, data = null, options = {}) {
        requireFreeName(event);
        const seconds = secondsOf(options?.ack);
        if (seconds > 0) {
            return this.#outbox.promise(event, data, seconds);
        }
        this.#outbox.emit(event, data);
    }

    /**
     * Enters a room, as soon as the login is answered.
     *
     * @param {string} room
     * @param {object} [options] - presence, meta, history, recover: see ratchet.d.ts
     * @returns {object} its subscription
     * @throws {Error} if the connection is closed, or there is a subscription of this room
     */
    subscribe(room, options = {}) {
        return this.#rooms.subscribe(room, options);
    }

    /**
     * Closes the connection for good, and drops the events that still wait for the login. After this, only handlers of
     * "socket.error" and "socket.close" are called.
     */
    close() {
        this.#isClosed = true;
        this.#dropWaiting();
        this.#rooms.lose();
        this.#connection.close();
    }

    #connect() {
        this.#connection = new Connection(this.#uri, {
            opened: () => this.#opened(),
            received: (message) => this.#received(message),
            failed: (message) => this.#failed(message),
            closed: (event) => this.#closed(event),
        });
    }

    // The login is sent first: a handler of "socket.open" may close the connection.
    #opened() {
        this.#login.begin();
        this.#dispatch('socket.open', null);
    }

    #received(message) {
        const frame = decode(message);
        if (!frame) {
            this.#failed('Ignored a frame that is not a JSON object with the name of an event.');
        } else if (!LOCAL.has(frame.event)) {
            log('received', frame.event, message);
            this.#accept(frame);
        }
    }

    #accept(frame) {
        const { event, data = null } = frame;
        if (event === 'socket.reply') {
            return this.#outbox.received(frame.re, data);
        }
        if (this.#isClosed || (event === 'socket.auth.failure' && this.#logsInAgain(data))) {
            return;
        }
        this.#obey(event, data);
        if (this.#rooms.receive(frame)) {
            return;
        }
        const results = this.#dispatch(event, data);
        if (typeof frame.id === 'string') {
            this.#answer(frame.id, event, results);
        }
    }

    #logsInAgain(refusal) {
        return !this.#outbox.isOpen && this.#login.beginAgain(refusal);
    }

    #obey(event, data) {
        if (event === 'socket.auth.success') {
            this.#login.succeeded(data?.client ?? null);
            this.#loginAnswered(data?.limits);
        } else if (event === 'socket.auth.failure') {
            this.#login.failed();
            this.#loginAnswered();
        } else if (event === 'socket.refused') {
            this.#warnings.refused(data);
        }
    }

    // Rooms are entered first, so that they miss nothing that the waiting events cause. The waiting events are sent before
    // any handler runs, so that they go before what the handlers emit.
    #loginAnswered(limits) {
        this.#outbox.open(limits);
        this.#rooms.begin();
        this.#outbox.flush();
    }

    async #answer(re, event, results) {
        const answer = await answerOf(event, results);
        if (this.#connection.isOpen) {
            this.#send({ event: 'socket.reply', text: encode('socket.reply', answer, { re }) });
        }
    }

    #failed(message) {
        this.#dispatch('socket.error', { message });
    }

    #closed({ code, reason, wasClean }) {
        this.#login.failed();
        this.#dropWaiting();
        this.#outbox.failAll(LOST);
        this.#rooms.lose();
        this.#dispatch('socket.close', { code, reason, clean: wasClean });
    }

    #dropWaiting() {
        this.#outbox.dropWaiting();
        this.#login.stop();
    }

    #send({ event, text }) {
        log('sent', event, text);
        this.#connection.send(text);
    }

    #dispatch(event, data, isWanted = () => true) {
        return dispatch(this, event, data, () => (ENDS.has(event) || !this.#isClosed) && isWanted());
    }
}

function log(what, event, text) {
    if (Ratchet.debug) {
        logFrame(what, event, text);
    }
}
