/**
 * Why there is no reply.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { failure, failureOf, LOST, UNSENT, Visit } from './visit.js';

describe('What a promise of a reply fails with', () => {
    test('A refusal fails the promise, with its code, message, retry and further facts', async () => {
        const visit = Visit.loggedIn();
        const reply = visit.ratchet.emit('draw', 'x', { ack: true });
        visit.refuse(1, { code: 'payload.invalid', message: 'Expected an object', retry: true, path: '$.data', after: 2 });
        assert.deepEqual(
            await failureOf(reply),
            failure('payload.invalid', 'Expected an object', true, { path: '$.data', after: 2 }),
        );
        await assert.rejects(reply, visit.Ratchet.ReplyError);
    });

    for (const data of [null, 7, [], {}, { ok: 1 }, { ok: false }, { ok: false, error: null }, { ok: false, error: 'no' }]) {
        test(`A reply that makes no sense fails the promise, too: ${JSON.stringify(data)}`, async () => {
            const visit = Visit.loggedIn();
            const reply = visit.ratchet.emit('get', null, { ack: true });
            visit.hear('socket.reply', data, { re: 1 });
            assert.equal((await failureOf(reply)).name, 'ReplyError');
        });
    }

    test('When the connection closes, what was sent has an unknown end, and what waited was never sent', async () => {
        const [before, after] = [new Visit(), Visit.loggedIn()];
        const [unsent, sent] = [before, after].map(({ ratchet }) => ratchet.emit('get', null, { ack: true }));
        before.socket.playFailure();
        after.socket.playClose({ code: 1001 });
        assert.deepEqual(await failureOf(unsent), UNSENT);
        assert.deepEqual(await failureOf(sent), LOST);
        assert.equal(before.page.clock.pending + after.page.clock.pending, 0);
        const late = after.ratchet.emit('get', null, { ack: true });
        assert.deepEqual(await failureOf(late), { ...UNSENT, message: 'Can\'t emit "get": the connection is closed.' });
    });
});
