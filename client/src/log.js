/**
 * Writes to the browser's console: frames, handlers that fail, and what the server refuses.
 */

// Of how many different refusals the console is told: more would fill it, and say no more.
const MOST_WARNINGS = 64;

// Logins by name only: a token in a log is a token given away.
export function logFrame(what, event, text) {
    console.log(`Ratchet ${what}`, event, ...(event.startsWith('socket.auth.') ? [] : [text]));
}

export function logFailure(event, error) {
    console.error(`Ratchet: a handler of "${event}" failed.`, error);
}

/** Warns of what was refused without anybody waiting for a reply: nobody would ever know. */
export class Warnings {
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
