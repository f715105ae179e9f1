// The conversation of tests/whole/real/talk.py, from a page, by the browser's own WebSocket and by ratchet.js.

const TEXT = 'aé€😀'.repeat(6000);

function equal(actual, expected) {
    const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (one !== other) throw new Error(`${one.slice(0, 200)} is not ${other.slice(0, 200)}`);
}

async function connect() {
    const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/');
    const messages = [];
    let wake = () => {};
    socket.onmessage = ({ data }) => { messages.push(JSON.parse(data)); wake(); };
    const closed = new Promise((resolve) => { socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean }); });
    await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error('The socket does not open'));
    });
    return {
        send: (message) => socket.send(JSON.stringify(message)),
        close: () => socket.close(1000),
        closed,
        async receive() {
            if (!messages.length) await new Promise((resolve) => { wake = resolve; });
            return messages.shift();
        },
    };
}

async function talk() {
    const peer = await connect();
    peer.send({ event: 'socket.auth.request', data: { token: '' } });
    equal((await peer.receive()).event, 'socket.auth.success');
    peer.send({ event: 'echo', data: TEXT, id: 1 });
    equal(await peer.receive(), { event: 'socket.reply', data: { ok: true, result: TEXT }, re: 1 });
    peer.send({ event: 'push', data: 3 });
    for (const number of [0, 1, 2]) equal(await peer.receive(), { event: 'pushed', data: { number } });
    peer.close();
    equal(await peer.closed, { code: 1000, wasClean: true });

    const other = await connect();
    other.send({ event: 'hang up' });
    equal(await other.closed, { code: 4001, wasClean: true });

    const ratchet = new Ratchet();
    const opened = new Promise((resolve) => { ratchet.on('socket.auth.success', resolve); });
    const pushed = new Promise((resolve) => { ratchet.on('pushed', resolve); });
    await opened;
    equal(await ratchet.emit('echo', TEXT, { ack: 30 }), TEXT);
    ratchet.emit('push', 1);
    equal(await pushed, { number: 0 });
    return 'talked';
}
