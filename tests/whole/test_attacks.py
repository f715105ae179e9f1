"""
Attacks on a real port: what hostile peers do, and that it costs only themselves.

Bare Autobahn with its defaults withstands none of them.
"""

import json
import re
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from select import select
from shutil import copy
from socket import SO_LINGER, SO_RCVBUF, SOL_SOCKET, create_connection, socket
from time import monotonic, sleep
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.kit.ends import fetch, readAll
from tests.kit.processes import Server, freePort, serving, twistd
from tests.kit.wire import CLOSE, CONTINUATION, PING, PONG, event, frame, frames, handshake

PROGRAMS = Path(__file__).parent / "programs"


#: The seconds between repeated requests: no faster than a peer may send.
PACE = 0.05


@contextmanager
def ratchet(folder: Path, *words: str) -> Iterator[Server]:
    copy(PROGRAMS / "told.py", folder / "told.py")
    port = freePort()
    command = twistd("-n", "--pidfile=", "ratchet", "--port", str(port), "--application", "told.Told", *words)
    with serving(command, port, folder) as server:
        yield server
        output = server.stop()
    assert "Traceback" not in output
    assert "Unhandled" not in output


def ask(peer: ClientConnection, name: str, data: Any = None) -> Any:
    peer.send(json.dumps({"event": name, "data": data, "id": 1}))
    while True:
        reply = json.loads(peer.recv(timeout=30))
        if reply["event"] == "socket.reply":
            return reply["data"].get("result", reply["data"])


def reach(server: Server) -> socket:
    return create_connection(("127.0.0.1", server.port), 30)


def upgraded(server: Server, **headers: str) -> socket:
    peer = reach(server)
    peer.sendall(handshake(**headers))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += peer.recv(1)
    assert b" 101 " in answer
    return peer


def closing(peer: socket) -> int:
    return [each for each in frames(readAll(peer)) if each.opcode == CLOSE][-1].code


def test_slowLoris(tmp_path: Path) -> None:
    """A peer that sends its head byte by byte is closed after headSeconds, on every port."""
    with ratchet(tmp_path, "--limit", "headSeconds=1") as server, connect(server.socketUrl) as good:
        peers = [reach(server) for _ in range(50)]
        for byte in handshake()[:5]:
            for peer in peers:
                peer.sendall(bytes([byte]))
        assert {readAll(peer).split(b" ")[1] for peer in peers} == {b"408"}
        for peer in peers:
            peer.close()
        assert ask(good, "count")["Door"] == 0


def test_endlessHead(tmp_path: Path) -> None:
    """A head without an end is refused at 16 KiB, and costs no more memory."""
    with ratchet(tmp_path) as server, connect(server.socketUrl) as good:
        before = ask(good, "count")["memory"]
        for _ in range(20):
            with reach(server) as peer, suppress(ConnectionError):
                for _ in range(200):
                    peer.sendall(b"X: " + b"y" * 5000 + b"\r\n")
                # The system may take all of it before the server reads any.
                readAll(peer)
        after = ask(good, "count")
        assert after["refused"]["http.431"] == 20
        assert after["memory"] - before < 8 << 20


def test_endlessBody(tmp_path: Path) -> None:
    """An endless body, plain or in chunks, is refused with 413, and nothing of it is kept."""
    with ratchet(tmp_path) as server, connect(server.socketUrl) as good:
        before = ask(good, "count")["memory"]
        for header, piece in (
            ("Content-Length: 900000000", b"x" * 100_000),
            ("Transfer-Encoding: chunked", b"186a0\r\n" + b"x" * 100_000 + b"\r\n"),
        ):
            with reach(server) as peer:
                peer.sendall(f"POST / HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n".encode())
                with suppress(ConnectionError):
                    for _ in range(500):
                        peer.sendall(piece)
                        if select([peer], [], [], 0)[0]:
                            break
                assert readAll(peer).startswith(b"HTTP/1.1 413 ")
        after = ask(good, "count")
        assert after["refused"] == {"http.413": 2}
        assert after["memory"] - before < 8 << 20


def test_pingFlood(tmp_path: Path) -> None:
    """A flood of pings gets as many pongs as the rate allows events, and is then closed with 4009."""
    with ratchet(tmp_path) as server, upgraded(server) as peer, suppress(ConnectionError):
        peer.sendall(frame("x" * 125, PING) * 2000)
        received = frames(readAll(peer))
        assert sum(each.opcode == PONG for each in received) < 150
        assert received[-1].code == 4009


