// Node's Socket.IO, by WebSocket from the start, with rooms and middleware of its own.

import { Server } from 'socket.io';

import { users } from './tokens.mjs';

const server = new Server({ transports: ['websocket'], serveClient: false });

server.use((socket, next) => {
    socket.user = users.get(socket.handshake.auth.token);
    next(socket.user === undefined ? new Error('Invalid access token.') : undefined);
});

server.on('connection', (socket) => {
    socket.on('echo', (data) => socket.emit('echo', data));
    socket.on('shout', (data) => server.emit('shouted', data));
    socket.on('join', (room) => {
        socket.join(room);
        socket.emit('joined', room);
    });
    socket.on('tell', ({ room, text }) => server.to(room).emit('told', text));
});

server.listen(Number(process.env.PORT));
