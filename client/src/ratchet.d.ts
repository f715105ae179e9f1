/**
 * Types of the browser client: of the global that ratchet.js defines, and of what ratchet.mjs exports.
 *
 * With the classic script, name this file in the `types` or `files` of your tsconfig.json, or write
 * `/// <reference path="ratchet.d.ts" />`. With the module it is the same, and any import whose
 * address ends in `/ratchet.mjs` is then typed, also `import Ratchet from '/static/ratchet.mjs'`.
 */

/**
 * A connection to a Ratchet server, over which both sides send named events.
 *
 * It logs in by itself as soon as it is open, with the page's global `p2_ratchet_access_token`.
 *
 * @example
 * const ratchet = new Ratchet('ws://localhost:8080');
 * ratchet.on('chat.message', (message) => show(message));
 * ratchet.emit('chat.send', 'hi');
 * const sum = await ratchet.emit('add', [1, 2], { ack: true });
 *
 * @typeParam Sent - the events that you may send, by name, if you want them typed: each with its data,
 *     `{ 'chat.send': Point }`, or with the result of its reply, too, `{ 'chat.send': (data: Point) => number }`.
 *     `python -m ratchet_tx describe --format types` writes them down for a server's events.
 * @typeParam Received - the events that come from the server, in the same way
 * @typeParam Client - what the server tells about who is logged in
 */
declare class Ratchet<
    Sent extends object = Ratchet.AnyEvents,
    Received extends object = Ratchet.AnyEvents,
    Client = any,
> {
    /**
     * Whether all instances log by `console.log` what they send and receive.
     *
     * True from the start if the page has set `p2_ratchet_debug` to true. The frames of the login
     * are logged by name only, so that no token gets into a log.
     */
    static debug: boolean;

    /**
     * Connects at once.
     *
     * @param uri - the server's address, `ws:` or `wss:`. Without one it is the root of the page's
     *     own host, over `wss:` if the page came by `https:`.
     * @throws TypeError if there is no address, and no page with a host to take it from
     * @throws DOMException from the browser's WebSocket, if it does not like the address
     */
    constructor(uri?: string | URL);

    /**
     * Who is logged in: the `client` of the last `socket.auth.success`.
     *
     * Null before that, after a `socket.auth.failure`, and when the connection has closed.
     */
    readonly client: Client | null;

    /**
     * Whether the server has accepted the login of this connection.
     *
     * A server may well accept anybody: its default login makes every client an anonymous one.
     */
    readonly authenticated: boolean;

    /**
     * Calls the handler with the data of each event of this name.
     *
     * Handlers run in the order in which they were added; one added twice runs twice. One that
     * throws, or whose promise fails, is reported by `console.error` and does not stop the others.
     * Handlers may be added and removed at any time, inside a handler too: an added one is first
     * called for the next event, a removed one never again.
     *
     * Where the event is a question of the server's (its `ask`), all handlers are called, and the first
     * result that is neither null nor undefined is the reply; a promise is waited for. If one of them
     * throws or its promise fails, the server is told `handler.failed` and no more; without any handler,
     * `event.unknown`.
     *
     * Events of rooms are heard here, too, after the handlers of the room's subscription.
     *
     * @throws TypeError if the handler is not a function
     */
    on<Event extends keyof Ratchet.ProtocolEvents<Client>>(
        event: Event,
        handler: Ratchet.Handler<Ratchet.ProtocolEvents<Client>[Event], Client, Sent, Received>,
    ): this;
    on<Event extends keyof Received & string>(
        event: Event,
        handler: Ratchet.Handler<Ratchet.Data<Received[Event]>, Client, Sent, Received>,
    ): this;
    on<Data = any>(
        event: string extends keyof Received ? string : never,
        handler: Ratchet.Handler<Data, Client, Sent, Received>,
    ): this;

    /**
     * Calls the handler with the data of the next event of this name, and then no more.
     *
     * @throws TypeError if the handler is not a function
     */
    once<Event extends keyof Ratchet.ProtocolEvents<Client>>(
        event: Event,
        handler: Ratchet.Handler<Ratchet.ProtocolEvents<Client>[Event], Client, Sent, Received>,
    ): this;
    once<Event extends keyof Received & string>(
        event: Event,
        handler: Ratchet.Handler<Ratchet.Data<Received[Event]>, Client, Sent, Received>,
    ): this;
    once<Data = any>(
        event: string extends keyof Received ? string : never,
        handler: Ratchet.Handler<Data, Client, Sent, Received>,
    ): this;

    /**
     * Removes a handler of the event, added by `on` or by `once`; without a handler, all of them.
     *
     * To remove what was never there is no error.
     */
    off(event: string, handler?: Ratchet.Handler<any, Client, Sent, Received>): this;

    /**
     * Sends an event to the server.
     *
     * Before the server has answered the login, by success or by failure, up to 64 events wait and
     * are then sent in their order, each with the data it had when it was emitted. They are lost if
     * the connection closes first.
     *
     * With `ack` the server is asked for a reply, and what the event's handler there returns is the
     * promise's result. It fails with a {@link Ratchet.ReplyError} if the server refuses, if no reply
     * comes in time, or if the connection closes before.
     *
     * @param event - the name, 1 to 128 characters (code points), not beginning with `socket.`
     * @param data - anything that JSON can express; left out or undefined it is sent as null. Half of a
     *     surrogate pair, as in `'Thank you 😀'.slice(0, 11)`, is sent as U+FFFD
     * @throws TypeError if the name or `ack` is not allowed, or `JSON.stringify` refuses the data
     * @throws Error without `ack`, if the connection is closed, or 64 events wait already
     */
    emit<Event extends keyof Sent & string>(
        event: Event,
        ...data: [...Ratchet.Arguments<Sent[Event]>, options?: { ack?: false | null }]
    ): void;
    emit<Event extends keyof Sent & string>(
        event: Event,
        data: Ratchet.Arguments<Sent[Event]>[0],
        options: { ack: true | number },
    ): Promise<Ratchet.Result<Sent[Event]>>;
    emit<Result = any>(
        event: string extends keyof Sent ? string : never,
        data: unknown,
        options: { ack: true | number },
    ): Promise<Result>;

    /**
     * Enters a room, as soon as the server has answered the login, and before what waits is sent.
     *
     * A room has one subscription at a time; after its `unsubscribe` it may have another.
     *
     * Many rooms are asked for as fast as the server takes it. What the server refuses for now
     * (`retry: true`) is asked for again, after the time that it says, up to eight times.
     *
     * @param room - the name, 1 to 128 characters (code points)
     * @throws TypeError if the room or an option is not allowed
     * @throws Error if the connection is closed, or the room has a subscription
     */
    subscribe(room: string, options?: Ratchet.SubscribeOptions): Ratchet.Subscription;

    /**
     * Closes the connection with code 1000, for good.
     *
     * No handler is called any more after the call, also in the middle of an event, but those of
     * `socket.error` and of `socket.close`, which follows when the connection has ended. Replies that
     * come until then still count.
     */
    close(): void;
}

