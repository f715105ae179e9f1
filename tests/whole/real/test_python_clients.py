"""
Python's clients, over plain TCP and over TLS in each way of serving it.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import httpx_ws
import pytest
import pytest_twisted
import websocket
from anyio.from_thread import start_blocking_portal
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.ssl import Certificate, optionsForClientTLS
from twisted.internet.threads import blockingCallFromThread, deferToThread
from ws4py.client import WebSocketBaseClient

from tests.kit.processes import PATIENCE
from tests.whole.real.conftest import Served
from tests.whole.real.parts import (
    AIOHTTP,
    AUTOBAHN,
    HTTPX_WS,
    PLAIN_AND_TLS,
    TCP,
    WEBSOCKET_CLIENT,
    WEBSOCKETS,
    WS4PY,
    runs,
)
from tests.whole.real.talk import Peer, converseAndClose, dialing


def offering(served: Served, *protocols: str) -> ssl.SSLContext:
    """
    Trust the server's certificate, and offer protocols by ALPN like browsers.
    """
    context = ssl.create_default_context(cafile=str(served.certificate))
    context.set_alpn_protocols(protocols or ("http/1.1",))
    return context


@runs(WEBSOCKETS, *PLAIN_AND_TLS)
@pytest.mark.parametrize("protocols", [("http/1.1",), ("h2", "http/1.1")], ids="-".join)
def test_websockets(served: Served, way: str, protocols: tuple[str, ...]) -> None:
    """The client of websockets talks, offering what browsers offer for sockets or for pages."""

    context = None if way == TCP else offering(served, *protocols)
    converseAndClose(lambda: dialing(served.socket(way), context))


@runs(AIOHTTP, *PLAIN_AND_TLS)
def test_aiohttp(served: Served, way: str) -> None:
    """The client of aiohttp talks; it first gets a page over the connection that becomes the socket."""
    with asyncio.Runner() as runner:
        run = runner.run
        tls: Any = {} if way == TCP else {"ssl": offering(served)}

        async def open() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1, **tls))

        session = run(open())

        async def dial() -> Any:
            async with session.get(served.page(way, "/readyz")) as response:
                assert response.status == 200
                await response.read()
            return await session.ws_connect(served.socket(way))

        @contextmanager
        def connected() -> Iterator[Peer]:
            socket = run(dial())

            async def receive() -> str:
                return str(await socket.receive_str(timeout=PATIENCE))

            async def closed() -> int | None:
                await socket.receive(timeout=PATIENCE)
                return int(socket.close_code)

            yield Peer(
                lambda text: run(socket.send_str(text)),
                lambda: run(receive()),
                lambda: run(socket.close()),
                lambda: run(closed()),
            )

        try:
            converseAndClose(connected)
        finally:
            run(session.close())


@runs(HTTPX_WS, *PLAIN_AND_TLS)
def test_httpxws(served: Served, way: str) -> None:
    """The client of httpx-ws talks, on a pool that has requested a page before."""
    # Not its client for threads: see dialing.
    client = httpx.AsyncClient(verify=offering(served), limits=httpx.Limits(max_connections=1))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client):

        @contextmanager
        def connected() -> Iterator[Peer]:
            assert portal.call(client.get, served.page(way, "/readyz")).status_code == 200
            with portal.wrap_async_context_manager(httpx_ws.aconnect_ws(served.page(way), client)) as session:

                def receive() -> str:
                    return str(portal.call(session.receive_text, PATIENCE))

                def closed() -> int | None:
                    with pytest.raises(httpx_ws.WebSocketDisconnect) as end:
                        receive()
                    return int(end.value.code)

                yield Peer(
                    lambda text: portal.call(session.send_text, text), receive, lambda: portal.call(session.close), closed
                )

        converseAndClose(connected)


@runs(WEBSOCKET_CLIENT, *PLAIN_AND_TLS)
def test_websocketClient(served: Served, way: str) -> None:
    """The client of websocket-client talks; it sends an Origin by itself."""

    @contextmanager
    def connected() -> Iterator[Peer]:
        peer = websocket.create_connection(served.socket(way), PATIENCE, sslopt={"context": offering(served)})

        def closed() -> int | None:
            opcode, data = peer.recv_data()
            assert opcode == websocket.ABNF.OPCODE_CLOSE
            peer.shutdown()
            return int.from_bytes(data[:2], "big")

        yield Peer(peer.send, peer.recv, peer.close, closed)

    converseAndClose(connected)


class PumpedClient(WebSocketBaseClient):  # type: ignore[misc]
    """
    A ws4py client that its user reads: the threaded one shares an OpenSSL object between two threads.
    """

    def __init__(self, url: str, certificate: Path) -> None:
        super().__init__(url, ssl_options={"ca_certs": str(certificate)})
        self.texts: deque[str] = deque()
        self.code: int | None = None

    def handshake_ok(self) -> None:
        self.sock.settimeout(PATIENCE)

    def received_message(self, message: Any) -> None:
        self.texts.append(str(message))

    def closed(self, code: int, reason: str | None = None) -> None:
        self.code = code

    def receive(self) -> str:
        while not self.texts:
            assert self.once()
        return self.texts.popleft()

    def end(self) -> int | None:
        while self.once():
            pass
        self.terminate()
        return self.code


@runs(WS4PY, *PLAIN_AND_TLS)
def test_ws4py(served: Served, way: str) -> None:
    """The client of ws4py talks; its Origin begins with ws, unlike a browser's."""

    @contextmanager
    def connected() -> Iterator[Peer]:
        # It takes the first address of the name, which may be IPv6.
        peer = PumpedClient(served.socket(way).replace("localhost", "127.0.0.1"), served.certificate)
        peer.connect()

        def close() -> None:
            peer.close()
            assert peer.end() == 1000

        yield Peer(peer.send, peer.receive, close, peer.end)

    converseAndClose(connected)


