/**
 * A visit to a server, whose end of the connection is the test's: a Ratchet in a page, and a room.
 */
import assert from 'node:assert/strict';

import { FakePage, ours } from './fakes.js';

export const ADDRESS = 'ws://localhost:8080';

export function frame(event, data, keys) {
    return JSON.stringify({ event, data, ...keys });
}

/** What a promise failed with, as plain facts: a page has an Error of its own. */
export async function failureOf(promise) {
    const error = await promise.then(() => assert.fail('It did not fail'), (reason) => reason);
    const { name, code, message, retry, facts } = error;
    return { name, code, message, retry, facts: ours(facts) };
}

export function failure(code, message, retry = false, facts = {}) {
    return { name: 'ReplyError', code, message, retry, facts };
}

export const UNSENT = failure('connection.closed', 'The connection closed before this could be sent.', true);
export const LOST = failure('reply.lost', 'The connection closed before the reply came.');
export const LATE = failure('reply.timeout', 'No reply came in time.');

/** A Ratchet in a page, with the other end of its connection in the test's hands. */
export class Visit {
    constructor({ uri = ADDRESS, ...globals } = {}) {
        this.page = new FakePage(globals).load();
        this.Ratchet = this.page.run('Ratchet');
        this.ratchet = new this.Ratchet(uri);
        [this.socket] = this.page.sockets;
    }

    static open(globals) {
        const visit = new Visit(globals);
        visit.socket.playOpen();
        return visit;
    }

    static loggedIn(globals) {
        const visit = Visit.open(globals);
        visit.hear('socket.auth.success', { client: { username: 'ada' } });
        return visit;
    }

    hear(event, data, keys) {
        this.socket.playMessage(frame(event, data, keys));
    }

    reply(re, result) {
        this.hear('socket.reply', { ok: true, result }, { re });
    }

    refuse(re, error) {
        this.hear('socket.reply', { ok: false, error }, { re });
    }

    /** The data of each such event from now on, in a list that grows. */
    record(event) {
        const heard = [];
        this.ratchet.on(event, (data) => { heard.push(ours(data)); });
        return heard;
    }

    assertSent(...frames) {
        const events = this.socket.sent.map((text) => JSON.parse(text));
        assert.deepEqual(events.filter(({ event }) => event !== 'socket.auth.request'), frames);
    }

    assertNoComplaint() {
        assert.deepEqual(this.page.complaints, []);
    }
}

/** A visit to a room, whose other end is the test, too. */
export class Stay extends Visit {
    enter(options, room = 'news') {
        this.room = this.ratchet.subscribe(room, options);
        return this.room;
    }

    /** Somebody who is in the room, at the offset 40 of its history unless it has none. */
    static in(options, result = { epoch: 'k3', offset: 40, recoverable: true }) {
        const stay = Stay.loggedIn();
        stay.heard = [];
        stay.enter(options).on('item', (data) => stay.heard.push([data, stay.room.position?.offset]));
        stay.reply(1, { room: 'news', ...result });
        return stay;
    }

    static loggedIn() {
        const stay = new Stay();
        stay.socket.playOpen();
        stay.hear('socket.auth.success', {});
        return stay;
    }

    /** Something is published in the room. */
    publish(data, offset, room = 'news') {
        this.hear('item', data, { room, offset });
    }

    /** What the subscription says by itself, from now on. */
    note(...events) {
        const noted = [];
        events.forEach((event) => this.room.on(event, (data) => { noted.push([event, ours(data)]); }));
        return noted;
    }
}

export function past(data, offset) {
    return { event: 'item', data, offset };
}

/** What was sent of this event. */
export function sentOf(stay, event) {
    return stay.socket.sent.map((text) => JSON.parse(text)).filter((frame) => frame.event === event);
}
