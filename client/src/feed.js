/**
 * Delivers a room's events in order, each once: first those that were missed, then the live ones.
 */
import { isGone } from './errors.js';
import { dispatch } from './listenable.js';

/** How many events of a room's history the server gives at once. */
export const PAGE = 100;

function positionOf(epoch, offset) {
    return Object.freeze({ epoch, offset });
}

/** The feed of one subscription; it outlives a connection. */
export class Feed {
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
