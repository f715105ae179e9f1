"""
The fan-out.
"""

from typing import Any

import msgspec

from ratchet_tx.backplane.messages import Deliver
from ratchet_tx.hub.fanout import Fanout
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.wire.frames import Spare, makeText
from tests.kit.fakes import Peer, logged, override, startedHub


class Transport:
    """
    A peer's, which notes what it is given.
    """

    def __init__(self, fails: bool = False) -> None:
        self.sent: list[tuple[bytes, Spare | None]] = []
        self.aborted = 0
        self._fails = fails

    def send(self, frame: bytes, spare: Spare | None = None) -> None:
        if self._fails:
            raise ConnectionError
        self.sent.append((frame, spare))

    def abort(self) -> None:
        self.aborted += 1


def connections(*transports: Transport) -> list[Any]:
    """
    Make connections, each with a transport of these.
    """
    hub = startedHub()
    made = []
    for transport in transports:
        connection: Any = Peer(hub).connection
        connection.transport = transport
        made.append(connection)
    return made


def message(**facts: Any) -> Deliver:
    return Deliver("news", msgspec.Raw(b"1"), **facts)


def delivery() -> tuple[Fanout, Counters]:
    counters = Counters()
    return Fanout(counters, {"news": "latest"}), counters


def test_framedOnce() -> None:
    """All are sent the very same bytes, and what they are is counted."""
    first, second = Transport(), Transport()
    fanOut, counters = delivery()
    fanOut.deliver(message(room="a"), connections(first, second))
    ((frame, spare),) = first.sent
    assert frame == makeText(b'{"event":"news","data":1,"room":"a"}')
    assert spare == Spare("news", "a", latest=True)
    assert second.sent[0][0] is frame
    assert counters.sent == 2


def test_numbered() -> None:
    """An event that has a number in its room is never left out."""
    transport = Transport()
    delivery()[0].deliver(message(room="a", offset=7), connections(transport))
    ((frame, spare),) = transport.sent
    assert b'"offset":7' in frame
    assert spare is None


def test_withoutOne() -> None:
    """Who is to be left out isn't sent it, nor is who is leaving."""
    first, second, third = transports = [Transport() for _ in range(3)]
    fanOut, counters = delivery()
    receivers = connections(*transports)
    receivers[1].closing = True
    fanOut.deliver(message(without=receivers[0].id), receivers)
    assert [len(each.sent) for each in (first, second, third)] == [0, 0, 1]
    assert counters.sent == 1


def test_failing() -> None:
    """One that can't be sent to is dropped when all others have been sent it."""
    good, bad, last = Transport(), Transport(fails=True), Transport()
    fanOut, counters = delivery()
    with logged() as lines:
        fanOut.deliver(message(), connections(good, bad, last))
    assert [len(each.sent) for each in (good, last)] == [1, 1]
    assert (bad.aborted, good.aborted, counters.sent) == (1, 0, 2)
    assert any("Send failed, connection dropped" in line for line in lines)


def test_marks() -> None:
    """What is sent of an event has the mark that was registered for it, with its room; other events have none."""
    hub = startedHub()
    hub.applications.registerEvent("tick", whenSlow="drop")
    hub.applications.registerEvent("price", whenSlow="latest")
    peer = Peer(hub)
    peer.connection.join("gold")
    peer.connection.emit("tick")
    hub.emit("price", 1)
    hub.emit("price", 2, room="gold")
    peer.connection.emit("news")
    assert peer.transport.spares == [
        Spare("tick", None, False),
        Spare("price", None, True),
        Spare("price", "gold", True),
        None,
    ]


def test_whoFailsIsDroppedAfterwards() -> None:
    """If sending to one peer fails, all others get the event, and that peer is dropped."""
    hub = startedHub()
    peers = [Peer(hub) for _ in range(3)]

    def fail(frame: bytes, spare: Any) -> None:
        raise OSError("broken pipe")

    override(peers[1].transport, send=fail)
    with logged() as lines:
        hub.emit("news", 1)
    assert [len(peer.read()) for peer in peers] == [1, 0, 1]
    assert [peer.transport.aborted for peer in peers] == [False, True, False]
    assert any("broken pipe" in line for line in lines)


def test_whoLeavesMeanwhile() -> None:
    """Who goes while something is sent to many keeps nobody else from getting it."""
    hub = startedHub()
    peers = [Peer(hub) for _ in range(3)]

    def leave(frame: bytes, spare: Any) -> None:
        for peer in peers[:2]:
            peer.leave(1006, "", clean=False)

    override(peers[0].transport, send=leave)
    hub.emit("news", 1)
    assert [len(peer.read()) for peer in peers] == [0, 0, 1]
