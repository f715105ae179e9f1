/**
 * Promises that are made of callbacks, and those that need not be looked at.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import vm from 'node:vm';

import { isPromise, mayBeIgnored, promised } from '../src/promises.js';

describe('Promises', () => {
    test('A callback without an error resolves it, one with an error fails it', async () => {
        assert.equal(await promised((done) => done(null, 3)), 3);
        await assert.rejects(promised((done) => done(new Error('broken'), null)), { message: 'broken' });
    });

    test('What throws before it calls back fails it', async () => {
        await assert.rejects(promised(() => { throw new Error('at once'); }), { message: 'at once' });
    });

    test('One that may be ignored is no unhandled rejection, and fails whoever looks', async (t) => {
        const unhandled = [];
        const note = (reason) => unhandled.push(reason);
        process.on('unhandledRejection', note);
        t.after(() => process.off('unhandledRejection', note));
        const promise = mayBeIgnored(Promise.reject(new Error('broken')));
        await new Promise((resolve) => { setImmediate(resolve); });
        assert.deepEqual(unhandled, []);
        await assert.rejects(promise, { message: 'broken' });
    });

    for (const [what, value, is] of [
        ['one of this window', Promise.resolve(), true],
        ['one of another window', vm.runInNewContext('Promise.resolve()'), true],
        ["a page's own", { then() {} }, true],
        ['nothing', undefined, false],
        ['null', null, false],
        ['a text', 'then', false],
        ['an object whose then is none', { then: 1 }, false],
    ]) {
        test(`A promise is known by its then: ${what}`, () => {
            assert.equal(isPromise(value), is);
        });
    }
});
