/**
 * Keeps the subscriptions of a connection, and gives each the frames of its room.
 */
import { ReplyError, UNSENT } from './errors.js';
import { isReserved } from './names.js';
import { promised } from './promises.js';
import { Subscription, begin, lose, receive } from './subscription.js';

/** The subscriptions by room. A room has one at a time. */
export class Rooms {
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
