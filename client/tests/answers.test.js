/**
 * Answers to questions of the server's.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Visit } from './visit.js';

describe('Being asked', () => {
    /** What was replied, once all that was asked has been answered. */
    async function replies(visit) {
        await new Promise((resolve) => { setImmediate(resolve); });
        return visit.socket.sent.map((text) => JSON.parse(text)).filter(({ event }) => event === 'socket.reply');
    }

    function replied(re, data) {
        return { event: 'socket.reply', data, re };
    }

    const FAILED = { code: 'handler.failed', message: 'A handler of this event failed.', retry: false };

    for (const [what, handler, result] of [
        ['a value', () => 'yes', 'yes'],
        ['a falsy one', () => 0, 0],
        ['a promise', async () => ({ text: 'yes' }), { text: 'yes' }],
        ['nothing', () => {}, null],
    ]) {
        test(`What the handler gives is the reply: ${what}`, async () => {
            const visit = Visit.loggedIn();
            visit.ratchet.on('confirm', handler);
            visit.hear('confirm', 'Sure?', { id: 's3' });
            assert.deepEqual(await replies(visit), [replied('s3', { ok: true, result })]);
        });
    }

    test('Of several handlers the first that gives something counts, and all are called', async () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('confirm');
        visit.ratchet.on('confirm', async () => null).on('confirm', async () => 'first').on('confirm', () => 'second');
        visit.hear('confirm', 'Sure?', { id: 's1' });
        assert.deepEqual(await replies(visit), [replied('s1', { ok: true, result: 'first' })]);
        assert.deepEqual(heard, ['Sure?']);
    });

    test('Where nobody listens the server is told so', async () => {
        const visit = Visit.loggedIn();
        visit.hear('confirm', null, { id: 's1' });
        const error = { code: 'event.unknown', message: 'Nobody here handles this event.', retry: false };
        assert.deepEqual(await replies(visit), [replied('s1', { ok: false, error })]);
    });

    for (const [what, handler] of [
        ['throws', () => { throw new Error('the password is sesame'); }],
        ['fails later', async () => { throw new Error('the password is sesame'); }],
        ['gives what JSON cannot express', () => 1n],
    ]) {
        test(`A handler that ${what} is reported here, and the server is told no more than that`, async () => {
            const visit = Visit.loggedIn();
            visit.ratchet.on('confirm', handler).on('confirm', () => 'yes');
            visit.hear('confirm', null, { id: 's1' });
            assert.deepEqual(await replies(visit), [replied('s1', { ok: false, error: FAILED })]);
            assert.equal(visit.page.complaints.length, 1);
        });
    }

    test('A question may come, and be answered, before the login is', async () => {
        const visit = Visit.open();
        visit.ratchet.on('confirm', () => 'yes');
        visit.hear('confirm', null, { id: 's1' });
        assert.deepEqual(await replies(visit), [replied('s1', { ok: true, result: 'yes' })]);
    });

    test('An event that is no question has no reply, whatever its handler gives', async () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('news', () => 'thanks');
        visit.hear('news', 'hi');
        visit.hear('news', 'hi', { id: 3 });
        assert.deepEqual(await replies(visit), []);
    });

    test('When the connection is gone by then, nothing is sent', async () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('confirm', () => 'yes');
        visit.hear('confirm', null, { id: 's1' });
        visit.ratchet.close();
        assert.deepEqual(await replies(visit), []);
    });

    test('Of a question each that rejects is reported, and the reply is that it failed', async () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('confirm', async () => { throw new Error('one'); }).on('confirm', async () => { throw new Error('two'); });
        visit.hear('confirm', null, { id: 's1' });
        await new Promise((resolve) => { setImmediate(resolve); });
        assert.deepEqual(visit.page.complaints.map(([, { message }]) => message), ['one', 'two']);
        assert.equal(JSON.parse(visit.socket.sent.at(-1)).data.error.code, 'handler.failed');
    });
});
