/**
 * Delivers a room's events in order and each once: what was missed first, then what is live.
 */
import { isGone } from './errors.js';
import { dispatch } from './listenable.js';

/** How many events of a room's history the server gives at once. */
export const PAGE = 100;

function positionOf(epoch, offset) {
    return Object.freeze({ epoch, offset });
}

/** The events of one subscription, on whichever connection it is. */
export class Feed {
    #subscription;
    #link;
    #arrived;
    #lost;
    #position;
    // Whether what it has missed is asked for: what comes with an offset until then comes once more.
    #isRecovering = false;
    // The live events, while those before them are read.
    #held = null;
    // What was asked in an earlier one isn't answered to anybody.
    #turn = 0;

    /** Calls arrived() when it goes on with what is live, and lost(error) when the connection is gone before. */
    constructor(subscription, link, recover, { arrived, lost }) {
        this.#subscription = subscription;
        this.#link = link;
        this.#position = recover && positionOf(recover.epoch, recover.offset);
        this.#arrived = arrived;
        this.#lost = lost;
    }

    /** Up to where it has the room's events; null where the room keeps none. */
    get position() {
        return this.#position;
    }

    get isRecovering() {
        return this.#isRecovering;
    }

    /** Asks for the room, and for what was missed in it; data() and done(error, result) as of a request. */
    ask(data, done) {
        this.#isRecovering = this.#position !== null;
        this.#turn += 1;
        this.#request('socket.subscribe', data, done);
    }

    /** Delivers what the reply has, and of the room's last events so many; then what is live. */
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

    /** Whether a frame comes once more, with what was missed. */
    comesAgain({ offset }) {
        return this.#isRecovering && offset !== undefined;
    }

    /** Delivers a live event, or holds it while those before it are read. */
    take(frame) {
        if (this.#held) {
            this.#held.push(frame);
        } else {
            this.#deliver(frame);
        }
    }

    /** Goes on from where the server says; false where a handler has put an end to it. */
    goOnFrom({ epoch, offset }, news) {
        const position = positionOf(epoch, offset);
        this.#turn += 1;
        this.#isRecovering = false;
        this.#position = position;
        // What is held and has an offset is of another epoch.
        this.#held = (this.#held ?? []).filter((frame) => frame.offset === undefined);
        return this.tell('socket.resync', news) && (this.#arrive(position), this.#subscription.subscribed);
    }

    /** Tells the handlers; false where one of them has put an end to it, and nothing more is to be done. */
    tell(event, data) {
        const turn = this.#turn;
        dispatch(this.#subscription, event, data, () => this.#subscription.subscribed);
        return this.#subscription.subscribed && turn === this.#turn;
    }

    /** Lets go of what is under way; the position stays. */
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

    /** Goes on with what is live. */
    #arrive(now) {
        const held = this.#held ?? [];
        this.#held = null;
        this.#position = now;
        this.#arrived();
        this.#deliverAll(held);
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
        if (this.tell(event, data)) {
            this.#link.dispatch(event, data, () => this.#subscription.subscribed);
        }
    }
}
