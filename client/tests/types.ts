/**
 * How a page in TypeScript uses the browser client: it compiles, and what is marked as an error is one.
 */
/// <reference path="../../ratchet_tx/web/browser/ratchet.d.ts" />
import Module, { Ratchet as Named } from '/static/ratchet.mjs';

interface User { username: string }

const ratchet = new Ratchet<any, any, User>('ws://localhost:8080');
const others: Ratchet[] = [new Module(), new Named(new URL('ws://localhost:8080'))];
others.forEach((other) => other.close());

// Events
ratchet.on('socket.auth.success', ({ client, expires }) => [client.username.length, expires ?? 0]);
ratchet.on('socket.close', ({ code }) => code.toFixed());
ratchet.once('socket.bye', ({ after: [from, to] }) => from + to);
ratchet.on('socket.refused', ({ event, code, message }) => `${event}${code}${message}`);
ratchet.on<string>('chat.said', (text) => text.length).off('chat.said');
ratchet.on('confirm', async function () { return this.client?.username; });
// @ts-expect-error: a code is a number
ratchet.on('socket.close', ({ code }) => code.length);
// @ts-expect-error: it can only be read
ratchet.client = { username: 'eve' };

// Replies
const sum: Promise<number> = ratchet.emit<number>('add', [1, 2], { ack: true });
ratchet.emit('add', [1, 2], { ack: 2.5 }).then((result) => result.anything);
const nothing: void = ratchet.emit('chat.send', 'hi');
ratchet.emit('chat.send', 'hi', { ack: false });
// @ts-expect-error: without ack there is nothing to wait for
ratchet.emit('chat.send', 'hi').then(() => {});
// @ts-expect-error: true, or seconds
ratchet.emit('add', [1, 2], { ack: 'yes' });

export async function fail(): Promise<string | undefined> {
    try {
        return String(await sum ?? nothing);
    } catch (error) {
        if (error instanceof Ratchet.ReplyError) {
            return error.retry ? error.code : `${error.message} ${error.facts.path}`;
        }
        throw error;
    }
}
// @ts-expect-error: they come from the client alone
new Ratchet.ReplyError();

// Rooms
const room = ratchet.subscribe('lobby', { presence: true, meta: { status: 'here' }, history: 50 });
room.on('socket.presence', ({ members, joined, left }) => [members.size, ...joined, ...left])
    .on<{ text: string }>('chat.said', function ({ text }) { return [text, this.position?.offset.toFixed()]; })
    .once('socket.unsubscribed', ({ code, message }) => code + message)
    .on('socket.resync', ({ reason }) => reason.length)
    .off('chat.said');
const statuses: string[] = [...room.members.values()].flatMap(({ metas }) => metas.map(({ ref, status }) => status ?? ref));
ratchet.subscribe('lobby', { recover: room.position });
room.update({ status: statuses[0] });
export const last: Promise<number> = room.ready
    .then(({ room: name, position }) => room.history({ since: position ?? undefined, limit: name.length }))
    .then(({ events, more, offset }) => events[0]?.offset ?? (more ? offset : 0) ?? 0);
export const left: Promise<void> = room.unsubscribe();
// @ts-expect-error: who is there, the server says
room.members.set('eve', { metas: [] });
// @ts-expect-error: there is no such option
ratchet.subscribe('lobby', { persistent: true });
// @ts-expect-error: an offset alone is no position
ratchet.subscribe('lobby', { recover: { offset: 3 } });
// @ts-expect-error: a Ratchet makes them
new Ratchet.Subscription();
