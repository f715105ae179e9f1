/**
 * Time and timers, in seconds.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { LONGEST_WAIT, later, now, stop } from '../src/clock.js';

describe('Time', () => {
    test('It goes on in seconds, whatever the clock of the machine says', (t) => {
        t.mock.method(performance, 'now', () => 2500);
        t.mock.method(Date, 'now', () => 0);
        assert.equal(now(), 2.5);
    });

    for (const [seconds, milliseconds] of [[0, 1], [0.0001, 2], [0.25, 251], [1.5, 1501]]) {
        test(`A timer of ${seconds} seconds is never too early: ${milliseconds} ms`, (t) => {
            const set = t.mock.method(globalThis, 'setTimeout', () => 7);
            const callback = () => {};
            assert.equal(later(seconds, callback), 7);
            assert.deepEqual(set.mock.calls.map(({ arguments: given }) => given), [[callback, milliseconds]]);
        });
    }

    test('A timer is stopped; where there is none nothing is', (t) => {
        const cleared = t.mock.method(globalThis, 'clearTimeout', () => {});
        stop(7);
        stop(null);
        assert.deepEqual(cleared.mock.calls.map(({ arguments: given }) => given), [[7]]);
    });

    test('The longest wait is one that browsers can count, in milliseconds of 31 bits', () => {
        assert.ok(LONGEST_WAIT * 1000 < 2 ** 31 && (LONGEST_WAIT + 1) * 1000 >= 2 ** 31);
    });
});
