/**
 * Named events to and from a Ratchet server, for a page; what they mean is left to the page.
 *
 * A classic script that defines the global `Ratchet`; ratchet.mjs is the same as an ES module.
 *
 *     const ratchet = new Ratchet('ws://localhost:8080');
 *     ratchet.on('chat.message', (message) => show(message));
 *     ratchet.emit('chat.send', 'hi');
 *
 * In this order: frames, the handlers of events, the replies that are waited for, the line of this script's own requests,
 * who is shown in a room, a subscription, and the connection, which is all of it together.
 */
(() => {
    'use strict';

    const LONGEST_NAME = 128;
    const MOST_WAITING = 64;

    // In seconds: how long `ack: true` waits, and how long a timer can.
    const PATIENCE = 10;
    const LONGEST_WAIT = 2_147_483;

    // How many events of a room's history the server gives at once.
    const PAGE = 100;

    // How often a request of this script's own is made that is refused for now. Between the tries it waits as long as the
    // server says, up to a minute; else longer each time, in seconds.
    const MOST_TRIES = 8;
    const LONGEST_AFTER = 60;
    const [FIRST_PAUSE, LONGEST_PAUSE] = [0.5, 8];

    // The limits of a server that doesn't tell its own: these are the defaults.
    const USUAL_LIMITS = { eventsPerSecond: 50, eventsBurst: 100, rooms: 0 };

    // How many pages of the past are asked for at the same time: they are large, and what waits for us is bounded.
    const MOST_READINGS = 2;

    // What one event may cost above its first token: a token for each of so many bytes.
    const BYTES_PER_TOKEN = 4096;

    // Of how many different refusals the console is told: more would fill it, and say no more.
    const MOST_WARNINGS = 64;

    // Only this script says these: a frame of such a name is a forgery.
    const LOCAL = new Set(['socket.open', 'socket.close', 'socket.error']);

    // What is still told after `close()`: how it ended.
    const ENDS = new Set(['socket.close', 'socket.error']);

    // Why there is no reply. What was never sent may be sent again; of what was, nobody knows what became of it.
    const UNSENT = { code: 'connection.closed', message: 'The connection closed before this could be sent.', retry: true };
    const LOST = { code: 'reply.lost', message: 'The connection closed before the reply came.', retry: false };
    const LATE = { code: 'reply.timeout', message: 'No reply came in time.', retry: false };

    const UNKNOWN_EVENT = { code: 'event.unknown', message: 'Nobody here handles this event.', retry: false };
    const HANDLER_FAILED = { code: 'handler.failed', message: 'A handler of this event failed.', retry: false };

    // Frames

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

    /** For how many seconds a reply is to be waited for; 0 where none is wanted. */
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

    /** Seconds that only go on, whatever is done to the clock of the machine. */
    function now() {
        return (globalThis.performance ?? Date).now() / 1000;
    }

    // An escape of JSON: of half a surrogate pair, which is always written as one, or any other. All are matched, so that
    // "\\ud83d", which is a backslash and four letters, isn't taken for a half.
    const ESCAPE = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;

    /**
     * Says in JSON, and with U+FFFD for each half of a surrogate pair, as UTF-8 can't express one: the server would refuse
     * all of it. Cutting a text at a number of UTF-16 units makes them: 'Thank you 😀'.slice(0, 11).
     */
    function stringify(value) {
        const text = JSON.stringify(value);
        return text?.includes('\\ud') ? text.replace(ESCAPE, (escape, half) => (half ? '\ufffd' : escape)) : text;
    }

    /** A name as the server will have it; anything else than a text as it is. */
    function wellFormed(name) {
        return typeof name === 'string' ? JSON.parse(stringify(name)) : name;
    }

    function encode(event, data, keys) {
        return stringify({ event, data, ...keys });
    }

    /** The data as the server will have it; the caller may change his own after this. */
    function copyOf(data) {
        return JSON.parse(stringify(data) ?? 'null');
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

    // Handlers

    // What a handler gives that throws.
    const FAILED = Symbol('failed');

    /** Who is called for which event. */
    class Handlers {
        #owner;
        // A Map, as an object would already have "constructor" and "__proto__".
        #entries = new Map();

        constructor(owner) {
            this.#owner = owner;
        }

        add(event, handler, once) {
            if (typeof handler !== 'function') {
                throw new TypeError("Give a function to call with the event's data.");
            }
            const name = wellFormed(event);
            this.#entries.set(name, this.#of(name).add({ handler, once }));
        }

        remove(event, handler) {
            const name = wellFormed(event);
            for (const entry of this.#of(name)) {
                if (handler === undefined || entry.handler === handler) {
                    this.#drop(name, entry);
                }
            }
        }

        /**
         * Calls the handlers, as long as they are wanted: each of them may put an end to that.
         *
         * Handlers added meanwhile wait for the next event, handlers removed meanwhile are passed over.
         */
        dispatch(event, data, isWanted) {
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

        // Leaves no empty set behind: names made up for a single use would pile up.
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
                const result = entry.handler.call(this.#owner, data);
                return isPromise(result) ? Promise.resolve(result).catch((error) => failed(event, error)) : result;
            } catch (error) {
                return failed(event, error);
            }
        }
    }

    // A page may have promises of its own, and those of other windows.
    function isPromise(result) {
        return typeof result?.then === 'function';
    }

    function failed(event, error) {
        console.error(`Ratchet: a handler of "${event}" failed.`, error);
        return FAILED;
    }

    /** What to reply to a question of the server's: the first result that isn't null; any failure is the reply instead. */
    async function replyOf(event, results) {
        if (results.length === 0) {
            return { ok: false, error: UNKNOWN_EVENT };
        }
        try {
            const given = await Promise.all(results);
            if (!given.includes(FAILED)) {
                const result = given.find((value) => value !== undefined && value !== null) ?? null;
                // Here, where it may fail.
                return { ok: true, result: copyOf(result) };
            }
        } catch (error) {
            failed(event, error);
        }
        return { ok: false, error: HANDLER_FAILED };
    }

    // Replies

    /** Why there is no result: the server's refusal, or that no reply came. */
    class ReplyError extends Error {
        constructor({ code = '', message = '', retry = false, ...facts }) {
            super(message || code);
            this.name = 'ReplyError';
            this.code = code;
            this.retry = retry;
            this.facts = facts;
        }
    }

    /**
     * The replies that are waited for.
     *
     * Who waits is called in the same turn, and not by a promise, which would go on only after the next message was read.
     */
    class Replies {
        #lastId = 0;
        #waiting = new Map();

        nextId() {
            this.#lastId += 1;
            return this.#lastId;
        }

        /** Calls done(error, result), once; without seconds, however long it takes. */
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

    /** A promise of what begin(done) gives to done(error, result). */
    function promised(begin) {
        return new Promise((resolve, reject) => {
            begin((error, result) => (error ? reject(error) : resolve(result)));
        });
    }

    /** Marks a promise as one that need not be looked at. */
    function mayBeIgnored(promise) {
        promise.catch(() => {});
        return promise;
    }

    // This script's own requests

    /** How much may be sent: the server's limit of the rate, as far as it can be known here (a token bucket). */
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

        /** The server says that there is nothing left, for so many seconds. */
        empty(seconds) {
            this.#left = 0;
            this.#at = now() + seconds;
        }

        /** In how many seconds one more may be sent, with a quarter of the burst left to what the page emits. */
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

    /** Whether the same may succeed later on this connection. */
    function mayPass({ code, retry }) {
        return retry === true && code !== UNSENT.code;
    }

    /** For how long to wait before the next try, in seconds; null where it isn't worth it. */
    function pauseBefore(tries, after) {
        if (tries >= MOST_TRIES || after > LONGEST_AFTER) {
            return null;
        }
        const longest = Math.min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE);
        // Not all at once, where many were refused at the same time.
        return after > 0 ? after : longest * (1 + Math.random()) / 2;
    }

    function isReading({ event }) {
        return event === 'socket.history';
    }

    /** Never too early by what a timer cuts off. */
    function later(seconds, callback) {
        return setTimeout(callback, Math.ceil(seconds * 1000) + 1);
    }

    function stop(timer) {
        if (timer !== null) {
            clearTimeout(timer);
        }
    }

    /**
     * What this script asks by itself, and what costs the page no thought: it goes as fast as the server takes it, and once
     * more where the server refuses it for now.
     *
     * A request has `event`, `data()` as it is when it is sent, `isWanted()` just before, `mayRepeat`, and done(error, result).
     */
    class Line {
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

    // Rooms

    /** Who is shown in a room: clients by id, each with what is shown of its connections. */
    class Members {
        all = new Map();
        #areKnown = false;

        /** Says who it is; nobody comes by the first word of it, for they were there before. */
        replace(shown) {
            const before = this.#areKnown ? this.all : new Map(Object.entries(shown));
            this.#areKnown = true;
            this.all = new Map(Object.entries(shown));
            return this.#news([...before.keys(), ...this.all.keys()], before);
        }

        /**
         * Says what changes: a connection of which something else is shown joins once more, by the same ref.
         *
         * The Map that was given out before stays as it is: a page that compares the two sees that something changed.
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

    function positionOf(epoch, offset) {
        return Object.freeze({ epoch, offset });
    }

    // Where a subscription is: waiting for a login, for its turn, for the reply, in the room, or not wanted any more.
    const [WAITING, IN_LINE, ASKED, SUBSCRIBED, OVER] = ['waiting', 'in line', 'asked', 'subscribed', 'over'];

    // What the connection does with its subscriptions, and a page can't.
    let begin;
    let receive;
    let lose;

    /**
     * A room that the page is in, or wants to be in, and up to where it has the room's events.
     *
     * It needs a connection only while it is in the room: it can begin once more on another one, from where it was.
     */
    class Subscription {
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
        #position;
        #recovered = null;
        #stage = WAITING;
        #handlers = new Handlers(this);
        #members = new Members();
        #ready;
        #settle;
        // Whether what it has missed is asked for: what comes with an offset until then comes once more.
        #isRecovering = false;
        // The live events, while those before them are read.
        #held = null;
        // What was asked in an earlier one isn't answered to anybody.
        #turn = 0;

        constructor(room, { presence = false, meta = {}, history = 0, recover = null }, link) {
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
            this.#position = recover && positionOf(recover.epoch, recover.offset);
            // A refusal is told to the handlers of "socket.unsubscribed", too.
            this.#ready = mayBeIgnored(new Promise((resolve, reject) => { this.#settle = { resolve, reject }; }));
        }

        /** The room's name. */
        get room() {
            return this.#room;
        }

        /** A promise of this subscription, for when the server has let it in; it fails where the server doesn't. */
        get ready() {
            return this.#ready;
        }

        /** Whether it is in the room. */
        get subscribed() {
            return this.#stage === SUBSCRIBED;
        }

        /** Up to where it has the room's events; null where the room keeps none. */
        get position() {
            return this.#position;
        }

        /** Whether all that it had missed was recovered; null where it had missed nothing. */
        get recovered() {
            return this.#recovered;
        }

        /** Who is shown in the room, by client id. */
        get members() {
            return this.#members.all;
        }

        /** Calls the handler with the data of each such event of the room, after the handlers already there. */
        on(event, handler) {
            this.#handlers.add(event, handler, false);
            return this;
        }

        /** Calls the handler with the data of the room's next such event only. */
        once(event, handler) {
            this.#handlers.add(event, handler, true);
            return this;
        }

        /** Removes a handler of the event; all of them, if none is given. */
        off(event, handler) {
            this.#handlers.remove(event, handler);
            return this;
        }

        /** Shows something else of this page to the room's members. */
        update(meta) {
            this.#meta = copyOf(meta);
            const isShown = this.#stage === WAITING || this.#stage === IN_LINE
                ? Promise.resolve()
                : this.#promise('socket.presence.update', { room: this.#room, meta: this.#meta }, false);
            return mayBeIgnored(isShown.then(() => {}));
        }

        /** Reads some of what the room keeps, the oldest first. */
        history({ since, limit } = {}) {
            return this.#promise('socket.history', { room: this.#room, since, limit }, true);
        }

        /** Leaves the room, for good; nothing of it is heard after the call. */
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

        #begin() {
            if (this.#stage === WAITING) {
                this.#stage = IN_LINE;
                this.#ask();
            }
        }

        #ask() {
            this.#isRecovering = this.#position !== null;
            this.#turn += 1;
            this.#request('socket.subscribe', () => this.#wish(), (error, result) => {
                if (error) {
                    this.#refused(error);
                } else {
                    this.#enter(result);
                }
            });
        }

        /** What it asks for; it is called when that is sent. More than a page of the past is read afterwards. */
        #wish() {
            this.#stage = this.#stage === IN_LINE ? ASKED : this.#stage;
            return {
                room: this.#room,
                ...(this.#position && { recover: this.#position }),
                ...(this.#history > 0 && this.#history <= PAGE && { history: this.#history }),
                ...(this.#presence && { presence: true, meta: this.#meta }),
            };
        }

        #request(event, data, done) {
            const turn = this.#turn;
            const isWanted = () => turn === this.#turn;
            const settled = (error, result) => isWanted() && done(error, result);
            this.#link.request({ event, data, isWanted, mayRepeat: true, done: settled });
        }

        #promise(event, data, mayRepeat) {
            return this.#link.promise({ event, data: () => data, isWanted: () => true, mayRepeat });
        }

        #refused(error) {
            if (isGone(error)) {
                this.#lose(error);
            } else {
                this.#end(error);
            }
        }

        #enter({ epoch, offset, recovered = null, events = null, more = false }) {
            const now = epoch === undefined ? null : positionOf(epoch, offset);
            this.#stage = SUBSCRIBED;
            this.#recovered = recovered;
            this.#isRecovering = false;
            if (recovered) {
                return this.#deliverAll(events, () => this.#arrive(now));
            }
            const past = now && Math.min(this.#history, now.offset);
            this.#position = past ? positionOf(epoch, offset - past) : now;
            if (recovered === false && !this.#tell('socket.resync', { room: this.#room, reason: 'lost' })) {
                return;
            }
            if (past) {
                this.#held ??= [];
                this.#bring(events ?? [], past, now, more || events === null || (recovered === false && events.length === 0));
            } else {
                this.#arrive(now);
            }
        }

        /** Delivers the past that came with the reply, and before it what of it has to be read: nothing of it may have come. */
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
            this.#request('socket.history', () => ({ room: this.#room, since, limit }), (error, page) => {
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
                return this.#lose(error);
            }
            if (this.#tell('socket.resync', { room: this.#room, reason: error.code })) {
                this.#position = last;
                then();
            }
        }

        /** Goes on with what is live. */
        #arrive(now) {
            const held = this.#held ?? [];
            this.#held = null;
            this.#position = now;
            this.#settle.resolve(this);
            this.#deliverAll(held);
        }

        /** Takes a frame in; true where that is all that is to be done with it. */
        #receive(frame) {
            if (this.#isRecovering && frame.offset !== undefined) {
                return true;
            }
            if (this.#stage !== SUBSCRIBED) {
                return false;
            }
            if (frame.event === 'socket.unsubscribed') {
                this.#end({ code: frame.data.code, message: `The server has ended the subscription of "${this.#room}".` });
                this.#link.dispatch(frame.event, frame.data);
            } else if (frame.event.startsWith('socket.')) {
                this.#obey(frame);
            } else if (this.#held) {
                this.#held.push(frame);
            } else {
                this.#deliver(frame);
            }
            return true;
        }

        // Members are news before any handler runs, and after each handler it may be over.
        #obey({ event, data }) {
            const news = this.#newsIn(event, data);
            const goesOn = event === 'socket.resync' && this.#position ? this.#resync(data) : this.#tell(event, data);
            if (goesOn && (!news || this.#tell('socket.presence', news))) {
                this.#link.dispatch(event, data, () => this.subscribed);
            }
        }

        #newsIn(event, { members, joins, leaves }) {
            if (event === 'socket.presence.state') {
                return this.#members.replace(members);
            }
            return event === 'socket.presence.diff' ? this.#members.change(joins, leaves) : null;
        }

        /** Asks for what is missing, unless that is asked for already, or the server says from where to go on instead. */
        #resync({ epoch, offset, ...news }) {
            if (epoch !== undefined) {
                return this.#goOnFrom(positionOf(epoch, offset), news);
            }
            if (!this.#isRecovering) {
                this.#ask();
            }
            return true;
        }

        // What is held and has an offset is of another epoch.
        #goOnFrom(position, news) {
            this.#turn += 1;
            this.#isRecovering = false;
            this.#position = position;
            this.#held = (this.#held ?? []).filter(({ offset }) => offset === undefined);
            return this.#tell('socket.resync', news) && (this.#arrive(position), this.subscribed);
        }

        // A handler may leave the room in the middle of it.
        #deliverAll(frames, then = () => {}) {
            const turn = this.#turn;
            const isOn = () => turn === this.#turn;
            frames.every((frame) => isOn() && (this.#deliver(frame), true));
            if (isOn()) {
                then();
            }
        }

        // What the room keeps has an offset, and comes once.
        #deliver({ event, data = null, offset }) {
            if (this.#position && offset !== undefined) {
                if (offset <= this.#position.offset) {
                    return;
                }
                this.#position = positionOf(this.#position.epoch, offset);
            }
            if (this.#tell(event, data)) {
                this.#link.dispatch(event, data, () => this.subscribed);
            }
        }

        /** Tells the handlers; false where one of them has put an end to it, and nothing more is to be done. */
        #tell(event, data) {
            const turn = this.#turn;
            this.#handlers.dispatch(event, data, () => this.subscribed);
            return this.subscribed && turn === this.#turn;
        }

        /** The connection is gone, and what the room does meanwhile is missed. */
        #lose(error) {
            this.#stop(WAITING);
            this.#settle.reject(error);
        }

        /** The server doesn't want it here. */
        #end({ code, message, retry, facts }) {
            this.#finish({ ...facts, code, message, retry });
            const isWanted = () => !this.#link.isClosed();
            this.#handlers.dispatch('socket.unsubscribed', { room: this.#room, code, message }, isWanted);
        }

        #finish(reason) {
            this.#stop(OVER);
            this.#link.forget(this);
            this.#settle.reject(new ReplyError(reason));
        }

        #stop(stage) {
            this.#stage = stage;
            this.#isRecovering = false;
            this.#held = null;
            this.#turn += 1;
        }
    }

    function isGone({ code }) {
        return code === UNSENT.code || code === LOST.code;
    }

    // The connection

    class Ratchet {
        /** Whether all instances log by console.log what they send and receive, except tokens. */
        static debug = globalThis.p2_ratchet_debug === true;

        /** What a promise of a reply fails with. */
        static ReplyError = ReplyError;

        #uri;
        #socket;
        #client = null;
        #authenticated = false;
        #loginAnswered = false;
        #waiting = new Set();
        #handlers = new Handlers(this);
        #replies = new Replies();
        #line = new Line((event, data, done) => this.#request(event, data, done));
        #subscriptions = new Map();
        // Rooms that the page has left and the server doesn't know it yet, each with the subscription that was left.
        #leaving = new Map();
        #logins = 0;
        #loginTimer = null;
        #isClosed = false;
        #warned = new Set();

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

        /**
         * Calls the handler with the data of each such event, after the handlers already there.
         *
         * Where the event is a question of the server's, what the handler gives, or its promise, is the reply.
         */
        on(event, handler) {
            this.#handlers.add(event, handler, false);
            return this;
        }

        /** Calls the handler with the data of the next such event only. */
        once(event, handler) {
            this.#handlers.add(event, handler, true);
            return this;
        }

        /** Removes a handler of the event; all of them, if none is given. */
        off(event, handler) {
            this.#handlers.remove(event, handler);
            return this;
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
                return this.#promise(event, data, seconds);
            }
            const obstacle = this.#obstacle(event);
            if (obstacle) {
                throw new Error(obstacle.message);
            }
            // Encoded now, even if it has to wait: the caller may change the data after this.
            this.#sendAfterLogin({ event, text: encode(event, data) });
        }

        /**
         * Enters a room, as soon as the login is answered.
         *
         * @param {string} room
         * @param {object} [options] - presence, meta, history, recover: see ratchet.d.ts
         * @returns {Subscription}
         * @throws {Error} if the connection is closed, or there is a subscription of this room
         */
        subscribe(room, options = {}) {
            const subscription = new Subscription(room, options, this.#link());
            if (this.#socket.readyState > WebSocket.OPEN) {
                throw new Error(`Can't subscribe to "${room}": the connection is closed.`);
            }
            if (this.#subscriptions.has(subscription.room)) {
                throw new Error(`Can't subscribe to "${room}" twice: use the subscription that there is.`);
            }
            this.#subscriptions.set(subscription.room, subscription);
            if (this.#loginAnswered) {
                begin(subscription);
            }
            return subscription;
        }

        /**
         * Closes the connection for good; events that still wait for the login are dropped, and no handlers are called any
         * more but those that tell how it ended.
         */
        close() {
            this.#isClosed = true;
            this.#dropWaiting();
            this.#loseRooms();
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
            this.#logIn();
            this.#dispatch('socket.open', null);
        }

        #logIn() {
            const token = globalThis.p2_ratchet_access_token ?? '';
            this.#logins += 1;
            this.#send({ event: 'socket.auth.request', text: encode('socket.auth.request', { token, v: 2 }) });
        }

        /** Logs in once more where the login was refused for now; true where it will. */
        #logInLater(data) {
            const pause = data?.retry === true && !this.#loginAnswered ? pauseBefore(this.#logins, data.after) : null;
            if (pause !== null) {
                this.#loginTimer = later(pause, () => this.#logIn());
            }
            return pause !== null;
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
                return this.#replies.received(frame.re, data);
            }
            if (this.#isClosed || (event === 'socket.auth.failure' && this.#logInLater(data))) {
                return;
            }
            this.#obey(event, data);
            if (this.#isOfRoom(frame)) {
                return;
            }
            const results = this.#dispatch(event, data);
            if (typeof frame.id === 'string') {
                this.#answer(frame.id, event, results);
            }
        }

        #obey(event, data) {
            if (event === 'socket.auth.success') {
                this.#loginEnded(true, data?.client ?? null, data?.limits);
            } else if (event === 'socket.auth.failure') {
                this.#loginEnded(false, null);
            } else if (event === 'socket.refused') {
                this.#warn(data);
            }
        }

        /** Gives a frame of a room to its subscription; true where there is nothing more to be done with it. */
        #isOfRoom(frame) {
            const isOurs = frame.event.startsWith('socket.');
            const room = frame.room ?? (isOurs ? frame.data?.room : undefined);
            if (this.#leaving.has(room) && !isOurs) {
                return true;
            }
            const subscription = this.#subscriptions.get(room);
            return subscription !== undefined && receive(subscription, frame);
        }

        /** Says on the console what was refused without anybody waiting for a reply: nobody would ever know. */
        #warn(refusal) {
            const { event, code, message } = refusal ?? {};
            const which = JSON.stringify([event, code]);
            if (!this.#warned.has(which) && this.#warned.size < MOST_WARNINGS) {
                this.#warned.add(which);
                console.warn(`Ratchet: the server refused ${JSON.stringify(event)} (${code}): ${message}`);
            }
        }

        async #answer(re, event, results) {
            const reply = await replyOf(event, results);
            if (this.#socket.readyState === WebSocket.OPEN) {
                this.#send({ event: 'socket.reply', text: encode('socket.reply', reply, { re }) });
            }
        }

        // Browsers keep the cause of a broken connection from scripts; other runtimes tell it.
        #failed(message) {
            this.#dispatch('socket.error', { message: message || 'The connection failed.' });
        }

        #closed({ code, reason, wasClean }) {
            this.#client = null;
            this.#authenticated = false;
            this.#dropWaiting();
            this.#replies.failAll(LOST);
            this.#loseRooms();
            this.#dispatch('socket.close', { code, reason, clean: wasClean });
        }

        #loseRooms() {
            this.#subscriptions.forEach((subscription) => lose(subscription, new ReplyError(UNSENT)));
        }

        // Sends what waited before any handler runs, so that a handler's own emits stay behind it; and enters the rooms
        // before that, so that nothing is missed that these emits bring about.
        #loginEnded(authenticated, client, limits) {
            this.#authenticated = authenticated;
            this.#client = client;
            this.#loginAnswered = true;
            this.#line.open(limits);
            this.#subscriptions.forEach(begin);
            this.#waiting.forEach((frame) => this.#sendEvent(frame));
            this.#waiting.clear();
        }

        #obstacle(event) {
            if (this.#socket.readyState > WebSocket.OPEN) {
                return { ...UNSENT, message: `Can't emit "${event}": the connection is closed.` };
            }
            if (!this.#loginAnswered && this.#waiting.size + this.#line.length >= MOST_WAITING) {
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

        #promise(event, data, seconds) {
            return promised((done) => this.#request(event, data, done, seconds));
        }

        /** What a subscription needs of its connection. */
        #link() {
            return {
                request: (request) => this.#line.add(request),
                promise: (request) => promised((done) => this.#ask({ ...request, done })),
                leave: (subscription) => this.#leave(subscription),
                dispatch: (event, data, isWanted) => this.#dispatch(event, data, isWanted),
                forget: (subscription) => this.#forget(subscription),
                isClosed: () => this.#isClosed,
            };
        }

        /** Has a request stand in line, if anything may be sent. */
        #ask(request) {
            const obstacle = this.#obstacle(request.event);
            if (obstacle) {
                request.done(new ReplyError(obstacle), null);
            } else {
                this.#line.add(request);
            }
        }

        // What is under way of the room is nobody's. It isn't repeated: the room may have been entered again by then.
        #leave(subscription) {
            const { room } = subscription;
            this.#leaving.set(room, subscription);
            const request = { event: 'socket.unsubscribe', data: () => ({ room }), isWanted: () => true, mayRepeat: false };
            return promised((done) => this.#ask({
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

        #sendAfterLogin(frame) {
            if (this.#loginAnswered) {
                this.#sendEvent(frame);
            } else {
                this.#waiting.add(frame);
            }
        }

        // The line has counted its own. Of a text's bytes no more than its units are counted: the reserve has the rest.
        #sendEvent(frame) {
            if (!frame.event.startsWith('socket.')) {
                this.#line.spend(1 + Math.floor(frame.text.length / BYTES_PER_TOKEN));
            }
            this.#send(frame);
        }

        #dropWaiting() {
            const dropped = [...this.#waiting];
            this.#waiting.clear();
            dropped.forEach(({ id }) => this.#replies.fail(id, UNSENT));
            this.#line.clear();
            stop(this.#loginTimer);
            this.#loginTimer = null;
        }

        #send({ event, text }) {
            log('sent', event, text);
            this.#socket.send(text);
        }

        #dispatch(event, data, isWanted = () => true) {
            return this.#handlers.dispatch(event, data, () => (ENDS.has(event) || !this.#isClosed) && isWanted());
        }
    }

    globalThis.Ratchet = Ratchet;
})();
