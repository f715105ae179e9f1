/**
 * The events of a room: in order, each once, what was missed first.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ours } from './fakes.js';
import { failureOf, LOST, past, Stay, UNSENT } from './visit.js';

describe('Recovering', () => {
    test('The position moves on with each event that the room keeps, and not with others', () => {
        const stay = Stay.in();
        assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 40 });
        stay.publish('one', 41);
        stay.publish('for you alone');
        stay.publish('two', 42);
        assert.deepEqual(stay.heard, [['one', 41], ['for you alone', 41], ['two', 42]]);
        assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 42 });
        assert.throws(() => { stay.room.position.offset = 1; }, TypeError);
    });

    test('An event of the room comes once', () => {
        const stay = Stay.in();
        stay.publish('one', 41);
        stay.publish('one', 41);
        stay.publish('old', 7);
        assert.deepEqual(stay.heard, [['one', 41]]);
    });

    test('From the position of an earlier subscription on, what was missed comes first, then what is live', async () => {
        const before = Stay.in();
        before.publish('one', 41);
        before.socket.playClose({ code: 1006, wasClean: false });
        const after = Stay.loggedIn();
        const heard = [];
        after.ratchet.on('item', (data) => heard.push(data));
        after.enter({ recover: before.room.position }).on('item', (data) => heard.push([data, after.room.position.offset]));
        const noted = after.note('socket.resync');
        after.assertSent({ event: 'socket.subscribe', data: { room: 'news', recover: { epoch: 'k3', offset: 41 } }, id: 1 });
        const events = [past('two', 42), past('three', 43)];
        after.reply(1, { room: 'news', epoch: 'k3', offset: 43, recovered: true, events });
        after.publish('four', 44);
        await after.room.ready;
        assert.deepEqual(heard, [['two', 42], 'two', ['three', 43], 'three', ['four', 44], 'four']);
        assert.deepEqual([after.room.recovered, noted], [true, []]);
    });

    test('Where that is not possible it says so, and goes on from where the room is', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter({ recover: { epoch: 'old', offset: 3 } });
        const noted = stay.note('socket.resync', 'item');
        stay.reply(1, { room: 'news', epoch: 'k3', offset: 40, recovered: false, events: [] });
        await room.ready;
        stay.publish('next', 41);
        assert.deepEqual(noted, [['socket.resync', { room: 'news', reason: 'lost' }], ['item', 'next']]);
        assert.equal(room.recovered, false);
        assert.deepEqual(ours(room.position), { epoch: 'k3', offset: 41 });
    });

    test('When the server says that something is missing, it is asked for, and comes before what is live', () => {
        const stay = Stay.in({ presence: true, meta: { status: 'here' } });
        const noted = stay.note('socket.resync');
        stay.publish('one', 41);
        stay.hear('socket.resync', { room: 'news', reason: 'overflow' });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.subscribe',
            data: { room: 'news', recover: { epoch: 'k3', offset: 41 }, presence: true, meta: { status: 'here' } },
            id: 2,
        });
        stay.publish('four', 44);
        assert.equal(stay.room.subscribed, true);
        const events = [past('two', 42), past('three', 43), past('four', 44)];
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 44, recovered: true, events });
        stay.publish('five', 45);
        assert.deepEqual(stay.heard, [['one', 41], ['two', 42], ['three', 43], ['four', 44], ['five', 45]]);
        assert.deepEqual(noted, []);
    });

    test('When what is missing is lost, or the room keeps nothing, the handlers are told', () => {
        const [kept, unkept] = [Stay.in(), Stay.in({}, {})];
        const noted = [kept, unkept].map((stay) => stay.note('socket.resync'));
        [kept, unkept].forEach((stay) => stay.hear('socket.resync', { room: 'news', reason: 'overflow' }));
        kept.reply(2, { room: 'news', epoch: 'k3', offset: 60, recovered: false, events: [] });
        assert.deepEqual(noted, [
            [['socket.resync', { room: 'news', reason: 'lost' }]],
            [['socket.resync', { room: 'news', reason: 'overflow' }]],
        ]);
        kept.publish('next', 61);
        unkept.publish('next');
        assert.deepEqual([kept.heard, unkept.heard], [[['next', 61]], [['next', undefined]]]);
    });

    test('A handler may leave in the middle of what was missed', async () => {
        const stay = Stay.loggedIn();
        const heard = [];
        const room = stay.enter({ recover: { epoch: 'k3', offset: 40 } });
        room.on('item', (data) => { heard.push(data); room.unsubscribe(); });
        const events = [past('one', 41), past('two', 42)];
        stay.reply(1, { room: 'news', epoch: 'k3', offset: 42, recovered: true, events });
        assert.deepEqual(heard, ['one']);
        assert.equal((await failureOf(room.ready)).code, 'room.left');
    });

    test('When the connection closes the position stays, and who still waited is told', async () => {
        const [inside, asking, waiting] = [Stay.in(), Stay.loggedIn(), new Stay()];
        const rooms = [asking, waiting].map((stay) => stay.enter());
        const noted = inside.note('socket.unsubscribed');
        rooms.forEach((room) => room.on('socket.unsubscribed', () => { noted.push('over'); }));
        inside.ratchet.on('socket.close', () => noted.push(inside.room.subscribed));
        [inside, asking, waiting].forEach(({ socket }) => socket.playClose({ code: 1006, wasClean: false }));
        assert.deepEqual(ours(inside.room.position), { epoch: 'k3', offset: 40 });
        assert.deepEqual(noted, [false]);
        assert.deepEqual(await failureOf(rooms[0].ready), LOST);
        assert.deepEqual(await failureOf(rooms[1].ready), UNSENT);
    });
});

describe('Going on from elsewhere', () => {
    test('Where the server says from where the room goes on, the handlers are told, and nothing is asked', () => {
        const stay = Stay.in();
        const noted = stay.note('socket.resync');
        stay.hear('socket.resync', { room: 'news', reason: 'restart', epoch: 'q0', offset: 0 });
        stay.publish('first of the new ones', 1);
        assert.deepEqual(noted, [['socket.resync', { room: 'news', reason: 'restart' }]]);
        assert.deepEqual(stay.heard, [['first of the new ones', 1]]);
        assert.deepEqual(ours(stay.room.position), { epoch: 'q0', offset: 1 });
        assert.equal(stay.socket.sent.length, 2);
    });

    test('So in the middle of reading the past, which is over then', async () => {
        const stay = Stay.in({ history: 3 });
        stay.publish('of the old ones', 41);
        stay.publish('for you alone');
        stay.hear('socket.resync', { room: 'news', reason: 'restart', epoch: 'q0', offset: 0 });
        await stay.room.ready;
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 41, events: [past('a', 38)], more: false });
        stay.publish('new', 1);
        assert.deepEqual(stay.heard, [['for you alone', 0], ['new', 1]]);
    });
});

describe('The history of a room', () => {
    test('It can be read page by page', async () => {
        const stay = Stay.in();
        const page = stay.room.history({ since: { epoch: 'k3', offset: 30 }, limit: 5 });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.history', data: { room: 'news', since: { epoch: 'k3', offset: 30 }, limit: 5 }, id: 2,
        });
        const result = { room: 'news', epoch: 'k3', offset: 40, events: [past('x', 31)], more: true };
        stay.reply(2, result);
        assert.deepEqual(ours(await page), result);
        stay.room.history();
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)).data, { room: 'news' });
    });

    test('A subscription may begin with the last events, which come before what is live, each once', async () => {
        const stay = Stay.in({ history: 3 });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.history', data: { room: 'news', since: { epoch: 'k3', offset: 37 }, limit: 3 }, id: 2,
        });
        stay.publish('live', 41);
        assert.deepEqual(stay.heard, []);
        const events = [past('a', 38), past('b', 39), past('c', 40)];
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 41, events, more: true });
        stay.publish('later', 42);
        await stay.room.ready;
        assert.deepEqual(stay.heard, [['a', 38], ['b', 39], ['c', 40], ['live', 41], ['later', 42]]);
        assert.equal(stay.socket.sent.length, 3);
    });

    test('The server may give them with its first reply, so that nothing more is asked', async () => {
        const events = [past('a', 38), past('b', 39), past('c', 40)];
        const stay = Stay.in({ history: 3 }, { epoch: 'k3', offset: 40, recoverable: true, events });
        stay.assertSent({ event: 'socket.subscribe', data: { room: 'news', history: 3 }, id: 1 });
        await stay.room.ready;
        stay.publish('live', 41);
        assert.deepEqual(stay.heard, [['a', 38], ['b', 39], ['c', 40], ['live', 41]]);
        assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 41 });
    });

    test('Where the room keeps fewer than that, those that it keeps are all', async () => {
        const stay = Stay.in({ history: 30 }, { epoch: 'k3', offset: 40, recoverable: true, events: [past('c', 40)] });
        const empty = Stay.in({ history: 30 }, { epoch: 'k3', offset: 40, recoverable: true, events: [] });
        await Promise.all([stay.room.ready, empty.room.ready]);
        assert.deepEqual([stay.heard, empty.heard], [[['c', 40]], []]);
        assert.deepEqual([stay, empty].map(({ socket }) => socket.sent.length), [2, 2]);
    });

    test('Those that did not fit into the first reply are read, and come before those that did', async () => {
        const result = { epoch: 'k3', offset: 40, recoverable: true, events: [past('c', 40)], more: true };
        const stay = Stay.in({ history: 3 }, result);
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.history', data: { room: 'news', since: { epoch: 'k3', offset: 37 }, limit: 2 }, id: 2,
        });
        stay.publish('live', 41);
        const events = [past('a', 38), past('b', 39)];
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 41, events, more: true });
        await stay.room.ready;
        assert.deepEqual(stay.heard, [['a', 38], ['b', 39], ['c', 40], ['live', 41]]);
        assert.equal(stay.socket.sent.length, 3);
    });

    test('After a loss they come with the same reply, once the handlers were told of it', () => {
        const stay = Stay.loggedIn();
        stay.enter({ history: 1, recover: { epoch: 'k3', offset: 39 } });
        const noted = stay.note('socket.resync', 'item');
        const data = { room: 'news', recover: { epoch: 'k3', offset: 39 }, history: 1 };
        stay.assertSent({ event: 'socket.subscribe', data, id: 1 });
        stay.reply(1, { room: 'news', epoch: 'new', offset: 7, recovered: false, events: [past('g', 7)] });
        assert.deepEqual(noted, [['socket.resync', { room: 'news', reason: 'lost' }], ['item', 'g']]);
        assert.deepEqual(ours(stay.room.position), { epoch: 'new', offset: 7 });
        assert.equal(stay.socket.sent.length, 2);
    });

    test('What came in at the same time is not heard twice', () => {
        const stay = Stay.in({ history: 1 });
        stay.publish('live', 41);
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 41, events: [past('c', 40), past('live', 41)], more: false });
        assert.deepEqual(stay.heard, [['c', 40], ['live', 41]]);
    });

    test('More than a page is read by several', () => {
        const stay = Stay.in({ history: 150 }, { epoch: 'k3', offset: 140 });
        const pages = [[0, 100], [100, 140]].map(([from, to]) => (
            Array.from({ length: to - from }, (_, number) => past('x', from + number + 1))));
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 140, events: pages[0], more: true });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)).data, {
            room: 'news', since: { epoch: 'k3', offset: 100 }, limit: 40,
        });
        stay.reply(3, { room: 'news', epoch: 'k3', offset: 140, events: pages[1], more: false });
        assert.deepEqual(stay.heard.map(([, offset]) => offset), Array.from({ length: 140 }, (_, number) => number + 1));
    });

    test('A room without a history, and an empty one, begin at once', async () => {
        for (const result of [{}, { epoch: 'k3', offset: 0 }]) {
            const stay = Stay.in({ history: 5 }, result);
            await stay.room.ready;
            assert.equal(stay.socket.sent.length, 2);
        }
    });

    test('What is recovered needs no history; what is lost is followed by it', () => {
        const recover = { epoch: 'k3', offset: 39 };
        const recovered = Stay.in({ history: 5, recover }, {
            epoch: 'k3', offset: 40, recovered: true, events: [past('c', 40)],
        });
        assert.deepEqual(recovered.heard, [['c', 40]]);
        assert.equal(recovered.socket.sent.length, 2);
        const lost = Stay.in({ history: 1, recover }, { epoch: 'new', offset: 7, recovered: false, events: [] });
        lost.reply(2, { room: 'news', epoch: 'new', offset: 7, events: [past('g', 7)], more: false });
        assert.deepEqual(lost.heard, [['g', 7]]);
    });

    test('Where it is refused, the handlers are told, and what is live goes on', async () => {
        const stay = Stay.in({ history: 5 });
        const noted = stay.note('socket.resync');
        stay.publish('live', 41);
        stay.refuse(2, { code: 'room.denied', message: 'Not for you', retry: false });
        await stay.room.ready;
        assert.deepEqual(noted, [['socket.resync', { room: 'news', reason: 'room.denied' }]]);
        assert.deepEqual(stay.heard, [['live', 41]]);
    });

    test('Who leaves in the middle of it reads no further', () => {
        const stay = Stay.in({ history: 150 }, { epoch: 'k3', offset: 200 });
        stay.room.on('item', () => { stay.room.unsubscribe(); });
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 200, events: [past('a', 51), past('b', 52)], more: true });
        assert.deepEqual(stay.heard, [['a', 51]]);
        assert.deepEqual(stay.socket.sent.slice(-2).map((text) => JSON.parse(text).event), [
            'socket.history', 'socket.unsubscribe',
        ]);
    });

    test('When something is missing in the middle of it, all is recovered from there, each event once', () => {
        const stay = Stay.in({ history: 2 });
        const noted = stay.note('socket.resync');
        stay.publish('live', 41);
        stay.publish('for you alone');
        stay.hear('socket.resync', { room: 'news', reason: 'overflow' });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.subscribe', data: { room: 'news', recover: { epoch: 'k3', offset: 38 }, history: 2 }, id: 3,
        });
        stay.refuse(2, { code: 'rate.limited' });
        // Until the answer it is missing already, and asked for.
        stay.hear('socket.resync', { room: 'news', reason: 'overflow' });
        const events = [past('a', 39), past('b', 40), past('live', 41), past('missing', 42)];
        stay.reply(3, { room: 'news', epoch: 'k3', offset: 42, recovered: true, events });
        assert.deepEqual(stay.heard, [['a', 39], ['b', 40], ['live', 41], ['missing', 42], ['for you alone', 42]]);
        assert.deepEqual(noted, []);
    });

    test('When the connection closes in the middle of it, the position is that of what was heard', () => {
        const stay = Stay.in({ history: 150 }, { epoch: 'k3', offset: 200 });
        stay.publish('live', 201);
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 201, events: [past('x', 51)], more: true });
        stay.socket.playClose({ code: 1006 });
        assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 51 });
        assert.deepEqual(stay.heard, [['x', 51]]);
    });
});
