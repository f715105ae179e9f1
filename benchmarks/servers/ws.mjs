// Node's ws.

import { WebSocket, WebSocketServer } from 'ws';

import { users } from './tokens.mjs';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 1024 });
const rooms = new Map();

const emit = (socket, event, data) => socket.send(JSON.stringify({ event, data }));

const toAll = (receivers, event, data) => {
    const message = JSON.stringify({ event, data });
    for (const each of receivers) {
        if (each.user !== undefined && each.readyState === WebSocket.OPEN) each.send(message);
    }
};

const handlers = new Map(Object.entries({
    echo: (socket, data) => emit(socket, 'echo', data),
    shout: (socket, data) => toAll(server.clients, 'shouted', data),
    join: (socket, room) => {
        if (!rooms.has(room)) rooms.set(room, new Set());
        rooms.get(room).add(socket);
        emit(socket, 'joined', room);
    },
    tell: (socket, { room, text }) => toAll(rooms.get(room) ?? [], 'told', text),
}));

const login = (socket, { token }) => {
    socket.user = users.get(token);
    if (socket.user === undefined) return emit(socket, 'socket.auth.failure', { errors: ['Invalid access token.'] });
    emit(socket, 'socket.auth.success', { client: { username: socket.user } });
};

server.on('connection', (socket) => {
    socket.on('message', (message) => {
        const { event, data } = JSON.parse(message);
        if (event === 'socket.auth.request') return login(socket, data);
        if (socket.user !== undefined) handlers.get(event)?.(socket, data);
    });
    socket.on('close', () => {
        for (const members of rooms.values()) members.delete(socket);
    });
});
