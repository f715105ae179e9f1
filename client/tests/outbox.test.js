/**
 * What waits for the login, in which order it is sent, and when it can't be.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { failure, failureOf, LATE, UNSENT, Visit } from './visit.js';

describe('Emitting', () => {
    const CLOSED = { name: 'Error', message: `Can't emit "chat.send": the connection is closed.` };

    test('Data that JSON cannot express is refused at once, even before the login', () => {
        const visit = new Visit();
        const circle = {};
        circle.self = circle;
        assert.throws(() => visit.ratchet.emit('chat.send', circle), { name: 'TypeError' });
        assert.throws(() => visit.ratchet.emit('chat.send', 1n), { name: 'TypeError' });
        visit.socket.playOpen();
        visit.hear('socket.auth.success', {});
        visit.assertSent();
    });

    test('Events wait until the login has succeeded, and are then sent in order', () => {
        const visit = new Visit();
        visit.ratchet.emit('one', 1);
        visit.socket.playOpen();
        visit.ratchet.emit('two', 2);
        visit.assertSent();
        visit.hear('socket.auth.success', { client: {} });
        visit.ratchet.emit('three', 3);
        visit.assertSent({ event: 'one', data: 1 }, { event: 'two', data: 2 }, { event: 'three', data: 3 });
        assert.equal(JSON.parse(visit.socket.sent[0]).event, 'socket.auth.request');
    });

    test('Events that waited are sent after a failed login, too: the server decides what is open to all', () => {
        const visit = Visit.open();
        visit.ratchet.emit('one', 1);
        visit.hear('socket.auth.failure', { errors: ['Invalid access token.'] });
        visit.ratchet.emit('two', 2);
        visit.assertSent({ event: 'one', data: 1 }, { event: 'two', data: 2 });
    });

    test('Events that waited are sent once, however often a login is answered', () => {
        const visit = Visit.open();
        visit.ratchet.emit('one', 1);
        visit.hear('socket.auth.failure', { errors: [] });
        visit.hear('socket.auth.success', { client: {} });
        visit.assertSent({ event: 'one', data: 1 });
    });

    test('Events that waited come before those that a handler of the login emits', () => {
        const visit = Visit.open();
        visit.ratchet.on('socket.auth.success', () => visit.ratchet.emit('two', 2));
        visit.ratchet.emit('one', 1);
        visit.hear('socket.auth.success', { client: {} });
        visit.assertSent({ event: 'one', data: 1 }, { event: 'two', data: 2 });
    });

    test('No other event ends the waiting', () => {
        const visit = Visit.open();
        visit.ratchet.emit('one', 1);
        visit.hear('news', 'hi');
        visit.socket.playMessage('nonsense');
        visit.assertSent();
    });

    test('An event that waits keeps the data that it had when it was emitted', () => {
        const visit = new Visit();
        const data = { text: 'before' };
        visit.ratchet.emit('chat.send', data);
        data.text = 'after';
        visit.socket.playOpen();
        visit.hear('socket.auth.success', {});
        visit.assertSent({ event: 'chat.send', data: { text: 'before' } });
    });

    test('64 events may wait, the 65th is refused and the others stay', () => {
        const visit = new Visit();
        const numbers = Array.from({ length: 64 }, (_, number) => number);
        numbers.forEach((number) => visit.ratchet.emit('count', number));
        assert.throws(() => visit.ratchet.emit('count', 64), {
            name: 'Error',
            message: `Can't emit "count": 64 events wait for the login already.`,
        });
        visit.socket.playOpen();
        visit.hear('socket.auth.success', {});
        visit.assertSent(...numbers.map((data) => ({ event: 'count', data })));
        visit.ratchet.emit('count', 65);
        assert.equal(visit.socket.sent.length, 66);
    });

    test('After close nothing can be emitted', () => {
        const { ratchet, socket } = Visit.loggedIn();
        ratchet.close();
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
        socket.playClose();
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
    });

    test('After the server has closed nothing can be emitted', () => {
        const { ratchet, socket } = Visit.loggedIn();
        socket.playClosing();
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
        socket.playClose({ code: 1001 });
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
    });

    test('After a connection that never came about nothing can be emitted', () => {
        const { ratchet, socket } = new Visit();
        ratchet.emit('chat.send', 'early');
        socket.playFailure();
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
    });
});

describe('Asking for a reply before the login', () => {
    test('Before the login it waits, in its order, and the time counts from the call', async () => {
        const visit = new Visit();
        const late = visit.ratchet.emit('one', 1, { ack: 2 });
        const early = visit.ratchet.emit('two', 2, { ack: 20 });
        visit.ratchet.emit('three', 3);
        visit.socket.playOpen();
        visit.page.clock.advance(2);
        assert.deepEqual(await failureOf(late), LATE);
        visit.hear('socket.auth.success', {});
        visit.assertSent({ event: 'two', data: 2, id: 2 }, { event: 'three', data: 3 });
        visit.reply(2, 'done');
        assert.equal(await early, 'done');
    });

    test('Names and data that are not allowed are thrown or failed before anything is sent', async () => {
        const visit = Visit.loggedIn();
        assert.throws(() => visit.ratchet.emit('socket.mine', null, { ack: true }), { name: 'TypeError' });
        await assert.rejects(visit.ratchet.emit('get', 1n, { ack: true }), { name: 'TypeError' });
        visit.assertSent();
        assert.equal(visit.page.clock.pending, 0);
    });

    test('When 64 events wait already the promise fails', async () => {
        const visit = new Visit();
        const replies = Array.from({ length: 64 }, () => visit.ratchet.emit('count', null, { ack: true }));
        const message = 'Can\'t emit "count": 64 events wait for the login already.';
        const refused = visit.ratchet.emit('count', null, { ack: true });
        assert.deepEqual(await failureOf(refused), failure('queue.full', message, true));
        visit.ratchet.close();
        assert.deepEqual(await Promise.all(replies.map(failureOf)), Array(64).fill(UNSENT));
    });
});

describe('Closing', () => {
    test('After close nothing that waited is sent, even if the login is answered meanwhile', () => {
        const visit = Visit.open();
        visit.ratchet.emit('chat.send', 'hi');
        visit.ratchet.close();
        visit.hear('socket.auth.success', { client: {} });
        visit.assertSent();
    });
});
