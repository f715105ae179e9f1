"""
The log of what peers cause: it keeps every line of ordinary use, and grows no faster than the limit.
"""

import re
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx import on
from ratchet_tx.errors import UsageError
from ratchet_tx.happenings import HandlerFailed
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.log import keepJournal
from ratchet_tx.monitoring.peerlog import UNBOUNDED, PeerLog, sizeOf
from tests.kit.fakes import FakeProvider, Peer, logged, startedHub

MINUTE = 1_000_000

_log = Logger()


class Log:
    """
    A log with a clock of its own.
    """

    def __init__(self, perMinute: int = MINUTE) -> None:
        self.clock = Clock()
        self.counters = Counters()
        self.log = PeerLog(self.clock, self.counters, perMinute)

    def say(self, count: int, address: str = "192.0.2.1") -> None:
        for number in range(count):
            self.log.info(_log, address, "Said {number} to {address}", number=number)

    def fail(self, text: str = "no", address: str = "192.0.2.1") -> None:
        try:
            raise ValueError(text)
        except ValueError:
            self.log.failure(_log, address, "It failed (ref {ref})", ref="a1")


def size(lines: list[str]) -> int:
    return sum(sizeOf(line) for line in lines)


def test_ordinary() -> None:
    """Each of a thousand peers of a few addresses has its line, and no timer is left."""
    made = Log()
    with logged() as lines:
        for number in range(4):
            made.say(250, f"192.0.2.{number}")
    assert len(lines) == 1000
    assert lines[0] == "Said 0 to 192.0.2.0"
    assert made.counters.unlogged == 0
    assert made.clock.getDelayedCalls() == []


def test_flood() -> None:
    """A flood is cut; the number of left out lines is logged after ten seconds, once, and at the stop."""
    made = Log()
    with logged() as lines:
        made.say(10_000)
        made.clock.advance(10)
    *said, told = lines
    assert told == (
        f"Left out of the log: address=192.0.2.1 lines={10_000 - len(said)} seconds=10.0 limit=logBytesPerMinute"
    )
    assert size(said) < MINUTE / 8
    assert made.counters.unlogged == 10_000 - len(said)
    with logged() as lines:
        made.clock.advance(100)
    assert lines == []
    assert made.clock.getDelayedCalls() == []
    with logged() as lines:
        made.say(10_000)
        made.log.stop()
    assert lines[-1].startswith("Left out of the log: address=192.0.2.1 lines=")
    assert made.clock.getDelayedCalls() == []


def test_off() -> None:
    """Without a limit everything is logged, without a clock or counters."""
    made = Log(0)
    with logged() as lines:
        made.say(10_000)
        UNBOUNDED.info(_log, "192.0.2.1", "Said")
        UNBOUNDED.failure(_log, "192.0.2.1", "Failed", Failure(ValueError("no")))
        UNBOUNDED.stop()
    assert len(lines) == 10_002
    with pytest.raises(UsageError):
        PeerLog(perMinute=1).info(_log, "192.0.2.1", "Said")


def test_failures() -> None:
    """The first failures have their tracebacks; then each has a line with its reference, its class, and its place."""
    made = Log()
    with logged() as lines:
        for _ in range(1000):
            made.fail()
    whole = [line for line in lines if "Traceback" in line]
    assert len(whole) > 50
    assert lines[: len(whole)] == whole
    short = lines[len(whole) :]
    assert len(short) > 200
    assert all(
        re.fullmatch(r"It failed \(ref a1\): ValueError at test_peerlog\.py:\d+ \(traceback left out\)", line)
        for line in short
    )
    assert size(lines) < MINUTE / 8
    assert made.counters.unlogged == 1000 - len(lines)


def test_steadyFailures() -> None:
    """At fifty failures a second, as fast as one peer may send, each reference is logged for a minute."""
    made = Log()
    with logged() as lines:
        for _ in range(50 * 60):
            made.clock.advance(1 / 50)
            made.fail()
    assert len([line for line in lines if "ref a1" in line]) == 50 * 60
    assert size(lines) < MINUTE


def test_longFailures() -> None:
    """A very long traceback is cut in the middle, and its bytes are counted as UTF-8."""
    made = Log()
    with logged() as lines:
        for _ in range(1000):
            made.fail("\N{SNOWMAN}" * 100_000)
    assert "Traceback (most recent call last)" in lines[0]
    assert "raise ValueError(text)" in lines[0]
    assert "\n[...]\n" in lines[0]
    assert len(lines[0]) < 20_000
    assert sum(len(line.encode()) for line in lines) < MINUTE / 8


class Fails:
    @on("fail")
    def fail(self, event: Any) -> Any:
        raise ValueError("no")


def test_hub() -> None:
    """Neither failing handlers, failed logins nor reconnects fill a hub's log; its observers see every failure."""
    hub = startedHub(Fails(), clientProvider=FakeProvider(a="ada"))
    keepJournal(hub)
    failed: list[Any] = []
    hub.observe(failed.append, HandlerFailed)
    with logged() as lines:
        for number in range(600):
            peer = Peer(hub)
            peer.logIn("wrong")
            peer.logIn("a")
            for _ in range(2):
                peer.emit("fail")
            peer.leave()
            if number == 100:
                assert hub.counters.unlogged == 0
        hub.stopService()
    assert size(lines) < MINUTE / 8
    assert len(failed) == 1200
    assert hub.counters.unlogged == 600 * 4 - (len(lines) - 1)
    assert lines[-1].startswith(f"Left out of the log: address=192.0.2.1 lines={hub.counters.unlogged} ")


def test_leavingTogether() -> None:
    """When a proxy restarts, two hundred peers leave at once, and each has a line."""
    hub = startedHub(clientProvider=FakeProvider(a="ada"), limits={"connectionsPerClient": 0})
    keepJournal(hub)
    peers = [Peer(hub) for _ in range(200)]
    with logged() as lines:
        for peer in peers:
            peer.leave(1006, clean=False)
    assert len(lines) == 200


def test_verbose() -> None:
    """The lines of --verbose are never left out."""
    hub = startedHub(clientProvider=FakeProvider(a="ada"), limits={"logBytesPerMinute": 1000})
    keepJournal(hub, verbose=True)
    with logged() as lines:
        for _ in range(100):
            Peer(hub).leave()
    assert len([line for line in lines if "Connection opened: " in line]) == 100
    assert len([line for line in lines if "Connection closed: " in line]) < 10
