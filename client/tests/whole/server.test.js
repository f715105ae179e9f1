/**
 * The browser client, and the documented JSON by hand, against a server that is really there.
 *
 * RATCHET_URL is the server's address. The server lets anybody in, and has what test_browser_client.py
 * says: an echo, rooms, and events that ask, publish, lose and take out.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import { WebSocket } from 'ws';

import { CLIENT } from '../fakes.js';

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

/** A Ratchet that is closed after the test, also after a failed one, which would else run on for ever. */
function visit(t) {
    const ratchet = new Ratchet(RATCHET_URL);
    t.after(() => ratchet.close());
    return ratchet;
}

/** The data of the next event of this name, on a Ratchet or a subscription; an error if the connection ends instead. */
function next(ratchet, event) {
    return new Promise((resolve, reject) => {
        ratchet.once(event, resolve);
        ratchet.once('socket.error', ({ message }) => reject(new Error(message)));
        ratchet.once('socket.close', ({ code }) => reject(new Error(`Closed with ${code} before "${event}" came`)));
    });
}

describe('The browser client and a real server', () => {
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

describe('Replies and a real server', () => {
    test('A reply brings the result, whatever it is', LIMIT, async (t) => {
        const ratchet = visit(t);
        for (const value of VALUES) {
            assert.deepEqual(await ratchet.emit('same', value, { ack: true }), value);
        }
    });

    test('A refusal brings code, message, retry and facts', LIMIT, async (t) => {
        const ratchet = visit(t);
        await assert.rejects(ratchet.emit('refuse', null, { ack: true }), {
            name: 'ReplyError', code: 'test.refused', message: 'Not today', retry: true, facts: { after: 5 },
        });
        await assert.rejects(ratchet.emit('nothing', null, { ack: 5 }), { code: 'event.unknown', retry: false });
    });

    test('Who waits for less than the handler takes is told that no reply came', LIMIT, async (t) => {
        await assert.rejects(visit(t).emit('wait', null, { ack: 0.1 }), { code: 'reply.timeout' });
    });

    test('When the server closes instead of replying, the reply is lost', LIMIT, async (t) => {
        await assert.rejects(visit(t).emit('hang up', null, { ack: true }), { code: 'reply.lost' });
    });

    test('A question of the server is answered by what the handler gives', LIMIT, async (t) => {
        const ratchet = visit(t);
        ratchet.on('confirm', async ({ text }) => `${text} Yes.`);
        assert.deepEqual(await ratchet.emit('ask me', { text: 'Sure?' }, { ack: true }), { result: 'Sure? Yes.' });
    });

    test('A question that nobody handles, or whose handler fails, is refused', LIMIT, async (t) => {
        const ratchet = visit(t);
        const refusalOf = async () => (await ratchet.emit('ask me', null, { ack: true })).code;
        assert.equal(await refusalOf(), 'event.unknown');
        ratchet.on('confirm', async () => { throw new Error('secret'); });
        t.mock.method(console, 'error', () => {});
        assert.equal(await refusalOf(), 'handler.failed');
    });
});

describe('Rooms and a real server', () => {
    /** What is heard in a room, and a way to wait for the last of it. */
    function listen(room) {
        const heard = [];
        const waiting = new Set();
        room.on('item', (data) => {
            heard.push(data);
            waiting.forEach((check) => check());
        });
        heard.upTo = (last) => new Promise((resolve) => {
            const check = () => heard.includes(last) && resolve([...heard]);
            waiting.add(check);
            check();
        });
        return heard;
    }

    function publish(ratchet, room, data) {
        return ratchet.emit('publish', { room, data }, { ack: true });
    }

    test('What is published in a room is heard by who is in it', LIMIT, async (t) => {
        const [ada, bob] = [visit(t), visit(t)];
        const [news, other] = [ada.subscribe('news'), bob.subscribe('other')];
        const [heard, unheard] = [news, other].map(listen);
        await Promise.all([news.ready, other.ready]);
        await publish(bob, 'news', 'hi');
        assert.deepEqual(await heard.upTo('hi'), ['hi']);
        await news.unsubscribe();
        await publish(bob, 'news', 'ho');
        assert.deepEqual(await ada.emit('same', 'still here', { ack: true }), 'still here');
        assert.deepEqual([heard.length, unheard.length], [1, 0]);
    });

    test('A room that no policy opens is refused', LIMIT, async (t) => {
        await assert.rejects(visit(t).subscribe('private').ready, { name: 'ReplyError', code: 'room.denied' });
    });

    test('Who comes back recovers what was missed, whatever it was, nothing missing and nothing twice', LIMIT, async (t) => {
        const [ada, bob] = [visit(t), visit(t)];
        const before = ada.subscribe('kept.a');
        const heard = listen(before);
        await before.ready;
        assert.deepEqual(await publish(bob, 'kept.a', 1), { epoch: before.position.epoch, offset: 1 });
        await heard.upTo(1);
        const end = next(ada, 'socket.close');
        ada.close();
        await end;
        for (const number of [2, 3, 4]) {
            await publish(bob, 'kept.a', number);
        }
        const after = visit(t).subscribe('kept.a', { recover: before.position });
        const later = listen(after);
        await after.ready;
        await publish(bob, 'kept.a', 5);
        assert.deepEqual(await later.upTo(5), [2, 3, 4, 5]);
        assert.equal(after.recovered, true);
        assert.deepEqual(after.position, { epoch: before.position.epoch, offset: 5 });
    });

    test('What is lost is said to be', LIMIT, async (t) => {
        const room = visit(t).subscribe('kept.b', { recover: { epoch: 'gone', offset: 3 } });
        const resync = next(room, 'socket.resync');
        await room.ready;
        assert.deepEqual([await resync, room.recovered], [{ room: 'kept.b', reason: 'lost' }, false]);
    });

    test('A subscription that begins with the last events has them before what is live', LIMIT, async (t) => {
        const [ada, bob] = [visit(t), visit(t)];
        for (let number = 1; number <= 7; number += 1) {
            await publish(bob, 'kept.c', number);
        }
        const room = ada.subscribe('kept.c', { history: 5 });
        const heard = listen(room);
        const more = publish(bob, 'kept.c', 8);
        await Promise.all([room.ready, more]);
        const all = await heard.upTo(8);
        // Whether the eighth was there before or came after, it is the last of them.
        assert.deepEqual(all.slice(-5), [4, 5, 6, 7, 8]);
        const page = await room.history({ since: { epoch: room.position.epoch, offset: 2 }, limit: 2 });
        assert.deepEqual(page.events.map(({ data, offset }) => [data, offset]), [[3, 3], [4, 4]]);
        assert.equal(page.more, true);
    });

    test('When the server takes somebody out of a room, the subscription says so', LIMIT, async (t) => {
        const ratchet = visit(t);
        const room = ratchet.subscribe('news');
        await room.ready;
        const ended = next(room, 'socket.unsubscribed');
        await ratchet.emit('leave', 'news', { ack: true });
        assert.equal((await ended).code, 'room.denied');
        assert.equal(room.subscribed, false);
    });

    test('Members see each other come, change and go', LIMIT, async (t) => {
        const [ada, bob] = [visit(t), visit(t)];
        const presence = { presence: true };
        const hers = ada.subscribe('cafe', { ...presence, meta: { status: 'here' } });
        assert.deepEqual((await next(hers, 'socket.presence')).joined, []);
        const [her] = hers.members.keys();
        assert.equal(hers.members.get(her).metas[0].status, 'here');
        const his = bob.subscribe('cafe', { ...presence, meta: { status: 'away' } });
        const { joined: [him] } = await next(hers, 'socket.presence');
        assert.deepEqual(hers.members.get(him).metas.map(({ status }) => status), ['away']);
        if (his.members.size === 0) {
            await next(his, 'socket.presence');
        }
        assert.deepEqual([...his.members.keys()], [her, him]);
        const [changed] = await Promise.all([next(hers, 'socket.presence'), his.update({ status: 'here' })]);
        assert.deepEqual([changed.joined, changed.left], [[], []]);
        assert.equal(hers.members.get(him).metas[0].status, 'here');
        const [news] = await Promise.all([next(hers, 'socket.presence'), his.unsubscribe()]);
        assert.deepEqual([news.left, [...hers.members.keys()]], [[him], [her]]);
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
