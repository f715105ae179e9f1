/**
 * The conversation of tests/whole/real/talk.py, for any WebSocket of JavaScript's: a browser's, or one of Node's.
 */

/** 60 kB in UTF-8, with each kind of character that it has. */
export const TEXT = 'aé€😀'.repeat(6000);

export function equal(actual, expected) {
    const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (one !== other) throw new Error(`${one.slice(0, 200)} is not ${other.slice(0, 200)}`);
}

async function connect(makeSocket) {
    const socket = await makeSocket();
    const messages = [];
    let wake = () => {};
    socket.onmessage = ({ data }) => { messages.push(JSON.parse(data)); wake(); };
    const closed = new Promise((resolve) => { socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean }); });
    await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = ({ message = 'no reason given' }) => reject(new Error(`The socket does not open: ${message}`));
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

/**
 * Logs in, sends and receives, closes, and is closed by the server; fails where anything is not as it should be.
 *
 * @param makeSocket - gives a new WebSocket, or a promise of one
 */
export async function converse(makeSocket) {
    const peer = await connect(makeSocket);
    peer.send({ event: 'socket.auth.request', data: { token: '' } });
    equal((await peer.receive()).event, 'socket.auth.success');
    peer.send({ event: 'echo', data: TEXT, id: 1 });
    equal(await peer.receive(), { event: 'socket.reply', data: { ok: true, result: TEXT }, re: 1 });
    peer.send({ event: 'push', data: 3 });
    for (const number of [0, 1, 2]) equal(await peer.receive(), { event: 'pushed', data: { number } });
    peer.close();
    equal(await peer.closed, { code: 1000, wasClean: true });

    const other = await connect(makeSocket);
    other.send({ event: 'hang up' });
    equal(await other.closed, { code: 4001, wasClean: true });
}