def test_fragmentFlood(tmp_path: Path) -> None:
    """A message in endlessly many empty fragments is closed, although they have no bytes."""
    with ratchet(tmp_path) as server, upgraded(server) as peer:
        with suppress(ConnectionError):
            peer.sendall(frame("", final=False) + frame("", CONTINUATION, final=False) * 5000)
        assert b"Too many fragments" in readAll(peer)


def test_pongFlood(tmp_path: Path) -> None:
    """A flood of unasked pongs of 65 bytes is closed with 4009."""
    with ratchet(tmp_path) as server, upgraded(server) as peer:
        with suppress(ConnectionError):
            peer.sendall(frame("x" * 65, PONG) * 2000)
        assert closing(peer) == 4009


def test_fewControlFrames(tmp_path: Path) -> None:
    """Some unasked pongs, which RFC 6455 allows, and control frames between fragments are accepted."""
    with ratchet(tmp_path) as server, upgraded(server) as peer:
        peer.sendall(frame("x" * 65, PONG) * 90)
        pieces = [frame('{"event":"socket', final=False), frame("p" * 65, PING), frame('.ping","id":1}', CONTINUATION)]
        peer.sendall(b"".join(pieces) + frame("", CLOSE))
        assert [each.opcode for each in frames(readAll(peer))] == [PONG, 1, CLOSE]


def test_slowReader(tmp_path: Path) -> None:
    """A peer that doesn't read is closed with 4008 at its limit, and costs other peers and the server no more than that."""
    limits = ("--limit", "sendQueueBytes=100000", "--limit", "eventsPerSecond=0", "--limit", "pingSeconds=0")
    with ratchet(tmp_path, *limits) as server, connect(server.socketUrl) as good:
        stalled = []
        for _ in range(20):
            peer = socket()
            peer.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", server.port))
            peer.sendall(handshake())
            stalled.append(peer)
        before = ask(good, "count")
        while ask(good, "count")["opened"] < 21:
            pass
        for _ in range(300):
            ask(good, "shout", 50_000)
        while (after := ask(good, "count"))["closes"].get("4008") != 20:
            ask(good, "shout", 50_000)
        assert after["memory"] - before["memory"] < 20 * 400_000
        while ask(good, "count")["open"] != 1:
            pass
        for peer in stalled:
            peer.close()


def test_labelStuffing(tmp_path: Path) -> None:
    """Made-up events, codes and ids leave nothing behind: counters have only the server's own names."""
    with (
        ratchet(tmp_path, "--limit", "eventsPerSecond=0") as server,
        connect(server.socketUrl) as good,
        upgraded(server) as peer,
    ):
        for number in range(2000):
            peer.sendall(event(f"made.up.{number}") + event("socket.reply", {"ok": True}, re=f"s{number}"))
        peer.sendall(frame("", CLOSE))
        readAll(peer)
        refused = ask(good, "count")["refused"]
        assert set(refused) == {"event.unknown"}


def test_loginBruteForce(tmp_path: Path) -> None:
    """Wrong tokens are counted, and the fifth closes with 4500, even if all are sent at once."""
    with ratchet(tmp_path) as server, connect(server.socketUrl) as good, upgraded(server) as peer:
        peer.sendall(b"".join(event("socket.auth.request", {"token": f"guess{number}"}) for number in range(50)))
        assert closing(peer) == 4500
        assert ask(good, "count")["refused"] == {"auth.invalid": 5}


def test_manyBruteForces(tmp_path: Path) -> None:
    """Wrong tokens over many connections are answered at one guess a second; other addresses aren't delayed."""
    guesses = b"".join(event("socket.auth.request", {"token": f"guess{number}"}) for number in range(4))
    with (
        ratchet(tmp_path, "--trust-forwarded", "1") as server,
        connect(server.socketUrl, additional_headers={"X-Forwarded-For": "8.8.8.8"}) as good,
        ExitStack() as peers,
    ):
        began = monotonic()
        for _ in range(12):
            peer = peers.enter_context(upgraded(server, X_Forwarded_For="8.8.4.4"))
            peer.sendall(guesses)
        while (counted := ask(good, "count"))["delayed"] < 7:
            sleep(PACE)
        good.send(json.dumps({"event": "socket.auth.request", "data": {"token": "wrong"}}))
        assert json.loads(good.recv(timeout=30))["event"] == "socket.auth.failure"
        while (counted := ask(good, "count"))["refused"]["auth.invalid"] < 20 + 1 + 2:
            sleep(PACE)
        assert counted["refused"]["auth.invalid"] <= 20 + 1 + (monotonic() - began)


def test_tooMany(tmp_path: Path) -> None:
    """Peers above the limit are refused with 503 before the handshake, and told when to retry."""
    with ratchet(tmp_path, "--limit", "connections=3") as server, connect(server.socketUrl), connect(server.socketUrl):
        with upgraded(server), reach(server) as peer:
            peer.sendall(handshake())
            answer = readAll(peer)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"Retry-After: " in answer
        while fetch(server.url + "/readyz")[0] != 200:
            pass


