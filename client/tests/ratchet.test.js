/**
 * What a page can rely on when it uses the browser client, with no server and no network.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CLIENT, FakePage, ours } from './fakes.js';

const ADDRESS = 'ws://localhost:8080';

function frame(event, data, keys) {
    return JSON.stringify({ event, data, ...keys });
}

/** What a promise failed with, as plain facts: a page has an Error of its own. */
async function failureOf(promise) {
    const error = await promise.then(() => assert.fail('It did not fail'), (reason) => reason);
    const { name, code, message, retry, facts } = error;
    return { name, code, message, retry, facts: ours(facts) };
}

function failure(code, message, retry = false, facts = {}) {
    return { name: 'ReplyError', code, message, retry, facts };
}

const UNSENT = failure('connection.closed', 'The connection closed before this could be sent.', true);
const LOST = failure('reply.lost', 'The connection closed before the reply came.');
const LATE = failure('reply.timeout', 'No reply came in time.');

/** A Ratchet in a page, with the other end of its connection in the test's hands. */
class Visit {
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

describe('Loading the client', () => {
    test('The script defines the global Ratchet and nothing else', () => {
        const page = new FakePage();
        const before = page.run('Object.getOwnPropertyNames(globalThis)');
        const after = page.load().run('Object.getOwnPropertyNames(globalThis)');
        assert.deepEqual(ours(after).filter((name) => !before.includes(name)), ['Ratchet']);
        assert.equal(page.run('typeof Ratchet'), 'function');
    });

    test('The module exports the same class by name and as its default', async () => {
        const module = await import(new URL('ratchet.mjs', CLIENT));
        assert.equal(module.Ratchet, globalThis.Ratchet);
        assert.equal(module.default, globalThis.Ratchet);
        assert.deepEqual(Object.keys(module).sort(), ['Ratchet', 'default']);
    });
});

describe('Connecting', () => {
    test('A new Ratchet connects at once to the address it is given', () => {
        const { page } = new Visit({ uri: 'ws://chat.example:9000/live' });
        assert.deepEqual(page.sockets.map(({ url }) => url), ['ws://chat.example:9000/live']);
    });

    test('The address may be a URL object', () => {
        const { socket } = new Visit({ uri: new URL('wss://chat.example/') });
        assert.equal(socket.url, 'wss://chat.example/');
    });

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

    test("An address that is none is refused by the browser's own error", () => {
        const page = new FakePage().load();
        assert.throws(() => page.run("new Ratchet('ftp://chat.example/')"), { name: 'SyntaxError' });
    });

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
});

describe('Logging in', () => {
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

    test('Before the answer nobody is logged in', () => {
        const { ratchet } = Visit.open();
        assert.equal(ratchet.client, null);
        assert.equal(ratchet.authenticated, false);
    });

    test('After success it knows the client, and a handler of the success sees it already', () => {
        const visit = Visit.open();
        const { ratchet } = visit;
        const seen = [];
        ratchet.on('socket.auth.success', (data) => seen.push(ours(data), ratchet.authenticated, ours(ratchet.client)));
        visit.hear('socket.auth.success', { client: { username: 'ada' } });
        assert.deepEqual(seen, [{ client: { username: 'ada' } }, true, { username: 'ada' }]);
        assert.deepEqual(ours(ratchet.client), { username: 'ada' });
        assert.equal(ratchet.authenticated, true);
    });

    test('After failure nobody is logged in, and the handlers get the errors', () => {
        const visit = Visit.open();
        const heard = visit.record('socket.auth.failure');
        visit.hear('socket.auth.failure', { errors: ['Invalid access token.'] });
        assert.deepEqual(heard, [{ errors: ['Invalid access token.'] }]);
        assert.equal(visit.ratchet.authenticated, false);
        assert.equal(visit.ratchet.client, null);
    });

    test('A failure after a success takes the login back', () => {
        const visit = Visit.loggedIn();
        visit.hear('socket.auth.failure', { errors: [] });
        assert.equal(visit.ratchet.authenticated, false);
        assert.equal(visit.ratchet.client, null);
    });

    for (const data of [null, {}, 'ada', 7]) {
        test(`A success that names no client (data ${JSON.stringify(data)}) logs in nobody in particular`, () => {
            const visit = Visit.open();
            visit.hear('socket.auth.success', data);
            assert.equal(visit.ratchet.authenticated, true);
            assert.equal(visit.ratchet.client, null);
        });
    }

    test('A page can read client and authenticated, but not write them', () => {
        const { ratchet } = Visit.open();
        assert.throws(() => { ratchet.client = { username: 'eve' }; }, TypeError);
        assert.throws(() => { ratchet.authenticated = true; }, TypeError);
        assert.equal(ratchet.client, null);
        assert.equal(ratchet.authenticated, false);
    });

    test('After the connection has closed nobody is logged in', () => {
        const { ratchet, socket } = Visit.loggedIn();
        socket.playClose({ code: 1001 });
        assert.equal(ratchet.authenticated, false);
        assert.equal(ratchet.client, null);
    });
});

describe('Hearing events', () => {
    const VALUES = [null, 0, '', false, true, -1.5, 'hi', 'naïve 🦄', [], {}, [1, [2]], { a: { b: [null] } }];
    for (const value of VALUES) {
        test(`A handler gets the data of the event: ${JSON.stringify(value)}`, () => {
            const visit = Visit.loggedIn();
            const heard = visit.record('news');
            visit.hear('news', value);
            assert.deepEqual(heard, [value]);
        });
    }

    test('A handler gets the data as its only argument, and the Ratchet as this', () => {
        const visit = Visit.loggedIn();
        const calls = [];
        visit.ratchet.on('news', function (...args) { calls.push([this, args]); });
        visit.hear('news', 'hi');
        assert.equal(calls[0][0], visit.ratchet);
        assert.deepEqual(calls[0][1], ['hi']);
    });

    test('An event without data has null as its data', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('news');
        visit.socket.playMessage('{"event":"news"}');
        assert.deepEqual(heard, [null]);
    });

    test('Handlers run in the order in which they were added', () => {
        const visit = Visit.loggedIn();
        const calls = [];
        visit.ratchet.on('news', () => calls.push(1)).once('news', () => calls.push(2)).on('news', () => calls.push(3));
        visit.hear('news');
        assert.deepEqual(calls, [1, 2, 3]);
    });

    test('A handler added twice runs twice', () => {
        const visit = Visit.loggedIn();
        let calls = 0;
        const count = () => { calls += 1; };
        visit.ratchet.on('news', count).on('news', count);
        visit.hear('news');
        assert.equal(calls, 2);
    });

    test('A handler of another event is not called', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('weather');
        visit.hear('news', 'hi');
        assert.deepEqual(heard, []);
    });

    test('An event that nobody handles is no error', () => {
        const visit = Visit.loggedIn();
        const errors = visit.record('socket.error');
        visit.hear('news', 'hi');
        assert.deepEqual(errors, []);
        visit.assertNoComplaint();
    });

    test('A handler that throws is reported and does not stop the others', () => {
        const visit = Visit.loggedIn();
        const fault = new Error('broken');
        visit.ratchet.on('news', () => { throw fault; });
        const heard = visit.record('news');
        visit.hear('news', 'hi');
        assert.deepEqual(heard, ['hi']);
        assert.deepEqual(visit.page.complaints, [['Ratchet: a handler of "news" failed.', fault]]);
    });

