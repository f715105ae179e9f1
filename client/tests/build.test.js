/**
 * The served files are made of the sources, and of nothing that a script can't be made of.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build, bundle } from '../build.mjs';
import { CLIENT } from './fakes.js';

const SOURCES = fileURLToPath(new URL('../src', import.meta.url));
const TESTS = fileURLToPath(new URL('.', import.meta.url));
const SERVED = ['ratchet.js', 'ratchet.mjs', 'ratchet.d.ts'];

/** A folder for one test, with a copy of the sources in it. */
function copy(t) {
    const folder = mkdtempSync(join(tmpdir(), 'ratchet-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const source = join(folder, 'src');
    cpSync(SOURCES, source, { recursive: true });
    return { source, target: join(folder, 'served') };
}

/** Which of the served files are not what these sources give. */
function stale({ source, target }) {
    assert.deepEqual(build(target, source).sort(), [...SERVED].sort());
    return SERVED.filter((name) => !readFileSync(join(target, name)).equals(readFileSync(new URL(name, CLIENT))));
}

/** A folder with these modules only. */
function written(t, modules) {
    const folder = join(copy(t).source, 'written');
    mkdirSync(folder);
    Object.entries(modules).forEach(([name, text]) => writeFileSync(join(folder, name), `/**\n * ${name}\n */\n${text}`));
    return folder;
}

describe('The served files', () => {
    test('They are what the sources give: run "make client" where this fails', (t) => {
        assert.deepEqual(stale(copy(t)), []);
    });

    for (const name of readdirSync(SOURCES).filter((each) => each !== 'tsconfig.json')) {
        test(`A change of ${name} is one of theirs`, (t) => {
            const { source, target } = copy(t);
            const text = readFileSync(join(source, name), 'utf8');
            writeFileSync(join(source, name), text.replace(/(\/\/|\*) \w/, '$1 Changed'));
            assert.deepEqual(stale({ source, target }), [SERVED.includes(name) ? name : 'ratchet.js']);
        });
    }

    test('Each says in its first line that it is generated, and from where', () => {
        for (const name of SERVED) {
            const [line] = readFileSync(new URL(name, CLIENT), 'utf8').split('\n', 1);
            assert.match(line, /^\/\/ Generated from client\/src\b.* by client\/build\.mjs \("make client"\)/);
        }
    });
});

describe('The sources', () => {
    const modules = readdirSync(SOURCES).filter((name) => name.endsWith('.js'));

    test('Each module is in the script, and has a test module of its name', () => {
        const script = bundle();
        const names = modules.map((name) => basename(name, '.js')).filter((name) => name !== 'ratchet');
        assert.deepEqual(names.filter((name) => !script.includes(`\n// ${name}.js\n`)), []);
        const tests = readdirSync(TESTS).filter((name) => name.endsWith('.test.js'));
        assert.deepEqual(tests.sort(), [...names, 'ratchet', 'build'].map((name) => `${name}.test.js`).sort());
    });

    test('Modules stand behind those that they import, and without imports and exports', (t) => {
        const folder = written(t, {
            'ratchet.js': "import { one } from './one.js';\nimport { two, three } from './two.js';\n\n"
                + 'globalThis.sum = one + two + three;\n',
            'one.js': "import { two } from './two.js';\n\nexport const one = two - 1;\n",
            'two.js': 'export const two = 2;\nexport let three = 3;\n',
        });
        assert.equal(bundle(folder).split('\n').slice(1).join('\n'), [
            '/**', ' * ratchet.js', ' */', '(() => {', '', "'use strict';", '',
            '// two.js', '// two.js', '', 'const two = 2;', 'let three = 3;', '',
            '// one.js', '// one.js', '', 'const one = two - 1;', '',
            'globalThis.sum = one + two + three;', '', '})();', '',
        ].join('\n'));
    });

    for (const [what, one, error] of [
        ['a circle', "import { sum } from './ratchet.js';\n\nexport const one = 1;\n", /one\.js -> ratchet\.js: a circle/],
        ['a name that is not exported', 'const one = 1;\n', /ratchet\.js: one\.js does not export one/],
        ['a name that another module has', 'export const one = 1;\nfunction sum() {}\n', /sum: there is one scope/],
        ['a default', 'export default 1;\n', /one\.js: .*: export default/],
        ['a list of exports', 'const one = 1;\nexport { one };\n', /one\.js: .*: export/],
        ['an import under another name', "import { two as one } from './two.js';\n", /one\.js: .*: import/],
        ['an import of a package', "import { two } from 'two';\n", /one\.js: .*: import/],
        ['an import that is waited for', "export const one = import('./two.js');\n", /one\.js: .*: import\(/],
        ['names that are taken apart', 'const [one] = [1];\n', /one\.js: .*: const \[/],
        ['a var', 'var one = 1;\n', /one\.js: .*: var/],
    ]) {
        test(`This is refused: ${what}`, (t) => {
            const ratchet = "import { one } from './one.js';\n\nexport const sum = one;\n";
            assert.throws(() => bundle(written(t, { 'ratchet.js': ratchet, 'one.js': one })), error);
        });
    }

    test('A module that does not say what it is for is refused', (t) => {
        const folder = written(t, {});
        writeFileSync(join(folder, 'ratchet.js'), 'const one = 1;\n');
        assert.throws(() => bundle(folder), /ratchet\.js: begin with a comment/);
    });
});
