/**
 * Writes and reads frames: the JSON of an event, as it goes over the connection.
 */
import { isName } from './names.js';

// An escape of JSON: of half a surrogate pair, which is always written as one, or any other. All are matched, so that
// "\\ud83d", which is a backslash and four letters, isn't taken for a half.
const ESCAPE = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;

/**
 * Writes JSON, and U+FFFD for each half of a surrogate pair, as UTF-8 can't express one: the server would refuse all of it.
 * Cutting a text at a number of UTF-16 units makes them: 'Thank you 😀'.slice(0, 11).
 */
function stringify(value) {
    const text = JSON.stringify(value);
    return text?.includes('\\ud') ? text.replace(ESCAPE, (escape, half) => (half ? '\ufffd' : escape)) : text;
}

/** A name as the server will see it. Anything but a string stays as it is. */
export function wellFormed(name) {
    return typeof name === 'string' ? JSON.parse(stringify(name)) : name;
}

/** The data as the server will see it, as a copy: the caller may change the original. */
export function copyOf(data) {
    return JSON.parse(stringify(data) ?? 'null');
}

export function encode(event, data, keys) {
    return stringify({ event, data, ...keys });
}

// It gives null without a reason: the engine's SyntaxError quotes the text, which may be private.
export function decode(message) {
    try {
        const frame = typeof message === 'string' ? JSON.parse(message) : null;
        return isName(frame?.event) ? frame : null;
    } catch {
        return null;
    }
}