    test('A handler that throws anything but an error is reported as well', () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('news', () => { throw undefined; });
        visit.hear('news');
        assert.deepEqual(visit.page.complaints, [['Ratchet: a handler of "news" failed.', undefined]]);
    });

    test('once calls the handler for one event only', () => {
        const visit = Visit.loggedIn();
        const heard = [];
        visit.ratchet.once('news', (data) => heard.push(data));
        visit.hear('news', 1);
        visit.hear('news', 2);
        assert.deepEqual(heard, [1]);
    });

    test('once calls a handler that throws for one event only', () => {
        const visit = Visit.loggedIn();
        visit.ratchet.once('news', () => { throw new Error('broken'); });
        visit.hear('news', 1);
        visit.hear('news', 2);
        assert.equal(visit.page.complaints.length, 1);
    });

    test('once inside its own handler waits for the event after', () => {
        const visit = Visit.loggedIn();
        const heard = [];
        visit.ratchet.once('news', function again(data) {
            heard.push(data);
            visit.ratchet.once('news', again);
        });
        visit.hear('news', 1);
        visit.hear('news', 2);
        assert.deepEqual(heard, [1, 2]);
    });

    test('off removes one handler and leaves the others', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('news');
        const gone = () => heard.push('gone');
        visit.ratchet.on('news', gone).on('news', gone).once('news', gone).off('news', gone);
        visit.hear('news', 'hi');
        assert.deepEqual(heard, ['hi']);
    });

    test('off without a handler removes all of the event, and of no other', () => {
        const visit = Visit.loggedIn();
        const news = visit.record('news');
        const weather = visit.record('weather');
        visit.ratchet.once('news', () => news.push('once')).off('news');
        visit.hear('news', 'hi');
        visit.hear('weather', 'fine');
        assert.deepEqual([news, weather], [[], ['fine']]);
    });

    test('off of what was never added is no error', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('news');
        visit.ratchet.off('news', () => {}).off('weather').off('weather', () => {});
        visit.hear('news', 'hi');
        assert.deepEqual(heard, ['hi']);
    });

    test('After off a handler can be added again', () => {
        const visit = Visit.loggedIn();
        visit.record('news');
        visit.ratchet.off('news');
        const heard = visit.record('news');
        visit.hear('news', 'hi');
        assert.deepEqual(heard, ['hi']);
    });

    test('on, once and off return the Ratchet', () => {
        const { ratchet } = new Visit();
        assert.equal(ratchet.on('news', () => {}), ratchet);
        assert.equal(ratchet.once('news', () => {}), ratchet);
        assert.equal(ratchet.off('news', () => {}), ratchet);
        assert.equal(ratchet.off('news'), ratchet);
    });

    for (const method of ['on', 'once']) {
        test(`${method} without a function says that it wants one`, () => {
            const { ratchet } = new Visit();
            assert.throws(() => ratchet[method]('news'), { name: 'TypeError', message: /Give a function/ });
            assert.throws(() => ratchet[method]('news', 'show'), { name: 'TypeError', message: /Give a function/ });
        });
    }

    test('A handler may remove itself without the next being passed over', () => {
        const visit = Visit.loggedIn();
        const { ratchet } = visit;
        const calls = [];
        ratchet.on('news', function self() { calls.push('self'); ratchet.off('news', self); });
        ratchet.on('news', () => calls.push('next'));
        visit.hear('news');
        visit.hear('news');
        assert.deepEqual(calls, ['self', 'next', 'next']);
    });

    test('A handler that an earlier one removes is not called any more', () => {
        const visit = Visit.loggedIn();
        const { ratchet } = visit;
        const calls = [];
        const later = () => calls.push('later');
        ratchet.on('news', () => ratchet.off('news', later)).on('news', later);
        visit.hear('news');
        assert.deepEqual(calls, []);
    });

    test('A handler may remove all handlers, itself too, and put another in their place', () => {
        const visit = Visit.loggedIn();
        const { ratchet } = visit;
        const calls = [];
        ratchet.on('news', () => ratchet.off('news').on('news', () => calls.push('new')));
        ratchet.on('news', () => calls.push('old'));
        visit.hear('news');
        assert.deepEqual(calls, []);
        visit.hear('news');
        assert.deepEqual(calls, ['new']);
    });

    test('A handler added inside a handler waits for the next event', () => {
        const visit = Visit.loggedIn();
        const { ratchet } = visit;
        const calls = [];
        ratchet.on('news', () => ratchet.once('news', (data) => calls.push(data)));
        visit.hear('news', 1);
        assert.deepEqual(calls, []);
        visit.hear('news', 2);
        assert.deepEqual(calls, [2]);
    });

    test('A handler of the same event that comes in while it runs is called for both', () => {
        const visit = Visit.loggedIn();
        const heard = [];
        visit.ratchet.on('news', (data) => {
            heard.push(data);
            if (data === 1) {
                visit.hear('news', 2);
            }
        });
        visit.hear('news', 1);
        assert.deepEqual(heard, [1, 2]);
    });

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

describe('Frames that make no sense', () => {
    const NONSENSE = [
        '', 'hello', '{', 'null', '7', '"news"', 'true', '[]', '["news"]', '{}', '{"data":1}', '{"event":null}',
        '{"event":7}', '{"event":""}', '{"event":["news"]}', '{"event":{}}', '{"__proto__":{"event":"news"}}',
        JSON.stringify({ event: 'x'.repeat(129) }),
    ];
    const BINARY = [new ArrayBuffer(2), new Blob([frame('news')]), Buffer.from(frame('news'))];

    for (const message of [...NONSENSE, ...BINARY]) {
        const shown = typeof message === 'string' ? message.slice(0, 40) : `a binary ${message.constructor.name}`;
        test(`This frame is ignored, with a socket.error that tells of it: ${shown}`, () => {
            const visit = Visit.loggedIn();
            const news = visit.record('news');
            const errors = visit.record('socket.error');
            visit.socket.playMessage(message);
            assert.deepEqual(errors, [{ message: 'Ignored a frame that is not a JSON object with the name of an event.' }]);
            visit.hear('news', 'still here');
            assert.deepEqual(news, ['still here']);
            visit.assertNoComplaint();
        });
    }

    test('A handler of socket.error that throws is reported and no more', () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('socket.error', () => { throw new Error('broken'); });
        visit.socket.playMessage('hello');
        assert.equal(visit.page.complaints.length, 1);
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
});

describe('The connection itself', () => {
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

    test('A handler of socket.open may close', () => {
        const visit = new Visit();
        visit.ratchet.on('socket.open', () => visit.ratchet.close());
        visit.socket.playOpen();
        assert.deepEqual(visit.socket.closedWith, [1000]);
        visit.assertNoComplaint();
    });

    test('After close nothing that waited is sent, even if the login is answered meanwhile', () => {
        const visit = Visit.open();
        visit.ratchet.emit('chat.send', 'hi');
        visit.ratchet.close();
        visit.hear('socket.auth.success', { client: {} });
        visit.assertSent();
    });
});

describe('Emitting', () => {
    test('An event is sent as JSON with its name and data', () => {
        const { ratchet, socket } = Visit.loggedIn();
        ratchet.emit('chat.send', { text: 'hi' });
        assert.equal(socket.sent.at(-1), '{"event":"chat.send","data":{"text":"hi"}}');
    });

    for (const value of [0, '', false, null, true, 1.5, 'naïve 🦄', [], {}, [0, ['']], { a: { b: [null] } }]) {
        test(`This data is sent as it is: ${JSON.stringify(value)}`, () => {
            const visit = Visit.loggedIn();
            visit.ratchet.emit('chat.send', value);
            visit.assertSent({ event: 'chat.send', data: value });
        });
    }

    test('Data that is undefined or left out is sent as null', () => {
        const visit = Visit.loggedIn();
        visit.ratchet.emit('one', undefined);
        visit.ratchet.emit('two');
        visit.assertSent({ event: 'one', data: null }, { event: 'two', data: null });
    });

    test('Data that JSON cannot express is refused at once, even before the login', () => {
        const visit = new Visit();
        const circle = {};
        circle.self = circle;
        assert.throws(() => visit.ratchet.emit('chat.send', circle), { name: 'TypeError' });
        assert.throws(() => visit.ratchet.emit('chat.send', 1n), { name: 'TypeError' });
        visit.socket.playOpen();
        visit.hear('socket.auth.success', {});
        visit.assertSent();
    });

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

    test('Events wait until the login has succeeded, and are then sent in order', () => {
        const visit = new Visit();
        visit.ratchet.emit('one', 1);
        visit.socket.playOpen();
        visit.ratchet.emit('two', 2);
        visit.assertSent();
        visit.hear('socket.auth.success', { client: {} });
        visit.ratchet.emit('three', 3);
        visit.assertSent({ event: 'one', data: 1 }, { event: 'two', data: 2 }, { event: 'three', data: 3 });
        assert.equal(JSON.parse(visit.socket.sent[0]).event, 'socket.auth.request');
    });

    test('Events that waited are sent after a failed login, too: the server decides what is open to all', () => {
        const visit = Visit.open();
        visit.ratchet.emit('one', 1);
        visit.hear('socket.auth.failure', { errors: ['Invalid access token.'] });
        visit.ratchet.emit('two', 2);
        visit.assertSent({ event: 'one', data: 1 }, { event: 'two', data: 2 });
    });

    test('Events that waited are sent once, however often a login is answered', () => {
        const visit = Visit.open();
        visit.ratchet.emit('one', 1);
        visit.hear('socket.auth.failure', { errors: [] });
        visit.hear('socket.auth.success', { client: {} });
        visit.assertSent({ event: 'one', data: 1 });
    });

    test('Events that waited come before those that a handler of the login emits', () => {
        const visit = Visit.open();
        visit.ratchet.on('socket.auth.success', () => visit.ratchet.emit('two', 2));
        visit.ratchet.emit('one', 1);
        visit.hear('socket.auth.success', { client: {} });
        visit.assertSent({ event: 'one', data: 1 }, { event: 'two', data: 2 });
    });

    test('No other event ends the waiting', () => {
        const visit = Visit.open();
        visit.ratchet.emit('one', 1);
        visit.hear('news', 'hi');
        visit.socket.playMessage('nonsense');
        visit.assertSent();
    });

    test('An event that waits keeps the data that it had when it was emitted', () => {
        const visit = new Visit();
        const data = { text: 'before' };
        visit.ratchet.emit('chat.send', data);
        data.text = 'after';
        visit.socket.playOpen();
        visit.hear('socket.auth.success', {});
        visit.assertSent({ event: 'chat.send', data: { text: 'before' } });
    });

    test('64 events may wait, the 65th is refused and the others stay', () => {
        const visit = new Visit();
        const numbers = Array.from({ length: 64 }, (_, number) => number);
        numbers.forEach((number) => visit.ratchet.emit('count', number));
        assert.throws(() => visit.ratchet.emit('count', 64), {
            name: 'Error',
            message: `Can't emit "count": 64 events wait for the login already.`,
        });
        visit.socket.playOpen();
        visit.hear('socket.auth.success', {});
        visit.assertSent(...numbers.map((data) => ({ event: 'count', data })));
        visit.ratchet.emit('count', 65);
        assert.equal(visit.socket.sent.length, 66);
    });

    const CLOSED = { name: 'Error', message: `Can't emit "chat.send": the connection is closed.` };

    test('After close nothing can be emitted', () => {
        const { ratchet, socket } = Visit.loggedIn();
        ratchet.close();
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
        socket.playClose();
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
    });

    test('After the server has closed nothing can be emitted', () => {
        const { ratchet, socket } = Visit.loggedIn();
        socket.playClosing();
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
        socket.playClose({ code: 1001 });
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
    });

    test('After a connection that never came about nothing can be emitted', () => {
        const { ratchet, socket } = new Visit();
        ratchet.emit('chat.send', 'early');
        socket.playFailure();
        assert.throws(() => ratchet.emit('chat.send', 'hi'), CLOSED);
    });
});

describe('Asking for a reply', () => {
    test('emit with ack sends an id, from 1 up, and promises the result', async () => {
        const visit = Visit.loggedIn();
        const [one, two] = [visit.ratchet.emit('add', [1, 2], { ack: true }), visit.ratchet.emit('now', null, { ack: 5 })];
        visit.assertSent({ event: 'add', data: [1, 2], id: 1 }, { event: 'now', data: null, id: 2 });
        visit.reply(2, 'noon');
        visit.reply(1, { sum: 3 });
        assert.deepEqual(ours(await one), { sum: 3 });
        assert.equal(await two, 'noon');
        assert.equal(visit.page.clock.pending, 0);
    });

    for (const options of [undefined, null, {}, { ack: false }, { ack: undefined }, { ack: null }]) {
        test(`Without ack there is neither an id nor a promise: ${JSON.stringify(options)}`, () => {
            const visit = Visit.loggedIn();
            assert.equal(visit.ratchet.emit('chat.send', 'hi', options), undefined);
            assert.equal(visit.socket.sent.at(-1), '{"event":"chat.send","data":"hi"}');
        });
    }

    for (const result of [null, 0, '', false, [], {}]) {
        test(`A result may be ${JSON.stringify(result)}`, async () => {
            const visit = Visit.loggedIn();
            const reply = visit.ratchet.emit('get', null, { ack: true });
            visit.reply(1, result);
            assert.deepEqual(ours(await reply), result);
        });
    }

    test('A reply without a result has null', async () => {
        const visit = Visit.loggedIn();
        const reply = visit.ratchet.emit('get', null, { ack: true });
        visit.hear('socket.reply', { ok: true }, { re: 1 });
        assert.equal(await reply, null);
    });

    test('A refusal fails the promise, with its code, message, retry and further facts', async () => {
        const visit = Visit.loggedIn();
        const reply = visit.ratchet.emit('draw', 'x', { ack: true });
        visit.refuse(1, { code: 'payload.invalid', message: 'Expected an object', retry: true, path: '$.data', after: 2 });
        assert.deepEqual(
            await failureOf(reply),
            failure('payload.invalid', 'Expected an object', true, { path: '$.data', after: 2 }),
        );
        await assert.rejects(reply, visit.Ratchet.ReplyError);
    });

    for (const data of [null, 7, [], {}, { ok: 1 }, { ok: false }, { ok: false, error: null }, { ok: false, error: 'no' }]) {
        test(`A reply that makes no sense fails the promise, too: ${JSON.stringify(data)}`, async () => {
            const visit = Visit.loggedIn();
            const reply = visit.ratchet.emit('get', null, { ack: true });
            visit.hear('socket.reply', data, { re: 1 });
            assert.equal((await failureOf(reply)).name, 'ReplyError');
        });
    }

    test('A reply to what nobody asked, or that has come already, is nobody\'s', async () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('socket.reply');
        const reply = visit.ratchet.emit('get', null, { ack: true });
        for (const re of [0, 2, '1', null, undefined, [1]]) {
            visit.reply(re, 'wrong');
        }
        visit.reply(1, 'right');
        visit.reply(1, 'again');
        assert.equal(await reply, 'right');
        assert.deepEqual(heard, []);
        visit.assertNoComplaint();
    });

    for (const [ack, seconds] of [[true, 10], [0.5, 0.5], [3600, 3600]]) {
        test(`With ack: ${ack} it waits for ${seconds} seconds, and no longer`, async () => {
            const visit = Visit.loggedIn();
            let isOver = false;
            const reply = visit.ratchet.emit('get', null, { ack });
            reply.catch(() => { isOver = true; });
            visit.page.clock.advance(seconds - 0.1);
            await Promise.resolve();
            assert.equal(isOver, false);
            visit.page.clock.advance(0.1);
            assert.deepEqual(await failureOf(reply), LATE);
            visit.reply(1, 'late');
        });
    }

    for (const ack of [0, -1, NaN, Infinity, 2 ** 31, 'true', {}]) {
        test(`This is no time to wait: ${String(ack)}`, () => {
            const visit = Visit.loggedIn();
            const refusal = { name: 'TypeError', message: /^Let "ack" be true/ };
            assert.throws(() => visit.ratchet.emit('get', null, { ack }), refusal);
            visit.assertSent();
        });
    }

    test('Before the login it waits, in its order, and the time counts from the call', async () => {
        const visit = new Visit();
        const late = visit.ratchet.emit('one', 1, { ack: 2 });
        const early = visit.ratchet.emit('two', 2, { ack: 20 });
        visit.ratchet.emit('three', 3);
        visit.socket.playOpen();
        visit.page.clock.advance(2);
        assert.deepEqual(await failureOf(late), LATE);
        visit.hear('socket.auth.success', {});
        visit.assertSent({ event: 'two', data: 2, id: 2 }, { event: 'three', data: 3 });
        visit.reply(2, 'done');
        assert.equal(await early, 'done');
    });

    test('Names and data that are not allowed are thrown or failed before anything is sent', async () => {
        const visit = Visit.loggedIn();
        assert.throws(() => visit.ratchet.emit('socket.mine', null, { ack: true }), { name: 'TypeError' });
        await assert.rejects(visit.ratchet.emit('get', 1n, { ack: true }), { name: 'TypeError' });
        visit.assertSent();
        assert.equal(visit.page.clock.pending, 0);
    });

    test('When 64 events wait already the promise fails', async () => {
        const visit = new Visit();
        const replies = Array.from({ length: 64 }, () => visit.ratchet.emit('count', null, { ack: true }));
        const message = 'Can\'t emit "count": 64 events wait for the login already.';
        const refused = visit.ratchet.emit('count', null, { ack: true });
        assert.deepEqual(await failureOf(refused), failure('queue.full', message, true));
        visit.ratchet.close();
        assert.deepEqual(await Promise.all(replies.map(failureOf)), Array(64).fill(UNSENT));
    });

    test('When the connection closes, what was sent has an unknown end, and what waited was never sent', async () => {
        const [before, after] = [new Visit(), Visit.loggedIn()];
        const [unsent, sent] = [before, after].map(({ ratchet }) => ratchet.emit('get', null, { ack: true }));
        before.socket.playFailure();
        after.socket.playClose({ code: 1001 });
        assert.deepEqual(await failureOf(unsent), UNSENT);
        assert.deepEqual(await failureOf(sent), LOST);
        assert.equal(before.page.clock.pending + after.page.clock.pending, 0);
        const late = after.ratchet.emit('get', null, { ack: true });
        assert.deepEqual(await failureOf(late), { ...UNSENT, message: 'Can\'t emit "get": the connection is closed.' });
    });

    test('After close a reply that is still under way counts', async () => {
        const visit = Visit.loggedIn();
        const reply = visit.ratchet.emit('get', null, { ack: true });
        visit.ratchet.close();
        visit.reply(1, 'just in time');
        assert.equal(await reply, 'just in time');
    });
});

