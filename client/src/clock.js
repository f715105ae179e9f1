/**
 * Measures time and sets timers, in seconds.
 */

/** How long a timer can be. */
export const LONGEST_WAIT = 2_147_483;

/** Seconds that only go on, whatever is done to the clock of the machine. */
export function now() {
    return (globalThis.performance ?? Date).now() / 1000;
}

/** Never too early by what a timer cuts off. */
export function later(seconds, callback) {
    return setTimeout(callback, Math.ceil(seconds * 1000) + 1);
}

export function stop(timer) {
    if (timer !== null) {
        clearTimeout(timer);
    }
}
