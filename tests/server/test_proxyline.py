"""
The PROXY line, in which a load balancer tells the peer's address.
"""

from pathlib import Path
from socket import create_connection
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol

from ratchet_tx.server.proxyline import expectProxyLine, stripProxyPrefix
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import logged
from tests.kit.processes import freePort, serving, twistd

BINARY = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x08\x08\x04\x04\x7f\x00\x00\x01\x10\x00\x20\x00"


class Behind(Protocol):
    received = b""

    def dataReceived(self, data: bytes) -> None:
        self.received += data


class Served:
    """
    A server that expects a PROXY line.
    """

    def __init__(self) -> None:
        inner = Factory.forProtocol(Behind)
        inner.noisy = False
        factory = expectProxyLine(inner)
        factory.reactor = MemoryReactor()
        self.wire = Wire(factory)
        self.protocol: Any = self.wire.protocol.wrappedProtocol.wrappedProtocol

    @property
    def peer(self) -> str:
        host = self.protocol.transport.getPeer().host
        return host if isinstance(host, str) else host.decode()


@pytest.mark.parametrize("isCut", [False, True])
@pytest.mark.parametrize(
    ("line", "peer"),
    [
        (b"PROXY UNKNOWN\r\n", "192.0.2.7"),
        (b"PROXY UNKNOWN ::1 ::1 1 2\r\n", "192.0.2.7"),
        (b"PROXY TCP4 8.8.4.4 127.0.0.1 4096 8192\r\n", "8.8.4.4"),
        (b"PROXY TCP6 2001:db8::1 ::1 4096 8192\r\n", "2001:db8::1"),
        (BINARY, "8.8.4.4"),
    ],
    ids=["short", "long", "v4", "v6", "binary"],
)
def test_lines(line: bytes, peer: str, isCut: bool) -> None:
    """Every form of the line is accepted, in any chunks, and what follows it is passed on."""
    served = Served()
    for piece in [bytes([byte]) for byte in line] if isCut else [line + b"GET "]:
        served.wire.send(piece)
    served.wire.send(b"/")
    assert served.protocol.received == (b"/" if isCut else b"GET /")
    assert served.peer == peer
    assert not served.wire.transport.disconnecting


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\n", b"PROXY UNKNOWNx\r\n", b"PROXY " + b"x" * 200, b"\r\n\r\nx" * 4, b"P\r\n"]
)
def test_noLine(sent: bytes) -> None:
    """A connection without such a line is closed, and nothing is passed on; a missing line is logged with the address."""
    served = Served()
    with logged() as lines:
        served.wire.send(sent)
    said = [line for line in lines if line.startswith('Refused a connection: address=192.0.2.7 why="no PROXY line" hint="')]
    assert len(said) == (not sent.startswith(b"PROXY "))
    assert served.wire.transport.disconnecting
    assert served.protocol.received == b""


def test_descriptions() -> None:
    """C{haproxy:} is removed from a description."""
    assert stripProxyPrefix("haproxy:tcp:8080") == "tcp:8080"
    assert stripProxyPrefix("haproxy:haproxy:tcp:8080") == "tcp:8080"
    assert stripProxyPrefix("HAProxy:HAPROXY:tcp:8080") == "tcp:8080"
    assert stripProxyPrefix("tcp:8080") is None


def test_port(tmp_path: Path) -> None:
    """A port behind a load balancer answers its health checks."""
    port = freePort()
    command = twistd("-n", "--pidfile=", "ratchet", "--listen", f"haproxy:tcp:{port}:interface=127.0.0.1")
    with serving(command, port, tmp_path) as server, create_connection(("127.0.0.1", port), 20) as peer:
        peer.sendall(b"PROXY UNKNOWN\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert peer.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert "Traceback" not in server.stop()
