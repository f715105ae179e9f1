/**
 * What a page can rely on when it uses the browser client, with no server and no network.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CLIENT, FakePage, ours } from './fakes.js';

const ADDRESS = 'ws://localhost:8080';

function frame(event, data) {
    return JSON.stringify({ event, data });
}

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

    hear(event, data) {
        this.socket.playMessage(frame(event, data));
    }

    /** The data of each such event from now on, in a list that grows. */
    record(event) {
        const heard = [];
        this.ratchet.on(event, (data) => heard.push(ours(data)));
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
        assert.deepEqual(socket.sent, ['{"event":"socket.auth.request","data":{"token":"secret"}}']);
    });

    test("It finds the token that the page's script sets with var, even after the connection was made", () => {
        const { page, socket } = new Visit();
        page.run("var p2_ratchet_access_token = 'late'");
        socket.playOpen();
        assert.deepEqual(JSON.parse(socket.sent[0]).data, { token: 'late' });
    });

    for (const token of [undefined, null, '']) {
        test(`A page whose token is ${JSON.stringify(token)} logs in with the empty token`, () => {
            const { socket } = Visit.open({ p2_ratchet_access_token: token });
            assert.deepEqual(socket.sent, ['{"event":"socket.auth.request","data":{"token":""}}']);
        });
    }

    test('A page without a token logs in with the empty token', () => {
        assert.deepEqual(Visit.open().socket.sent, ['{"event":"socket.auth.request","data":{"token":""}}']);
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

    test('Keys that it does not know are ignored, and a question of the server is heard like any event', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('confirm');
        visit.socket.playMessage('{"event":"confirm","data":"Sure?","id":"s3","room":"x","offset":1,"later":{}}');
        assert.deepEqual(heard, ['Sure?']);
        visit.assertSent();
    });
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
