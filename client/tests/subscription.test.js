/**
 * A subscription, from entering a room to leaving it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { failure, failureOf, Stay } from './visit.js';

describe('Subscribing', () => {
    test('It asks the server, is ready when that has agreed, and hears the events of the room', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        const heard = [];
        assert.equal(room.on('item', (data) => heard.push(data)), room);
        stay.assertSent({ event: 'socket.subscribe', data: { room: 'news' }, id: 1 });
        assert.deepEqual([room.room, room.subscribed, room.position], ['news', false, null]);
        stay.reply(1, { room: 'news', recoverable: false });
        assert.equal(await room.ready, room);
        assert.deepEqual([room.subscribed, room.position, room.recovered], [true, null, null]);
        stay.publish('hi');
        stay.publish('elsewhere', undefined, 'lobby');
        stay.hear('item', 'in no room');
        assert.deepEqual(heard, ['hi']);
    });

    test('A refusal fails ready, and is told to the handlers; the room can then be asked for again', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        const noted = stay.note('socket.unsubscribed');
        stay.refuse(1, { code: 'room.denied', message: 'Not for you', retry: false });
        assert.deepEqual(await failureOf(room.ready), failure('room.denied', 'Not for you'));
        assert.deepEqual(noted, [['socket.unsubscribed', { room: 'news', code: 'room.denied', message: 'Not for you' }]]);
        assert.equal(room.subscribed, false);
        stay.publish('hi');
        assert.notEqual(stay.enter(), room);
    });

    test('A refusal that nobody looks at is no unhandled one', async () => {
        const stay = Stay.loggedIn();
        stay.enter();
        stay.refuse(1, { code: 'room.denied' });
        await new Promise((resolve) => { setImmediate(resolve); });
        stay.assertNoComplaint();
    });

    for (const history of [-1, 1.5, '5', true]) {
        test(`This is no number of events to begin with: ${JSON.stringify(history)}`, () => {
            const { ratchet } = Stay.loggedIn();
            assert.throws(() => ratchet.subscribe('news', { history }), { name: 'TypeError', message: /^Let "history" be/ });
        });
    }
});

describe('Unsubscribing', () => {
    test('It tells the server, and nothing of the room is heard from then on', async () => {
        const stay = Stay.in();
        const noted = stay.note('socket.unsubscribed', 'socket.presence');
        const left = stay.room.unsubscribe();
        stay.assertSent(
            { event: 'socket.subscribe', data: { room: 'news' }, id: 1 },
            { event: 'socket.unsubscribe', data: { room: 'news' }, id: 2 },
        );
        stay.publish('late', 41);
        stay.hear('socket.presence.state', { room: 'news', members: {} }, { room: 'news' });
        stay.reply(2, { room: 'news' });
        assert.equal(await left, undefined);
        assert.deepEqual([stay.heard, noted, stay.room.subscribed], [[], [], false]);
        await stay.room.unsubscribe();
        assert.equal(stay.socket.sent.length, 3);
    });

    test('Before the server has agreed, its answer counts no more', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        room.unsubscribe();
        stay.reply(1, { room: 'news' });
        assert.equal((await failureOf(room.ready)).code, 'room.left');
        assert.equal(room.subscribed, false);
    });

    test('Before the login nothing has to be told', async () => {
        const stay = new Stay();
        await stay.enter().unsubscribe();
        stay.socket.playOpen();
        stay.hear('socket.auth.success', {});
        stay.assertSent();
    });

    test('Who is gone has left', async () => {
        const [closing, closed] = [Stay.in(), Stay.in()];
        const left = closing.room.unsubscribe();
        closing.socket.playClose();
        closed.socket.playClose();
        await left;
        await closed.room.unsubscribe();
    });

    test('A refusal fails it', async () => {
        const stay = Stay.in();
        const left = stay.room.unsubscribe();
        stay.refuse(2, { code: 'rate.limited', message: 'Too fast', retry: true, after: 1 });
        assert.deepEqual(await failureOf(left), failure('rate.limited', 'Too fast', true, { after: 1 }));
    });

    test('The server can end it', () => {
        const stay = Stay.in();
        const noted = stay.note('socket.unsubscribed');
        const all = stay.record('socket.unsubscribed');
        stay.hear('socket.unsubscribed', { room: 'news', code: 'room.denied' });
        stay.publish('late', 41);
        const message = 'The server has ended the subscription of "news".';
        assert.deepEqual(noted, [['socket.unsubscribed', { room: 'news', code: 'room.denied', message }]]);
        assert.deepEqual(all, [{ room: 'news', code: 'room.denied' }]);
        assert.deepEqual([stay.heard, stay.room.subscribed], [[], false]);
        stay.enter();
    });
});

describe('What is shown', () => {
    test('Who wants to be shown says so, with what else to show', () => {
        const stay = Stay.loggedIn();
        const meta = { status: 'here' };
        stay.enter({ presence: true, meta });
        meta.status = 'changed';
        const data = { room: 'news', presence: true, meta: { status: 'here' } };
        stay.assertSent({ event: 'socket.subscribe', data, id: 1 });
        assert.equal(stay.room.members.size, 0);
    });

    test('What is shown can be changed, and is what is shown the next time', async () => {
        const stay = Stay.loggedIn();
        stay.enter({ presence: true });
        const done = stay.room.update({ status: 'away' });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.presence.update', data: { room: 'news', meta: { status: 'away' } }, id: 2,
        });
        stay.reply(1, { room: 'news', epoch: 'k3', offset: 40 });
        stay.reply(2, { room: 'news' });
        assert.equal(await done, undefined);
        stay.hear('socket.resync', { room: 'news', reason: 'overflow' });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)).data.meta, { status: 'away' });
    });

    test('Before the login only the last of it is sent', async () => {
        const stay = new Stay();
        stay.enter({ presence: true });
        await stay.room.update({ status: 'away' });
        stay.socket.playOpen();
        stay.hear('socket.auth.success', {});
        const data = { room: 'news', presence: true, meta: { status: 'away' } };
        stay.assertSent({ event: 'socket.subscribe', data, id: 1 });
    });

    test('A refused change fails, if anybody looks', async () => {
        const stay = Stay.in();
        const done = stay.room.update({});
        stay.refuse(2, { code: 'room.denied', message: "You aren't shown in this room" });
        assert.deepEqual(await failureOf(done), failure('room.denied', "You aren't shown in this room"));
        stay.room.update({});
        stay.refuse(3, { code: 'room.denied' });
    });
});
