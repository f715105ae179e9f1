/**
 * Makes the files that are served of the sources: node build.mjs [FOLDER]
 *
 * The modules of src/ are put one after the other into one function, each after those that it imports, with their comments:
 * ratchet.js is to be read where it is served. That takes names that are unique, and imports and exports in one form each;
 * what is otherwise is refused.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('src', import.meta.url));
const SERVED = fileURLToPath(new URL('../ratchet_tx/web/browser', import.meta.url));

const ENTRY = 'ratchet.js';
const COPIED = ['ratchet.mjs', 'ratchet.d.ts'];

const COMMENT = /^\/\*\*\n((?: \*.*\n)+?) \*\/\n/;
const IMPORT = /^import \{ (\w+(?:, \w+)*) \} from '\.\/(\w+\.js)';\n/gm;
const EXPORT = /^export (?=(?:async function|function|class|const|let) (\w+))/gm;
const DECLARED = /^(?:async function|function|class|const|let) (\w+)/gm;
const REFUSED = /^(?:import|export|var)\b.*|^(?:const|let) [[{].*|\bimport\(.*|\bimport\.meta\b.*/m;

/** Reads a module, and takes it apart. */
function read(folder, name) {
    const source = readFileSync(join(folder, name), 'utf8');
    const comment = source.match(COMMENT);
    if (!comment) {
        throw new Error(`${name}: begin with a comment that says what it is for`);
    }
    const text = source.slice(comment[0].length);
    const imports = [...text.matchAll(IMPORT)].map(([, names, from]) => ({ names: names.split(', '), from }));
    const exports = [...text.matchAll(EXPORT)].map(([, exported]) => exported);
    const body = text.replace(IMPORT, '').replace(EXPORT, '').trim();
    const refused = body.match(REFUSED);
    if (refused) {
        throw new Error(`${name}: this can't be put into a script: ${refused}`);
    }
    const lines = comment[1].trimEnd().split('\n').map((line) => line.slice(3));
    return { name, lines, imports, exports, body, names: [...body.matchAll(DECLARED)].map(([, declared]) => declared) };
}

/** All modules that one of them needs, each after those that it imports. */
function inOrder(folder, name, found = new Map(), above = []) {
    if (above.includes(name)) {
        throw new Error(`${[...above, name].join(' -> ')}: a circle of imports`);
    }
    if (!found.has(name)) {
        const module = read(folder, name);
        for (const { names, from } of module.imports) {
            const { exports } = inOrder(folder, from, found, [...above, name]).get(from);
            const missing = names.filter((each) => !exports.includes(each));
            if (missing.length > 0) {
                throw new Error(`${name}: ${from} does not export ${missing.join(', ')}`);
            }
        }
        found.set(name, module);
    }
    return found;
}

function generated(name) {
    return `// Generated from client/src${name} by client/build.mjs ("make client"): change it there.\n`;
}

/** The sources as one classic script. */
export function bundle(folder = SOURCES) {
    const modules = [...inOrder(folder, ENTRY).values()];
    const names = modules.flatMap((module) => module.names);
    const twice = names.filter((name, place) => names.indexOf(name) !== place);
    if (twice.length > 0) {
        throw new Error(`${twice.join(', ')}: there is one scope for all modules, name it otherwise`);
    }
    const { lines, body } = modules.pop();
    const parts = modules.map((module) => {
        const about = [module.name, ...module.lines].map((line) => `// ${line}`.trimEnd());
        return [...about, '', module.body].join('\n');
    });
    const script = ["'use strict';", ...parts, body].join('\n\n');
    const about = ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'].join('\n');
    return `${generated('')}${about}\n(() => {\n\n${script}\n\n})();\n`;
}

/** Writes the served files into a folder. */
export function build(target = SERVED, folder = SOURCES) {
    const copied = COPIED.map((name) => [name, generated(`/${name}`) + readFileSync(join(folder, name), 'utf8')]);
    const files = new Map([[ENTRY, bundle(folder)], ...copied]);
    mkdirSync(target, { recursive: true });
    files.forEach((text, name) => writeFileSync(join(target, name), text));
    return [...files.keys()];
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
    build(process.argv[2]);
}
