/**
 * Who is shown in a room, and what is told of it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ours } from './fakes.js';
import { Stay } from './visit.js';

describe('Presence', () => {
    const STATE = { ada: { metas: [{ ref: 'c-1', status: 'away' }, { ref: 'c-2' }] }, bob: { metas: [{ ref: 'c-3' }] } };

    class Gathering extends Stay {
        static in() {
            const stay = Object.setPrototypeOf(Stay.in({ presence: true }), Gathering.prototype);
            stay.news = [];
            stay.room.on('socket.presence', ({ members, joined, left }) => {
                assert.equal(members, stay.room.members);
                stay.news.push(ours({ joined, left }));
            });
            return stay;
        }

        state(members) {
            this.hear('socket.presence.state', { room: 'news', members }, { room: 'news' });
        }

        diff(joins, leaves = {}) {
            this.hear('socket.presence.diff', { room: 'news', joins, leaves }, { room: 'news' });
        }

        get members() {
            return Object.fromEntries([...this.room.members].map(([id, member]) => [id, ours(member)]));
        }
    }

    test('The first word of who is there is no news of anybody coming', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        assert.deepEqual([stay.members, stay.news], [STATE, [{ joined: [], left: [] }]]);
    });

    test('Who comes and goes is taken in, and told by name: the first connection is the coming, the last the going', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        stay.diff({ eve: { metas: [{ ref: 'c-4' }] }, bob: { metas: [{ ref: 'c-5' }] } });
        stay.diff({}, { bob: { metas: [{ ref: 'c-3' }] }, ada: STATE.ada });
        stay.diff({}, { bob: { metas: [{ ref: 'c-5' }] } });
        assert.deepEqual(stay.members, { eve: { metas: [{ ref: 'c-4' }] } });
        assert.deepEqual(stay.news.slice(1), [
            { joined: ['eve'], left: [] }, { joined: [], left: ['ada'] }, { joined: [], left: ['bob'] },
        ]);
    });

    test('Each change gives another Map, and leaves the one that was given out before as it was', () => {
        const stay = Gathering.in();
        const seen = [stay.room.members];
        const see = () => seen.push(stay.room.members);
        stay.room.on('socket.presence', see);
        stay.state(STATE);
        stay.diff({ eve: { metas: [{ ref: 'c-4' }] } });
        stay.diff({}, { eve: { metas: [{ ref: 'c-4' }] } });
        assert.equal(new Set(seen).size, 4);
        assert.deepEqual(seen.map((members) => members.size), [0, 2, 3, 2]);
    });

    test('Who shows something else neither comes nor goes', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        const [here, busy] = ['here', 'busy'].map((status) => ({ ada: { metas: [{ ref: 'c-1', status }] } }));
        stay.diff(here);
        assert.deepEqual(stay.members.ada, { metas: [{ ref: 'c-2' }, { ref: 'c-1', status: 'here' }] });
        stay.diff(busy, here);
        assert.deepEqual(stay.members.ada, { metas: [{ ref: 'c-2' }, { ref: 'c-1', status: 'busy' }] });
        assert.deepEqual(stay.news.slice(1), Array(2).fill({ joined: [], left: [] }));
    });

    test('A connection that is somebody else by now is shown as that', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        stay.diff({ eve: { metas: [{ ref: 'c-3' }] } }, { bob: { metas: [{ ref: 'c-3' }] } });
        assert.deepEqual(Object.keys(stay.members), ['ada', 'eve']);
        assert.deepEqual(stay.news[1], { joined: ['eve'], left: ['bob'] });
    });

    test('When it is told anew who is there, those are news who were not', () => {
        const stay = Gathering.in();
        stay.state(STATE);
        stay.state({ ada: STATE.ada, eve: { metas: [{ ref: 'c-9' }] } });
        assert.deepEqual(stay.news[1], { joined: ['eve'], left: ['bob'] });
    });

    test('The frames themselves can be listened to, too', () => {
        const stay = Gathering.in();
        const noted = stay.note('socket.presence.state', 'socket.presence.diff');
        const all = stay.record('socket.presence.diff');
        stay.state({});
        stay.diff(STATE);
        assert.deepEqual(noted, [
            ['socket.presence.state', { room: 'news', members: {} }],
            ['socket.presence.diff', { room: 'news', joins: STATE, leaves: {} }],
        ]);
        assert.equal(all.length, 1);
    });

    test('Somebody can be named like what every object has', () => {
        const stay = Gathering.in();
        stay.state(JSON.parse('{"__proto__":{"metas":[{"ref":"c-1"}]}}'));
        assert.deepEqual([...stay.room.members.keys()], ['__proto__']);
    });
});
