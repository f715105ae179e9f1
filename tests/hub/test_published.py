"""
What an emit gives: the position of an event, or nothing, and always something that can be awaited.
"""

import gc
import json
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, inlineCallbacks, maybeDeferred
from zope.interface import implementer

from ratchet_tx import Hub, RoomPolicy, on
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.hub.published import Position
from ratchet_tx.interfaces import IBackplane
from tests.kit.fakes import Peer, failed, logged, startedHub, succeeded


class Newsroom:
    @on("returned")
    def returned(self, event: Any) -> Any:
        return event.hub.emit("item", 1, room=event.payload.data)

    @on("awaited")
    async def awaited(self, event: Any) -> Any:
        return await event.hub.emit("item", 1, room=event.payload.data)

    @on("inside")
    async def inside(self, event: Any) -> Any:
        return {"at": [await event.hub.emit("item", 1, room=event.payload.data)]}

    @on("yielded")
    @inlineCallbacks
    def yielded(self, event: Any) -> Any:
        position = yield event.hub.emit("item", 1, room=event.payload.data)
        return position

    @on("unpacked")
    async def unpacked(self, event: Any) -> Any:
        epoch, offset = await event.hub.emit("item", 1, room=event.payload.data)
        return {"epoch": epoch, "offset": offset}


@pytest.fixture
def hub() -> Hub:
    hub = startedHub(Newsroom())
    hub.applications.registerRooms("news", RoomPolicy(10, 60))
    return hub


@pytest.mark.parametrize("way", ["returned", "awaited", "yielded", "unpacked"])
def test_position(hub: Hub, way: str) -> None:
    """Whichever way a handler passes on what it was given, a page is told {epoch, offset}."""
    peer = Peer(hub)
    first, second = (peer.ask(way, "news") for _ in range(2))
    assert (list(first), first["offset"], second["offset"]) == (["epoch", "offset"], 1, 2)
    assert first["epoch"] == second["epoch"] == succeeded(hub.emit("item", room="news")).epoch


def test_inside(hub: Hub) -> None:
    """Deep inside of what a handler gives it is the same."""
    (position,) = Peer(hub).ask("inside", "news")["at"]
    assert position["offset"] == 1


@pytest.mark.parametrize("way", ["returned", "awaited", "yielded"])
@pytest.mark.parametrize("room", [None, "lobby"])
def test_nothing(hub: Hub, way: str, room: str | None) -> None:
    """Where nothing is remembered, and for everybody, it can be awaited all the same, and is null."""
    assert Peer(hub).ask(way, room) is None


def test_eachItsOwn(hub: Hub) -> None:
    """What somebody makes of one result is no part of another."""
    emitted = hub.emit("x")
    emitted.addCallback(lambda _: "mine")
    assert succeeded(emitted) == "mine"
    assert succeeded(hub.emit("x")) is None
    results: list[Any] = []
    maybeDeferred(hub.emit, "x").addCallback(results.append)
    assert results == [None]


def test_asJSON() -> None:
    """A position is an object in JSON, and can be unpacked in Python."""
    epoch, offset = Position("k", 5)
    assert (epoch, offset) == ("k", 5)


@implementer(IBackplane)
class Broken(MemoryBackplane):
    """
    One that is down.

    @ivar raises: whether it says so at once
    """

    raises = False

    def publish(self, message: Any) -> Any:
        if self.raises:
            raise OSError("down")
        return fail(OSError("down"))


class TestFailures:
    @pytest.mark.parametrize("raises", [False, True])
    def test_nobodyWaits(self, raises: bool) -> None:
        """Failures that nobody waits for are counted, each once, and none is logged."""
        backplane = Broken()
        hub = startedHub(Newsroom(), backplane=backplane)
        backplane.raises = raises
        peer = Peer(hub)
        with logged() as lines:
            for _ in range(100):
                hub.emit("x")
                peer.connection.broadcast("x")
                hub.disconnect("nobody")
                hub.leave("nobody", "lobby")
            gc.collect()
        assert lines == []
        assert hub.counters.unpublished == 400

    @pytest.mark.parametrize("raises", [False, True])
    def test_whoWaits(self, raises: bool) -> None:
        """Code that waits is told of the failure, and it isn't counted then."""
        backplane = Broken()
        hub = startedHub(Newsroom(), backplane=backplane)
        backplane.raises = raises
        assert isinstance(failed(hub.emit("x")), OSError)
        with logged():
            assert Peer(hub).ask("awaited")["code"] == "handler.failed"
            assert Peer(hub).ask("returned")["code"] == "handler.failed"
        gc.collect()
        assert hub.counters.unpublished == 0

    def test_later(self) -> None:
        """A failure that comes later is counted then; a publish isn't undone by who waits no longer."""
        published: list[Deferred[Any]] = []

        class Late(MemoryBackplane):
            def publish(self, message: Any) -> Any:
                published.append(Deferred(lambda _: published.clear()))
                return published[-1]

        hub = startedHub(backplane=Late())
        emitted = hub.emit("x")
        emitted.cancel()
        failed(emitted)
        assert len(published) == 1
        hub.emit("x")
        with logged() as lines:
            published.pop().errback(OSError("down"))
            gc.collect()
        assert (hub.counters.unpublished, lines) == (1, [])


def test_tellsJSON(hub: Hub) -> None:
    """On the wire nothing of it is an array."""
    peer = Peer(hub)
    peer.emit("returned", "news", id=1)
    (text,) = peer.transport.texts
    assert set(json.loads(text)["data"]["result"]) == {"epoch", "offset"}
