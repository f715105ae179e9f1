/**
 * Lists why there is no reply, and why a question of the server's has no result.
 */

// An event that was never sent may be sent again. Of one that was sent, nobody knows whether it was handled.
export const UNSENT = {
    code: 'connection.closed',
    message: 'The connection closed before this could be sent.',
    retry: true,
};
export const LOST = { code: 'reply.lost', message: 'The connection closed before the reply came.', retry: false };
export const LATE = { code: 'reply.timeout', message: 'No reply came in time.', retry: false };

// The server gets these as answers to its questions.
export const UNKNOWN_EVENT = { code: 'event.unknown', message: 'Nobody here handles this event.', retry: false };
export const HANDLER_FAILED = { code: 'handler.failed', message: 'A handler of this event failed.', retry: false };

/** A promise of a reply fails with this: the server refused, or no reply came. */
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
