/**
 * Makes the answer to a question of the server's (its `ask`) from what the handlers gave.
 */
import { HANDLER_FAILED, UNKNOWN_EVENT } from './errors.js';
import { copyOf } from './frames.js';
import { FAILED } from './listenable.js';
import { logFailure } from './log.js';

/** The first result that isn't null; any failure is the answer instead. */
export async function answerOf(event, results) {
    if (results.length === 0) {
        return { ok: false, error: UNKNOWN_EVENT };
    }
    try {
        const given = await Promise.all(results);
        if (!given.includes(FAILED)) {
            const result = given.find((value) => value !== undefined && value !== null) ?? null;
            // Here, where it may fail.
            return { ok: true, result: copyOf(result) };
        }
    } catch (error) {
        logFailure(event, error);
    }
    return { ok: false, error: HANDLER_FAILED };
}
