/**
 * Handlers of events: which are called, in which order, and what becomes of those that fail.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Stay, Visit } from './visit.js';

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
});

describe('Hearing events of a room', () => {
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
});
