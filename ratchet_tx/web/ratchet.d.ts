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
 *
 * @typeParam Client - what the server tells about who is logged in, if you want it typed
 */
declare class Ratchet<Client = any> {
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
     * throws is reported by `console.error` and does not stop the others. Handlers may be added and
     * removed at any time, inside a handler too: an added one is first called for the next event,
     * a removed one never again.
     *
     * @throws TypeError if the handler is not a function
     */
    on<Event extends keyof Ratchet.ProtocolEvents<Client>>(
        event: Event,
        handler: Ratchet.Handler<Ratchet.ProtocolEvents<Client>[Event], Client>,
    ): this;
    on<Data = any>(event: string, handler: Ratchet.Handler<Data, Client>): this;

    /**
     * Calls the handler with the data of the next event of this name, and then no more.
     *
     * @throws TypeError if the handler is not a function
     */
    once<Event extends keyof Ratchet.ProtocolEvents<Client>>(
        event: Event,
        handler: Ratchet.Handler<Ratchet.ProtocolEvents<Client>[Event], Client>,
    ): this;
    once<Data = any>(event: string, handler: Ratchet.Handler<Data, Client>): this;

    /**
     * Removes a handler of the event, added by `on` or by `once`; without a handler, all of them.
     *
     * To remove what was never there is no error.
     */
    off(event: string, handler?: Ratchet.Handler<any, Client>): this;

    /**
     * Sends an event to the server.
     *
     * Before the server has answered the login, by success or by failure, up to 64 events wait and
     * are then sent in their order, each with the data it had when it was emitted. They are lost if
     * the connection closes first.
     *
     * @param event - the name, 1 to 128 characters (code points), not beginning with `socket.`
     * @param data - anything that JSON can express; left out or undefined it is sent as null
     * @throws TypeError if the name is not allowed, or `JSON.stringify` refuses the data
     * @throws Error if the connection is closed, or 64 events wait already
     */
    emit(event: string, data?: unknown): void;

    /**
     * Closes the connection with code 1000, for good.
     *
     * `socket.close` follows when the connection has ended; until then events may still arrive.
     */
    close(): void;
}

declare namespace Ratchet {
    /** What `on` and `once` accept; `this` is the Ratchet that the event came over. */
    type Handler<Data = any, Client = any> = (this: Ratchet<Client>, data: Data) => void;

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

        /** The server accepted the login; `client` is what it tells about who logged in. */
        'socket.auth.success': { client: Client };

        /** The server refused the login, for these reasons. */
        'socket.auth.failure': { errors: string[] };
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
