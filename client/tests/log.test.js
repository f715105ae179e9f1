/**
 * What is said on the console.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ADDRESS, Visit } from './visit.js';

describe('What is refused without anybody waiting for a reply', () => {
    test('It is said on the console, once for each event and code', () => {
        const visit = Visit.loggedIn();
        const heard = visit.record('socket.refused');
        const refusal = { event: 'shuot', code: 'event.unknown', message: 'Unregistered event' };
        visit.hear('socket.refused', refusal);
        visit.hear('socket.refused', refusal);
        visit.hear('socket.refused', { ...refusal, code: 'auth.required', message: 'Log in first' });
        assert.deepEqual(visit.page.warnings, [
            ['Ratchet: the server refused "shuot" (event.unknown): Unregistered event'],
            ['Ratchet: the server refused "shuot" (auth.required): Log in first'],
        ]);
        assert.equal(heard.length, 3);
    });

    test('A page that sends ever other ones does not fill the console', () => {
        const visit = Visit.loggedIn();
        for (let number = 0; number < 200; number += 1) {
            visit.hear('socket.refused', { event: `typo-${number}`, code: 'event.unknown', message: 'Unregistered event' });
        }
        assert.equal(visit.page.warnings.length, 64);
    });
});

describe('Debugging', () => {
    test('Without debug nothing is logged', () => {
        const visit = Visit.loggedIn();
        visit.ratchet.emit('chat.send', 'hi');
        visit.hear('chat.message', 'hi');
        assert.deepEqual(visit.page.logged, []);
    });

    test('With debug it logs what is sent and received, by name', () => {
        const visit = Visit.loggedIn({ p2_ratchet_debug: true });
        visit.ratchet.emit('chat.send', 'hi');
        visit.hear('chat.message', 'ho');
        assert.deepEqual(visit.page.logged, [
            ['Ratchet sent', 'socket.auth.request'],
            ['Ratchet received', 'socket.auth.success'],
            ['Ratchet sent', 'chat.send', '{"event":"chat.send","data":"hi"}'],
            ['Ratchet received', 'chat.message', '{"event":"chat.message","data":"ho"}'],
        ]);
    });

    test('With debug an event that waits is logged when it is sent', () => {
        const visit = Visit.open({ p2_ratchet_debug: true });
        visit.ratchet.emit('chat.send', 'hi');
        assert.deepEqual(visit.page.logged, [['Ratchet sent', 'socket.auth.request']]);
        visit.hear('socket.auth.success', {});
        assert.deepEqual(visit.page.logged.at(-1), ['Ratchet sent', 'chat.send', '{"event":"chat.send","data":"hi"}']);
    });

    test('Debug can be switched on and off while the page runs', () => {
        const visit = Visit.loggedIn();
        visit.Ratchet.debug = true;
        visit.ratchet.emit('one');
        visit.Ratchet.debug = false;
        visit.ratchet.emit('two');
        assert.deepEqual(visit.page.logged.map(([, event]) => event), ['one']);
    });

    test('The token is never logged, not even where the server sends it back', () => {
        const visit = Visit.open({ p2_ratchet_debug: true, p2_ratchet_access_token: 'hunter2', uri: `${ADDRESS}/?hunter2` });
        visit.hear('socket.auth.failure', { errors: ['hunter2 is no token'] });
        visit.hear('socket.auth.success', { client: { accessToken: 'hunter2' } });
        visit.socket.playMessage('hunter2');
        visit.socket.playClose();
        assert.equal(JSON.stringify([visit.page.logged, visit.page.complaints]).includes('hunter2'), false);
        assert.ok(visit.page.logged.length > 0);
    });
});