declare namespace Ratchet {
    /** What `on` and `once` accept; `this` is the Ratchet that the event came over. */
    type Handler<Data = any, Client = any, Sent extends object = any, Received extends object = any> = (
        this: Ratchet<Sent, Received, Client>,
        data: Data,
    ) => unknown;

    /** Events of any name, with any data. */
    interface AnyEvents {
        [event: string]: (data?: any) => any;
    }

    /** What `emit` takes behind an event's name; data that may be null can be left out. */
    type Arguments<Type> = 0 extends 1 & Type // any
        ? [data?: any]
        : [Type] extends [(...data: infer Given extends any[]) => any]
          ? Given
          : null extends Type
            ? [data?: Type]
            : [data: Type];

    /** The data of an event. */
    type Data<Type> = 0 extends 1 & Type
        ? any
        : [Type] extends [(...data: infer Given extends any[]) => any]
          ? Required<Given>[0]
          : Type;

    /** The result that the reply to an event has; any, where only its data is known. */
    type Result<Type> = 0 extends 1 & Type
        ? any
        : [Type] extends [(...data: any[]) => infer Given]
          ? Awaited<Given>
          : any;

    /** What a promise of a reply fails with. */
    class ReplyError extends Error {
        private constructor();

        /**
         * The server's reason, such as `payload.invalid`, or one of this client's own:
         *
         * - `reply.timeout`: no reply came in time
         * - `reply.lost`: the connection closed before it came; what was asked may have been done
         * - `connection.closed`: the connection closed before the event was sent
         * - `queue.full`: 64 events wait for the login already
         * - `room.left`: this page left the room before it was in it
         */
        readonly code: string;

