/**
 * Subscribes to one room: enters it, takes its frames, and leaves it.
 */
import { ReplyError, isGone } from './errors.js';
import { Feed, PAGE } from './feed.js';
import { copyOf, wellFormed } from './frames.js';
import { Listenable, dispatch } from './listenable.js';
import { Members } from './members.js';
import { LONGEST_NAME, isName, isReserved } from './names.js';
import { mayBeIgnored } from './promises.js';

// The stages of a subscription: it waits for a login, for its turn, for the reply, is in the room, or is over.
const WAITING = 'waiting';
const IN_LINE = 'in line';
const ASKED = 'asked';
const SUBSCRIBED = 'subscribed';
const OVER = 'over';

// Rooms call these with a subscription; a page can't.
export let begin;
export let receive;
export let lose;

/**
 * A room that the page is in, or wants to be in, with its position in the room's events.
 *
 * When the connection closes it keeps its position: it can begin again on another connection, from there.
 */
export class Subscription extends Listenable {
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
