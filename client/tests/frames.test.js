/**
 * Frames: what is read, what is ignored, and how data is written.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { frame, Stay, Visit } from './visit.js';

describe('Frames that make no sense', () => {
    const NONSENSE = [
        '', 'hello', '{', 'null', '7', '"news"', 'true', '[]', '["news"]', '{}', '{"data":1}', '{"event":null}',
        '{"event":7}', '{"event":""}', '{"event":["news"]}', '{"event":{}}', '{"__proto__":{"event":"news"}}',
        JSON.stringify({ event: 'x'.repeat(129) }),
    ];
    const BINARY = [new ArrayBuffer(2), new Blob([frame('news')]), Buffer.from(frame('news'))];

    for (const message of [...NONSENSE, ...BINARY]) {
        const shown = typeof message === 'string' ? message.slice(0, 40) : `a binary ${message.constructor.name}`;
        test(`This frame is ignored, with a socket.error that tells of it: ${shown}`, () => {
            const visit = Visit.loggedIn();
            const news = visit.record('news');
            const errors = visit.record('socket.error');
            visit.socket.playMessage(message);
            assert.deepEqual(errors, [{ message: 'Ignored a frame that is not a JSON object with the name of an event.' }]);
            visit.hear('news', 'still here');
            assert.deepEqual(news, ['still here']);
            visit.assertNoComplaint();
        });
    }

    test('A handler of socket.error that throws is reported and no more', () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('socket.error', () => { throw new Error('broken'); });
        visit.socket.playMessage('hello');
        assert.equal(visit.page.complaints.length, 1);
    });
});

describe('Writing data', () => {
    test('An event is sent as JSON with its name and data', () => {
        const { ratchet, socket } = Visit.loggedIn();
        ratchet.emit('chat.send', { text: 'hi' });
        assert.equal(socket.sent.at(-1), '{"event":"chat.send","data":{"text":"hi"}}');
    });

    for (const value of [0, '', false, null, true, 1.5, 'naïve 🦄', [], {}, [0, ['']], { a: { b: [null] } }]) {
        test(`This data is sent as it is: ${JSON.stringify(value)}`, () => {
            const visit = Visit.loggedIn();
            visit.ratchet.emit('chat.send', value);
            visit.assertSent({ event: 'chat.send', data: value });
        });
    }

    test('Data that is undefined or left out is sent as null', () => {
        const visit = Visit.loggedIn();
        visit.ratchet.emit('one', undefined);
        visit.ratchet.emit('two');
        visit.assertSent({ event: 'one', data: null }, { event: 'two', data: null });
    });
});

describe('What UTF-8 cannot express', () => {
    // 'Thank you 😀' has twelve units, of which the last two are one character.
    const CUT = 'Thank you 😀'.slice(0, 11);

    for (const [data, sent] of [
        [CUT, 'Thank you \ufffd'],
        ['\ude00!', '\ufffd!'],
        ['\ud83d\ud83d\ude00', '\ufffd😀'],
        [{ [CUT]: [{ deep: CUT }] }, { 'Thank you \ufffd': [{ deep: 'Thank you \ufffd' }] }],
        ['\\ud83d', '\\ud83d'],
        ['\\\ud83d \n\u0000', '\\\ufffd \n\u0000'],
        ['"\\ud83d" and \ud83d', '"\\ud83d" and \ufffd'],
        ['naïve 😀', 'naïve 😀'],
    ]) {
        test(`Half a character is sent as U+FFFD, and everything else as it is: ${JSON.stringify(data)}`, () => {
            const visit = Visit.loggedIn();
            visit.ratchet.emit('chat.send', data);
            visit.assertSent({ event: 'chat.send', data: sent });
            assert.ok(visit.socket.sent.every((text) => text.isWellFormed?.() ?? true));
        });
    }

    test("So is half a character of an event's name, a room's, a token's, and of what is shown", () => {
        const stay = new Stay({ p2_ratchet_access_token: CUT });
        stay.socket.playOpen();
        assert.equal(JSON.parse(stay.socket.sent[0]).data.token, 'Thank you \ufffd');
        stay.hear('socket.auth.success', {});
        stay.ratchet.emit('\ud83d', 1);
        const room = stay.enter({ presence: true, meta: { [CUT]: CUT } }, 'r\ud83d');
        const heard = [];
        room.on('i\ud83d', (data) => heard.push(data));
        stay.assertSent(
            { event: '\ufffd', data: 1 },
            {
                event: 'socket.subscribe',
                data: { room: 'r\ufffd', presence: true, meta: { 'Thank you \ufffd': 'Thank you \ufffd' } },
                id: 1,
            },
        );
        stay.reply(1, { room: 'r\ufffd' });
        stay.hear('i\ufffd', 'hi', { room: 'r\ufffd' });
        assert.deepEqual([room.room, heard], ['r\ufffd', ['hi']]);
        assert.throws(() => stay.enter({}, 'r\ufffd'), /twice/);
    });

    test('So is half a character in a reply', async () => {
        const visit = Visit.loggedIn();
        visit.ratchet.on('confirm', () => CUT);
        visit.hear('confirm', null, { id: 's1' });
        await new Promise((resolve) => { setImmediate(resolve); });
        visit.assertSent({ event: 'socket.reply', data: { ok: true, result: 'Thank you \ufffd' }, re: 's1' });
    });
});
