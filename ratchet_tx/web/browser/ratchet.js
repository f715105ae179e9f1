// Generated from client/src by client/build.mjs ("make client"): change it there.
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

// errors.js
// Lists why there is no reply, and why a question of the server's has no result.

// An event that was never sent may be sent again. Of one that was sent, nobody knows whether it was handled.
const UNSENT = {
    code: 'connection.closed',
    message: 'The connection closed before this could be sent.',
    retry: true,
};
const LOST = { code: 'reply.lost', message: 'The connection closed before the reply came.', retry: false };
const LATE = { code: 'reply.timeout', message: 'No reply came in time.', retry: false };

// The server gets these as answers to its questions.
const UNKNOWN_EVENT = { code: 'event.unknown', message: 'Nobody here handles this event.', retry: false };
const HANDLER_FAILED = { code: 'handler.failed', message: 'A handler of this event failed.', retry: false };

/** A promise of a reply fails with this: the server refused, or no reply came. */
class ReplyError extends Error {
    constructor({ code = '', message = '', retry = false, ...facts }) {
        super(message || code);
        this.name = 'ReplyError';
        this.code = code;
        this.retry = retry;
        this.facts = facts;
    }
}

/** Whether there is no reply because the connection has closed. */
function isGone({ code }) {
    return code === UNSENT.code || code === LOST.code;
}

// names.js
// Checks names of events and rooms.

const LONGEST_NAME = 128;

// The server counts code points. `length` counts UTF-16 units: an emoji has two.
function isName(name) {
    return typeof name === 'string' && name !== '' && [...name].length <= LONGEST_NAME;
}

/** Throws where a page may not emit an event of this name. */
function requireFreeName(event) {
    if (!isName(event)) {
        throw new TypeError(`Name the event by a string of 1 to ${LONGEST_NAME} characters.`);
    }
    if (isReserved(event)) {
        throw new TypeError(`Choose another name than "${event}": "socket." begins the protocol's own.`);
    }
}

/** Whether an event is the protocol's own. */
function isReserved(event) {
    return event.startsWith('socket.');
}

// frames.js
// Writes and reads frames: the JSON of an event, as it goes over the connection.

// An escape of JSON: of half a surrogate pair, which is always written as one, or any other. All are matched, so that
// "\\ud83d", which is a backslash and four letters, isn't taken for a half.
const ESCAPE = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;

/**
 * Writes JSON, and U+FFFD for each half of a surrogate pair, as UTF-8 can't express one: the server would refuse all of it.
 * Cutting a text at a number of UTF-16 units makes them: 'Thank you 😀'.slice(0, 11).
 */
function stringify(value) {
    const text = JSON.stringify(value);
    return text?.includes('\\ud') ? text.replace(ESCAPE, (escape, half) => (half ? '\ufffd' : escape)) : text;
}

/** A name as the server will see it. Anything but a string stays as it is. */
function wellFormed(name) {
    return typeof name === 'string' ? JSON.parse(stringify(name)) : name;
}

/** The data as the server will see it, as a copy: the caller may change the original. */
function copyOf(data) {
    return JSON.parse(stringify(data) ?? 'null');
}

function encode(event, data, keys) {
    return stringify({ event, data, ...keys });
}

// It gives null without a reason: the engine's SyntaxError quotes the text, which may be private.
function decode(message) {
    try {
        const frame = typeof message === 'string' ? JSON.parse(message) : null;
        return isName(frame?.event) ? frame : null;
    } catch {
        return null;
    }
}

// log.js
// Writes to the browser's console: frames, handlers that fail, and what the server refuses.

// The most refusals that are logged: a page that sends ever other names would fill the console.
const MOST_WARNINGS = 64;

// Logins are logged by name only, so that no token gets into a log.
function logFrame(what, event, text) {
    console.log(`Ratchet ${what}`, event, ...(event.startsWith('socket.auth.') ? [] : [text]));
}

function logFailure(event, error) {
    console.error(`Ratchet: a handler of "${event}" failed.`, error);
}

/** Warns of refused events that had no reply, once for each event and code: else nobody would notice. */
class Warnings {
    #told = new Set();

    refused(refusal) {
        const { event, code, message } = refusal ?? {};
        const which = JSON.stringify([event, code]);
        if (!this.#told.has(which) && this.#told.size < MOST_WARNINGS) {
            this.#told.add(which);
            console.warn(`Ratchet: the server refused ${JSON.stringify(event)} (${code}): ${message}`);
        }
    }
}