describe('Being asked', () => {
    /** What was replied, once all that was asked has been answered. */
    async function replies(visit) {
        await new Promise((resolve) => { setImmediate(resolve); });
        return visit.socket.sent.map((text) => JSON.parse(text)).filter(({ event }) => event === 'socket.reply');
    }

    function replied(re, data) {
        return { event: 'socket.reply', data, re };
    }

    const FAILED = { code: 'handler.failed', message: 'A handler of this event failed.', retry: false };

    for (const [what, handler, result] of [
        ['a value', () => 'yes', 'yes'],
        ['a falsy one', () => 0, 0],
        ['a promise', async () => ({ text: 'yes' }), { text: 'yes' }],
        ['nothing', () => {}, null],
    ]) {
        test(`What the handler gives is the reply: ${what}`, async () => {
            const visit = Visit.loggedIn();
            visit.ratchet.on('confirm', handler);
            visit.hear('confirm', 'Sure?', { id: 's3' });
            assert.deepEqual(await replies(visit), [replied('s3', { ok: true, result })]);
        });
    }

    test('Of several handlers the first that gives something counts, and all are called', async () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('confirm');
        visit.ratchet.on('confirm', async () => null).on('confirm', async () => 'first').on('confirm', () => 'second');
        visit.hear('confirm', 'Sure?', { id: 's1' });
        assert.deepEqual(await replies(visit), [replied('s1', { ok: true, result: 'first' })]);
        assert.deepEqual(heard, ['Sure?']);
    });

    test('Where nobody listens the server is told so', async () => {
        const visit = Visit.loggedIn();
        visit.hear('confirm', null, { id: 's1' });
        const error = { code: 'event.unknown', message: 'Nobody here handles this event.', retry: false };
        assert.deepEqual(await replies(visit), [replied('s1', { ok: false, error })]);
    });

    for (const [what, handler] of [
        ['throws', () => { throw new Error('the password is sesame'); }],
        ['fails later', async () => { throw new Error('the password is sesame'); }],
        ['gives what JSON cannot express', () => 1n],
    ]) {
        test(`A handler that ${what} is reported here, and the server is told no more than that`, async () => {
            const visit = Visit.loggedIn();
            visit.ratchet.on('confirm', handler).on('confirm', () => 'yes');
            visit.hear('confirm', null, { id: 's1' });
            assert.deepEqual(await replies(visit), [replied('s1', { ok: false, error: FAILED })]);
            assert.equal(visit.page.complaints.length, 1);
        });
    }

    test('A question may come, and be answered, before the login is', async () => {
        const visit = Visit.open();
        visit.ratchet.on('confirm', () => 'yes');
        visit.hear('confirm', null, { id: 's1' });
        assert.deepEqual(await replies(visit), [replied('s1', { ok: true, result: 'yes' })]);
    });

    test('An event that is no question has no reply, whatever its handler gives', async () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('news', () => 'thanks');
        visit.hear('news', 'hi');
        visit.hear('news', 'hi', { id: 3 });
        assert.deepEqual(await replies(visit), []);
    });

    test('When the connection is gone by then, nothing is sent', async () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('confirm', () => 'yes');
        visit.hear('confirm', null, { id: 's1' });
        visit.ratchet.close();
        assert.deepEqual(await replies(visit), []);
    });
});

