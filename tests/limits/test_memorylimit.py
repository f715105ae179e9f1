"""
Freeing memory above C{processBytes}.
"""

from typing import Any

import pytest

from ratchet_tx import Hub, RoomPolicy
from ratchet_tx.limits.memorylimit import LITTLE
from ratchet_tx.transport.sockets.backlog import PORTION
from tests.kit.fakes import Peer, clockOf, logged, override, startedHub

LIMIT = 1_000_000


@pytest.fixture
def hub() -> Hub:
    hub = startedHub(limits={"processBytes": LIMIT, "connectionBytes": 0})
    hub.applications.registerRooms("*", RoomPolicy(historySize=10, historySeconds=60))
    return hub


def waits(peer: Peer, size: int) -> Peer:
    peer.connection.countBytes("queue", size)
    return peer


def free(hub: Hub) -> list[str]:
    with logged() as lines:
        clockOf(hub).advance(0)
    return lines


def codes(peers: list[Peer]) -> list[Any]:
    return [peer.transport.closedWith and peer.transport.closedWith[0] for peer in peers]


def publish(hub: Hub, rooms: int) -> None:
    for number in range(rooms):
        hub.emit("item", "x" * 10_000, room=f"room-{number}")


def remembered(hub: Hub, rooms: int) -> list[int]:
    return [number for number in range(rooms) if hub.backplane.read(f"room-{number}", None, 1) is not None]


def test_newPeers(hub: Hub) -> None:
    """Above the limit new peers are refused by its name, and counted."""
    peer = waits(Peer(hub), LIMIT)
    assert hub.peers.permit("192.0.2.2")
    assert hub.peers.permit("192.0.2.2") == f"limit=processBytes of={LIMIT}"
    assert hub.counters.full["processBytes.refused"] == 2
    peer.leave()
    assert hub.peers.permit("192.0.2.2") is None


def test_slowestPeers(hub: Hub) -> None:
    """The peers with the longest queues are closed in the next turn of the reactor, and no more than needed."""
    peers = [waits(Peer(hub), size) for size in (300_000, 100_000, 500_000, 70_000)]
    assert codes(peers) == [None] * 4
    override(peers[2].transport, close=lambda code, reason: _close(peers[2], code))
    waits(peers[3], 200_000)
    [line] = free(hub)
    assert codes(peers) == [None, None, 4008, None]
    assert hub.counters.full["processBytes.closed"] == 1
    assert f"limit=processBytes of={LIMIT}" in line
    assert "closed=1 forgotten=0" in line


def _close(peer: Peer, code: int) -> None:
    """
    Drop what waits, as a transport does that is closed with 4008.
    """
    peer.transport.closedWith = (code, "")
    peer.connection.countBytes("queue", 0)


def test_oldestHistories(hub: Hub) -> None:
    """Where no peer is slow, the oldest histories are forgotten, and the newest stay."""
    publish(hub, 40)
    peer = waits(Peer(hub), 0)
    peer.connection.countBytes("metas", 700_000)
    free(hub)
    left = remembered(hub, 40)
    assert left == list(range(40 - len(left), 40))
    assert 10 < len(left) < 35
    assert hub.counters.full["processBytes.forgotten"] == 40 - len(left)
    assert codes([peer]) == [None]
    assert not hub.ledger.isFull


def test_shortQueues(hub: Hub) -> None:
    """A peer with a short queue isn't closed while there are histories to forget."""
    publish(hub, 40)
    peer = waits(Peer(hub), 60_000)
    peer.connection.countBytes("metas", 700_000)
    free(hub)
    assert codes([peer]) == [None]
    assert len(remembered(hub, 40)) < 35


def test_lengthOfAShortQueue() -> None:
    """A short queue is one that is written at once."""
    assert LITTLE == PORTION


def test_lastResort(hub: Hub) -> None:
    """Where nothing else can be freed, such peers are closed too; where nothing at all can, it tries once a second."""
    peer = waits(Peer(hub), 60_000)
    peer.connection.countBytes("waiting", LIMIT)
    free(hub)
    assert codes([peer]) == [4008]
    peer.connection.countBytes("waiting", LIMIT + 1)
    clockOf(hub).pump([0] * 10)
    peer.connection.countBytes("waiting", LIMIT + 2)
    [call] = clockOf(hub).getDelayedCalls()
    assert call.getTime() == hub.clock.seconds() + 1


def test_loggedOnceAMinute(hub: Hub) -> None:
    """It is logged at most once a minute."""
    lines = []
    for _ in range(5):
        lines += free(hub)
        peer = waits(Peer(hub), LIMIT)
        lines += free(hub)
        peer.leave()
    assert len([line for line in lines if "Too many bytes" in line]) == 1


def test_stopped(hub: Hub) -> None:
    """A stopped hub leaves no timer, and nothing in the ledger."""
    publish(hub, 10)
    peer = waits(Peer(hub), LIMIT)
    peer.leave()
    hub.stopService()
    assert clockOf(hub).getDelayedCalls() == []
    assert hub.ledger.bytes == 0


def test_startedAgain(hub: Hub) -> None:
    """A hub that starts again counts the histories that are still there."""
    publish(hub, 10)
    before = hub.ledger.parts["histories"]
    hub.stopService()
    hub.startService()
    assert hub.ledger.parts["histories"] == before > 100_000
    publish(hub, 20)
    assert hub.ledger.parts["histories"] > before
    clockOf(hub).advance(100)
    assert hub.ledger.bytes == 0
