/**
 * A page's script whose events are typed: those that it sends as places.py says, those that it receives by itself.
 *
 *     python -m ratchet_tx describe places:Places --format types --output events.d.ts
 *     tsc --strict --target es2022 places.ts ../ratchet_tx/web/browser/ratchet.d.ts
 */

import type { Events, Point } from './events';

const socket = new Ratchet<Events, { 'place.marked': Point }>();

socket.on('place.marked', ({ x, y }) => console.log(x, y));
socket.emit('place.mark', { x: 3 });
socket.emit('place.mark', { x: 3, y: 4 }, { ack: true }).then((distance) => console.log(distance.toFixed(1)));

export {};
