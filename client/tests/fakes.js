/**
 * What a page gives to the browser client, in memory: a WebSocket without a network, a clock, and a console.
 *
 * The fakes know nothing of events. They refuse what a browser refuses, and also what a browser lets
 * pass in silence although it is a mistake, such as sending on a closing socket.
 */
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

export const CLIENT = new URL('../../ratchet_tx/web/browser/', import.meta.url);

const SCRIPT = new vm.Script(readFileSync(new URL('ratchet.js', CLIENT), 'utf8'), { filename: 'ratchet.js' });

/** A WebSocket whose other end is the test: `sent` is what it was given, `play...` is what it meets. */
export class FakeWebSocket {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSING = 2;
    static CLOSED = 3;

    readyState = FakeWebSocket.CONNECTING;
    sent = [];
    closedWith = [];

    #listeners = { open: [], message: [], error: [], close: [] };

    constructor(uri) {
        const url = new URL(uri);
        if (!['ws:', 'wss:'].includes(url.protocol) || url.hash) {
            throw new DOMException(`Not the address of a WebSocket: ${uri}`, 'SyntaxError');
        }
        this.url = url.href;
    }

    addEventListener(type, listener) {
        refuseUnless(type in this.#listeners, `A WebSocket has no event "${type}"`);
        refuseUnless(typeof listener === 'function', 'A listener is a function');
        this.#listeners[type].push(listener);
    }

    send(text) {
        refuseUnless(this.readyState === FakeWebSocket.OPEN, `Sent in state ${this.readyState}`);
        refuseUnless(typeof text === 'string', 'Our frames are text');
        this.sent.push(text);
    }

    close(code, reason = '') {
        refuseUnless(code === 1000 || (code >= 3000 && code <= 4999), `A page may not close with ${code}`);
        refuseUnless(Buffer.byteLength(reason) <= 123, 'The reason is too long');
        if (this.readyState < FakeWebSocket.CLOSING) {
            this.readyState = FakeWebSocket.CLOSING;
            this.closedWith.push(code);
        }
    }

    /** The server has accepted the connection. */
    playOpen() {
        refuseUnless(this.readyState === FakeWebSocket.CONNECTING, 'Opened twice');
        this.readyState = FakeWebSocket.OPEN;
        this.#fire('open', {});
    }

    /** A message has come: text, or a binary one. Browsers deliver them while closing, too. */
    playMessage(data) {
        refuseUnless([FakeWebSocket.OPEN, FakeWebSocket.CLOSING].includes(this.readyState), 'Nothing can come now');
        this.#fire('message', { data });
    }

    /** The server has begun to close; the connection has not ended yet. */
    playClosing() {
        refuseUnless(this.readyState === FakeWebSocket.OPEN, 'Only an open connection begins to close');
        this.readyState = FakeWebSocket.CLOSING;
    }

    /** The connection has ended. */
    playClose({ code = 1000, reason = '', wasClean = true } = {}) {
        refuseUnless(this.readyState !== FakeWebSocket.CLOSED, 'Closed twice');
        this.readyState = FakeWebSocket.CLOSED;
        this.#fire('close', { code, reason, wasClean });
    }

    /** The connection has failed; browsers give no message, other runtimes do. */
    playFailure(message) {
        refuseUnless(this.readyState !== FakeWebSocket.CLOSED, 'Closed already');
        this.#fire('error', message === undefined ? {} : { message });
        this.playClose({ code: 1006, wasClean: false });
    }

    // Unlike an EventTarget it lets errors through, so that a listener that throws fails the test.
    #fire(type, event) {
        this.#listeners[type].forEach((listener) => listener.call(this, event));
    }
}

function refuseUnless(legal, message) {
    if (!legal) {
        throw new DOMException(message, 'InvalidStateError');
    }
}

/** A clock that the test moves on; a timer is set for some time, and cleared at most once. */
export class FakeClock {
    #now = 0;
    #lastId = 0;
    #timers = new Map();

    setTimeout = (callback, milliseconds) => {
        refuseUnless(typeof callback === 'function', 'A timer calls a function');
        refuseUnless(milliseconds > 0 && milliseconds < 2 ** 31, `A timer can't count ${milliseconds} ms`);
        this.#lastId += 1;
        this.#timers.set(this.#lastId, { callback, due: this.#now + milliseconds });
        return this.#lastId;
    };

    clearTimeout = (id) => {
        refuseUnless(Number.isInteger(id) && id > 0 && id <= this.#lastId, 'There never was such a timer');
        this.#timers.delete(id);
    };

    /** The time since the page began, in milliseconds. */
    now = () => this.#now;

    /** How many timers are set. */
    get pending() {
        return this.#timers.size;
    }

    advance(seconds) {
        const end = this.#now + seconds * 1000;
        for (let next = this.#nextUntil(end); next; next = this.#nextUntil(end)) {
            const [id, { callback, due }] = next;
            this.#timers.delete(id);
            this.#now = due;
            callback();
        }
        this.#now = end;
    }

    /** The timer that is due first, also one that another has set just now. */
    #nextUntil(end) {
        const due = [...this.#timers].filter(([, timer]) => timer.due <= end);
        return due.sort(([, one], [, other]) => one.due - other.due)[0];
    }
}

/**
 * A page of its own, with nothing in it but its address and what the test puts there.
 *
 * `run` runs a script in it, as a script element would; `sockets` are the connections it has made,
 * `clock` is its time, `logged`, `warnings` and `complaints` are the arguments of each console.log,
 * console.warn and console.error.
 */
export class FakePage {
    sockets = [];
    clock = new FakeClock();
    logged = [];
    warnings = [];
    complaints = [];

    #global;

    constructor({ address, ...globals } = {}) {
        const { sockets, logged, warnings, complaints } = this;
        this.#global = vm.createContext({
            ...globals,
            ...(address && { location: new URL(address) }),
            console: Object.freeze({
                log: (...args) => void logged.push(args),
                warn: (...args) => void warnings.push(args),
                error: (...args) => void complaints.push(args),
            }),
            setTimeout: this.clock.setTimeout,
            clearTimeout: this.clock.clearTimeout,
            performance: Object.freeze({ now: this.clock.now }),
            WebSocket: class WebSocket extends FakeWebSocket {
                constructor(uri) {
                    super(uri);
                    sockets.push(this);
                }
            },
        });
    }

    run(script) {
        return vm.runInContext(script, this.#global);
    }

    /** The page after ratchet.js was loaded. */
    load() {
        SCRIPT.runInContext(this.#global);
        return this;
    }
}

/** A value of a page as one of ours: a page has an Object and an Array of its own. */
export function ours(value) {
    return structuredClone(value);
}