/** A visit to a room, whose other end is the test, too. */
class Stay extends Visit {
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

function past(data, offset) {
    return { event: 'item', data, offset };
}

describe('Subscribing', () => {
    test('It asks the server, is ready when that has agreed, and hears the events of the room', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        const heard = [];
        assert.equal(room.on('item', (data) => heard.push(data)), room);
        stay.assertSent({ event: 'socket.subscribe', data: { room: 'news' }, id: 1 });
        assert.deepEqual([room.room, room.subscribed, room.position], ['news', false, null]);
        stay.reply(1, { room: 'news', recoverable: false });
        assert.equal(await room.ready, room);
        assert.deepEqual([room.subscribed, room.position, room.recovered], [true, null, null]);
        stay.publish('hi');
        stay.publish('elsewhere', undefined, 'lobby');
        stay.hear('item', 'in no room');
        assert.deepEqual(heard, ['hi']);
    });

    test('Handlers of the Ratchet hear the events of rooms, too, after those of the subscription', () => {
        const stay = Stay.in({}, {});
        const heard = [];
        stay.ratchet.on('item', (data) => heard.push(`all: ${data}`));
        stay.room.on('item', (data) => heard.push(`room: ${data}`));
        stay.publish('hi');
        stay.publish('ho', 3, 'lobby');
        assert.deepEqual(heard, ['room: hi', 'all: hi', 'all: ho']);
    });

    test('once and off work as they do on the Ratchet', () => {
        const stay = Stay.in();
        const heard = [];
        const gone = () => heard.push('gone');
        assert.equal(stay.room.once('item', (data) => heard.push(data)).on('item', gone).off('item', gone), stay.room);
        stay.publish('one', 41);
        stay.publish('two', 42);
        assert.deepEqual(heard, ['one']);
        assert.throws(() => stay.room.on('item'), { name: 'TypeError', message: /Give a function/ });
    });

    test('A handler that throws is reported, and stops nobody', () => {
        const stay = Stay.in();
        stay.room.off('item').on('item', () => { throw new Error('broken'); }).on('item', (data) => stay.heard.push(data));
        stay.publish('hi', 41);
        assert.deepEqual(stay.heard, ['hi']);
        assert.equal(stay.page.complaints.length, 1);
    });

    test('Before the login is answered it waits, and then goes before what was emitted', () => {
        const stay = new Stay();
        stay.ratchet.emit('one', 1);
        stay.enter();
        stay.enter({}, 'lobby');
        stay.socket.playOpen();
        stay.assertSent();
        stay.hear('socket.auth.success', {});
        stay.assertSent(
            { event: 'socket.subscribe', data: { room: 'news' }, id: 1 },
            { event: 'socket.subscribe', data: { room: 'lobby' }, id: 2 },
            { event: 'one', data: 1 },
        );
        stay.hear('socket.auth.success', {});
        assert.equal(stay.socket.sent.length, 4);
    });

    test('A refusal fails ready, and is told to the handlers; the room can then be asked for again', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        const noted = stay.note('socket.unsubscribed');
        stay.refuse(1, { code: 'room.denied', message: 'Not for you', retry: false });
        assert.deepEqual(await failureOf(room.ready), failure('room.denied', 'Not for you'));
        assert.deepEqual(noted, [['socket.unsubscribed', { room: 'news', code: 'room.denied', message: 'Not for you' }]]);
        assert.equal(room.subscribed, false);
        stay.publish('hi');
        assert.notEqual(stay.enter(), room);
    });

    test('A refusal that nobody looks at is no unhandled one', async () => {
        const stay = Stay.loggedIn();
        stay.enter();
        stay.refuse(1, { code: 'room.denied' });
        await new Promise((resolve) => { setImmediate(resolve); });
        stay.assertNoComplaint();
    });

    test('A room is subscribed once', () => {
        const stay = Stay.in();
        const message = 'Can\'t subscribe to "news" twice: use the subscription that there is.';
        assert.throws(() => stay.enter(), { message });
    });

    for (const room of ['', 'x'.repeat(129), null, undefined, 7]) {
        test(`This is no room: ${String(room).slice(0, 20)}`, () => {
            const { ratchet } = Stay.loggedIn();
            assert.throws(() => ratchet.subscribe(room), {
                name: 'TypeError',
                message: 'Name the room by a string of 1 to 128 characters.',
            });
        });
    }

    for (const history of [-1, 1.5, '5', true]) {
        test(`This is no number of events to begin with: ${JSON.stringify(history)}`, () => {
            const { ratchet } = Stay.loggedIn();
            assert.throws(() => ratchet.subscribe('news', { history }), { name: 'TypeError', message: /^Let "history" be/ });
        });
    }

    test('After the connection has closed nothing can be subscribed', () => {
        const stay = Stay.loggedIn();
        stay.socket.playClose();
        assert.throws(() => stay.enter(), { message: 'Can\'t subscribe to "news": the connection is closed.' });
    });

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

describe('Unsubscribing', () => {
    test('It tells the server, and nothing of the room is heard from then on', async () => {
        const stay = Stay.in();
        const noted = stay.note('socket.unsubscribed', 'socket.presence');
        const left = stay.room.unsubscribe();
        stay.assertSent(
            { event: 'socket.subscribe', data: { room: 'news' }, id: 1 },
            { event: 'socket.unsubscribe', data: { room: 'news' }, id: 2 },
        );
        stay.publish('late', 41);
        stay.hear('socket.presence.state', { room: 'news', members: {} }, { room: 'news' });
        stay.reply(2, { room: 'news' });
        assert.equal(await left, undefined);
        assert.deepEqual([stay.heard, noted, stay.room.subscribed], [[], [], false]);
        await stay.room.unsubscribe();
        assert.equal(stay.socket.sent.length, 3);
    });

    test('The room can be entered again at once; what is under way for the earlier stay is not for the later one', () => {
        const stay = Stay.in();
        const earlier = stay.room;
        earlier.unsubscribe();
        const heard = [];
        stay.enter().on('item', (data) => heard.push(data));
        const noted = stay.note('socket.unsubscribed');
        stay.publish('old', 41);
        stay.hear('socket.unsubscribed', { room: 'news', code: 'room.denied' });
        stay.reply(2, {});
        stay.reply(3, { room: 'news', epoch: 'k3', offset: 41 });
        earlier.unsubscribe();
        stay.publish('new', 42);
        assert.deepEqual([heard, noted, stay.heard], [['new'], [], []]);
    });

    test('Before the server has agreed, its answer counts no more', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        room.unsubscribe();
        stay.reply(1, { room: 'news' });
        assert.equal((await failureOf(room.ready)).code, 'room.left');
        assert.equal(room.subscribed, false);
    });

    test('Before the login nothing has to be told', async () => {
        const stay = new Stay();
        await stay.enter().unsubscribe();
        stay.socket.playOpen();
        stay.hear('socket.auth.success', {});
        stay.assertSent();
    });

    test('Who is gone has left', async () => {
        const [closing, closed] = [Stay.in(), Stay.in()];
        const left = closing.room.unsubscribe();
        closing.socket.playClose();
        closed.socket.playClose();
        await left;
        await closed.room.unsubscribe();
    });

    test('A refusal fails it', async () => {
        const stay = Stay.in();
        const left = stay.room.unsubscribe();
        stay.refuse(2, { code: 'rate.limited', message: 'Too fast', retry: true, after: 1 });
        assert.deepEqual(await failureOf(left), failure('rate.limited', 'Too fast', true, { after: 1 }));
    });

    test('The server can end it', () => {
        const stay = Stay.in();
        const noted = stay.note('socket.unsubscribed');
        const all = stay.record('socket.unsubscribed');
        stay.hear('socket.unsubscribed', { room: 'news', code: 'room.denied' });
        stay.publish('late', 41);
        const message = 'The server has ended the subscription of "news".';
        assert.deepEqual(noted, [['socket.unsubscribed', { room: 'news', code: 'room.denied', message }]]);
        assert.deepEqual(all, [{ room: 'news', code: 'room.denied' }]);
        assert.deepEqual([stay.heard, stay.room.subscribed], [[], false]);
        stay.enter();
    });
});

