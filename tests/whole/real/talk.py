"""
The conversation that every client has with the server.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.kit.processes import PATIENCE

#: 60 kB in UTF-8, more than one TLS record and more than one read; each kind of character that UTF-8 has.
TEXT = "aé€😀" * 6_000


class Peer(NamedTuple):
    """
    A connected client.

    @ivar send: sends a text
    @ivar receive: waits for the next text
    @ivar close: closes with 1000, waits for the end
    @ivar closed: waits for the end, and returns the server's close code
    """

    send: Callable[[str], Any]
    receive: Callable[[], str]
    close: Callable[[], Any]
    closed: Callable[[], int | None]


def ask(peer: Peer, event: str, data: Any = None) -> Any:
    """
    Send an event, and return the result of its reply.
    """
    peer.send(json.dumps({"event": event, "data": data, "id": 1}, ensure_ascii=False))
    while True:
        message = json.loads(peer.receive())
        if message.get("re") == 1:
            assert message["data"]["ok"], message
            return message["data"].get("result")


def converse(peer: Peer) -> None:
    """
    Log in as a guest, send and receive long messages, and get several events in order.
    """
    peer.send('{"event":"socket.auth.request","data":{"token":""}}')
    assert json.loads(peer.receive())["event"] == "socket.auth.success"
    assert ask(peer, "echo", TEXT) == TEXT
    peer.send('{"event":"push","data":3}')
    for number in range(3):
        assert json.loads(peer.receive()) == {"event": "pushed", "data": {"number": number}}


def converseAndClose(connect: Callable[[], AbstractContextManager[Peer]]) -> None:
    """
    Have the conversation and close; then have it again, and let the server close.
    """
    with connect() as peer:
        converse(peer)
        peer.close()
    with connect() as peer:
        peer.send('{"event":"hang up"}')
        assert peer.closed() == 4001


@contextmanager
def dialing(
    url: str,
    context: ssl.SSLContext | None = None,
    origin: str | None = None,
    headers: Mapping[str, str] | None = None,
    source: str | None = None,
) -> Iterator[Peer]:
    """
    Connect with the client of websockets within a C{with} block.

    It is the client for asyncio.  The one for threads fails over TLS with Python 3.11: two threads share one OpenSSL
    object without a lock, and one request of a hundred is never sent, to any server.

    @param context: for TLS
    @param origin: the Origin header
    @param source: the address to connect from
    """
    options: dict[str, Any] = {"origin": origin, "additional_headers": headers}
    if context is not None:
        options["ssl"] = context
    if source is not None:
        options["local_addr"] = (source, 0)

    async def dial() -> ClientConnection:
        return await connect(url, **options)

    with asyncio.Runner() as runner:
        run = runner.run
        peer = run(dial())

        async def receive() -> str:
            return str(await asyncio.wait_for(peer.recv(), PATIENCE))

        def closed() -> int | None:
            with pytest.raises(ConnectionClosed) as end:
                run(receive())
            assert end.value.rcvd is not None
            return end.value.rcvd.code

        try:
            yield Peer(lambda text: run(peer.send(text)), lambda: run(receive()), lambda: run(peer.close()), closed)
        finally:
            peer.transport.abort()
