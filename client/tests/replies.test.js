/**
 * Replies that are waited for.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ours } from './fakes.js';
import { failureOf, LATE, Visit } from './visit.js';

describe('Asking for a reply', () => {
    test('emit with ack sends an id, from 1 up, and promises the result', async () => {
        const visit = Visit.loggedIn();
        const [one, two] = [visit.ratchet.emit('add', [1, 2], { ack: true }), visit.ratchet.emit('now', null, { ack: 5 })];
        visit.assertSent({ event: 'add', data: [1, 2], id: 1 }, { event: 'now', data: null, id: 2 });
        visit.reply(2, 'noon');
        visit.reply(1, { sum: 3 });
        assert.deepEqual(ours(await one), { sum: 3 });
        assert.equal(await two, 'noon');
        assert.equal(visit.page.clock.pending, 0);
    });

    for (const options of [undefined, null, {}, { ack: false }, { ack: undefined }, { ack: null }]) {
        test(`Without ack there is neither an id nor a promise: ${JSON.stringify(options)}`, () => {
            const visit = Visit.loggedIn();
            assert.equal(visit.ratchet.emit('chat.send', 'hi', options), undefined);
            assert.equal(visit.socket.sent.at(-1), '{"event":"chat.send","data":"hi"}');
        });
    }

    for (const result of [null, 0, '', false, [], {}]) {
        test(`A result may be ${JSON.stringify(result)}`, async () => {
            const visit = Visit.loggedIn();
            const reply = visit.ratchet.emit('get', null, { ack: true });
            visit.reply(1, result);
            assert.deepEqual(ours(await reply), result);
        });
    }

    test('A reply without a result has null', async () => {
        const visit = Visit.loggedIn();
        const reply = visit.ratchet.emit('get', null, { ack: true });
        visit.hear('socket.reply', { ok: true }, { re: 1 });
        assert.equal(await reply, null);
    });

    test('A reply to what nobody asked, or that has come already, is nobody\'s', async () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('socket.reply');
        const reply = visit.ratchet.emit('get', null, { ack: true });
        for (const re of [0, 2, '1', null, undefined, [1]]) {
            visit.reply(re, 'wrong');
        }
        visit.reply(1, 'right');
        visit.reply(1, 'again');
        assert.equal(await reply, 'right');
        assert.deepEqual(heard, []);
        visit.assertNoComplaint();
    });

    for (const [ack, seconds] of [[true, 10], [0.5, 0.5], [3600, 3600]]) {
        test(`With ack: ${ack} it waits for ${seconds} seconds, and no longer`, async () => {
            const visit = Visit.loggedIn();
            let isOver = false;
            const reply = visit.ratchet.emit('get', null, { ack });
            reply.catch(() => { isOver = true; });
            visit.page.clock.advance(seconds - 0.1);
            await Promise.resolve();
            assert.equal(isOver, false);
            visit.page.clock.advance(0.1);
            assert.deepEqual(await failureOf(reply), LATE);
            visit.reply(1, 'late');
        });
    }

    for (const ack of [0, -1, NaN, Infinity, 2 ** 31, 'true', {}]) {
        test(`This is no time to wait: ${String(ack)}`, () => {
            const visit = Visit.loggedIn();
            const refusal = { name: 'TypeError', message: /^Let "ack" be true/ };
            assert.throws(() => visit.ratchet.emit('get', null, { ack }), refusal);
            visit.assertSent();
        });
    }

    test('After close a reply that is still under way counts', async () => {
        const visit = Visit.loggedIn();
        const reply = visit.ratchet.emit('get', null, { ack: true });
        visit.ratchet.close();
        visit.reply(1, 'just in time');
        assert.equal(await reply, 'just in time');
    });
});
