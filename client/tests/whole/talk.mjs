// The conversation of the browsers' page, by a WebSocket of Node's: node talk.mjs own|undici|ws URL CERTIFICATE

import { readFileSync } from 'node:fs';

import { converse } from '../../../tests/whole/real/pages/conversation.js';

const [kind, url, certificate] = process.argv.slice(2);
const PATIENCE = 60_000;

async function makeSocket() {
    // The global WebSocket trusts what the environment variable NODE_EXTRA_CA_CERTS names.
    if (kind === 'own') return new WebSocket(url);
    const ca = readFileSync(certificate);
    if (kind === 'ws') return new (await import('ws')).WebSocket(url, { ca });
    const { Agent, WebSocket: Undici } = await import('undici');
    return new Undici(url, { dispatcher: new Agent({ connect: { ca } }) });
}

setTimeout(() => { console.error(`nothing after ${PATIENCE} ms`); process.exit(1); }, PATIENCE).unref();

await converse(makeSocket);
console.log(`talked by ${kind}`);
