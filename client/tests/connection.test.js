/**
 * The WebSocket: to where it goes, and what is told of it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FakePage, ours } from './fakes.js';
import { Visit } from './visit.js';

describe('Connecting', () => {
    test('A new Ratchet connects at once to the address it is given', () => {
        const { page } = new Visit({ uri: 'ws://chat.example:9000/live' });
        assert.deepEqual(page.sockets.map(({ url }) => url), ['ws://chat.example:9000/live']);
    });

    test('The address may be a URL object', () => {
        const { socket } = new Visit({ uri: new URL('wss://chat.example/') });
        assert.equal(socket.url, 'wss://chat.example/');
    });

    test("An address that is none is refused by the browser's own error", () => {
        const page = new FakePage().load();
        assert.throws(() => page.run("new Ratchet('ftp://chat.example/')"), { name: 'SyntaxError' });
    });
});

describe('The connection itself', () => {
    test('A failed connection tells socket.error, then socket.close that was not clean', () => {
        const visit = new Visit();
        const heard = [];
        visit.ratchet.on('socket.error', (data) => heard.push(ours(data)));
        visit.ratchet.on('socket.close', (data) => heard.push(ours(data)));
        visit.socket.playFailure();
        assert.deepEqual(heard, [{ message: 'The connection failed.' }, { code: 1006, reason: '', clean: false }]);
    });

    test('socket.error has a message even where the runtime gives an empty one', () => {
        const visit = new Visit();
        const heard = visit.record('socket.error');
        visit.socket.playFailure('');
        assert.deepEqual(heard, [{ message: 'The connection failed.' }]);
    });

    test('socket.error passes on the cause where the runtime tells it', () => {
        const visit = new Visit();
        const heard = visit.record('socket.error');
        visit.socket.playFailure('connect ECONNREFUSED');
        assert.deepEqual(heard, [{ message: 'connect ECONNREFUSED' }]);
    });

    test('close closes with 1000', () => {
        const { ratchet, socket } = Visit.loggedIn();
        ratchet.close();
        assert.deepEqual(socket.closedWith, [1000]);
    });

    test('close may be called at any time, and twice', () => {
        const { ratchet, socket } = new Visit();
        ratchet.close();
        ratchet.close();
        socket.playFailure();
        ratchet.close();
        assert.deepEqual(socket.closedWith, [1000]);
    });
});
