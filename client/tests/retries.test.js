/**
 * What is refused for now: whether it is asked again, and when.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { mayPass, pauseBefore } from '../src/retries.js';
import { failure, failureOf, past, sentOf, Stay } from './visit.js';

describe('What is refused for now', () => {
    test('A subscribe is made again after the time that the server says, with what is to be shown by then', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter({ presence: true });
        stay.refuse(1, { code: 'rate.limited', message: 'Too fast', retry: true, after: 0.25 });
        room.update({ status: 'away' });
        stay.page.clock.advance(0.24);
        assert.equal(sentOf(stay, 'socket.subscribe').length, 1);
        stay.page.clock.advance(2);
        const [, again] = sentOf(stay, 'socket.subscribe');
        assert.deepEqual(again.data, { room: 'news', presence: true, meta: { status: 'away' } });
        stay.reply(again.id, { room: 'news' });
        assert.equal(await room.ready, room);
        assert.equal(stay.page.clock.pending, 0);
    });

    for (const code of ['rate.limited', 'backplane.unavailable', 'replay.later']) {
        test(`A reading of the past is made again, too: ${code}`, async () => {
            const stay = Stay.in({ history: 3 });
            const noted = stay.note('socket.resync');
            stay.refuse(2, { code, message: 'Not now', retry: true });
            const page = stay.room.history({ limit: 1 });
            stay.page.clock.advance(5);
            const asked = sentOf(stay, 'socket.history');
            assert.equal(asked.length, 3);
            const events = [past('a', 38), past('b', 39), past('c', 40)];
            asked.slice(1).forEach(({ id }) => stay.reply(id, { room: 'news', epoch: 'k3', offset: 40, events, more: false }));
            await Promise.all([stay.room.ready, page]);
            assert.deepEqual([stay.heard, noted], [[['a', 38], ['b', 39], ['c', 40]], []]);
        });
    }

    test('It gives up after eight tries, and says what the last was refused with', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        let refused = 0;
        for (let asked = sentOf(stay, 'socket.subscribe'); asked.length > refused; asked = sentOf(stay, 'socket.subscribe')) {
            stay.refuse(asked.at(-1).id, { code: 'backplane.unavailable', message: 'Not now', retry: true });
            refused += 1;
            stay.page.clock.advance(10);
        }
        assert.equal(refused, 8);
        assert.deepEqual(await failureOf(room.ready), failure('backplane.unavailable', 'Not now', true));
        assert.equal(stay.page.clock.pending, 0);
    });

    test('It does not wait where the server says that it takes more than a minute', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        stay.refuse(1, { code: 'rate.limited', message: 'Tomorrow', retry: true, after: 86400 });
        assert.equal((await failureOf(room.ready)).code, 'rate.limited');
        assert.equal(stay.page.clock.pending, 0);
    });

    test('What the page asked for itself is refused to the page, and not made again', async () => {
        const stay = Stay.in();
        const asked = stay.ratchet.emit('get', null, { ack: true });
        stay.refuse(2, { code: 'rate.limited', message: 'Too fast', retry: true, after: 0.1 });
        assert.deepEqual(await failureOf(asked), failure('rate.limited', 'Too fast', true, { after: 0.1 }));
        assert.equal(stay.page.clock.pending, 0);
    });

    test('Who leaves or closes meanwhile asks no more', () => {
        for (const end of [({ room }) => room.unsubscribe(), ({ ratchet }) => ratchet.close()]) {
            const stay = Stay.loggedIn();
            stay.enter();
            stay.refuse(1, { code: 'rate.limited', retry: true, after: 1 });
            end(stay);
            stay.page.clock.advance(20);
            assert.equal(sentOf(stay, 'socket.subscribe').length, 1);
            assert.equal(stay.page.clock.pending, 0);
        }
    });
});

describe('The pause before the next try', () => {
    test('It is what the server says, up to a minute', () => {
        assert.deepEqual([0.1, 60, 60.1].map((after) => pauseBefore(1, after)), [0.1, 60, null]);
    });

    test('Else it doubles up to eight seconds, and is at least half of that', (t) => {
        const random = t.mock.method(Math, 'random', () => 1);
        const tries = [1, 2, 3, 4, 5, 6, 7];
        assert.deepEqual(tries.map((each) => pauseBefore(each)), [0.5, 1, 2, 4, 8, 8, 8]);
        random.mock.mockImplementation(() => 0);
        assert.deepEqual(tries.map((each) => pauseBefore(each, 0)), [0.25, 0.5, 1, 2, 4, 4, 4]);
    });

    test('After the eighth try there is none', () => {
        assert.deepEqual([pauseBefore(8), pauseBefore(8, 1)], [null, null]);
    });

    test('What may pass is what the server says so of, and not what was never sent', () => {
        assert.equal(mayPass({ code: 'rate.limited', retry: true }), true);
        assert.equal(mayPass({ code: 'room.denied', retry: false }), false);
        assert.equal(mayPass({ code: 'connection.closed', retry: true }), false);
    });
});
