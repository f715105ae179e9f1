"""
Questions to peers, and their replies.
"""

from typing import Any

import pytest

from ratchet_tx import AskRefused, Hub, UsageError, on
from tests.kit.fakes import Peer, clockOf, failed, startedHub


@pytest.fixture
def hub() -> Hub:
    return startedHub()


@pytest.fixture
def peer(hub: Hub) -> Peer:
    return Peer(hub)


def test_reply(peer: Peer) -> None:
    """A peer's reply is what asking gives."""
    results: list[Any] = []
    peer.connection.ask("confirm", {"text": "Sure?"}).addCallback(results.append)
    (question,) = peer.read()
    assert question == {"event": "confirm", "data": {"text": "Sure?"}, "id": "s1"}
    peer.emit("socket.reply", {"ok": True, "result": [1]}, re="s1")
    peer.emit("socket.reply", {"ok": True, "result": [2]}, re="s1")
    assert results == [[1]]
    assert peer.read() == []


def test_refusal(peer: Peer) -> None:
    """A peer's refusal is a failure that has its code and message."""
    asked = peer.connection.ask("confirm")
    peer.emit("socket.reply", {"ok": False, "error": {"code": "no", "message": "Never"}}, re="s1")
    refused = failed(asked)
    assert isinstance(refused, AskRefused)
    assert (refused.code, refused.message, str(refused)) == ("no", "Never", "The peer refused")


def test_refusalWithoutACode(peer: Peer) -> None:
    """A refusal that says nothing is one all the same."""
    asked = peer.connection.ask("confirm")
    peer.emit("socket.reply", {"ok": False}, re="s1")
    assert failed(asked).code == ""


def test_timeOut(hub: Hub, peer: Peer) -> None:
    """Who isn't answered in time is told so, and a late reply is dropped."""
    asked = peer.connection.ask("confirm", timeout=3)
    clockOf(hub).advance(3)
    assert failed(asked).code == "reply.timeout"
    peer.emit("socket.reply", {"ok": True}, re="s1")


@pytest.mark.parametrize("timeout", [None, 0, -1, "5"])
def test_timeOutsThatAreNone(peer: Peer, timeout: Any) -> None:
    """A question that nobody could wait for is the caller's error, and isn't asked."""
    with pytest.raises(UsageError, match="timeout"):
        peer.connection.ask("confirm", timeout=timeout)
    assert peer.read() == []


def test_theEnd(hub: Hub, peer: Peer) -> None:
    """If the connection ends first, the question fails, and no timer is left."""
    asked = peer.connection.ask("confirm")
    peer.leave()
    assert failed(asked).code == "reply.lost"
    assert clockOf(hub).getDelayedCalls() == []


def test_cancelling(hub: Hub, peer: Peer) -> None:
    """Who waits no longer leaves no timer and no question behind."""
    asked = peer.connection.ask("confirm")
    asked.cancel()
    failed(asked)
    assert clockOf(hub).getDelayedCalls() == []
    peer.emit("socket.reply", {"ok": True}, re="s1")


@pytest.mark.parametrize("data", [None, 5, {}, {"ok": 1}, {"result": 1}])
def test_badReplies(hub: Hub, peer: Peer, data: Any) -> None:
    """A reply that isn't one is refused, and the question stays open."""
    asked = peer.connection.ask("confirm")
    peer.emit("socket.reply", data, re="s1")
    assert not asked.called
    assert hub.counters.refused["payload.invalid"] == 1


def test_repliesPassTheLine() -> None:
    """A handler may ask its own peer, even with a hundred events waiting behind it."""

    class Asks:
        @on("begin")
        async def begin(self, event: Any) -> Any:
            return await event.connection.ask("name")

        @on("more")
        def more(self, event: Any) -> None:
            pass

    peer = Peer(startedHub(Asks(), limits={"receiveQueueEvents": 64}))
    peer.emit("begin", id=1)
    for _ in range(100):
        peer.emit("more")
    assert peer.transport.reading
    peer.emit("socket.reply", {"ok": True, "result": "ada"}, re="s1")
    assert peer.read()[-1]["data"] == {"ok": True, "result": "ada"}


def askAll(peer: Peer, *names: str) -> list[Any]:
    """
    Have a peer be asked some questions.

    @return: the results and failures that come, in order
    """
    settled: list[Any] = []
    for name in names:
        peer.connection.ask(name).addErrback(lambda failure: failure.value.code).addCallback(settled.append)
    return settled


def test_idsOfOurOwn(peer: Peer) -> None:
    """Each question has an id that no other had, and that no peer's can be taken for."""
    askAll(peer, "one", "two")
    peer.emit("socket.reply", {"ok": True}, re="s1")
    askAll(peer, "three")
    assert [frame["id"] for frame in peer.read()] == ["s1", "s2", "s3"]


def test_takenOnce(peer: Peer) -> None:
    """A question has one reply; a second one, or one to no question, is dropped."""
    settled = askAll(peer, "one")
    for result, id in ((1, "s99"), (2, "s1"), (3, "s1")):
        peer.emit("socket.reply", {"ok": True, "result": result}, re=id)
    assert settled == [2]


def test_inAnyOrder(peer: Peer) -> None:
    """Replies may come in another order than the questions."""
    settled = askAll(peer, "one", "two", "three")
    for id in ("s3", "s2", "s1"):
        peer.emit("socket.reply", {"ok": True, "result": id}, re=id)
    assert settled == ["s3", "s2", "s1"]


def test_theEndOfMany(peer: Peer) -> None:
    """At the end everybody who still waits is told so, in order, and nobody waits any more."""
    settled = askAll(peer, "answered", "one", "two")
    peer.emit("socket.reply", {"ok": True, "result": "here"}, re="s1")
    peer.leave()
    assert settled == ["here", "reply.lost", "reply.lost"]
    assert not any(peer.connection.isAsked(f"s{number}") for number in (1, 2, 3))


def test_afterTheEnd(hub: Hub, peer: Peer) -> None:
    """A question to a peer that is gone fails at once, and leaves no timer behind."""
    peer.leave()
    assert askAll(peer, "one") == ["reply.lost"]
    assert clockOf(hub).getDelayedCalls() == []


def test_whatCantBeAsked(peer: Peer) -> None:
    """A question that can't be encoded isn't open, and its id isn't used again."""
    with pytest.raises(UsageError):
        peer.connection.ask("one", object())
    assert not peer.connection.isAsked("s1")
    askAll(peer, "two")
    assert [frame["id"] for frame in peer.read()] == ["s2"]


@pytest.mark.parametrize("id", [None, "", "1", "S1", "s01", "s1 ", "\x00"])
def test_othersIds(peer: Peer, id: str | None) -> None:
    """An id that only looks like a question's is none."""
    askAll(peer, "one")
    assert peer.connection.isAsked("s1")
    assert not peer.connection.isAsked(id)
