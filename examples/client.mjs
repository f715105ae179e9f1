// A client in Node, by the documented JSON and the package ws.
//
//     node examples/client.mjs ws://localhost:8080 ada-secret

import { WebSocket } from 'ws';

const [url, token] = process.argv.slice(2);
const socket = new WebSocket(url);

socket.on('open', () => {
    socket.send(JSON.stringify({ event: 'socket.auth.request', data: { token } }));
    socket.send(JSON.stringify({ event: 'hello', data: 'world', id: 1 }));
});

socket.on('message', (text) => {
    console.log(String(text));
    if (JSON.parse(text).re === 1) socket.close();
});