// promises.js
// Makes promises from callbacks, and recognizes promises.

/** A promise of what begin(done) gives to done(error, result). */
function promised(begin) {
    return new Promise((resolve, reject) => {
        begin((error, result) => (error ? reject(error) : resolve(result)));
    });
}

/** Keeps a failure of a promise from being an unhandled rejection where nobody looks at it. */
function mayBeIgnored(promise) {
    promise.catch(() => {});
    return promise;
}

// Not by instanceof: a page may have promises of a library, and of other windows.
function isPromise(result) {
    return typeof result?.then === 'function';
}

// listenable.js
// Calls handlers for events: `on`, `once` and `off` of a Ratchet and of each subscription.

/** The result of a handler that failed. */
const FAILED = Symbol('failed');

/**
 * Calls the handlers of an event, and gives their results. Before each handler it asks isWanted(): the one before may have
 * ended it.
 *
 * Handlers added meanwhile wait for the next event; handlers removed meanwhile aren't called. A page can't call dispatch.
 */
let dispatch;

/** Something whose events a page can listen to. It is `this` in its handlers. */
class Listenable {
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

// answers.js
// Makes the answer to a question of the server's (its `ask`) from what the handlers gave.

/** Gives the first result that isn't null, or the failure where a handler failed. */
async function answerOf(event, results) {
    if (results.length === 0) {
        return { ok: false, error: UNKNOWN_EVENT };
    }
    try {
        const given = await Promise.all(results);
        if (!given.includes(FAILED)) {
            const result = given.find((value) => value !== undefined && value !== null) ?? null;
            // Copied inside the try: JSON may refuse it.
            return { ok: true, result: copyOf(result) };
        }
    } catch (error) {
        logFailure(event, error);
    }
    return { ok: false, error: HANDLER_FAILED };
}

// connection.js
// Opens the WebSocket to the server, and says what happens to it.

/** One WebSocket. */
class Connection {
    #socket;

    /**
     * Connects at once.
     *
     * @param {string | URL} uri
     * @param {object} told - opened(), received(message), failed(message), closed({ code, reason, wasClean })
     */
    constructor(uri, { opened, received, failed, closed }) {
        this.#socket = new WebSocket(uri);
        this.#socket.addEventListener('open', () => opened());
        this.#socket.addEventListener('message', ({ data }) => received(data));
        // Browsers keep the cause of a broken connection from scripts; other runtimes tell it.
        this.#socket.addEventListener('error', (/** @type {any} */ { message }) => {
            failed(message || 'The connection failed.');
        });
        this.#socket.addEventListener('close', (event) => closed(event));
    }

    get isOpen() {
        return this.#socket.readyState === WebSocket.OPEN;
    }

    /** Whether it is closed, or about to be. */
    get hasEnded() {
        return this.#socket.readyState > WebSocket.OPEN;
    }

    send(text) {
        this.#socket.send(text);
    }

    close() {
        this.#socket.close(1000);
    }
}

// clock.js
// Measures time and sets timers, in seconds.

/** The longest time that a timer can be set for. */
const LONGEST_WAIT = 2_147_483;

/** Monotonic time: it doesn't jump when the machine's clock is set. */
function now() {
    return (globalThis.performance ?? Date).now() / 1000;
}

/** Calls back after so many seconds. Timers cut off fractions of a millisecond, so it adds one: it is never too early. */
function later(seconds, callback) {
    return setTimeout(callback, Math.ceil(seconds * 1000) + 1);
}

function stop(timer) {
    if (timer !== null) {
        clearTimeout(timer);
    }
}

// page.js
// Reads what the page has set for the client: the server's address, a token, and whether to log.