describe('Recovering', () => {
    test('The position moves on with each event that the room keeps, and not with others', () => {
        const stay = Stay.in();
        assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 40 });
        stay.publish('one', 41);
        stay.publish('for you alone');
        stay.publish('two', 42);
        assert.deepEqual(stay.heard, [['one', 41], ['for you alone', 41], ['two', 42]]);
        assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 42 });
        assert.throws(() => { stay.room.position.offset = 1; }, TypeError);
    });

    test('An event of the room comes once', () => {
        const stay = Stay.in();
        stay.publish('one', 41);
        stay.publish('one', 41);
        stay.publish('old', 7);
        assert.deepEqual(stay.heard, [['one', 41]]);
    });

    test('From the position of an earlier subscription on, what was missed comes first, then what is live', async () => {
        const before = Stay.in();
        before.publish('one', 41);
        before.socket.playClose({ code: 1006, wasClean: false });
        const after = Stay.loggedIn();
        const heard = [];
        after.ratchet.on('item', (data) => heard.push(data));
        after.enter({ recover: before.room.position }).on('item', (data) => heard.push([data, after.room.position.offset]));
        const noted = after.note('socket.resync');
        after.assertSent({ event: 'socket.subscribe', data: { room: 'news', recover: { epoch: 'k3', offset: 41 } }, id: 1 });
        const events = [past('two', 42), past('three', 43)];
        after.reply(1, { room: 'news', epoch: 'k3', offset: 43, recovered: true, events });
        after.publish('four', 44);
        await after.room.ready;
        assert.deepEqual(heard, [['two', 42], 'two', ['three', 43], 'three', ['four', 44], 'four']);
        assert.deepEqual([after.room.recovered, noted], [true, []]);
    });

    test('Where that is not possible it says so, and goes on from where the room is', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter({ recover: { epoch: 'old', offset: 3 } });
        const noted = stay.note('socket.resync', 'item');
        stay.reply(1, { room: 'news', epoch: 'k3', offset: 40, recovered: false, events: [] });
        await room.ready;
        stay.publish('next', 41);
        assert.deepEqual(noted, [['socket.resync', { room: 'news', reason: 'lost' }], ['item', 'next']]);
        assert.equal(room.recovered, false);
        assert.deepEqual(ours(room.position), { epoch: 'k3', offset: 41 });
    });

    test('When the server says that something is missing, it is asked for, and comes before what is live', () => {
        const stay = Stay.in({ presence: true, meta: { status: 'here' } });
        const noted = stay.note('socket.resync');
        stay.publish('one', 41);
        stay.hear('socket.resync', { room: 'news', reason: 'overflow' });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.subscribe',
            data: { room: 'news', recover: { epoch: 'k3', offset: 41 }, presence: true, meta: { status: 'here' } },
            id: 2,
        });
        stay.publish('four', 44);
        assert.equal(stay.room.subscribed, true);
        const events = [past('two', 42), past('three', 43), past('four', 44)];
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 44, recovered: true, events });
        stay.publish('five', 45);
        assert.deepEqual(stay.heard, [['one', 41], ['two', 42], ['three', 43], ['four', 44], ['five', 45]]);
        assert.deepEqual(noted, []);
    });

    test('When what is missing is lost, or the room keeps nothing, the handlers are told', () => {
        const [kept, unkept] = [Stay.in(), Stay.in({}, {})];
        const noted = [kept, unkept].map((stay) => stay.note('socket.resync'));
        [kept, unkept].forEach((stay) => stay.hear('socket.resync', { room: 'news', reason: 'overflow' }));
        kept.reply(2, { room: 'news', epoch: 'k3', offset: 60, recovered: false, events: [] });
        assert.deepEqual(noted, [
            [['socket.resync', { room: 'news', reason: 'lost' }]],
            [['socket.resync', { room: 'news', reason: 'overflow' }]],
        ]);
        kept.publish('next', 61);
        unkept.publish('next');
        assert.deepEqual([kept.heard, unkept.heard], [[['next', 61]], [['next', undefined]]]);
    });

    test('A handler may leave in the middle of what was missed', async () => {
        const stay = Stay.loggedIn();
        const heard = [];
        const room = stay.enter({ recover: { epoch: 'k3', offset: 40 } });
        room.on('item', (data) => { heard.push(data); room.unsubscribe(); });
        const events = [past('one', 41), past('two', 42)];
        stay.reply(1, { room: 'news', epoch: 'k3', offset: 42, recovered: true, events });
        assert.deepEqual(heard, ['one']);
        assert.equal((await failureOf(room.ready)).code, 'room.left');
    });

    test('When the connection closes the position stays, and who still waited is told', async () => {
        const [inside, asking, waiting] = [Stay.in(), Stay.loggedIn(), new Stay()];
        const rooms = [asking, waiting].map((stay) => stay.enter());
        const noted = inside.note('socket.unsubscribed');
        rooms.forEach((room) => room.on('socket.unsubscribed', () => { noted.push('over'); }));
        inside.ratchet.on('socket.close', () => noted.push(inside.room.subscribed));
        [inside, asking, waiting].forEach(({ socket }) => socket.playClose({ code: 1006, wasClean: false }));
        assert.deepEqual(ours(inside.room.position), { epoch: 'k3', offset: 40 });
        assert.deepEqual(noted, [false]);
        assert.deepEqual(await failureOf(rooms[0].ready), LOST);
        assert.deepEqual(await failureOf(rooms[1].ready), UNSENT);
    });
});

describe('Going on from elsewhere', () => {
    test('Where the server says from where the room goes on, the handlers are told, and nothing is asked', () => {
        const stay = Stay.in();
        const noted = stay.note('socket.resync');
        stay.hear('socket.resync', { room: 'news', reason: 'restart', epoch: 'q0', offset: 0 });
        stay.publish('first of the new ones', 1);
        assert.deepEqual(noted, [['socket.resync', { room: 'news', reason: 'restart' }]]);
        assert.deepEqual(stay.heard, [['first of the new ones', 1]]);
        assert.deepEqual(ours(stay.room.position), { epoch: 'q0', offset: 1 });
        assert.equal(stay.socket.sent.length, 2);
    });

    test('So in the middle of reading the past, which is over then', async () => {
        const stay = Stay.in({ history: 3 });
        stay.publish('of the old ones', 41);
        stay.publish('for you alone');
        stay.hear('socket.resync', { room: 'news', reason: 'restart', epoch: 'q0', offset: 0 });
        await stay.room.ready;
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 41, events: [past('a', 38)], more: false });
        stay.publish('new', 1);
        assert.deepEqual(stay.heard, [['for you alone', 0], ['new', 1]]);
    });
});

