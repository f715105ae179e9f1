import type { Circle, Events, Events2, Pair, Point, Point2, Square } from './events';

type Received = { 'chat.message': { text: string }; count: (data: number) => void };
const typed = new Ratchet<Events, Received, { username: string }>('ws://localhost');
const untyped = new Ratchet('ws://localhost');
const byHand = new Ratchet<{ point: Point; maybe: Point | null; flag: boolean }>('ws://localhost');
const circle: Circle = { type: 'circle', centre: { x: 1 } };
const square: Square = { type: 'square', corners: [{ x: 1 }, { x: 2, y: 3 }] };

typed.emit('point', { x: 1 });
typed.emit('shape', circle);
typed.emit('shape', square);
typed.emit('both', { x: 1, ...circle });
typed.emit('pair', [1]);
typed.emit('pair', [1, null]);
typed.emit('open', [1, 'more', 2]);
typed.emit('names', { z: true });
typed.emit('maps', { a: [1, 2] });
typed.emit('reserved', { z: true });
typed.emit('any');
typed.emit('any', { what: 'ever' });
typed.emit('maybe');
typed.emit('maybe', null);
typed.emit('an "odd"\n*/ name', 1.5);

const point: Point | null = JSON.parse('null');
typed.emit('maybe', point);
byHand.emit('maybe', point);
byHand.emit('flag', true);
byHand.on('whatever', (data) => data.anything);

const counted: Promise<number> = typed.emit('point', { x: 1 }, { ack: true });
typed.emit('shape', circle, { ack: 2 }).then((shapes) => shapes.length);
typed.emit('maybe', undefined, { ack: true }).then((result: null) => result);
typed.emit('any', 5, { ack: true }).then((result) => result.anything);
typed.emit('any', 5, { ack: false });

typed.on('chat.message', ({ text }) => text.length).once('count', (count) => count.toFixed());
typed.on('chat.message', function ({ text }) { this.emit('any', text); });
typed.on('socket.close', ({ code }) => code.toFixed());
typed.once('socket.auth.success', ({ client }) => client.username.length);
const username: string | undefined = typed.client?.username;

const results: [Ratchet.Result<Events['shape']>, Ratchet.Result<Events['both']>] = [[circle, square], 'x'];
const maybe: Ratchet.Result<Events['maybe']> = null;
const pair: Ratchet.Result<Events['pair']> = [1, 'x'] satisfies Pair;
const literals: Ratchet.Result<Events['open']>[] = ['red', 2, null];
const names: Ratchet.Result<Events['names']> = { 'an odd-name': 5 } satisfies Events2;

declare const name: string;
untyped.emit(name);
untyped.emit(name, { what: 'ever' });
untyped.emit<number>(name, 5, { ack: true }).then((result) => result.toFixed());
untyped.emit('x', 5, { ack: true }).then((result) => result.anything);
byHand.emit('point', { x: 1 }, { ack: true }).then((result) => result.anything);
untyped.on(name, (data) => data.anything);
untyped.once<{ a: string }>('x', ({ a }) => a.length);
const handler: Ratchet.Handler<number> = function (count) { this.emit('x', count); };
untyped.on('x', handler).off('x', handler).off('x');
typed.on('count', handler);

const half = new Ratchet<any, { may: Point | null; left: (data?: number | null) => void }, { username: string }>();
half.emit(name, 5);
half.on('may', (data: Point | null) => data?.x).on('left', (data: number | null) => data?.toFixed());
half.client?.username.length;