        /** Whether the same may succeed later, and does no harm if it is sent again. */
        readonly retry: boolean;

        /** What else the server said, such as `path`, the place of a fault, or `after`, in seconds. */
        readonly facts: { readonly [name: string]: any };
    }

    /** A place in a room's history. */
    interface Position {
        /** Which history; a room that was forgotten and comes up again has another. */
        readonly epoch: string;

        /** The number of an event in it; they rise by one. */
        readonly offset: number;
    }

    interface SubscribeOptions {
        /** Whether to be shown to the room's members, and to be told who they are. */
        presence?: boolean;

        /** What else to show of this page, up to 1 KiB of JSON; it can be changed by `update`. */
        meta?: { [name: string]: unknown };

        /** With how many of the room's last events to begin, if it keeps any; without it, with none. */
        history?: number;

        /** The `position` of an earlier subscription, on another connection, to go on from there. */
        recover?: Position | null;
    }

    /** Somebody who is shown in a room. */
    interface Member {
        /** What is shown of each connection: its `ref`, and what it says of itself. */
        readonly metas: ReadonlyArray<{ readonly ref: string; readonly [name: string]: any }>;
    }

    /** An event of a room's history. */
    interface PastEvent {
        readonly event: string;
        readonly data: any;
        readonly offset: number;

        /** When it was published, in seconds since 1970, where the server says it. */
        readonly time?: number;
    }

    /** Some of a room's history; a room that keeps none has neither `epoch` nor `offset`. */
    interface HistoryPage {
        readonly room: string;
        readonly epoch?: string;

        /** Of the room's last event, which need not be on this page. */
        readonly offset?: number;

        /** The oldest first. */
        readonly events: readonly PastEvent[];

        /** Whether the room has later ones. */
        readonly more: boolean;
    }

    /**
     * A room that this page is in, or wants to be in.
     *
     * @example
     * const room = ratchet.subscribe('lobby', { presence: true, history: 50 });
     * room.on('chat.said', (line) => show(line));
     * room.on('socket.presence', ({ members }) => list(members));
     * await room.ready;
     */
    interface Subscription {
        /** The room's name. */
        readonly room: string;

        /**
         * Resolves with this subscription when it is in the room, and has what was missed or was to begin
         * with. Fails with a `ReplyError` if the server refuses, or the connection closes before; nobody
         * has to look at that.
         */
        readonly ready: Promise<Subscription>;

        /** Whether it is in the room now. */
        readonly subscribed: boolean;

        /**
         * Up to where it has the room's events: in a handler, the place of this event.
         *
         * It stays when the connection closes, as what to `recover` from. Null where the room keeps none.
         */
        readonly position: Position | null;

        /** Whether all that it had missed was recovered; null where it had missed nothing. */
        readonly recovered: boolean | null;

        /**
         * Who is shown in the room, by client id; empty without `presence`.
         *
         * Each change makes another Map, and leaves the one before as it was.
         */
        readonly members: ReadonlyMap<string, Member>;

        /**
         * Calls the handler with the data of each event of this name in this room.
         *
         * It comes to each event once, in the order in which they were published: what was missed first,
         * or what to begin with, then what is live. Otherwise it is as on a Ratchet.
         *
         * @throws TypeError if the handler is not a function
         */
        on<Event extends keyof RoomEvents>(event: Event, handler: RoomHandler<RoomEvents[Event]>): this;
        on<Data = any>(event: string, handler: RoomHandler<Data>): this;

        /** Calls the handler with the data of the room's next event of this name, and then no more. */
        once<Event extends keyof RoomEvents>(event: Event, handler: RoomHandler<RoomEvents[Event]>): this;
        once<Data = any>(event: string, handler: RoomHandler<Data>): this;

        /** Removes a handler of the event, added by `on` or by `once`; without a handler, all of them. */
        off(event: string, handler?: RoomHandler<any>): this;

        /** Shows something else of this page. Fails if the server refuses; nobody has to look at that. */
        update(meta: { [name: string]: unknown }): Promise<void>;

        /**
         * Reads what the room keeps, the oldest first, up to 100 events at once. Where the server refuses it
         * for now, it is read again, as a subscription is asked for again.
         *
         * @param options - `since`: only what came after it; `limit`: how many
         */
        history(options?: { since?: Position; limit?: number }): Promise<HistoryPage>;

