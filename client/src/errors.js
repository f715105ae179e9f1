/**
 * Says why there is no reply, or why a question of the server's has no result.
 */

// What was never sent may be sent again; of what was, nobody knows what became of it.
export const UNSENT = {
    code: 'connection.closed',
    message: 'The connection closed before this could be sent.',
    retry: true,
};
export const LOST = { code: 'reply.lost', message: 'The connection closed before the reply came.', retry: false };
export const LATE = { code: 'reply.timeout', message: 'No reply came in time.', retry: false };

// What the server is told.
export const UNKNOWN_EVENT = { code: 'event.unknown', message: 'Nobody here handles this event.', retry: false };
export const HANDLER_FAILED = { code: 'handler.failed', message: 'A handler of this event failed.', retry: false };

/** Why there is no result: the server's refusal, or that no reply came. */
export class ReplyError extends Error {
    constructor({ code = '', message = '', retry = false, ...facts }) {
        super(message || code);
        this.name = 'ReplyError';
        this.code = code;
        this.retry = retry;
        this.facts = facts;
    }
}

/** Whether there is no reply because the connection has closed. */
export function isGone({ code }) {
    return code === UNSENT.code || code === LOST.code;
}
