/**
 * Says whether a request that was refused for now is made again, and after how long.
 */
import { UNSENT } from './errors.js';

// Between the tries it waits as long as the server says, up to a minute; else longer each time, in seconds.
const MOST_TRIES = 8;
const LONGEST_AFTER = 60;
const FIRST_PAUSE = 0.5;
const LONGEST_PAUSE = 8;

/** Whether the same may succeed later on this connection. */
export function mayPass({ code, retry }) {
    return retry === true && code !== UNSENT.code;
}

/** For how long to wait before the next try, in seconds; null where it isn't worth it. */
export function pauseBefore(tries, after) {
    if (tries >= MOST_TRIES || after > LONGEST_AFTER) {
        return null;
    }
    const longest = Math.min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE);
    // Not all at once, where many were refused at the same time.
    return after > 0 ? after : longest * (1 + Math.random()) / 2;
}
