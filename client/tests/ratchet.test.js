/**
 * What a page loads: the script, and the module.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CLIENT, FakePage, ours } from './fakes.js';

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
