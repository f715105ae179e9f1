// The conversation of tests/whole/real/talk.py, by a WebSocket of Node's: node real.mjs own|undici|ws URL CERTIFICATE

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const [kind, url, certificate] = process.argv.slice(2);
const TEXT = 'aé€😀'.repeat(6000);
const PATIENCE = 60_000;

async function makeSocket() {
    // The global WebSocket trusts what the environment variable NODE_EXTRA_CA_CERTS names.
    if (kind === 'own') return new WebSocket(url);
    const ca = readFileSync(certificate);
    if (kind === 'ws') return new (await import('ws')).WebSocket(url, { ca });
    const { Agent, WebSocket: Undici } = await import('undici');
    return new Undici(url, { dispatcher: new Agent({ connect: { ca } }) });
}

async function connect() {
    const socket = await makeSocket();
    const messages = [];
    let wake = () => {};
    socket.onmessage = ({ data }) => { messages.push(JSON.parse(data)); wake(); };
    const closed = new Promise((resolve) => { socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean }); });
    await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
    return {
        send: (message) => socket.send(JSON.stringify(message)),
        close: () => socket.close(1000),
        closed,
        async receive() {
            if (!messages.length) await new Promise((resolve) => { wake = resolve; });
            return messages.shift();
        },
    };
}

setTimeout(() => { console.error(`nothing after ${PATIENCE} ms`); process.exit(1); }, PATIENCE).unref();

const peer = await connect();
peer.send({ event: 'socket.auth.request', data: { token: '' } });
assert.equal((await peer.receive()).event, 'socket.auth.success');
peer.send({ event: 'echo', data: TEXT, id: 1 });
assert.deepEqual(await peer.receive(), { event: 'socket.reply', data: { ok: true, result: TEXT }, re: 1 });
peer.send({ event: 'push', data: 3 });
for (const number of [0, 1, 2]) assert.deepEqual(await peer.receive(), { event: 'pushed', data: { number } });
peer.close();
assert.deepEqual(await peer.closed, { code: 1000, wasClean: true });

const other = await connect();
other.send({ event: 'hang up' });
assert.deepEqual(await other.closed, { code: 4001, wasClean: true });
console.log(`talked by ${kind}`);
