/**
 * The browser client, and the documented JSON by hand, against a server that is really there.
 *
 * RATCHET_URL is the server's address. The server lets anybody in, and answers the event `echo` by
 * emitting `echo` with the same data.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import { WebSocket } from 'ws';

import { CLIENT } from './fakes.js';

const { RATCHET_URL } = process.env;
if (!RATCHET_URL) {
    throw new Error('Set RATCHET_URL to the address of a running echo server, e.g. RATCHET_URL=ws://127.0.0.1:9001/');
}

globalThis.WebSocket = WebSocket;
const { Ratchet } = await import(new URL('ratchet.mjs', CLIENT));

const ANONYMOUS = { username: null, anonymous: true };
const VALUES = [
    0, '', false, null, true, -1.5, 'hi', 'Grüße, 世界 🦄 \u2028 "\\" \u0000', [], {},
    [0, ['', [false, null]]], { text: 'hi', deep: { list: [1, { ünï: '🦄' }], nothing: null } },
];
const LIMIT = { timeout: 10_000 };

describe('The browser client and a real server', () => {
    /** A Ratchet that is closed after the test, also after a failed one, which would else run on for ever. */
    function visit(t) {
        const ratchet = new Ratchet(RATCHET_URL);
        t.after(() => ratchet.close());
        return ratchet;
    }

    /** The data of the next event of this name; an error if the connection ends instead. */
    function next(ratchet, event) {
        return new Promise((resolve, reject) => {
            ratchet.once(event, resolve);
            ratchet.once('socket.error', ({ message }) => reject(new Error(message)));
            ratchet.once('socket.close', ({ code }) => reject(new Error(`Closed with ${code} before "${event}" came`)));
        });
    }

    test('The client logs in by itself, as the anonymous client', LIMIT, async (t) => {
        const ratchet = visit(t);
        assert.deepEqual((await next(ratchet, 'socket.auth.success')).client, ANONYMOUS);
        assert.deepEqual(ratchet.client, ANONYMOUS);
        assert.equal(ratchet.authenticated, true);
    });

    for (const value of VALUES) {
        test(`An echo brings back the same data: ${JSON.stringify(value)}`, LIMIT, async (t) => {
            const ratchet = visit(t);
            await next(ratchet, 'socket.auth.success');
            ratchet.emit('echo', value);
            assert.deepEqual(await next(ratchet, 'echo'), value);
        });
    }

    test('Events emitted right after new Ratchet arrive, in order', LIMIT, async (t) => {
        const ratchet = visit(t);
        const echoes = [];
        ratchet.on('echo', (data) => echoes.push(data));
        VALUES.forEach((value) => ratchet.emit('echo', value));
        while (echoes.length < VALUES.length) {
            await next(ratchet, 'echo');
        }
        assert.deepEqual(echoes, VALUES);
    });

    test('close ends the connection cleanly, with 1000', LIMIT, async (t) => {
        const ratchet = visit(t);
        await next(ratchet, 'socket.auth.success');
        const end = next(ratchet, 'socket.close');
        ratchet.close();
        const { code, clean } = await end;
        assert.deepEqual({ code, clean }, { code: 1000, clean: true });
        assert.throws(() => ratchet.emit('echo', 'late'), /closed/);
    });
});

describe('The documented JSON by hand and a real server', () => {
    async function connect(t) {
        const socket = new WebSocket(RATCHET_URL);
        t.after(() => socket.close(1000));
        await once(socket, 'open');
        return socket;
    }

    /** What the server answers to the text; an error if it closes instead. */
    async function say(socket, text) {
        const answer = Promise.race([once(socket, 'message'), once(socket, 'close')]);
        socket.send(text);
        const [data, isBinary] = await answer;
        assert.equal(isBinary, false, `Closed with ${data}, or answered by a binary frame`);
        return JSON.parse(data.toString());
    }

    function logIn(socket) {
        return say(socket, '{"event":"socket.auth.request","data":{"token":""}}');
    }

    test('A login with the empty token is answered by success and the anonymous client', LIMIT, async (t) => {
        const answer = await logIn(await connect(t));
        assert.deepEqual(answer, { event: 'socket.auth.success', data: { client: ANONYMOUS } });
    });

    for (const value of VALUES) {
        test(`An echo is the same two keys with the same data: ${JSON.stringify(value)}`, LIMIT, async (t) => {
            const socket = await connect(t);
            await logIn(socket);
            const answer = await say(socket, JSON.stringify({ event: 'echo', data: value }));
            assert.deepEqual(answer, { event: 'echo', data: value });
        });
    }

    test('An echo without data comes back with null', LIMIT, async (t) => {
        const socket = await connect(t);
        await logIn(socket);
        assert.deepEqual(await say(socket, '{"event":"echo"}'), { event: 'echo', data: null });
    });
});
