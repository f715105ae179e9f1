/**
 * The class Ratchet, whose parts have test modules of their own: what holds for all of it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FakePage, ours } from './fakes.js';
import { ADDRESS, failureOf, frame, past, Stay, Visit } from './visit.js';

describe('A Ratchet', () => {
    test('Two of them in one page are independent of each other', () => {
        const page = new FakePage().load();
        const [one, two] = page.run(`[new Ratchet('${ADDRESS}'), new Ratchet('${ADDRESS}')]`);
        const heard = [];
        one.on('news', () => heard.push('one'));
        two.on('news', () => heard.push('two'));
        page.sockets.forEach((socket) => socket.playOpen());
        page.sockets[1].playMessage(frame('news', null));
        page.sockets[1].playMessage(frame('socket.auth.success', { client: { username: 'bob' } }));
        assert.deepEqual(heard, ['two']);
        assert.deepEqual([one.authenticated, two.authenticated], [false, true]);
    });

    test('socket.open tells that the connection is open, after the login was sent', () => {
        const { ratchet, socket } = new Visit();
        const seen = [];
        ratchet.on('socket.open', (data) => seen.push(data, socket.sent.length));
        socket.playOpen();
        assert.deepEqual(seen, [null, 1]);
    });

    test('socket.close tells code and reason, and that the end was clean', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('socket.close');
        visit.socket.playClose({ code: 1001, reason: 'going away', wasClean: true });
        assert.deepEqual(heard, [{ code: 1001, reason: 'going away', clean: true }]);
    });

    test('A handler of socket.open may close', () => {
        const visit = new Visit();
        visit.ratchet.on('socket.open', () => visit.ratchet.close());
        visit.socket.playOpen();
        assert.deepEqual(visit.socket.closedWith, [1000]);
        visit.assertNoComplaint();
    });

    for (const event of ['socket.open', 'socket.close', 'socket.error']) {
        test(`Nobody can forge ${event}: a frame of that name is ignored`, () => {
            const visit = Visit.loggedIn();
            const heard = ['socket.open', 'socket.close', 'socket.error'].map((name) => visit.record(name));
            visit.hear(event, { code: 1000, reason: '', clean: true, message: 'forged' });
            assert.deepEqual(heard, [[], [], []]);
            assert.equal(visit.ratchet.authenticated, true);
        });
    }

    test('Keys that it does not know are ignored', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('news');
        visit.socket.playMessage('{"event":"news","data":"hi","room":"x","offset":1,"later":{},"id":7,"re":[]}');
        assert.deepEqual(heard, ['hi']);
        visit.assertSent();
    });

    for (const [event, data] of [
        ['socket.refused', { event: 'news', code: 'rate.limited', message: 'Too fast' }],
        ['socket.bye', { code: 'server.drain', reconnect: true, after: [0, 5] }],
        ['socket.auth.expiring', { expires: 30 }],
        ['socket.subscribed', { room: 'x' }],
        ['socket.unsubscribed', { room: 'x', code: 'room.denied' }],
        ['socket.resync', { room: 'x', reason: 'overflow' }],
    ]) {
        test(`What the server says unasked can be listened to, and changes nothing by itself: ${event}`, () => {
            const visit = Visit.loggedIn();
            const heard = visit.record(event);
            visit.hear(event, data);
            assert.deepEqual(heard, [data]);
            visit.assertSent();
            assert.equal(visit.ratchet.authenticated, true);
        });
    }
});

describe('Putting an end to it in a handler', () => {
    /** Somebody in the room, whose handlers of the event note their names, and the first of which does something. */
    function noting(event, first, options, result) {
        const stay = Stay.in(options, result);
        const noted = [];
        stay.room.on(event, () => { noted.push('first'); first(stay); });
        stay.room.on(event, () => noted.push('second')).once(event, () => noted.push('once'));
        stay.ratchet.on(event, () => noted.push('all'));
        return { stay, noted };
    }

    const ENDS = [
        ['unsubscribe', ({ room }) => room.unsubscribe()],
        ['close', ({ ratchet }) => ratchet.close()],
    ];
    for (const [what, end] of ENDS) {
        test(`After ${what} no further handler of the event is called`, () => {
            const { stay, noted } = noting('item', end);
            stay.publish('hi', 41);
            stay.publish('ho', 42);
            assert.deepEqual(noted, ['first']);
            assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 41 });
        });

        for (const [event, frame] of [
            ['socket.presence.state', { members: {} }],
            ['socket.presence.diff', { joins: {}, leaves: {} }],
            ['socket.note', {}],
        ]) {
            test(`After ${what} in ${event} nothing that follows from it is told`, () => {
                const { stay, noted } = noting(event, end, { presence: true });
                stay.room.on('socket.presence', () => noted.push('presence'));
                stay.hear(event, { room: 'news', ...frame });
                assert.deepEqual(noted, ['first']);
            });
        }

        test(`After ${what} in socket.presence no further handler is called`, () => {
            const { stay, noted } = noting('socket.presence', end, { presence: true });
            stay.ratchet.on('socket.presence.state', () => noted.push('state'));
            stay.hear('socket.presence.state', { room: 'news', members: {} });
            assert.deepEqual(noted, ['first']);
        });

        test(`After ${what} in socket.resync no past is read, and nothing is heard`, async () => {
            const stay = Stay.loggedIn();
            const room = stay.enter({ history: 5, recover: { epoch: 'k3', offset: 39 } });
            const noted = [];
            room.on('socket.resync', () => { noted.push('first'); end(stay); }).on('socket.resync', () => noted.push('second'));
            room.on('item', () => noted.push('item'));
            const result = { room: 'news', epoch: 'new', offset: 7, recovered: false, events: [past('g', 7)] };
            stay.reply(1, result);
            assert.deepEqual(noted, ['first']);
            assert.equal(stay.socket.sent.some((text) => text.includes('socket.history')), false);
            assert.match((await failureOf(room.ready)).code, /room.left|connection.closed/);
        });

        test(`After ${what} in a handler of the Ratchet the others are not called, either`, () => {
            const stay = Stay.in();
            const noted = [];
            stay.ratchet.on('item', () => { noted.push('first'); end(stay); }).on('item', () => noted.push('second'));
            stay.publish('hi', 41);
            assert.deepEqual(noted, ['first']);
        });
    }

    test('After close only its end is told', () => {
        const visit = Visit.loggedIn();
        const noted = [];
        visit.ratchet.on('news', () => visit.ratchet.close()).on('news', () => noted.push('second'));
        for (const event of ['news', 'socket.auth.failure', 'socket.error', 'socket.close']) {
            visit.ratchet.on(event, () => noted.push(event));
        }
        visit.hear('news', 'hi');
        visit.hear('news', 'ho');
        visit.hear('socket.auth.failure', { errors: [] });
        visit.socket.playClose();
        assert.deepEqual(noted, ['socket.close']);
        visit.assertNoComplaint();
    });

    test('A handler of socket.open that closes is the last', () => {
        const visit = new Visit();
        const noted = [];
        visit.ratchet.on('socket.open', () => visit.ratchet.close()).on('socket.open', () => noted.push('second'));
        visit.socket.playOpen();
        assert.deepEqual(noted, []);
    });
});
