/**
 * What the page sets for the client: the server's address, a token, and whether to log.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FakePage } from './fakes.js';
import { Visit } from './visit.js';

describe('The address of the page', () => {
    test("Without an address it connects to the root of the page's own host and port", () => {
        const page = new FakePage({ address: 'http://chat.example:8000/rooms/1?x#y' }).load();
        page.run('new Ratchet()');
        assert.equal(page.sockets[0].url, 'ws://chat.example:8000/');
    });

    test('Without an address a secure page gets a secure connection', () => {
        const page = new FakePage({ address: 'https://chat.example/rooms' }).load();
        page.run('new Ratchet()');
        assert.equal(page.sockets[0].url, 'wss://chat.example/');
    });

    for (const address of [undefined, 'file:///home/ada/chat.html']) {
        test(`Without an address and without a host (page: ${address}) it says what is missing`, () => {
            const page = new FakePage({ address }).load();
            assert.throws(() => page.run('new Ratchet()'), { name: 'TypeError', message: /Give the server's address/ });
        });
    }
});

describe('The token of the page', () => {
    test("It sends the page's token as soon as the connection is open, and not earlier", () => {
        const { socket } = new Visit({ p2_ratchet_access_token: 'secret' });
        assert.deepEqual(socket.sent, []);
        socket.playOpen();
        assert.deepEqual(socket.sent, ['{"event":"socket.auth.request","data":{"token":"secret","v":2}}']);
    });

    test("It finds the token that the page's script sets with var, even after the connection was made", () => {
        const { page, socket } = new Visit();
        page.run("var p2_ratchet_access_token = 'late'");
        socket.playOpen();
        assert.deepEqual(JSON.parse(socket.sent[0]).data, { token: 'late', v: 2 });
    });

    for (const token of [undefined, null, '']) {
        test(`A page whose token is ${JSON.stringify(token)} logs in with the empty token`, () => {
            const { socket } = Visit.open({ p2_ratchet_access_token: token });
            assert.deepEqual(socket.sent, ['{"event":"socket.auth.request","data":{"token":"","v":2}}']);
        });
    }

    test('A page without a token logs in with the empty token', () => {
        assert.deepEqual(Visit.open().socket.sent, ['{"event":"socket.auth.request","data":{"token":"","v":2}}']);
    });
});

describe('The flag for debugging', () => {
    for (const [flag, debug] of [[undefined, false], [false, false], [true, true], ['true', false], [1, false]]) {
        test(`Where p2_ratchet_debug is ${JSON.stringify(flag)}, Ratchet.debug begins as ${debug}`, () => {
            assert.equal(new Visit({ p2_ratchet_debug: flag }).Ratchet.debug, debug);
        });
    }
});