describe('The history of a room', () => {
    test('It can be read page by page', async () => {
        const stay = Stay.in();
        const page = stay.room.history({ since: { epoch: 'k3', offset: 30 }, limit: 5 });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.history', data: { room: 'news', since: { epoch: 'k3', offset: 30 }, limit: 5 }, id: 2,
        });
        const result = { room: 'news', epoch: 'k3', offset: 40, events: [past('x', 31)], more: true };
        stay.reply(2, result);
        assert.deepEqual(ours(await page), result);
        stay.room.history();
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)).data, { room: 'news' });
    });

    test('A subscription may begin with the last events, which come before what is live, each once', async () => {
        const stay = Stay.in({ history: 3 });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.history', data: { room: 'news', since: { epoch: 'k3', offset: 37 }, limit: 3 }, id: 2,
        });
        stay.publish('live', 41);
        assert.deepEqual(stay.heard, []);
        const events = [past('a', 38), past('b', 39), past('c', 40)];
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 41, events, more: true });
        stay.publish('later', 42);
        await stay.room.ready;
        assert.deepEqual(stay.heard, [['a', 38], ['b', 39], ['c', 40], ['live', 41], ['later', 42]]);
        assert.equal(stay.socket.sent.length, 3);
    });

    test('The server may give them with its first reply, so that nothing more is asked', async () => {
        const events = [past('a', 38), past('b', 39), past('c', 40)];
        const stay = Stay.in({ history: 3 }, { epoch: 'k3', offset: 40, recoverable: true, events });
        stay.assertSent({ event: 'socket.subscribe', data: { room: 'news', history: 3 }, id: 1 });
        await stay.room.ready;
        stay.publish('live', 41);
        assert.deepEqual(stay.heard, [['a', 38], ['b', 39], ['c', 40], ['live', 41]]);
        assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 41 });
    });

    test('Where the room keeps fewer than that, those that it keeps are all', async () => {
        const stay = Stay.in({ history: 30 }, { epoch: 'k3', offset: 40, recoverable: true, events: [past('c', 40)] });
        const empty = Stay.in({ history: 30 }, { epoch: 'k3', offset: 40, recoverable: true, events: [] });
        await Promise.all([stay.room.ready, empty.room.ready]);
        assert.deepEqual([stay.heard, empty.heard], [[['c', 40]], []]);
        assert.deepEqual([stay, empty].map(({ socket }) => socket.sent.length), [2, 2]);
    });

    test('Those that did not fit into the first reply are read, and come before those that did', async () => {
        const result = { epoch: 'k3', offset: 40, recoverable: true, events: [past('c', 40)], more: true };
        const stay = Stay.in({ history: 3 }, result);
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.history', data: { room: 'news', since: { epoch: 'k3', offset: 37 }, limit: 2 }, id: 2,
        });
        stay.publish('live', 41);
        const events = [past('a', 38), past('b', 39)];
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 41, events, more: true });
        await stay.room.ready;
        assert.deepEqual(stay.heard, [['a', 38], ['b', 39], ['c', 40], ['live', 41]]);
        assert.equal(stay.socket.sent.length, 3);
    });

    test('After a loss they come with the same reply, once the handlers were told of it', () => {
        const stay = Stay.loggedIn();
        stay.enter({ history: 1, recover: { epoch: 'k3', offset: 39 } });
        const noted = stay.note('socket.resync', 'item');
        const data = { room: 'news', recover: { epoch: 'k3', offset: 39 }, history: 1 };
        stay.assertSent({ event: 'socket.subscribe', data, id: 1 });
        stay.reply(1, { room: 'news', epoch: 'new', offset: 7, recovered: false, events: [past('g', 7)] });
        assert.deepEqual(noted, [['socket.resync', { room: 'news', reason: 'lost' }], ['item', 'g']]);
        assert.deepEqual(ours(stay.room.position), { epoch: 'new', offset: 7 });
        assert.equal(stay.socket.sent.length, 2);
    });

    test('What came in at the same time is not heard twice', () => {
        const stay = Stay.in({ history: 1 });
        stay.publish('live', 41);
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 41, events: [past('c', 40), past('live', 41)], more: false });
        assert.deepEqual(stay.heard, [['c', 40], ['live', 41]]);
    });

    test('More than a page is read by several', () => {
        const stay = Stay.in({ history: 150 }, { epoch: 'k3', offset: 140 });
        const pages = [[0, 100], [100, 140]].map(([from, to]) => (
            Array.from({ length: to - from }, (_, number) => past('x', from + number + 1))));
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 140, events: pages[0], more: true });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)).data, {
            room: 'news', since: { epoch: 'k3', offset: 100 }, limit: 40,
        });
        stay.reply(3, { room: 'news', epoch: 'k3', offset: 140, events: pages[1], more: false });
        assert.deepEqual(stay.heard.map(([, offset]) => offset), Array.from({ length: 140 }, (_, number) => number + 1));
    });

    test('A room without a history, and an empty one, begin at once', async () => {
        for (const result of [{}, { epoch: 'k3', offset: 0 }]) {
            const stay = Stay.in({ history: 5 }, result);
            await stay.room.ready;
            assert.equal(stay.socket.sent.length, 2);
        }
    });

    test('What is recovered needs no history; what is lost is followed by it', () => {
        const recover = { epoch: 'k3', offset: 39 };
        const recovered = Stay.in({ history: 5, recover }, {
            epoch: 'k3', offset: 40, recovered: true, events: [past('c', 40)],
        });
        assert.deepEqual(recovered.heard, [['c', 40]]);
        assert.equal(recovered.socket.sent.length, 2);
        const lost = Stay.in({ history: 1, recover }, { epoch: 'new', offset: 7, recovered: false, events: [] });
        lost.reply(2, { room: 'news', epoch: 'new', offset: 7, events: [past('g', 7)], more: false });
        assert.deepEqual(lost.heard, [['g', 7]]);
    });

    test('Where it is refused, the handlers are told, and what is live goes on', async () => {
        const stay = Stay.in({ history: 5 });
        const noted = stay.note('socket.resync');
        stay.publish('live', 41);
        stay.refuse(2, { code: 'room.denied', message: 'Not for you', retry: false });
        await stay.room.ready;
        assert.deepEqual(noted, [['socket.resync', { room: 'news', reason: 'room.denied' }]]);
        assert.deepEqual(stay.heard, [['live', 41]]);
    });

    test('Who leaves in the middle of it reads no further', () => {
        const stay = Stay.in({ history: 150 }, { epoch: 'k3', offset: 200 });
        stay.room.on('item', () => { stay.room.unsubscribe(); });
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 200, events: [past('a', 51), past('b', 52)], more: true });
        assert.deepEqual(stay.heard, [['a', 51]]);
        assert.deepEqual(stay.socket.sent.slice(-2).map((text) => JSON.parse(text).event), [
            'socket.history', 'socket.unsubscribe',
        ]);
    });

    test('When something is missing in the middle of it, all is recovered from there, each event once', () => {
        const stay = Stay.in({ history: 2 });
        const noted = stay.note('socket.resync');
        stay.publish('live', 41);
        stay.publish('for you alone');
        stay.hear('socket.resync', { room: 'news', reason: 'overflow' });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.subscribe', data: { room: 'news', recover: { epoch: 'k3', offset: 38 }, history: 2 }, id: 3,
        });
        stay.refuse(2, { code: 'rate.limited' });
        // Until the answer it is missing already, and asked for.
        stay.hear('socket.resync', { room: 'news', reason: 'overflow' });
        const events = [past('a', 39), past('b', 40), past('live', 41), past('missing', 42)];
        stay.reply(3, { room: 'news', epoch: 'k3', offset: 42, recovered: true, events });
        assert.deepEqual(stay.heard, [['a', 39], ['b', 40], ['live', 41], ['missing', 42], ['for you alone', 42]]);
        assert.deepEqual(noted, []);
    });

    test('When the connection closes in the middle of it, the position is that of what was heard', () => {
        const stay = Stay.in({ history: 150 }, { epoch: 'k3', offset: 200 });
        stay.publish('live', 201);
        stay.reply(2, { room: 'news', epoch: 'k3', offset: 201, events: [past('x', 51)], more: true });
        stay.socket.playClose({ code: 1006 });
        assert.deepEqual(ours(stay.room.position), { epoch: 'k3', offset: 51 });
        assert.deepEqual(stay.heard, [['x', 51]]);
    });
});

describe('Presence', () => {
    const STATE = { ada: { metas: [{ ref: 'c-1', status: 'away' }, { ref: 'c-2' }] }, bob: { metas: [{ ref: 'c-3' }] } };

    class Gathering extends Stay {
        static in() {
            const stay = Object.setPrototypeOf(Stay.in({ presence: true }), Gathering.prototype);
            stay.news = [];
            stay.room.on('socket.presence', ({ members, joined, left }) => {
                assert.equal(members, stay.room.members);
                stay.news.push(ours({ joined, left }));
            });
            return stay;
        }

        state(members) {
            this.hear('socket.presence.state', { room: 'news', members }, { room: 'news' });
        }

        diff(joins, leaves = {}) {
            this.hear('socket.presence.diff', { room: 'news', joins, leaves }, { room: 'news' });
        }

        get members() {
            return Object.fromEntries([...this.room.members].map(([id, member]) => [id, ours(member)]));
        }
    }

    test('Who wants to be shown says so, with what else to show', () => {
        const stay = Stay.loggedIn();
        const meta = { status: 'here' };
        stay.enter({ presence: true, meta });
        meta.status = 'changed';
        const data = { room: 'news', presence: true, meta: { status: 'here' } };
        stay.assertSent({ event: 'socket.subscribe', data, id: 1 });
        assert.equal(stay.room.members.size, 0);
    });

    test('The first word of who is there is no news of anybody coming', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        assert.deepEqual([stay.members, stay.news], [STATE, [{ joined: [], left: [] }]]);
    });

    test('Who comes and goes is taken in, and told by name: the first connection is the coming, the last the going', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        stay.diff({ eve: { metas: [{ ref: 'c-4' }] }, bob: { metas: [{ ref: 'c-5' }] } });
        stay.diff({}, { bob: { metas: [{ ref: 'c-3' }] }, ada: STATE.ada });
        stay.diff({}, { bob: { metas: [{ ref: 'c-5' }] } });
        assert.deepEqual(stay.members, { eve: { metas: [{ ref: 'c-4' }] } });
        assert.deepEqual(stay.news.slice(1), [
            { joined: ['eve'], left: [] }, { joined: [], left: ['ada'] }, { joined: [], left: ['bob'] },
        ]);
    });

    test('Each change gives another Map, and leaves the one that was given out before as it was', () => {
        const stay = Gathering.in();
        const seen = [stay.room.members];
        const see = () => seen.push(stay.room.members);
        stay.room.on('socket.presence', see);
        stay.state(STATE);
        stay.diff({ eve: { metas: [{ ref: 'c-4' }] } });
        stay.diff({}, { eve: { metas: [{ ref: 'c-4' }] } });
        assert.equal(new Set(seen).size, 4);
        assert.deepEqual(seen.map((members) => members.size), [0, 2, 3, 2]);
    });

    test('Who shows something else neither comes nor goes', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        const [here, busy] = ['here', 'busy'].map((status) => ({ ada: { metas: [{ ref: 'c-1', status }] } }));
        stay.diff(here);
        assert.deepEqual(stay.members.ada, { metas: [{ ref: 'c-2' }, { ref: 'c-1', status: 'here' }] });
        stay.diff(busy, here);
        assert.deepEqual(stay.members.ada, { metas: [{ ref: 'c-2' }, { ref: 'c-1', status: 'busy' }] });
        assert.deepEqual(stay.news.slice(1), Array(2).fill({ joined: [], left: [] }));
    });

    test('A connection that is somebody else by now is shown as him', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        stay.diff({ eve: { metas: [{ ref: 'c-3' }] } }, { bob: { metas: [{ ref: 'c-3' }] } });
        assert.deepEqual(Object.keys(stay.members), ['ada', 'eve']);
        assert.deepEqual(stay.news[1], { joined: ['eve'], left: ['bob'] });
    });

    test('When it is told anew who is there, those are news who were not', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        stay.state({ ada: STATE.ada, eve: { metas: [{ ref: 'c-9' }] } });
        assert.deepEqual(stay.news[1], { joined: ['eve'], left: ['bob'] });
    });

    test('The frames themselves can be listened to, too', () => {
        const stay = Gathering.in();
        const noted = stay.note('socket.presence.state', 'socket.presence.diff');
        const all = stay.record('socket.presence.diff');
        stay.state({});
        stay.diff(STATE);
        assert.deepEqual(noted, [
            ['socket.presence.state', { room: 'news', members: {} }],
            ['socket.presence.diff', { room: 'news', joins: STATE, leaves: {} }],
        ]);
        assert.equal(all.length, 1);
    });

    test('Somebody can be named like what every object has', () => {
        const stay = Gathering.in();
        stay.state(JSON.parse('{"__proto__":{"metas":[{"ref":"c-1"}]}}'));
        assert.deepEqual([...stay.room.members.keys()], ['__proto__']);
    });

    test('What is shown can be changed, and is what is shown the next time', async () => {
        const stay = Stay.loggedIn();
        stay.enter({ presence: true });
        const done = stay.room.update({ status: 'away' });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)), {
            event: 'socket.presence.update', data: { room: 'news', meta: { status: 'away' } }, id: 2,
        });
        stay.reply(1, { room: 'news', epoch: 'k3', offset: 40 });
        stay.reply(2, { room: 'news' });
        assert.equal(await done, undefined);
        stay.hear('socket.resync', { room: 'news', reason: 'overflow' });
        assert.deepEqual(JSON.parse(stay.socket.sent.at(-1)).data.meta, { status: 'away' });
    });

    test('Before the login only the last of it is sent', async () => {
        const stay = new Stay();
        stay.enter({ presence: true });
        await stay.room.update({ status: 'away' });
        stay.socket.playOpen();
        stay.hear('socket.auth.success', {});
        const data = { room: 'news', presence: true, meta: { status: 'away' } };
        stay.assertSent({ event: 'socket.subscribe', data, id: 1 });
    });

    test('A refused change fails, if anybody looks', async () => {
        const stay = Stay.in();
        const done = stay.room.update({});
        stay.refuse(2, { code: 'room.denied', message: "You aren't shown in this room" });
        assert.deepEqual(await failureOf(done), failure('room.denied', "You aren't shown in this room"));
        stay.room.update({});
        stay.refuse(3, { code: 'room.denied' });
    });
});

