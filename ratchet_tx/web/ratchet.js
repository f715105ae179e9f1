/**
 * Named events to and from a Ratchet server, for a page; what they mean is left to the page.
 *
 * A classic script that defines the global `Ratchet`; ratchet.mjs is the same as an ES module.
 *
 *     const ratchet = new Ratchet('ws://localhost:8080');
 *     ratchet.on('chat.message', (message) => show(message));
 *     ratchet.emit('chat.send', 'hi');
 *
 * In this order: frames, the handlers of events, the replies that are waited for, who is shown in a room, a subscription,
 * and the connection, which is all of it together.
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

    // Only this script says these: a frame of such a name is a forgery.
    const LOCAL = new Set(['socket.open', 'socket.close', 'socket.error']);

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

    function encode(event, data, keys) {
        return JSON.stringify({ event, data, ...keys });
    }

    /** The data as the server will have it; the caller may change his own after this. */
    function copyOf(data) {
        return JSON.parse(JSON.stringify(data) ?? 'null');
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
            this.#entries.set(event, this.#of(event).add({ handler, once }));
        }

        remove(event, handler) {
            for (const entry of this.#of(event)) {
                if (handler === undefined || entry.handler === handler) {
                    this.#drop(event, entry);
                }
            }
        }

        // Handlers added meanwhile wait for the next event, handlers removed meanwhile are passed over.
        dispatch(event, data) {
            const entries = this.#of(event);
            const results = [];
            for (const entry of [...entries]) {
                if (entries.has(entry)) {
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
                return entry.handler.call(this.#owner, data);
            } catch (error) {
                complain(event, error);
                return FAILED;
            }
        }
    }

    function complain(event, error) {
        console.error(`Ratchet: a handler of "${event}" failed.`, error);
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
            complain(event, error);
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

    /** Marks a promise as one that need not be looked at. */
    function mayBeIgnored(promise) {
        promise.catch(() => {});
        return promise;
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

        /** Says what changes: a connection of which something else is shown joins once more, by the same ref. */
        change(joins, leaves) {
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

    // Where a subscription is: waiting for a login, for the reply, in the room, or not wanted any more.
    const [WAITING, ASKED, SUBSCRIBED, OVER] = ['waiting', 'asked', 'subscribed', 'over'];

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
            this.#room = room;
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
            const isShown = this.#stage === WAITING
                ? Promise.resolve()
                : this.#link.promise('socket.presence.update', { room: this.#room, meta: this.#meta });
            return mayBeIgnored(isShown.then(() => {}));
        }

        /** Reads some of what the room keeps, the oldest first. */
        history({ since, limit } = {}) {
            return this.#link.promise('socket.history', { room: this.#room, since, limit });
        }

        /** Leaves the room, for good; nothing of it is heard after the call. */
        unsubscribe() {
            const wasIn = this.#stage === ASKED || this.#stage === SUBSCRIBED;
            this.#finish({ code: 'room.left', message: `"${this.#room}" was left before it was entered.` });
            const isOut = wasIn ? this.#link.promise('socket.unsubscribe', { room: this.#room }) : Promise.resolve();
            return mayBeIgnored(isOut.then(() => {}, (error) => {
                if (!isGone(error)) {
                    throw error;
                }
            }));
        }

        #begin() {
            if (this.#stage === WAITING) {
                this.#stage = ASKED;
                this.#ask();
            }
        }

        #ask() {
            this.#isRecovering = this.#position !== null;
            const wanted = {
                room: this.#room,
                ...(this.#position && { recover: this.#position }),
                ...(this.#presence && { presence: true, meta: this.#meta }),
            };
            this.#turn += 1;
            this.#request('socket.subscribe', wanted, (error, result) => {
                if (error) {
                    this.#refused(error);
                } else {
                    this.#enter(result);
                }
            });
        }

        #request(event, data, done) {
            const turn = this.#turn;
            this.#link.request(event, data, (error, result) => turn === this.#turn && done(error, result));
        }

        #refused(error) {
            if (isGone(error)) {
                this.#lose(error);
            } else {
                this.#end(error);
            }
        }

        #enter({ epoch, offset, recovered = null, events = [] }) {
            const now = epoch === undefined ? null : positionOf(epoch, offset);
            this.#stage = SUBSCRIBED;
            this.#recovered = recovered;
            this.#isRecovering = false;
            if (recovered) {
                return this.#deliverAll(events, () => this.#arrive(now));
            }
            const past = now && Math.min(this.#history, now.offset);
            this.#position = past ? positionOf(epoch, offset - past) : now;
            if (recovered === false) {
                this.#tell('socket.resync', { room: this.#room, reason: 'lost' });
            }
            if (past) {
                this.#held ??= [];
                this.#readUpTo(now);
            } else {
                this.#arrive(now);
            }
        }

        #readUpTo(now) {
            const limit = Math.min(this.#history, PAGE);
            this.#request('socket.history', { room: this.#room, since: this.#position, limit }, (error, page) => {
                if (error) {
                    return this.#goOnWithoutPast(error, now);
                }
                const events = page.events.filter((past) => past.offset <= now.offset);
                this.#deliverAll(events, () => {
                    if (page.more && events.length > 0 && this.#position.offset < now.offset) {
                        this.#readUpTo(now);
                    } else {
                        this.#arrive(now);
                    }
                });
            });
        }

        #goOnWithoutPast(error, now) {
            if (isGone(error)) {
                return this.#lose(error);
            }
            this.#tell('socket.resync', { room: this.#room, reason: error.code });
            this.#arrive(now);
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
            if (frame.event.startsWith('socket.')) {
                this.#obey(frame);
                return false;
            }
            if (this.#held) {
                this.#held.push(frame);
            } else {
                this.#deliver(frame);
            }
            return true;
        }

        #obey({ event, data }) {
            if (event === 'socket.unsubscribed') {
                this.#end({ code: data.code, message: `The server has ended the subscription of "${this.#room}".` });
            } else if (event === 'socket.resync' && this.#position) {
                this.#ask();
            } else {
                this.#tell(event, data);
            }
            if (event === 'socket.presence.state') {
                this.#tell('socket.presence', this.#members.replace(data.members));
            } else if (event === 'socket.presence.diff') {
                this.#tell('socket.presence', this.#members.change(data.joins, data.leaves));
            }
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
            this.#tell(event, data);
            this.#link.dispatch(event, data);
        }

        #tell(event, data) {
            this.#handlers.dispatch(event, data);
        }

        /** The connection is gone, and what the room does meanwhile is missed. */
        #lose(error) {
            this.#stop(WAITING);
            this.#settle.reject(error);
        }

        /** The server doesn't want it here. */
        #end({ code, message }) {
            this.#finish({ code, message });
            this.#tell('socket.unsubscribed', { room: this.#room, code, message });
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
        #subscriptions = new Map();

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
            if (this.#subscriptions.has(room)) {
                throw new Error(`Can't subscribe to "${room}" twice: use the subscription that there is.`);
            }
            this.#subscriptions.set(room, subscription);
            if (this.#loginAnswered) {
                begin(subscription);
            }
            return subscription;
        }

        /** Closes the connection for good; events that still wait for the login are dropped. */
        close() {
            this.#dropWaiting();
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
            this.#send({ event: 'socket.auth.request', text: encode('socket.auth.request', { token, v: 2 }) });
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
                return this.#replies.received(frame.re, data);
            }
            if (event === 'socket.auth.success') {
                this.#loginEnded(true, data?.client ?? null);
            } else if (event === 'socket.auth.failure') {
                this.#loginEnded(false, null);
            }
            const room = frame.room ?? (event.startsWith('socket.') ? data?.room : undefined);
            const subscription = this.#subscriptions.get(room);
            if (subscription && receive(subscription, frame)) {
                return;
            }
            const results = this.#dispatch(event, data);
            if (typeof frame.id === 'string') {
                this.#answer(frame.id, event, results);
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
            this.#subscriptions.forEach((subscription) => lose(subscription, new ReplyError(UNSENT)));
            this.#dispatch('socket.close', { code, reason, clean: wasClean });
        }

        // Sends what waited before any handler runs, so that a handler's own emits stay behind it; and enters the rooms
        // before that, so that nothing is missed that these emits bring about.
        #loginEnded(authenticated, client) {
            this.#authenticated = authenticated;
            this.#client = client;
            this.#loginAnswered = true;
            this.#subscriptions.forEach(begin);
            this.#waiting.forEach((frame) => this.#send(frame));
            this.#waiting.clear();
        }

        #obstacle(event) {
            if (this.#socket.readyState > WebSocket.OPEN) {
                return { ...UNSENT, message: `Can't emit "${event}": the connection is closed.` };
            }
            if (!this.#loginAnswered && this.#waiting.size >= MOST_WAITING) {
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
            return new Promise((resolve, reject) => {
                this.#request(event, data, (error, result) => (error ? reject(error) : resolve(result)), seconds);
            });
        }

        /** What a subscription needs of its connection. */
        #link() {
            return {
                request: (event, data, done) => this.#request(event, data, done),
                promise: (event, data) => this.#promise(event, data),
                dispatch: (event, data) => this.#dispatch(event, data),
                forget: (subscription) => this.#forget(subscription),
            };
        }

        // The room may have another subscription by now.
        #forget(subscription) {
            if (this.#subscriptions.get(subscription.room) === subscription) {
                this.#subscriptions.delete(subscription.room);
            }
        }

        #sendAfterLogin(frame) {
            if (this.#loginAnswered) {
                this.#send(frame);
            } else {
                this.#waiting.add(frame);
            }
        }

        #dropWaiting() {
            const dropped = [...this.#waiting];
            this.#waiting.clear();
            dropped.forEach(({ id }) => this.#replies.fail(id, UNSENT));
        }

        #send({ event, text }) {
            log('sent', event, text);
            this.#socket.send(text);
        }

        #dispatch(event, data) {
            return this.#handlers.dispatch(event, data);
        }
    }

    globalThis.Ratchet = Ratchet;
})();
