/**
 * Opens the WebSocket to the server, and says what happens to it.
 */

/** One WebSocket. */
export class Connection {
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
