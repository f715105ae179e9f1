/**
 * Checks names of events and rooms.
 */
export const LONGEST_NAME = 128;

// The server counts code points. `length` counts UTF-16 units: an emoji has two.
export function isName(name) {
    return typeof name === 'string' && name !== '' && [...name].length <= LONGEST_NAME;
}

/** Throws where a page may not emit an event of this name. */
export function requireFreeName(event) {
    if (!isName(event)) {
        throw new TypeError(`Name the event by a string of 1 to ${LONGEST_NAME} characters.`);
    }
    if (isReserved(event)) {
        throw new TypeError(`Choose another name than "${event}": "socket." begins the protocol's own.`);
    }
}

/** Whether an event is the protocol's own. */
export function isReserved(event) {
    return event.startsWith('socket.');
}
