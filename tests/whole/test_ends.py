"""
How connections end on real ports: whatever a peer does, it is gone after a while.
"""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import SO_RCVBUF, SOL_SOCKET, create_connection, socket
from time import sleep

import pytest

from tests.kit.ends import fetch, readAll
from tests.kit.processes import PATIENCE, Server, freePort
from tests.kit.tls import makeCertificate, ratchet
from tests.kit.wire import handshake

PAGE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    makeCertificate(tmp_path, "x")
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    words = ("--port", "PORT", "--certificate", "cert.pem", "--key", "key.pem", "--limit", "headSeconds=1")
    with ratchet(folder, *words) as server:
        yield server


def reach(port: int) -> socket:
    return create_connection(("127.0.0.1", port), PATIENCE)


def clientHello() -> bytes:
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        careless().wrap_bio(received, sent).do_handshake()
    return sent.read()


def careless() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("share", [0, 0.5, 1], ids=["silent", "half", "whole"])
def test_noTLS(server: Server, share: float) -> None:
    """A peer that doesn't finish its TLS handshake is dropped."""
    hello = clientHello()
    with reach(server.port) as peer:
        peer.sendall(hello[: int(len(hello) * share)])
        readAll(peer)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        PAGE.replace(b"Host", b"Host: x\r\nHost"),
        PAGE.replace(b"Host", b"Connection: close\r\nHost"),
        PAGE.replace(b"1.1", b"1.0"),
        handshake(Origin="http://evil.example"),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n",
        PAGE + b"GET",
    ],
    ids=["silent", "begun", "refused", "close", "old", "origin", "body", "later"],
)
def test_overTLS(server: Server, sent: bytes) -> None:
    """A peer over TLS that doesn't answer the close is dropped."""
    with reach(server.port) as peer, careless().wrap_socket(peer, suppress_ragged_eofs=True) as tls:
        tls.sendall(sent)
        # Read past TLS: TLS would answer the close, and so end the connection.
        plain = socket(fileno=tls.detach())
        plain.settimeout(PATIENCE)
        with plain:
            readAll(plain)


def isDropped(port: int) -> bool:
    """
    Say whether a new connection is dropped without an answer, possibly while it connects.
    """
    try:
        with reach(port) as peer:
            return readAll(peer) == b""
    except ConnectionResetError:
        return True


def test_tooMany(folder: Path) -> None:
    """
    Above the limit of an address a new connection is told so, over TLS after its handshake; far above it, it is dropped.
    """
    secure = freePort()
    words = ["--port", "PORT", "--listen", f"ssl:{secure}:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"]
    words += ["--trust-forwarded", "1", "--limit", "pagesPerAddress=2", "--limit", "headSeconds=60"]
    with ratchet(folder, *words) as server, ExitStack() as stack:
        # The check whether the server listens has left by then.
        assert fetch(server.url + "/healthz")[0] == 200
        _, kept = (stack.enter_context(reach(server.port)) for _ in range(2))
        kept.sendall(PAGE)
        assert kept.recv(1000).startswith(b"HTTP/1.1 200 ")
        with reach(server.port) as third:
            answer = third.recv(1000)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: 5\r\n" in answer
            assert readAll(third) == b""
        with reach(secure) as plain, careless().wrap_socket(plain) as tls:
            assert isDropped(secure)
            assert tls.recv(1000).startswith(b"HTTP/1.1 503 ")
        # The address that a proxy tells counts there.
        kept.sendall(PAGE.replace(b"Host", b"X-Forwarded-For: 8.8.4.4\r\nHost"))
        assert kept.recv(1000).startswith(b"HTTP/1.1 200 ")
        with reach(server.port) as fourth:
            fourth.sendall(PAGE)
            assert fourth.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_slowAnswer(tmp_path: Path) -> None:
    """A peer that reads a response too slowly is dropped; one that reads slowly and steadily gets all of it."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "large").write_bytes(bytes(8 << 20))
    request = PAGE.replace(b"/healthz", b"/large")
    with ratchet(tmp_path, "--port", "PORT", "--static", "site") as server, socket() as slow, socket() as steady:
        for peer in (slow, steady):
            peer.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
            peer.settimeout(PATIENCE)
            peer.connect(("127.0.0.1", server.port))
            peer.sendall(request)
        received = 0
        while not isReset(slow):
            received += len(steady.recv(1 << 14))
            sleep(0.05)
        while received < 8 << 20:
            received += len(steady.recv(1 << 16))
        assert len(readAll(slow)) < 1 << 20


def isReset(peer: socket) -> bool:
    try:
        peer.send(b"")
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


def test_halfClosed(tmp_path: Path) -> None:
    """A peer that closes its side after its requests gets all responses."""
    with ratchet(tmp_path, "--port", "PORT") as server, reach(server.port) as peer:
        peer.sendall(PAGE * 3)
        peer.shutdown(1)
        assert readAll(peer).count(b"HTTP/1.1 200 ") == 3


def test_stopping(folder: Path) -> None:
    """A server stops in time, whatever peers are connected."""
    words = ("--port", "PORT", "--certificate", "cert.pem", "--key", "key.pem", "--limit", "headSeconds=0")
    with ratchet(folder, *words) as server, reach(server.port), reach(server.port) as half, reach(server.port) as plain:
        half.sendall(clientHello()[:50])
        with careless().wrap_socket(plain) as tls:
            tls.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
            server.stop()
    assert server.code == 0