@pytest.mark.parametrize("smuggled", ["a\x0bOrigin: http://localhost", "a\x0cb", "a\x1cb"])
def test_smuggling(tmp_path: Path, smuggled: str) -> None:
    """A header within a header's value is refused before a parser sees it."""
    with ratchet(tmp_path) as server, reach(server) as peer:
        peer.sendall(handshake(Origin="http://evil.example", X=smuggled))
        assert readAll(peer).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("smuggled", ["a\x85Origin: http://localhost", "\xe2\x80\xa8Origin: http://localhost"])
def test_lineSeparators(tmp_path: Path, smuggled: str) -> None:
    """A UTF-8 byte at which Python would split a line doesn't split one: the Origin stays as sent."""
    with ratchet(tmp_path) as server, reach(server) as peer:
        peer.sendall(handshake(Origin="http://evil.example", X=smuggled))
        assert readAll(peer).startswith(b"HTTP/1.1 403 ")


def test_reconnectStorm(tmp_path: Path) -> None:
    """Thousands of connections that end in every way leave no object behind, and memory doesn't grow."""
    with (
        ratchet(tmp_path, "--limit", "headSeconds=1", "--limit", "pingSeconds=0", "--limit", "eventsPerSecond=0") as server,
        connect(server.socketUrl) as good,
    ):
        # The first thousands allocate the memory that the next ones reuse.
        storm(server, 3000)
        before = settled(good)
        storm(server, 2000)
        after = settled(good)
        assert after["memory"] - before["memory"] < 4 << 20


def settled(good: ClientConnection) -> Any:
    """
    Wait until the only peer is the test's, and nothing is left of the others.
    """
    while True:
        counted = ask(good, "count")
        if (counted["open"], counted["Connection"], counted["Door"], counted["RatchetServerProtocol"]) == (1, 1, 0, 1):
            return counted


def storm(server: Server, count: int) -> None:
    """
    Connect and end: cleanly, abruptly, refused, within a head, within a frame.
    """
    endings = [clean, abrupt, refused, halfAHead, halfAFrame, badFrame]
    for number in range(count):
        with reach(server) as peer, suppress(ConnectionError):
            endings[number % len(endings)](peer)


def clean(peer: socket) -> None:
    peer.sendall(handshake() + event("socket.ping", id=1) + frame("", CLOSE))
    readAll(peer)


def abrupt(peer: socket) -> None:
    peer.sendall(handshake() + event("socket.ping", id=1))
    peer.recv(1)
    peer.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))


def refused(peer: socket) -> None:
    peer.sendall(handshake(Origin="http://evil.example"))
    readAll(peer)


def halfAHead(peer: socket) -> None:
    peer.sendall(handshake()[:40])


def halfAFrame(peer: socket) -> None:
    peer.sendall(handshake() + event("socket.ping")[:5])
    peer.recv(1)


def badFrame(peer: socket) -> None:
    peer.sendall(handshake() + frame("x", rsv=7))
    peer.recv(1)


def _bad(server: Server) -> None:
    with reach(server) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n folded: x\r\n\r\n")
        readAll(peer)


def _wrongLogins(server: Server) -> None:
    wrong = event("socket.auth.request", {"token": "wrong"})
    with upgraded(server) as peer:
        peer.sendall(wrong * 4 + frame(b"\x03\xe8", CLOSE))
        readAll(peer)


def _page(server: Server) -> None:
    with reach(server) as peer:
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        readAll(peer)


FLOODS = {
    "refused": (_bad, 3000, 1, "Refused a request: status=400 "),
    "logins": (_wrongLogins, 500, 5, "Login failed: id=|Connection closed: id="),
    "pages": (_page, 3000, 1, '"GET /healthz" 200 '),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_longLog(kind: str, tmp_path: Path) -> None:
    """Thousands of reconnects from one address don't fill a real server's log above the limit."""
    attack, times, linesEach, shown = FLOODS[kind]
    minute, began = 1_000_000, monotonic()
    with ratchet(tmp_path) as server:
        for _ in range(times):
            attack(server)
    seconds = monotonic() - began
    lines = server.output.splitlines()
    there = len([line for line in lines if re.search(shown, line)])
    told = [int(count) for count in re.findall(r"Left out of the log: address=127\.0\.0\.1 lines=(\d+) ", server.output)]
    assert told
    assert there + sum(told) == times * linesEach
    # And a few lines for its start and its end.
    assert len(server.output) < minute / 8 + seconds * minute / 120 + 5000
