/**
 * Names of events and rooms: which are allowed.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Stay, Visit } from './visit.js';

describe('Names of events', () => {
    for (const name of ['x', 'x'.repeat(128), '🦄'.repeat(128), 'socket', 'sockets.open', 'my.socket.', 'Socket.x']) {
        test(`This name is allowed: ${name.slice(0, 20)} (${[...name].length} characters)`, () => {
            const visit = Visit.loggedIn();
            visit.ratchet.emit(name, 1);
            visit.assertSent({ event: name, data: 1 });
        });
    }

    for (const name of ['', 'x'.repeat(129), '🦄'.repeat(129), undefined, null, 7, {}, ['news'], Symbol('news')]) {
        test(`This name is refused, with a word on what to do: ${String(name).slice(0, 20)} (${typeof name})`, () => {
            const visit = Visit.loggedIn();
            assert.throws(() => visit.ratchet.emit(name, 1), {
                name: 'TypeError',
                message: 'Name the event by a string of 1 to 128 characters.',
            });
            visit.assertSent();
        });
    }

    for (const name of ['socket.', 'socket.open', 'socket.auth.request', 'socket.mine']) {
        test(`The protocol's own names are refused, with a word on what to do: ${name}`, () => {
            const visit = Visit.loggedIn();
            assert.throws(() => visit.ratchet.emit(name, 1), {
                name: 'TypeError',
                message: `Choose another name than "${name}": "socket." begins the protocol's own.`,
            });
            visit.assertSent();
        });
    }

    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', '🦄', ' ', '0']) {
        test(`An event can be named "${name}"`, () => {
            const visit = Visit.loggedIn();
            visit.hear(name, 'nobody listens');
            visit.assertNoComplaint();
            const heard = visit.record(name);
            visit.hear(name, 'hi');
            visit.ratchet.off(name);
            visit.hear(name, 'gone');
            visit.ratchet.emit(name, 'ho');
            assert.deepEqual(heard, ['hi']);
            visit.assertSent({ event: name, data: 'ho' });
        });
    }
});

describe('Names of rooms', () => {
    for (const room of ['', 'x'.repeat(129), null, undefined, 7]) {
        test(`This is no room: ${String(room).slice(0, 20)}`, () => {
            const { ratchet } = Stay.loggedIn();
            assert.throws(() => ratchet.subscribe(room), {
                name: 'TypeError',
                message: 'Name the room by a string of 1 to 128 characters.',
            });
        });
    }

    for (const name of ['__proto__', 'constructor', '🦄', ' ']) {
        test(`A room can be named "${name}"`, () => {
            const stay = Stay.loggedIn();
            const room = stay.enter({}, name);
            const heard = [];
            room.on('item', (data) => heard.push(data));
            stay.reply(1, { room: name });
            stay.publish('hi', undefined, name);
            assert.deepEqual(heard, ['hi']);
        });
    }
});
