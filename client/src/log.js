/**
 * Writes to the browser's console: frames, handlers that fail, and what the server refuses.
 */

// The most refusals that are logged: a page that sends ever other names would fill the console.
const MOST_WARNINGS = 64;

// Logins are logged by name only, so that no token gets into a log.
export function logFrame(what, event, text) {
    console.log(`Ratchet ${what}`, event, ...(event.startsWith('socket.auth.') ? [] : [text]));
}

export function logFailure(event, error) {
    console.error(`Ratchet: a handler of "${event}" failed.`, error);
}

/** Warns of refused events that had no reply, once for each event and code: else nobody would notice. */
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
