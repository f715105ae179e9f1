// Joins the chat with nothing but the package ws: logs in, says what it is told to, and prints what comes until its own
// words come back.
//
//     node chat.js ws://localhost:8080 TOKEN WORDS

import { WebSocket } from 'ws';

const [url, token, words] = process.argv.slice(2);
const socket = new WebSocket(url);

socket.on('open', () => {
    socket.send(JSON.stringify({ event: 'socket.auth.request', data: { token } }));
    socket.send(JSON.stringify({ event: 'chat.send', data: words }));
});

socket.on('message', (text) => {
    console.log(String(text));
    if (JSON.parse(text).event === 'chat.message.sent') socket.close();
});