describe('What UTF-8 cannot express', () => {
    // 'Thank you 😀' has twelve units, of which the last two are one character.
    const CUT = 'Thank you 😀'.slice(0, 11);

    for (const [data, sent] of [
        [CUT, 'Thank you \ufffd'],
        ['\ude00!', '\ufffd!'],
        ['\ud83d\ud83d\ude00', '\ufffd😀'],
        [{ [CUT]: [{ deep: CUT }] }, { 'Thank you \ufffd': [{ deep: 'Thank you \ufffd' }] }],
        ['\\ud83d', '\\ud83d'],
        ['\\\ud83d \n\u0000', '\\\ufffd \n\u0000'],
        ['"\\ud83d" and \ud83d', '"\\ud83d" and \ufffd'],
        ['naïve 😀', 'naïve 😀'],
    ]) {
        test(`Half a character is sent as U+FFFD, and everything else as it is: ${JSON.stringify(data)}`, () => {
            const visit = Visit.loggedIn();
            visit.ratchet.emit('chat.send', data);
            visit.assertSent({ event: 'chat.send', data: sent });
            assert.ok(visit.socket.sent.every((text) => text.isWellFormed?.() ?? true));
        });
    }

    test("So is half a character of an event's name, a room's, a token's, and of what is shown", () => {
        const stay = new Stay({ p2_ratchet_access_token: CUT });
        stay.socket.playOpen();
        assert.equal(JSON.parse(stay.socket.sent[0]).data.token, 'Thank you \ufffd');
        stay.hear('socket.auth.success', {});
        stay.ratchet.emit('\ud83d', 1);
        const room = stay.enter({ presence: true, meta: { [CUT]: CUT } }, 'r\ud83d');
        const heard = [];
        room.on('i\ud83d', (data) => heard.push(data));
        stay.assertSent(
            { event: '\ufffd', data: 1 },
            {
                event: 'socket.subscribe',
                data: { room: 'r\ufffd', presence: true, meta: { 'Thank you \ufffd': 'Thank you \ufffd' } },
                id: 1,
            },
        );
        stay.reply(1, { room: 'r\ufffd' });
        stay.hear('i\ufffd', 'hi', { room: 'r\ufffd' });
        assert.deepEqual([room.room, heard], ['r\ufffd', ['hi']]);
        assert.throws(() => stay.enter({}, 'r\ufffd'), /twice/);
    });

    test('So is half a character in a reply', async () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('confirm', () => CUT);
        visit.hear('confirm', null, { id: 's1' });
        await new Promise((resolve) => { setImmediate(resolve); });
        visit.assertSent({ event: 'socket.reply', data: { ok: true, result: 'Thank you \ufffd' }, re: 's1' });
    });
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

    test('What was still under way when the room was left is nobody\'s, until the server knows it', async () => {
        const stay = Stay.in();
        const heard = stay.record('item');
        const left = stay.room.unsubscribe();
        stay.publish('late', 41);
        stay.publish('elsewhere', undefined, 'lobby');
        stay.reply(2, { room: 'news' });
        await left;
        stay.publish('put in by the server', 42);
        assert.deepEqual(heard, ['elsewhere', 'put in by the server']);
    });
});

describe('Handlers that fail later', () => {
    test('One that rejects is reported once, as one that throws is, and is no unhandled rejection', async () => {
        const stay = Stay.in();
        const fault = new Error('broken');
        stay.room.on('item', async () => { throw fault; });
        stay.ratchet.on('news', () => Promise.reject(fault)).once('news', async () => { throw undefined; });
        stay.hear('news', 'hi');
        stay.publish('hi', 41);
        await new Promise((resolve) => { setImmediate(resolve); });
        assert.deepEqual(stay.page.complaints, [
            ['Ratchet: a handler of "news" failed.', fault],
            ['Ratchet: a handler of "news" failed.', undefined],
            ['Ratchet: a handler of "item" failed.', fault],
        ]);
        assert.deepEqual(stay.heard, [['hi', 41]]);
    });

    test('Of a question each that rejects is reported, and the reply is that it failed', async () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('confirm', async () => { throw new Error('one'); }).on('confirm', async () => { throw new Error('two'); });
        visit.hear('confirm', null, { id: 's1' });
        await new Promise((resolve) => { setImmediate(resolve); });
        assert.deepEqual(visit.page.complaints.map(([, { message }]) => message), ['one', 'two']);
        assert.equal(JSON.parse(visit.socket.sent.at(-1)).data.error.code, 'handler.failed');
    });
});

