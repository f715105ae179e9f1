/**
 * The queue of the client's own requests: how fast they go, and in which order.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { past, sentOf, Stay } from './visit.js';

describe('The queue of requests', () => {
    const LIMITS = { eventsPerSecond: 10, eventsBurst: 20, rooms: 3, messageBytes: 65536 };

    test('Many rooms are asked for as fast as the server takes it: the first ones are free, and the page keeps a reserve', () => {
        const stay = new Stay();
        const rooms = Array.from({ length: 40 }, (_, number) => stay.ratchet.subscribe(`room-${number}`));
        stay.socket.playOpen();
        stay.hear('socket.auth.success', { limits: LIMITS });
        const count = () => sentOf(stay, 'socket.subscribe').length;
        assert.equal(count(), 3 + 15);
        stay.page.clock.advance(1);
        assert.ok(count() >= 3 + 24 && count() <= 3 + 25, `${count()} after a second`);
        stay.page.clock.advance(2);
        assert.equal(count(), 40);
        assert.deepEqual(sentOf(stay, 'socket.subscribe').map(({ data }) => data.room), rooms.map(({ room }) => room));
        assert.equal(stay.page.clock.pending, 0);
    });

    test('What the page emits counts, is sent at once, and makes the rooms wait', () => {
        const stay = Stay.open();
        stay.hear('socket.auth.success', { limits: { ...LIMITS, rooms: 0 } });
        for (let number = 0; number < 20; number += 1) {
            stay.ratchet.emit('count', number);
        }
        stay.ratchet.subscribe('news');
        assert.deepEqual([sentOf(stay, 'count').length, sentOf(stay, 'socket.subscribe').length], [20, 0]);
        stay.page.clock.advance(0.5);
        assert.equal(sentOf(stay, 'socket.subscribe').length, 0);
        stay.page.clock.advance(0.5);
        assert.equal(sentOf(stay, 'socket.subscribe').length, 1);
    });

    test('Of the past two pages are read at the same time, and the next when one of them has come', () => {
        const stay = Stay.loggedIn();
        for (let number = 0; number < 4; number += 1) {
            stay.ratchet.subscribe(`room-${number}`, { history: 5 });
            const { id } = sentOf(stay, 'socket.subscribe').at(-1);
            stay.reply(id, { room: `room-${number}`, epoch: 'k3', offset: 40 });
        }
        const asked = () => sentOf(stay, 'socket.history');
        const rooms = () => asked().map(({ data }) => data.room);
        assert.deepEqual(rooms(), ['room-0', 'room-1']);
        stay.refuse(asked()[1].id, { code: 'room.denied', message: 'Not for you' });
        assert.deepEqual(rooms(), ['room-0', 'room-1', 'room-2']);
        stay.reply(asked()[0].id, { room: 'room-0', epoch: 'k3', offset: 40, events: [], more: false });
        assert.deepEqual(rooms(), ['room-0', 'room-1', 'room-2', 'room-3']);
    });

    test('A room that is left before its turn has come was never asked for', async () => {
        const stay = Stay.open();
        stay.hear('socket.auth.success', { limits: { ...LIMITS, rooms: 0, eventsBurst: 1 } });
        stay.ratchet.subscribe('one');
        const room = stay.ratchet.subscribe('two');
        await room.update({ status: 'away' });
        await room.unsubscribe();
        stay.page.clock.advance(5);
        assert.deepEqual(sentOf(stay, 'socket.subscribe').map(({ data }) => data.room), ['one']);
        assert.deepEqual(sentOf(stay, 'socket.unsubscribe'), []);
    });
});
