/**
 * Measures time and sets timers, in seconds.
 */

/** The longest time that a timer can be set for. */
export const LONGEST_WAIT = 2_147_483;

/** Monotonic time: it doesn't jump when the machine's clock is set. */
export function now() {
    return (globalThis.performance ?? Date).now() / 1000;
}

/** Calls back after so many seconds. Timers cut off fractions of a millisecond, so it adds one: it is never too early. */
export function later(seconds, callback) {
    return setTimeout(callback, Math.ceil(seconds * 1000) + 1);
}

export function stop(timer) {
    if (timer !== null) {
        clearTimeout(timer);
    }
}
