"""
A client's end of a connection: in memory, where bytes arrive at once, or over a real socket.
"""

from contextlib import suppress
from socket import socket
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from tests.kit.wire import Frame, frames, handshake


class MemoryTransport(StringTransport):
    """
    A server's transport in memory.

    @ivar protocol: receives the incoming bytes; it may be replaced, as a WebSocket replaces HTTP
    @ivar aborted: whether the connection was aborted
    """

    protocol: Any = None

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        super().abortConnection()

    def unregisterProducer(self) -> None:
        # A real TCP transport accepts this without a producer too.
        self.producer = None


class MemoryReactor(MemoryReactorClock):  # type: ignore[misc]
    """
    A reactor without real ports; the test controls its time and shuts it down.
    """

    def removeSystemEventTrigger(self, trigger: Any) -> None:
        phase, event, call = trigger
        self.triggers[phase][event].remove(call)

    def addSystemEventTrigger(self, phase: str, event: str, *call: Any) -> Any:
        call = (call[0], call[1:], {})
        self.triggers.setdefault(phase, {}).setdefault(event, []).append(call)
        return phase, event, call

    def shutDown(self) -> None:
        for function, arguments, keywords in self.triggers["before"]["shutdown"]:
            function(*arguments, **keywords)


class Wire:
    """
    A client's end of a connection in memory.
    """

    def __init__(self, factory: Any, peer: Any = None) -> None:
        address = peer or IPv4Address("TCP", "192.0.2.7", 5000)
        self.transport = MemoryTransport(IPv4Address("TCP", "192.0.2.1", 8080), address)
        self.factory = factory
        self.transport.protocol = factory.buildProtocol(address)
        self.protocol.makeConnection(self.transport)

    @property
    def protocol(self) -> Any:
        """
        The protocol that now serves the connection.
        """
        return self.transport.protocol

    def send(self, data: bytes) -> None:
        self.protocol.dataReceived(data)
        # Bytes beyond a peer's share are handled in the reactor's next turns.
        if isinstance(self.factory.reactor, MemoryReactorClock):
            self.factory.reactor.advance(0)

    def stopReading(self) -> None:
        """
        Stop reading: what the server sends waits there.
        """
        self.transport.producer.pauseProducing()

    def readAgain(self) -> None:
        """
        Read what waits, and what comes later.
        """
        self.transport.producer.resumeProducing()

    def receive(self) -> bytes:
        data = self.transport.value()
        self.transport.clear()
        return data

    def frames(self) -> list[Frame]:
        return frames(self.receive())

    def open(self, path: str = "/", **headers: str) -> "Wire":
        """
        Send a handshake.
        """
        self.send(handshake(path, **headers))
        assert self.receive().startswith(b"HTTP/1.1 101 ")
        return self

    def get(self, path: str, **headers: str) -> tuple[int, str, bytes]:
        """
        Request a page.

        @return: the status, the head, and the body
        """
        lines = [f"GET {path} HTTP/1.1", "Host: localhost:8080", *(f"{name}: {value}" for name, value in headers.items())]
        self.send("\r\n".join([*lines, "", ""]).encode())
        head, _, body = self.receive().partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), head.decode(), body

    def lose(self, reason: Exception | None = None) -> None:
        """
        Lose the connection.
        """
        # A real transport first stops its producer, such as a file, which is then closed.
        if (producer := self.transport.producer) is not None:
            self.transport.producer = None
            producer.stopProducing()
        self.protocol.connectionLost(Failure(reason or ConnectionDone()))


def fetch(url: str, **headers: str) -> tuple[int, Any, bytes]:
    """
    Request a page over a real socket, and wait for it.

    @return: the status, or 0 if nothing listens; the headers, and the body
    """
    request = Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urlopen(request, timeout=20) as response:
            return response.status, response.headers, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read()
    except (URLError, ConnectionError):
        return 0, {}, b""


async def fetched(url: str, **headers: str) -> tuple[int, Any, bytes]:
    """
    Request a page from a server in this process.
    """
    return await deferToThread(lambda: fetch(url, **headers))


def readAll(peer: socket) -> bytes:
    """
    Read until the server closes the connection, cleanly or not.
    """
    received = b""
    with suppress(ConnectionResetError):
        while more := peer.recv(65536):
            received += more
    return received
