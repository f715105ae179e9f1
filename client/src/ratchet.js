/**
 * Named events to and from a Ratchet server, for a page; what they mean is left to the page.
 *
 * A classic script that defines the global `Ratchet`; ratchet.mjs is the same as an ES module.
 *
 *     const ratchet = new Ratchet('ws://localhost:8080');
 *     ratchet.on('chat.message', (message) => show(message));
 *     ratchet.emit('chat.send', 'hi');
 */
import { Ratchet } from './client.js';

globalThis.Ratchet = Ratchet;
