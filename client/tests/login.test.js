/**
 * Logging in: who is logged in, and what is tried again.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ours } from './fakes.js';
import { failure, sentOf, Visit } from './visit.js';

describe('Logging in', () => {
    test('Before the answer nobody is logged in', () => {
        const { ratchet } = Visit.open();
        assert.equal(ratchet.client, null);
        assert.equal(ratchet.authenticated, false);
    });

    test('After success it knows the client, and a handler of the success sees it already', () => {
        const visit = Visit.open();
        const { ratchet } = visit;
        const seen = [];
        ratchet.on('socket.auth.success', (data) => seen.push(ours(data), ratchet.authenticated, ours(ratchet.client)));
        visit.hear('socket.auth.success', { client: { username: 'ada' } });
        assert.deepEqual(seen, [{ client: { username: 'ada' } }, true, { username: 'ada' }]);
        assert.deepEqual(ours(ratchet.client), { username: 'ada' });
        assert.equal(ratchet.authenticated, true);
    });

    test('After failure nobody is logged in, and the handlers get the errors', () => {
        const visit = Visit.open();
        const heard = visit.record('socket.auth.failure');
        visit.hear('socket.auth.failure', { errors: ['Invalid access token.'] });
        assert.deepEqual(heard, [{ errors: ['Invalid access token.'] }]);
        assert.equal(visit.ratchet.authenticated, false);
        assert.equal(visit.ratchet.client, null);
    });

    test('A failure after a success takes the login back', () => {
        const visit = Visit.loggedIn();
        visit.hear('socket.auth.failure', { errors: [] });
        assert.equal(visit.ratchet.authenticated, false);
        assert.equal(visit.ratchet.client, null);
    });

    for (const data of [null, {}, 'ada', 7]) {
        test(`A success that names no client (data ${JSON.stringify(data)}) logs in nobody in particular`, () => {
            const visit = Visit.open();
            visit.hear('socket.auth.success', data);
            assert.equal(visit.ratchet.authenticated, true);
            assert.equal(visit.ratchet.client, null);
        });
    }

    test('A page can read client and authenticated, but not write them', () => {
        const { ratchet } = Visit.open();
        assert.throws(() => { ratchet.client = { username: 'eve' }; }, TypeError);
        assert.throws(() => { ratchet.authenticated = true; }, TypeError);
        assert.equal(ratchet.client, null);
        assert.equal(ratchet.authenticated, false);
    });

    test('After the connection has closed nobody is logged in', () => {
        const { ratchet, socket } = Visit.loggedIn();
        socket.playClose({ code: 1001 });
        assert.equal(ratchet.authenticated, false);
        assert.equal(ratchet.client, null);
    });
});

describe('A login that is refused', () => {
    test('A login that is refused for now is made again, and what waits for it goes on waiting', () => {
        const visit = Visit.open({ p2_ratchet_access_token: 'secret' });
        const failures = visit.record('socket.auth.failure');
        visit.ratchet.emit('one', 1);
        const refusal = { errors: ['Login is not available right now.'], code: 'auth.unavailable', retry: true };
        visit.hear('socket.auth.failure', { ...refusal, after: 0.3 });
        visit.assertSent();
        visit.page.clock.advance(0.31);
        visit.hear('socket.auth.failure', refusal);
        visit.page.clock.advance(1.1);
        assert.deepEqual(sentOf(visit, 'socket.auth.request').map(({ data }) => data.token), Array(3).fill('secret'));
        visit.hear('socket.auth.success', { client: { username: 'ada' } });
        visit.assertSent({ event: 'one', data: 1 });
        assert.deepEqual([visit.ratchet.authenticated, failures], [true, []]);
        assert.equal(visit.page.clock.pending, 0);
    });

    test('A login that is refused eight times has failed', () => {
        const visit = Visit.open();
        const failures = visit.record('socket.auth.failure');
        visit.ratchet.emit('one', 1);
        const refusal = { errors: ['Login is not available right now.'], code: 'auth.unavailable', retry: true };
        for (let tries = 1; tries <= 8; tries += 1) {
            assert.equal(sentOf(visit, 'socket.auth.request').length, tries);
            visit.hear('socket.auth.failure', refusal);
            visit.page.clock.advance(10);
        }
        assert.deepEqual(failures, [refusal]);
        visit.assertSent({ event: 'one', data: 1 });
        assert.equal(visit.page.clock.pending, 0);
    });

    test('A wrong token is not tried again', () => {
        const visit = Visit.open();
        visit.hear('socket.auth.failure', { errors: ['Invalid access token.'] });
        assert.equal(visit.page.clock.pending, 0);
    });

    test('A page that closes logs in no more', () => {
        for (const end of [({ ratchet }) => ratchet.close(), ({ socket }) => socket.playClose()]) {
            const visit = Visit.open();
            visit.hear('socket.auth.failure', { errors: [], retry: true });
            end(visit);
            assert.equal(visit.page.clock.pending, 0);
        }
    });
});
