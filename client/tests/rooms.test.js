/**
 * The subscriptions of a connection, and which frames are theirs.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Stay } from './visit.js';

describe('The rooms of a connection', () => {
    test('Handlers of the Ratchet hear the events of rooms, too, after those of the subscription', () => {
        const stay = Stay.in({}, {});
        const heard = [];
        stay.ratchet.on('item', (data) => heard.push(`all: ${data}`));
        stay.room.on('item', (data) => heard.push(`room: ${data}`));
        stay.publish('hi');
        stay.publish('ho', 3, 'lobby');
        assert.deepEqual(heard, ['room: hi', 'all: hi', 'all: ho']);
    });

    test('Before the login is answered it waits, and then goes before what was emitted', () => {
        const stay = new Stay();
        stay.ratchet.emit('one', 1);
        stay.enter();
        stay.enter({}, 'lobby');
        stay.socket.playOpen();
        stay.assertSent();
        stay.hear('socket.auth.success', {});
        stay.assertSent(
            { event: 'socket.subscribe', data: { room: 'news' }, id: 1 },
            { event: 'socket.subscribe', data: { room: 'lobby' }, id: 2 },
            { event: 'one', data: 1 },
        );
        stay.hear('socket.auth.success', {});
        assert.equal(stay.socket.sent.length, 4);
    });

    test('A room is subscribed once', () => {
        const stay = Stay.in();
        const message = 'Can\'t subscribe to "news" twice: use the subscription that there is.';
        assert.throws(() => stay.enter(), { message });
    });

    test('After the connection has closed nothing can be subscribed', () => {
        const stay = Stay.loggedIn();
        stay.socket.playClose();
        assert.throws(() => stay.enter(), { message: 'Can\'t subscribe to "news": the connection is closed.' });
    });

    test('The room can be entered again at once; what is under way for the earlier stay is not for the later one', () => {
        const stay = Stay.in();
        const earlier = stay.room;
        earlier.unsubscribe();
        const heard = [];
        stay.enter().on('item', (data) => heard.push(data));
        const noted = stay.note('socket.unsubscribed');
        stay.publish('old', 41);
        stay.hear('socket.unsubscribed', { room: 'news', code: 'room.denied' });
        stay.reply(2, {});
        stay.reply(3, { room: 'news', epoch: 'k3', offset: 41 });
        earlier.unsubscribe();
        stay.publish('new', 42);
        assert.deepEqual([heard, noted, stay.heard], [['new'], [], []]);
    });

    test('What was still under way when the room was left is nobody\'s, until the server knows it', async () => {
        const stay = Stay.in();
        const heard = stay.record('item');
        const left = stay.room.unsubscribe();
        stay.publish('late', 41);
        stay.publish('elsewhere', undefined, 'lobby');
        stay.reply(2, { room: 'news' });
        await left;
        stay.publish('put in by the server', 42);
        assert.deepEqual(heard, ['elsewhere', 'put in by the server']);
    });
});
