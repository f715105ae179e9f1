/**
 * The server's limit of the rate, as the client counts it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Rate } from '../src/rate.js';
import { sentOf, Stay } from './visit.js';

describe('The rate of events', () => {
    const LIMITS = { eventsPerSecond: 10, eventsBurst: 20, rooms: 3, messageBytes: 65536 };

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
});

describe('The token bucket', () => {
    /** A bucket of 8 tokens, four of which come a second, and its clock. */
    function bucket(t) {
        const clock = { seconds: 0 };
        t.mock.method(performance, 'now', () => clock.seconds * 1000);
        return { rate: new Rate({ eventsPerSecond: 4, eventsBurst: 8 }), clock };
    }

    test('A quarter of the burst is kept for what the page emits', (t) => {
        const { rate } = bucket(t);
        rate.spend(5);
        assert.equal(rate.wait, 0);
        rate.spend(1);
        assert.equal(rate.wait, 0.25);
    });

    test('It fills up as time goes by, and not beyond the burst', (t) => {
        const { rate, clock } = bucket(t);
        rate.spend(8);
        assert.equal(rate.wait, 0.75);
        clock.seconds = 0.75;
        assert.equal(rate.wait, 0);
        clock.seconds = 100;
        rate.spend(6);
        assert.equal(rate.wait, 0.25);
    });

    test('Where the server says that nothing is left for a while, it fills up from then on', (t) => {
        const { rate, clock } = bucket(t);
        rate.empty(2);
        assert.equal(rate.wait, 2.75);
        clock.seconds = 2;
        assert.equal(rate.wait, 0.75);
    });

    for (const limits of [{ eventsPerSecond: 0, eventsBurst: 8 }, { eventsPerSecond: 4, eventsBurst: 0 }]) {
        test(`A limit of 0 is none: ${JSON.stringify(limits)}`, () => {
            const rate = new Rate(limits);
            rate.spend(100);
            assert.deepEqual([rate.isLimited, rate.wait], [false, 0]);
        });
    }
});
