/**
 * talk(): the conversation from a page, by the browser's own WebSocket and by the client, as a script and as a module.
 */
import Module, { Ratchet as Named } from '/ratchet.mjs';

import { TEXT, converse, equal } from './conversation.js';

globalThis.talk = async () => {
    await converse(() => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/`));
    equal([Module, Named].map((each) => each === globalThis.Ratchet), [true, true]);

    const ratchet = new Ratchet();
    const opened = new Promise((resolve) => { ratchet.on('socket.auth.success', resolve); });
    const pushed = new Promise((resolve) => { ratchet.on('pushed', resolve); });
    await opened;
    equal(await ratchet.emit('echo', TEXT, { ack: 30 }), TEXT);
    ratchet.emit('push', 1);
    equal(await pushed, { number: 0 });
    return 'talked';
};