describe('What is refused for now', () => {
    const LIMITS = { eventsPerSecond: 10, eventsBurst: 20, rooms: 3, messageBytes: 65536 };

    function sentOf(stay, event) {
        return stay.socket.sent.map((text) => JSON.parse(text)).filter((frame) => frame.event === event);
    }

    test('A subscribe is made again after the time that the server says, with what is to be shown by then', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter({ presence: true });
        stay.refuse(1, { code: 'rate.limited', message: 'Too fast', retry: true, after: 0.25 });
        room.update({ status: 'away' });
        stay.page.clock.advance(0.24);
        assert.equal(sentOf(stay, 'socket.subscribe').length, 1);
        stay.page.clock.advance(2);
        const [, again] = sentOf(stay, 'socket.subscribe');
        assert.deepEqual(again.data, { room: 'news', presence: true, meta: { status: 'away' } });
        stay.reply(again.id, { room: 'news' });
        assert.equal(await room.ready, room);
        assert.equal(stay.page.clock.pending, 0);
    });

    for (const code of ['rate.limited', 'backplane.unavailable', 'replay.later']) {
        test(`A reading of the past is made again, too: ${code}`, async () => {
            const stay = Stay.in({ history: 3 });
            const noted = stay.note('socket.resync');
            stay.refuse(2, { code, message: 'Not now', retry: true });
            const page = stay.room.history({ limit: 1 });
            stay.page.clock.advance(5);
            const asked = sentOf(stay, 'socket.history');
            assert.equal(asked.length, 3);
            const events = [past('a', 38), past('b', 39), past('c', 40)];
            asked.slice(1).forEach(({ id }) => stay.reply(id, { room: 'news', epoch: 'k3', offset: 40, events, more: false }));
            await Promise.all([stay.room.ready, page]);
            assert.deepEqual([stay.heard, noted], [[['a', 38], ['b', 39], ['c', 40]], []]);
        });
    }

    test('It gives up after eight tries, and says what the last was refused with', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        let refused = 0;
        for (let asked = sentOf(stay, 'socket.subscribe'); asked.length > refused; asked = sentOf(stay, 'socket.subscribe')) {
            stay.refuse(asked.at(-1).id, { code: 'backplane.unavailable', message: 'Not now', retry: true });
            refused += 1;
            stay.page.clock.advance(10);
        }
        assert.equal(refused, 8);
        assert.deepEqual(await failureOf(room.ready), failure('backplane.unavailable', 'Not now', true));
        assert.equal(stay.page.clock.pending, 0);
    });

    test('It does not wait where the server says that it takes more than a minute', async () => {
        const stay = Stay.loggedIn();
        const room = stay.enter();
        stay.refuse(1, { code: 'rate.limited', message: 'Tomorrow', retry: true, after: 86400 });
        assert.equal((await failureOf(room.ready)).code, 'rate.limited');
        assert.equal(stay.page.clock.pending, 0);
    });

    test('What the page asked for itself is refused to the page, and not made again', async () => {
        const stay = Stay.in();
        const asked = stay.ratchet.emit('get', null, { ack: true });
        stay.refuse(2, { code: 'rate.limited', message: 'Too fast', retry: true, after: 0.1 });
        assert.deepEqual(await failureOf(asked), failure('rate.limited', 'Too fast', true, { after: 0.1 }));
        assert.equal(stay.page.clock.pending, 0);
    });

    test('Who leaves or closes meanwhile asks no more', () => {
        for (const end of [({ room }) => room.unsubscribe(), ({ ratchet }) => ratchet.close()]) {
            const stay = Stay.loggedIn();
            stay.enter();
            stay.refuse(1, { code: 'rate.limited', retry: true, after: 1 });
            end(stay);
            stay.page.clock.advance(20);
            assert.equal(sentOf(stay, 'socket.subscribe').length, 1);
            assert.equal(stay.page.clock.pending, 0);
        }
    });

    test('Many rooms are asked for as fast as the server takes it: the first ones are free, and the page keeps a reserve', () => {
        const stay = new Stay();
        const rooms = Array.from({ length: 40 }, (_, number) => stay.ratchet.subscribe(`room-${number}`));
        stay.socket.playOpen();
        stay.hear('socket.auth.success', { limits: LIMITS });
        const count = () => sentOf(stay, 'socket.subscribe').length;
        assert.equal(count(), 3 + 15);
        stay.page.clock.advance(1);
        assert.ok(count() >= 3 + 24 && count() <= 3 + 25, `${count()} after a second`);
        stay.page.clock.advance(2);
        assert.equal(count(), 40);
        assert.deepEqual(sentOf(stay, 'socket.subscribe').map(({ data }) => data.room), rooms.map(({ room }) => room));
        assert.equal(stay.page.clock.pending, 0);
    });

    test('What the page emits counts, is sent at once, and makes the rooms wait', () => {
        const stay = Stay.open();
        stay.hear('socket.auth.success', { limits: { ...LIMITS, rooms: 0 } });
        for (let number = 0; number < 20; number += 1) {
            stay.ratchet.emit('count', number);
        }
        stay.ratchet.subscribe('news');
        assert.deepEqual([sentOf(stay, 'count').length, sentOf(stay, 'socket.subscribe').length], [20, 0]);
        stay.page.clock.advance(0.5);
        assert.equal(sentOf(stay, 'socket.subscribe').length, 0);
        stay.page.clock.advance(0.5);
        assert.equal(sentOf(stay, 'socket.subscribe').length, 1);
    });

    test('Of the past two pages are read at the same time, and the next when one of them has come', () => {
        const stay = Stay.loggedIn();
        for (let number = 0; number < 4; number += 1) {
            stay.ratchet.subscribe(`room-${number}`, { history: 5 });
            const { id } = sentOf(stay, 'socket.subscribe').at(-1);
            stay.reply(id, { room: `room-${number}`, epoch: 'k3', offset: 40 });
        }
        const asked = () => sentOf(stay, 'socket.history');
        const rooms = () => asked().map(({ data }) => data.room);
        assert.deepEqual(rooms(), ['room-0', 'room-1']);
        stay.refuse(asked()[1].id, { code: 'room.denied', message: 'Not for you' });
        assert.deepEqual(rooms(), ['room-0', 'room-1', 'room-2']);
        stay.reply(asked()[0].id, { room: 'room-0', epoch: 'k3', offset: 40, events: [], more: false });
        assert.deepEqual(rooms(), ['room-0', 'room-1', 'room-2', 'room-3']);
    });

    test('A large event counts for several', () => {
        const stay = Stay.open();
        stay.hear('socket.auth.success', { limits: { ...LIMITS, rooms: 0 } });
        stay.ratchet.emit('blob', 'x'.repeat(16 * 4096));
        stay.ratchet.subscribe('news');
        assert.equal(sentOf(stay, 'socket.subscribe').length, 0);
        stay.page.clock.advance(1);
        assert.equal(sentOf(stay, 'socket.subscribe').length, 1);
    });

    test('Where the server has no limit of the rate, nothing waits', () => {
        const stay = Stay.open();
        stay.hear('socket.auth.success', { limits: { ...LIMITS, eventsPerSecond: 0, eventsBurst: 0 } });
        for (let number = 0; number < 500; number += 1) {
            stay.ratchet.subscribe(`room-${number}`);
        }
        assert.equal(sentOf(stay, 'socket.subscribe').length, 500);
    });

    test('A room that is left before its turn has come was never asked for', async () => {
        const stay = Stay.open();
        stay.hear('socket.auth.success', { limits: { ...LIMITS, rooms: 0, eventsBurst: 1 } });
        stay.ratchet.subscribe('one');
        const room = stay.ratchet.subscribe('two');
        await room.update({ status: 'away' });
        await room.unsubscribe();
        stay.page.clock.advance(5);
        assert.deepEqual(sentOf(stay, 'socket.subscribe').map(({ data }) => data.room), ['one']);
        assert.deepEqual(sentOf(stay, 'socket.unsubscribe'), []);
    });

    test('A login that is refused for now is made again, and what waits for it goes on waiting', () => {
        const visit = Visit.open({ p2_ratchet_access_token: 'secret' });
        const failures = visit.record('socket.auth.failure');
        visit.ratchet.emit('one', 1);
        const refusal = { errors: ['Login is not available right now.'], code: 'auth.unavailable', retry: true };
        visit.hear('socket.auth.failure', { ...refusal, after: 0.3 });
        visit.assertSent();
        visit.page.clock.advance(0.31);
        visit.hear('socket.auth.failure', refusal);
        visit.page.clock.advance(1.1);
        assert.deepEqual(sentOf(visit, 'socket.auth.request').map(({ data }) => data.token), Array(3).fill('secret'));
        visit.hear('socket.auth.success', { client: { username: 'ada' } });
        visit.assertSent({ event: 'one', data: 1 });
        assert.deepEqual([visit.ratchet.authenticated, failures], [true, []]);
        assert.equal(visit.page.clock.pending, 0);
    });

    test('A login that is refused eight times has failed', () => {
        const visit = Visit.open();
        const failures = visit.record('socket.auth.failure');
        visit.ratchet.emit('one', 1);
        const refusal = { errors: ['Login is not available right now.'], code: 'auth.unavailable', retry: true };
        for (let tries = 1; tries <= 8; tries += 1) {
            assert.equal(sentOf(visit, 'socket.auth.request').length, tries);
            visit.hear('socket.auth.failure', refusal);
            visit.page.clock.advance(10);
        }
        assert.deepEqual(failures, [refusal]);
        visit.assertSent({ event: 'one', data: 1 });
        assert.equal(visit.page.clock.pending, 0);
    });

    test('A wrong token is not tried again', () => {
        const visit = Visit.open();
        visit.hear('socket.auth.failure', { errors: ['Invalid access token.'] });
        assert.equal(visit.page.clock.pending, 0);
    });

    test('A page that closes logs in no more', () => {
        for (const end of [({ ratchet }) => ratchet.close(), ({ socket }) => socket.playClose()]) {
            const visit = Visit.open();
            visit.hear('socket.auth.failure', { errors: [], retry: true });
            end(visit);
            assert.equal(visit.page.clock.pending, 0);
        }
    });
});

describe('What is refused without anybody waiting for a reply', () => {
    test('It is said on the console, once for each event and code', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('socket.refused');
        const refusal = { event: 'shuot', code: 'event.unknown', message: 'Unregistered event' };
        visit.hear('socket.refused', refusal);
        visit.hear('socket.refused', refusal);
        visit.hear('socket.refused', { ...refusal, code: 'auth.required', message: 'Log in first' });
        assert.deepEqual(visit.page.warnings, [
            ['Ratchet: the server refused "shuot" (event.unknown): Unregistered event'],
            ['Ratchet: the server refused "shuot" (auth.required): Log in first'],
        ]);
        assert.equal(heard.length, 3);
    });

    test('A page that sends ever other ones does not fill the console', () => {
        const visit = Visit.loggedIn();
        for (let number = 0; number < 200; number += 1) {
            visit.hear('socket.refused', { event: `typo-${number}`, code: 'event.unknown', message: 'Unregistered event' });
        }
        assert.equal(visit.page.warnings.length, 64);
    });
});

describe('Debugging', () => {
    for (const [flag, debug] of [[undefined, false], [false, false], [true, true], ['true', false], [1, false]]) {
        test(`Where p2_ratchet_debug is ${JSON.stringify(flag)}, Ratchet.debug begins as ${debug}`, () => {
            assert.equal(new Visit({ p2_ratchet_debug: flag }).Ratchet.debug, debug);
        });
    }

    test('Without debug nothing is logged', () => {
        const visit = Visit.loggedIn();
        visit.ratchet.emit('chat.send', 'hi');
        visit.hear('chat.message', 'hi');
        assert.deepEqual(visit.page.logged, []);
    });

    test('With debug it logs what is sent and received, by name', () => {
        const visit = Visit.loggedIn({ p2_ratchet_debug: true });
        visit.ratchet.emit('chat.send', 'hi');
        visit.hear('chat.message', 'ho');
        assert.deepEqual(visit.page.logged, [
            ['Ratchet sent', 'socket.auth.request'],
            ['Ratchet received', 'socket.auth.success'],
            ['Ratchet sent', 'chat.send', '{"event":"chat.send","data":"hi"}'],
            ['Ratchet received', 'chat.message', '{"event":"chat.message","data":"ho"}'],
        ]);
    });

    test('With debug an event that waits is logged when it is sent', () => {
        const visit = Visit.open({ p2_ratchet_debug: true });
        visit.ratchet.emit('chat.send', 'hi');
        assert.deepEqual(visit.page.logged, [['Ratchet sent', 'socket.auth.request']]);
        visit.hear('socket.auth.success', {});
        assert.deepEqual(visit.page.logged.at(-1), ['Ratchet sent', 'chat.send', '{"event":"chat.send","data":"hi"}']);
    });

    test('Debug can be switched on and off while the page runs', () => {
        const visit = Visit.loggedIn();
        visit.Ratchet.debug = true;
        visit.ratchet.emit('one');
        visit.Ratchet.debug = false;
        visit.ratchet.emit('two');
        assert.deepEqual(visit.page.logged.map(([, event]) => event), ['one']);
    });

    test('The token is never logged, not even where the server sends it back', () => {
        const visit = Visit.open({ p2_ratchet_debug: true, p2_ratchet_access_token: 'hunter2', uri: `${ADDRESS}/?hunter2` });
        visit.hear('socket.auth.failure', { errors: ['hunter2 is no token'] });
        visit.hear('socket.auth.success', { client: { accessToken: 'hunter2' } });
        visit.socket.playMessage('hunter2');
        visit.socket.playClose();
        assert.equal(JSON.stringify([visit.page.logged, visit.page.complaints]).includes('hunter2'), false);
        assert.ok(visit.page.logged.length > 0);
    });
});