        /**
         * Leaves the room for good: none of its handlers is called from now on, also in the middle of an
         * event, nor are those of the Ratchet for events of this room.
         *
         * The promise resolves when the server has let go, or the connection has closed. It fails if the
         * server refuses; nobody has to look at that.
         */
        unsubscribe(): Promise<void>;
    }

    /** What `on` and `once` of a subscription accept; `this` is the subscription. */
    type RoomHandler<Data = any> = (this: Subscription, data: Data) => unknown;

    /** What a subscription says by itself, by name, with the data. */
    interface RoomEvents {
        /**
         * Who is shown in the room has changed, or is known for the first time. `joined` and `left` are
         * the ids of those who weren't shown before, or aren't any more.
         */
        'socket.presence': { members: ReadonlyMap<string, Member>; joined: string[]; left: string[] };

        /**
         * Events are missing that can't be recovered: what the page shows of the room has to be fetched
         * anew. With `history`, the last events follow.
         */
        'socket.resync': { room: string; reason: string };

        /** The server refused it or has ended it; it is over. */
        'socket.unsubscribed': { room: string; code: string; message: string };

        /** As the server says it; `members` of the subscription follows. */
        'socket.presence.state': { room: string; members: { [id: string]: Member } };
        'socket.presence.diff': {
            room: string;
            joins: { [id: string]: Member };
            leaves: { [id: string]: Member };
        };
    }

    /**
     * The events that every Ratchet has, by name, with their data.
     *
     * `socket.open`, `socket.close` and `socket.error` happen in the page: frames by these names are
     * ignored, so no server can forge them. The others are sent by the server.
     */
    interface ProtocolEvents<Client = any> {
        /** The connection is open; the login is on its way. */
        'socket.open': null;

        /** The connection has ended, with a code as in RFC 6455; `clean` if both sides agreed to it. */
        'socket.close': { code: number; reason: string; clean: boolean };

        /** The connection failed (then `socket.close` follows), or a frame made no sense and was ignored. */
        'socket.error': { message: string };

        /**
         * The server accepted the login; `client` is what it tells about who logged in.
         *
         * Beside it stand who that is (`id`, which stays while `client` may change), whether as a guest, this
         * connection's id, in how many seconds the login ends (null: never), after how many seconds a silent
         * peer is pinged, the name of the memory of keys, and what may be sent: the longest message, how many
         * rooms, how many events a second and at once (0: any number).
         */
        'socket.auth.success': {
            client: Client;
            id?: string;
            guest?: boolean;
            v?: 2;
            connection?: string;
            expires?: number | null;
            ping?: number;
            keys?: string;
            limits?: {
                messageBytes: number;
                rooms: number;
                eventsPerSecond: number;
                eventsBurst: number;
                dedupSeconds: number;
                replayBytes: number;
            };
        };

        /**
         * The server refused the login, for these reasons; with `guest` the connection goes on as a guest's.
         *
         * Where it refuses it for now (`auth.unavailable`), the login is tried again, up to eight times, and
         * only the last failure is told.
         */
        'socket.auth.failure': { errors: string[]; code?: string; retry?: boolean; guest?: true };

        /** The login ends in so many seconds; then the connection closes with 4003. */
        'socket.auth.expiring': { expires: number };

        /** An event that was emitted without `ack` was refused. The console has a warning of it, too, once for each code. */
        'socket.refused': { event: string; code: string; message: string };

        /** The server is about to close; `after` is from when to when to come again, in seconds. */
        'socket.bye': { code: string; reconnect: boolean; after: [number, number] };

        /** The server has put this connection into a room; the position where the room keeps its events. */
        'socket.subscribed': { room: string; epoch?: string; offset?: number };

        /** The server has taken this connection out of a room. */
        'socket.unsubscribed': { room: string; code: string };

        /** Events of a room were dropped; its subscription sees to it. With a position, the room goes on from there. */
        'socket.resync': { room: string; reason: string; epoch?: string; offset?: number };
    }
}

/** Set by the page: the token to log in with; the empty string where it is missing. */
declare var p2_ratchet_access_token: string | undefined;

/** Set by the page before it loads the script: the first value of `Ratchet.debug`. */
declare var p2_ratchet_debug: boolean | undefined;

declare module '*/ratchet.mjs' {
    import RatchetClass = Ratchet;
    export { RatchetClass as Ratchet, RatchetClass as default };
}
