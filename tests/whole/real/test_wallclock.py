"""
A wall clock that steps while the server runs.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.kit.processes import PATIENCE, Server, freePort, serving
from tests.whole.real import stepping
from tests.whole.real.raw import RawPeer, after, assertLives, peers, readUntil

SERVED = ("--application", "tests.whole.real.application.register", "--timer", "tests.whole.real.application.Tick")


@dataclass
class Stepped:
    """
    A server whose clock can step.
    """

    server: Server
    offset: Path

    def step(self, seconds: float) -> None:
        stepping.write(self.offset, seconds)


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stepped]:
    offset = tmp_path_factory.mktemp("clock") / "offset"
    stepping.write(offset, 0)
    port = freePort()
    words = [
        "-n",
        "--pidfile=",
        "ratchet",
        "--address",
        "127.0.0.1",
        "--port",
        str(port),
        *SERVED,
        "--limit",
        "pingSeconds=0.5",
    ]
    with serving([sys.executable, "-m", "tests.whole.real.stepping", str(offset), *words], port) as server:
        yield Stepped(server, offset)
        assert "Traceback" not in server.stop()


@pytest.mark.parametrize("seconds", [-10, -3600, 3600, -400 * 86400, 0])
def test_clockSteps(stepped: Stepped, seconds: float) -> None:
    """When the clock steps, peers send as before, timers and delays go on, and pings come."""
    with peers(stepped.server.port, 2) as made:
        peer, other = made
        peer.emit("later", 0.3, id=100)
        peer.emit("ticks", id=101)
        stepped.step(seconds)
        for number in range(80):
            other.emit("echo", number, id=number)
        readUntil(made, lambda: len(other.messages) == 80 and len(peer.messages) == 2)
        assert [each["data"].get("result") for each in other.messages] == list(range(80))
        ticks = _result(peer, 101)
        assert _result(peer, 100) == "later"
        assertLives(made)
        _awaitTicks(peer, ticks + 3)


def _awaitTicks(peer: RawPeer, count: int) -> None:
    """
    Ask until a timer has been called this often.
    """
    end, ticks, id = monotonic() + PATIENCE, -1, 101
    while ticks < count:
        assert monotonic() < end, ticks
        id += 1
        peer.emit("ticks", id=id)
        readUntil([peer], lambda: peer.messages[-1].get("re") == id)  # noqa: B023 - it is called at once
        ticks = peer.messages[-1]["data"]["result"]
        readUntil([peer], after(0.1))


def _result(peer: RawPeer, id: int) -> Any:
    [found] = [each["data"]["result"] for each in peer.messages if each["re"] == id]
    return found
