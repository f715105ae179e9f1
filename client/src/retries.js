/**
 * Decides whether a request that was refused for now is sent again, and when.
 */
import { UNSENT } from './errors.js';

// In seconds. It waits as long as the server says, up to a minute; where the server doesn't say, longer each time.
const MOST_TRIES = 8;
const LONGEST_AFTER = 60;
const FIRST_PAUSE = 0.5;
const LONGEST_PAUSE = 8;

/** Whether the same request may succeed later on this connection. */
export function mayPass({ code, retry }) {
    return retry === true && code !== UNSENT.code;
}

/** How many seconds to wait before the next try; null to give up. */
export function pauseBefore(tries, after) {
    if (tries >= MOST_TRIES || after > LONGEST_AFTER) {
        return null;
    }
    const longest = Math.min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE);
    // Random, so that requests refused at the same time don't come again at the same time.
    return after > 0 ? after : longest * (1 + Math.random()) / 2;
}
