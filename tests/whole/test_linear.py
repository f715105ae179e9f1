"""
Receiving costs time and memory linear in the length, whatever the pieces: the cost of a piece doesn't grow with what came
before.

The tests count allocated memory, which shows copies: quadratic copying allocates, for each piece, the size of all before it.
"""

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ratchet_tx import Hub, RatchetServerFactory, Settings, on
from ratchet_tx.settings import SHORTCUTS
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import logged
from tests.kit.wire import CONTINUATION, frame
from tests.whole.test_bare import Bare

KIB = 1024


class Taking:
    """
    Records the lengths of the messages.
    """

    def __init__(self) -> None:
        self.lengths: list[int] = []

    @on("x")
    def take(self, event: Any) -> None:
        self.lengths.append(len(event.payload.data))


class Port:
    """
    A port that accepts messages of 16 MiB.
    """

    def __init__(self, without: tuple[str, ...] = (), **limits: int) -> None:
        reactor = MemoryReactor()
        self.taking = Taking()
        own = {"messageBytes": 16 * KIB * KIB, "connectionBytes": 0, "pingSeconds": 0, "headSeconds": 0, **limits}
        settings = Settings(limits=Settings().limits.having(own, "test"), without=without)
        hub = Hub(clock=reactor, settings=settings)
        hub.applications.add(self.taking)
        self.factory = RatchetServerFactory(hub, reactor)
        self.factory.doStart()


@contextmanager
def counting() -> Iterator[None]:
    """
    Count allocated memory; a coverage tracer allocates 1.5 KiB a piece itself, and is paused.
    """
    gc.collect()
    follower = sys.gettrace()
    sys.settrace(None)
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
        sys.settrace(follower)


def made(wire: Wire, pieces: list[bytes]) -> int:
    """
    Send all pieces, and sum up the peak of the memory that each of them allocates.
    """
    total = 0
    for piece in pieces:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        wire.protocol.dataReceived(piece)
        _, most = tracemalloc.get_traced_memory()
        total += max(0, most - before)
    return total


def cutUp(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


#: How many bytes may be allocated for each received byte, and for each piece: an object or two, and its place in a list.
PER_BYTE, PER_PIECE = 8, 2 * KIB


def check(wire: Wire, data: bytes, size: int) -> None:
    pieces = cutUp(data, size)
    with counting():
        assert made(wire, pieces) <= PER_BYTE * len(data) + PER_PIECE * len(pieces)


@pytest.mark.parametrize("without", [(), SHORTCUTS], ids=["fast", "slow"])
@pytest.mark.parametrize(
    ("length", "size"),
    [
        (64 * KIB, 1),
        (64 * KIB, 7),
        (64 * KIB, 64),
        (64 * KIB, 1460),
        (KIB * KIB, 64),
        (KIB * KIB, 1460),
        (16 * KIB * KIB, 16 * KIB),
        (16 * KIB * KIB, 64 * KIB),
    ],
)
def test_message(without: tuple[str, ...], length: int, size: int) -> None:
    """A message's cost is linear in its length, whatever the pieces."""
    port = Port(without)
    with logged():
        wire = Wire(port.factory).open()
        text = '{"event":"x","data":"' + "y" * (length - 23) + '"}'
        check(wire, frame(text), size)
        wire.lose()
        port.factory.doStop()
    assert port.taking.lengths == [length - 23]


def test_fragments() -> None:
    """The cost of a message in fragments, which are kept until the last one, is linear too."""
    port = Port()
    with logged():
        wire = Wire(port.factory).open()
        texts = cutUp(b'{"event":"x","data":"' + b"y" * (KIB * KIB) + b'"}', 256)
        pieces = [frame(text, CONTINUATION if at else 1, final=at == len(texts) - 1) for at, text in enumerate(texts)]
        check(wire, b"".join(pieces), 100)
        wire.lose()
        port.factory.doStop()
    assert port.taking.lengths == [KIB * KIB]


class Scanned(bytearray):
    """
    Counts the bytes that are searched.
    """

    scanned = 0

    def find(self, what: Any, start: Any = 0, *rest: Any) -> int:
        self.scanned += len(self) - start
        return super().find(what, start, *rest)


@pytest.mark.parametrize("size", [1, 7, 64, 1460, 64 * KIB])
def test_head(size: int) -> None:
    """A head's cost is linear: for each piece only three of the earlier bytes are searched again."""
    port = Port(headBytes=0, headCount=0)
    with logged():
        wire = Wire(port.factory)
        wire.protocol._received = scanned = Scanned()
        data = b"GET / HTTP/1.1\r\n" + b"X: yyyy\r\n" * (256 * KIB // 9)
        check(wire, data, size)
        assert scanned.scanned <= len(data) + 3 * len(cutUp(data, size))
        wire.lose()
        port.factory.doStop()


def test_quadratic() -> None:
    """Bare Autobahn's cost for a head isn't linear, and these bounds show it: it copies all earlier bytes for each piece."""
    server = Bare()
    wire = Wire(server.factory)
    data = b"GET / HTTP/1.1\r\n" + b"X: yyyy\r\n" * (64 * KIB // 9)
    pieces = cutUp(data, 64)
    with counting():
        assert made(wire, pieces) > 10 * (PER_BYTE * len(data) + PER_PIECE * len(pieces))
