/**
 * The browser client as an ES module: the class that ratchet.js defines as a global, to import.
 *
 *     import Ratchet from './ratchet.mjs';
 */
import './ratchet.js';

const { Ratchet } = globalThis;

export { Ratchet, Ratchet as default };
