/**
 * Makes the answer to a question of the server's (its `ask`) from what the handlers gave.
 */
import { HANDLER_FAILED, UNKNOWN_EVENT } from './errors.js';
import { copyOf } from './frames.js';
import { FAILED } from './listenable.js';
import { logFailure } from './log.js';

/** Gives the first result that isn't null, or the failure where a handler failed. */
export async function answerOf(event, results) {
    if (results.length === 0) {
        return { ok: false, error: UNKNOWN_EVENT };
    }
    try {
        const given = await Promise.all(results);
        if (!given.includes(FAILED)) {
            const result = given.find((value) => value !== undefined && value !== null) ?? null;
            // Copied inside the try: JSON may refuse it.
            return { ok: true, result: copyOf(result) };
        }
    } catch (error) {
        logFailure(event, error);
    }
    return { ok: false, error: HANDLER_FAILED };
}