/** The root of the page's own host. */
function pageUri() {
    const { location } = globalThis;
    if (!location?.host) {
        throw new TypeError("Give the server's address, new Ratchet('ws://...'): this page has no host.");
    }
    return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/`;
}

/** The token to log in with; the empty one logs in as a guest. */
function pageToken() {
    return globalThis.p2_ratchet_access_token ?? '';
}

function pageDebugs() {
    return globalThis.p2_ratchet_debug === true;
}

// retries.js
// Decides whether a request that was refused for now is sent again, and when.

// In seconds. It waits as long as the server says, up to a minute; where the server doesn't say, longer each time.
const MOST_TRIES = 8;
const LONGEST_AFTER = 60;
const FIRST_PAUSE = 0.5;
const LONGEST_PAUSE = 8;

/** Whether the same request may succeed later on this connection. */
function mayPass({ code, retry }) {
    return retry === true && code !== UNSENT.code;
}

/** How many seconds to wait before the next try; null to give up. */
function pauseBefore(tries, after) {
    if (tries >= MOST_TRIES || after > LONGEST_AFTER) {
        return null;
    }
    const longest = Math.min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE);
    // Random, so that requests refused at the same time don't come again at the same time.
    return after > 0 ? after : longest * (1 + Math.random()) / 2;
}

// login.js
// Logs in with the page's token, and keeps who is logged in.

/** The login of one connection. */
class Login {
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

// replies.js
// Waits for the server's replies, each for a number of seconds.

/** How long `ack: true` waits. */
const PATIENCE = 10;

/** How many seconds to wait for a reply, from the option `ack`; 0 without one. */
function secondsOf(ack) {
    if (ack === undefined || ack === null || ack === false) {
        return 0;
    }
    const seconds = ack === true ? PATIENCE : ack;
    if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= LONGEST_WAIT)) {
        throw new TypeError('Let "ack" be true, or for how many seconds to wait for the reply.');
    }
    return seconds;
}

/**
 * The replies that are waited for.
 *
 * They are told by callbacks, in the same turn: a promise would go on only after the next message was read.
 */
class Replies {
    #lastId = 0;
    #waiting = new Map();

    nextId() {
        this.#lastId += 1;
        return this.#lastId;
    }

    /** Calls done(error, result) once. Without seconds it waits however long it takes. */
    wait(id, done, seconds) {
        const timer = seconds && setTimeout(() => this.fail(id, LATE), seconds * 1000);
        this.#waiting.set(id, { done, timer });
    }

    received(id, reply) {
        if (reply?.ok === true) {
            this.#take(id)?.(null, reply.result ?? null);
        } else {
            this.fail(id, reply?.error ?? {});
        }
    }

    fail(id, error) {
        this.#take(id)?.(new ReplyError(error), null);
    }

    failAll(error) {
        [...this.#waiting.keys()].forEach((id) => this.fail(id, error));
    }

    #take(id) {
        const waiting = this.#waiting.get(id);
        if (waiting?.timer) {
            clearTimeout(waiting.timer);
        }
        this.#waiting.delete(id);
        return waiting?.done;
    }
}

// rate.js
// Estimates how much the server's rate limit still lets us send.

/** A token bucket. */
class Rate {
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

// requestqueue.js
// Queues the client's own requests (subscribe, history), and sends them as fast as the server takes them.

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
class RequestQueue {
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

// outbox.js
// Sends events and requests, and keeps them until the login is answered.

/** How many events wait for the login at most. */
const MOST_WAITING = 64;

// An event costs one token, and one more for each of so many bytes.
const BYTES_PER_TOKEN = 4096;

/** The outgoing side of one connection, with the replies that it waits for. */
class Outbox {
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

// feed.js
// Delivers a room's events in order, each once: first those that were missed, then the live ones.

/** How many events of a room's history the server gives at once. */
const PAGE = 100;

function positionOf(epoch, offset) {
    return Object.freeze({ epoch, offset });
}

/** The feed of one subscription; it outlives a connection. */
class Feed {
    #subscription;
    #link;
    #arrived;
    #lost;
    #position;
    // True while missed events are asked for. Events with an offset that come meanwhile are in the reply, too.
    #isRecovering = false;
    // Live events that wait while earlier ones are read; null while none have to wait.
    #held = null;
    // Counts up whenever something new begins. Replies to requests of an earlier turn are ignored.
    #turn = 0;

    /** Calls arrived() when it has reached the live events, and lost(error) when the connection closes before. */
    constructor(subscription, link, recover, { arrived, lost }) {
        this.#subscription = subscription;
        this.#link = link;
        this.#position = recover && positionOf(recover.epoch, recover.offset);
        this.#arrived = arrived;
        this.#lost = lost;
    }

    /** The position of the last event that it has; null where the room keeps none. */
    get position() {
        return this.#position;
    }

    get isRecovering() {
        return this.#isRecovering;
    }

    /** Asks for the room, and for the events missed in it. data() and done(error, result) are those of the request. */
    ask(data, done) {
        this.#isRecovering = this.#position !== null;
        this.#turn += 1;
        this.#request('socket.subscribe', data, done);
    }

    /** Delivers the missed events of a reply, or so many of the room's last events; then the live ones. */
    begin({ epoch, offset, recovered = null, events = null, more = false }, history) {
        const now = epoch === undefined ? null : positionOf(epoch, offset);
        this.#isRecovering = false;
        if (recovered) {
            return this.#deliverAll(events, () => this.#arrive(now));
        }
        const past = now && Math.min(history, now.offset);
        this.#position = past ? positionOf(epoch, offset - past) : now;
        if (recovered === false && !this.tell('socket.resync', { room: this.#subscription.room, reason: 'lost' })) {
            return;
        }
        if (past) {
            this.#held ??= [];
            this.#bring(events ?? [], past, now, more || events === null || (recovered === false && events.length === 0));
        } else {
            this.#arrive(now);
        }
    }

    /** Whether the reply that is under way has this event, too. */
    comesAgain({ offset }) {
        return this.#isRecovering && offset !== undefined;
    }

    /** Delivers a live event, or holds it while earlier ones are read. */
    take(frame) {
        if (this.#held) {
            this.#held.push(frame);
        } else {
            this.#deliver(frame);
        }
    }

    /** Goes on from the position that the server says; false where a handler ended the subscription. */
    goOnFrom({ epoch, offset }, news) {
        const position = positionOf(epoch, offset);
        this.#turn += 1;
        this.#isRecovering = false;
        this.#position = position;
        // Held events that have an offset are of another epoch.
        this.#held = (this.#held ?? []).filter((frame) => frame.offset === undefined);
        return this.tell('socket.resync', news) && (this.#arrive(position), this.#subscription.subscribed);
    }

    /** Calls the subscription's handlers; false where one of them ended the subscription: then the caller stops. */
    tell(event, data) {
        const turn = this.#turn;
        dispatch(this.#subscription, event, data, () => this.#subscription.subscribed);
        return this.#subscription.subscribed && turn === this.#turn;
    }

    /** Forgets held events and open requests; keeps the position. */
    stop() {
        this.#isRecovering = false;
        this.#held = null;
        this.#turn += 1;
    }

    #request(event, data, done) {
        const turn = this.#turn;
        const isWanted = () => turn === this.#turn;
        const settled = (error, result) => isWanted() && done(error, result);
        this.#link.request({ event, data, isWanted, mayRepeat: true, done: settled });
    }

    /** Delivers the last events that came with the reply. Where some or all are missing, it reads those first. */
    #bring(events, past, now, mayLack) {
        const end = () => this.#deliverAll(events, () => this.#arrive(now));
        const from = events.length > 0 ? positionOf(now.epoch, events[0].offset - 1) : now;
        if (mayLack && events.length < past) {
            this.#readUpTo(from, end);
        } else {
            this.#position = from;
            end();
        }
    }

    #readUpTo(last, then) {
        const since = this.#position;
        const limit = Math.min(last.offset - since.offset, PAGE);
        const { room } = this.#subscription;
        this.#request('socket.history', () => ({ room, since, limit }), (error, page) => {
            if (error) {
                return this.#goOnWithoutPast(error, last, then);
            }
            const events = page.events.filter(({ offset }) => offset <= last.offset);
            this.#deliverAll(events, () => {
                if (page.more && events.length > 0 && this.#position.offset < last.offset) {
                    this.#readUpTo(last, then);
                } else {
                    then();
                }
            });
        });
    }

    #goOnWithoutPast(error, last, then) {
        if (isGone(error)) {
            return this.#lost(error);
        }
        if (this.tell('socket.resync', { room: this.#subscription.room, reason: error.code })) {
            this.#position = last;
            then();
        }
    }

    /** Goes on with the live events. */
    #arrive(now) {
        const held = this.#held ?? [];
        this.#held = null;
        this.#position = now;
        this.#arrived();
        this.#deliverAll(held);
    }

    // A handler may leave the room between two events.
    #deliverAll(frames, then = () => {}) {
        const turn = this.#turn;
        const isOn = () => turn === this.#turn;
        frames.every((frame) => isOn() && (this.#deliver(frame), true));
        if (isOn()) {
            then();
        }
    }

    // Events that the room keeps have an offset. One that is not beyond the position was delivered before.
    #deliver({ event, data = null, offset }) {
        if (this.#position && offset !== undefined) {
            if (offset <= this.#position.offset) {
                return;
            }
            this.#position = positionOf(this.#position.epoch, offset);
        }
        if (this.tell(event, data)) {
            this.#link.dispatch(event, data, () => this.#subscription.subscribed);
        }
    }
}

// members.js
// Keeps the members that a room shows, and says who joined and left.

/** Clients by id, each with what is shown of its connections. */
class Members {
    all = new Map();
    #areKnown = false;

    /** Replaces all members. The first time nobody joined: they were there before. */
    replace(shown) {
        const before = this.#areKnown ? this.all : new Map(Object.entries(shown));
        this.#areKnown = true;
        this.all = new Map(Object.entries(shown));
        return this.#news([...before.keys(), ...this.all.keys()], before);
    }

    /**
     * Changes some members. A connection that shows something else now joins again, with the same ref.
     *
     * It makes a new Map, and leaves the old one as it was: a page that compares the two sees the change.
     */
    change(joins, leaves) {
        this.all = new Map(this.all);
        const ids = [...Object.keys(leaves), ...Object.keys(joins)];
        const before = new Set(ids.filter((id) => this.all.has(id)));
        Object.entries(leaves).forEach(([id, { metas }]) => this.#put(id, metas, []));
        Object.entries(joins).forEach(([id, { metas }]) => this.#put(id, metas, metas));
        return this.#news(ids, before);
    }

    #put(id, gone, come) {
        const refs = new Set(gone.map(({ ref }) => ref));
        const stay = (this.all.get(id)?.metas ?? []).filter(({ ref }) => !refs.has(ref));
        if (stay.length + come.length > 0) {
            this.all.set(id, { metas: [...stay, ...come] });
        } else {
            this.all.delete(id);
        }
    }

    #news(ids, before) {
        const touched = [...new Set(ids)];
        return {
            members: this.all,
            joined: touched.filter((id) => this.all.has(id) && !before.has(id)),
            left: touched.filter((id) => before.has(id) && !this.all.has(id)),
        };
    }
}

// subscription.js
// Subscribes to one room: enters it, takes its frames, and leaves it.

// The stages of a subscription: it waits for a login, for its turn, for the reply, is in the room, or is over.
const WAITING = 'waiting';
const IN_LINE = 'in line';
const ASKED = 'asked';
const SUBSCRIBED = 'subscribed';
const OVER = 'over';

// Rooms call these with a subscription; a page can't.
let begin;
let receive;
let lose;

/**
 * A room that the page is in, or wants to be in, with its position in the room's events.
 *
 * When the connection closes it keeps its position: it can begin again on another connection, from there.
 */
class Subscription extends Listenable {
    static {
        begin = (subscription) => subscription.#begin();
        receive = (subscription, frame) => subscription.#receive(frame);
        lose = (subscription, error) => subscription.#lose(error);
    }

    #room;
    #link;
    #presence;
    #meta;
    #history;
    #feed;
    #recovered = null;
    #stage = WAITING;
    #members = new Members();
    #ready;
    #settle;

    constructor(room, { presence = false, meta = {}, history = 0, recover = null }, link) {
        super();
        if (!isName(room)) {
            throw new TypeError(`Name the room by a string of 1 to ${LONGEST_NAME} characters.`);
        }
        if (!Number.isInteger(history) || history < 0) {
            throw new TypeError('Let "history" be how many of the last events to begin with.');
        }
        this.#room = wellFormed(room);
        this.#link = link;
        this.#presence = presence;
        this.#meta = copyOf(meta);
        this.#history = history;
        this.#feed = new Feed(this, link, recover, {
            arrived: () => this.#settle.resolve(this),
            lost: (error) => this.#lose(error),
        });
        // Nobody has to look at it: handlers of "socket.unsubscribed" hear of a refusal, too.
        this.#ready = mayBeIgnored(new Promise((resolve, reject) => { this.#settle = { resolve, reject }; }));
    }

    /** The room's name. */
    get room() {
        return this.#room;
    }

    /** A promise of this subscription: it resolves when the page is in the room, and fails where the server refuses. */
    get ready() {
        return this.#ready;
    }

    /** Whether the page is in the room. */
    get subscribed() {
        return this.#stage === SUBSCRIBED;
    }

    /** The position of the last event that it has; null where the room keeps none. */
    get position() {
        return this.#feed.position;
    }

    /** Whether all missed events were recovered; null where none were missed. */
    get recovered() {
        return this.#recovered;
    }

    /** Who is shown in the room, by client id. */
    get members() {
        return this.#members.all;
    }

    /** Changes what the room's members see of this page. */
    update(meta) {
        this.#meta = copyOf(meta);
        const isShown = this.#stage === WAITING || this.#stage === IN_LINE
            ? Promise.resolve()
            : this.#promise('socket.presence.update', { room: this.#room, meta: this.#meta }, false);
        return mayBeIgnored(isShown.then(() => {}));
    }

    /**
     * Reads events that the room keeps, the oldest first.
     *
     * @param {{since?: object, limit?: number}} [options] - see ratchet.d.ts
     */
    history({ since, limit } = {}) {
        return this.#promise('socket.history', { room: this.#room, since, limit }, true);
    }

    /** Leaves the room for good. No handler hears an event of it after the call. */
    unsubscribe() {
        const wasIn = this.#stage === ASKED || this.#stage === SUBSCRIBED;
        this.#finish({ code: 'room.left', message: `"${this.#room}" was left before it was entered.` });
        const isOut = wasIn ? this.#link.leave(this) : Promise.resolve();
        return mayBeIgnored(isOut.then(() => {}, (error) => {
            if (!isGone(error)) {
                throw error;
            }
        }));
    }

    #promise(event, data, mayRepeat) {
        return this.#link.promise({ event, data: () => data, isWanted: () => true, mayRepeat });
    }

    #begin() {
        if (this.#stage === WAITING) {
            this.#stage = IN_LINE;
            this.#ask();
        }
    }

    #ask() {
        this.#feed.ask(() => this.#wish(), (error, reply) => {
            if (error) {
                this.#refused(error);
            } else {
                this.#enter(reply);
            }
        });
    }

    /** The data of the subscribe, when it is sent. History of more than a page is read afterwards. */
    #wish() {
        this.#stage = this.#stage === IN_LINE ? ASKED : this.#stage;
        return {
            room: this.#room,
            ...(this.position && { recover: this.position }),
            ...(this.#history > 0 && this.#history <= PAGE && { history: this.#history }),
            ...(this.#presence && { presence: true, meta: this.#meta }),
        };
    }

    #refused(error) {
        if (isGone(error)) {
            this.#lose(error);
        } else {
            this.#end(error);
        }
    }

    #enter(reply) {
        const { recovered = null } = reply;
        this.#stage = SUBSCRIBED;
        this.#recovered = recovered;
        this.#feed.begin(reply, this.#history);
    }

    /** Takes a frame of the room; true where the frame needs nothing else. */
    #receive(frame) {
        if (this.#feed.comesAgain(frame)) {
            return true;
        }
        if (this.#stage !== SUBSCRIBED) {
            return false;
        }
        if (frame.event === 'socket.unsubscribed') {
            this.#end({ code: frame.data.code, message: `The server has ended the subscription of "${this.#room}".` });
            this.#link.dispatch(frame.event, frame.data);
        } else if (isReserved(frame.event)) {
            this.#obey(frame);
        } else {
            this.#feed.take(frame);
        }
        return true;
    }

    // The members change before any handler runs. Each handler may end the subscription.
    #obey({ event, data }) {
        const news = this.#newsIn(event, data);
        const goesOn = event === 'socket.resync' && this.position ? this.#resync(data) : this.#feed.tell(event, data);
        if (goesOn && (!news || this.#feed.tell('socket.presence', news))) {
            this.#link.dispatch(event, data, () => this.subscribed);
        }
    }

    #newsIn(event, { members, joins, leaves }) {
        if (event === 'socket.presence.state') {
            return this.#members.replace(members);
        }
        return event === 'socket.presence.diff' ? this.#members.change(joins, leaves) : null;
    }

    /** Goes on from the position that the server says, or else asks for the missing events, unless it has asked already. */
    #resync({ epoch, offset, ...news }) {
        if (epoch !== undefined) {
            return this.#feed.goOnFrom({ epoch, offset }, news);
        }
        if (!this.#feed.isRecovering) {
            this.#ask();
        }
        return true;
    }

    /** The connection has closed: it waits for another login. */
    #lose(error) {
        this.#stop(WAITING);
        this.#settle.reject(error);
    }

    /**
     * The server refused or ended it: it is over, and the handlers hear why.
     *
     * @param {{code: string, message: string, retry?: boolean, facts?: object}} error
     */
    #end({ code, message, retry, facts }) {
        this.#finish({ ...facts, code, message, retry });
        const isWanted = () => !this.#link.isClosed();
        dispatch(this, 'socket.unsubscribed', { room: this.#room, code, message }, isWanted);
    }

    #finish(reason) {
        this.#stop(OVER);
        this.#link.forget(this);
        this.#settle.reject(new ReplyError(reason));
    }

    #stop(stage) {
        this.#stage = stage;
        this.#feed.stop();
    }
}

// rooms.js
// Keeps the subscriptions of a connection, and gives each the frames of its room.

/** The subscriptions by room. A room has one at a time. */
class Rooms {
    #link;
    #subscriptions = new Map();
    // The rooms that the page has left, with the subscription, until the server has answered that.
    #leaving = new Map();

    /**
     * @param {object} connection - what subscriptions need of it: request(request) sends a request in its turn, ask(request)
     *     only if anything may be sent; dispatch(event, data, isWanted) calls the handlers of all rooms; isClosed() says
     *     whether the page has closed it, hasEnded() whether it has ended, isLoggedIn() whether the login is answered
     */
    constructor(connection) {
        this.#link = {
            ...connection,
            promise: (request) => promised((done) => connection.ask({ ...request, done })),
            leave: (subscription) => this.#leave(subscription),
            forget: (subscription) => this.#forget(subscription),
        };
    }

    subscribe(room, options) {
        const subscription = new Subscription(room, options, this.#link);
        if (this.#link.hasEnded()) {
            throw new Error(`Can't subscribe to "${room}": the connection is closed.`);
        }
        if (this.#subscriptions.has(subscription.room)) {
            throw new Error(`Can't subscribe to "${room}" twice: use the subscription that there is.`);
        }
        this.#subscriptions.set(subscription.room, subscription);
        if (this.#link.isLoggedIn()) {
            begin(subscription);
        }
        return subscription;
    }

    /** Has each subscription ask for its room, unless it has: the login is answered. */
    begin() {
        this.#subscriptions.forEach((subscription) => begin(subscription));
    }

    /** Gives a frame of a room to its subscription; true where the frame needs nothing else. */
    receive(frame) {
        const isOurs = isReserved(frame.event);
        const room = frame.room ?? (isOurs ? frame.data?.room : undefined);
        if (this.#leaving.has(room) && !isOurs) {
            return true;
        }
        const subscription = this.#subscriptions.get(room);
        return subscription !== undefined && receive(subscription, frame);
    }

    /** Tells all subscriptions that the connection has closed. */
    lose() {
        this.#subscriptions.forEach((subscription) => lose(subscription, new ReplyError(UNSENT)));
    }

    // Events of the room that come before the answer are ignored. The request isn't repeated: the room may have been
    // entered again by then.
    #leave(subscription) {
        const { room } = subscription;
        this.#leaving.set(room, subscription);
        const request = { event: 'socket.unsubscribe', data: () => ({ room }), isWanted: () => true, mayRepeat: false };
        return promised((done) => this.#link.ask({
            ...request,
            done: (error, result) => {
                if (this.#leaving.get(room) === subscription) {
                    this.#leaving.delete(room);
                }
                done(error, result);
            },
        }));
    }

    // The room may have another subscription by now.
    #forget(subscription) {
        if (this.#subscriptions.get(subscription.room) === subscription) {
            this.#subscriptions.delete(subscription.room);
        }
    }
}

// client.js
// Defines `Ratchet`, the class that a page uses: it puts the parts together.

// These events happen in the page. A frame with such a name is forged, and ignored.
const LOCAL = new Set(['socket.open', 'socket.close', 'socket.error']);

// These events are still dispatched after `close()`.
const ENDS = new Set(['socket.close', 'socket.error']);

/** A connection over which both sides send named events. */
class Ratchet extends Listenable {
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

globalThis.Ratchet = Ratchet;

})();