class AutobahnClient(WebSocketClientProtocol):  # type: ignore[misc]
    """
    An Autobahn client that keeps what it receives; its result is the close code.
    """

    def __init__(self, opened: Any) -> None:
        super().__init__()
        self.messages: DeferredQueue[Any] = DeferredQueue()
        self._opened = opened

    def onOpen(self) -> None:
        self._opened.callback(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.messages.put(payload.decode())

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        self.messages.put(code if wasClean else None)


@runs(AUTOBAHN, *PLAIN_AND_TLS)
@pytest_twisted.ensureDeferred
async def test_autobahn(served: Served, way: str) -> None:
    """The client of Autobahn talks on Twisted, offering http/1.1 by ALPN like Twisted's clients."""

    def run(call: Any, *words: Any) -> Any:
        return blockingCallFromThread(reactor, call, *words)

    @contextmanager
    def connected() -> Iterator[Peer]:
        opened: Deferred[Any] = Deferred()
        factory = WebSocketClientFactory(served.socket(way))
        factory.protocol = lambda: AutobahnClient(opened)
        factory.noisy = False
        endpoint: Any = HostnameEndpoint(reactor, "127.0.0.1", served.port(way))
        if way != TCP:
            trusted = Certificate.loadPEM(served.certificate.read_bytes())
            endpoint = wrapClientTLS(optionsForClientTLS("localhost", trusted, acceptableProtocols=[b"http/1.1"]), endpoint)
        run(endpoint.connect, factory)
        peer = run(lambda: opened)

        def receive() -> Any:
            return run(lambda: peer.messages.get().addTimeout(PATIENCE, reactor))

        def close() -> None:
            run(peer.sendClose, 1000)
            assert receive() == 1000

        yield Peer(lambda text: run(peer.sendMessage, text.encode()), receive, close, receive)

    await deferToThread(converseAndClose, connected)
