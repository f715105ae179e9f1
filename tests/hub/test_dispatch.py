"""
What a payload leads to.
"""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ratchet_tx import on
from tests.kit.fakes import FakeProvider, Peer, startedHub


class Talk:
    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.works: list[Deferred[Any]] = []

    @on("say")
    def say(self, event: Any) -> Any:
        assert event.hub.applications.table(event.connection.client, event.connection)[0]
        self.heard.append(event.payload.data)
        return len(self.heard)

    @on("work")
    def work(self, event: Any) -> Any:
        self.works.append(Deferred())
        return self.works[-1]

    @on("beside", ordered=False)
    def beside(self, event: Any) -> Any:
        return self.work(event)

    @on("socket.open")
    def open(self, event: Any) -> None:
        self.heard.append(event.payload.event)


def peerOf(talk: Talk, **arguments: Any) -> Peer:
    return Peer(startedHub(talk, **arguments))


def test_handlers() -> None:
    """An event that is registered leads to its handlers, whose result is the reply."""
    talk = Talk()
    peer = peerOf(talk)
    assert peer.ask("say", "hi") == 2
    assert talk.heard == ["socket.open", "hi"]


def test_ownEvents() -> None:
    """The protocol's own events lead to the protocol, and never to applications, though they wait for their names."""
    talk = Talk()
    peer = peerOf(talk)
    assert peer.ask("socket.ping") is None
    assert peer.ask("socket.open")["code"] == "event.unknown"
    assert talk.heard == ["socket.open"]


@pytest.mark.parametrize(("event", "code"), [("unheard.of", "auth.required"), ("socket.unheard", "event.unknown")])
def test_strangers(event: str, code: str) -> None:
    """A stranger is told to log in first; not for what no login would let him do."""
    assert peerOf(Talk(), clientProvider=FakeProvider()).ask(event)["code"] == code


def test_order() -> None:
    """What a handler begins is waited for by the connection's next event, unless it is marked as unordered."""
    talk = Talk()
    peer = peerOf(talk)
    for event in ("beside", "say", "work", "say"):
        peer.emit(event, event)
    assert (talk.heard, len(talk.works)) == (["socket.open", "say"], 2)
    talk.works[1].callback(None)
    assert talk.heard == ["socket.open", "say", "say"]


def test_counting() -> None:
    """What leads to handlers is counted, with a key or without; what doesn't isn't."""
    talk = Talk()
    hub = startedHub(talk)
    peer = Peer(hub)
    peer.emit("say")
    peer.emit("say", key="a")
    peer.emit("say", key="a")
    peer.emit("socket.ping")
    peer.emit("unheard.of")
    assert hub.counters.dispatched == 2
