"""
What peers send, on its way to the handlers.
"""

from typing import Any

import pytest

from ratchet_tx import on
from tests.kit.applications import Diary, Echo
from tests.kit.fakes import FakeProvider, Peer, startedHub


class TestMessages:
    @pytest.mark.parametrize(
        "event", ["unheard.of", "socket.open", "socket.message", "socket.auth.success", "socket.nonsense"]
    )
    def test_onlyRegisteredEvents(self, event: str) -> None:
        """An event that nobody registered is refused, and nobody can forge one of the protocol's own."""
        diary = Diary()
        hub = startedHub(diary)
        peer = Peer(hub)
        peer.emit(event, {"client": "forged"}, id=1)
        (reply,) = peer.read()
        assert reply["data"]["error"]["code"] == "event.unknown"
        assert diary.names() == ["socket.open"]
        assert hub.counters.refused["event.unknown"] == 1

    def test_badTextIsAnsweredOnlyIfItHadAnId(self) -> None:
        """What isn't an envelope is counted, and answered where its id could be read."""
        hub = startedHub(Echo())
        peer = Peer(hub)
        for text in (b"", b"[]", b"{", b"\xff", b'{"event":""}', b"[" * 30_000, b'{"event":"echo","data":NaN}'):
            peer.sendText(text)
        assert peer.read() == []
        peer.sendText(b'{"event":"","id":3}')
        (reply,) = peer.read()
        assert reply["re"] == 3
        assert reply["data"]["error"]["code"] == "payload.invalid"
        assert reply["data"]["error"]["path"] == "$.event"
        assert hub.counters.refused["payload.invalid"] == 8

    def test_refusedToVersionTwo(self) -> None:
        """A peer that announced version 2 is told of a refused event without an id."""
        peer = Peer(startedHub(Echo()))
        peer.logIn("", v=2)
        peer.read()
        peer.emit("unheard.of")
        assert peer.read() == [
            {
                "event": "socket.refused",
                "data": {"event": "unheard.of", "code": "event.unknown", "message": "Unregistered event"},
            }
        ]

    def test_nothingIsTakenWhileClosing(self) -> None:
        """What a peer sends after we began to close is dropped."""
        echo = Echo()
        peer = Peer(startedHub(echo))
        peer.emit("later", 1)
        peer.emit("echo", 2)
        peer.connection.close()
        peer.emit("echo", 3)
        echo.asked[0].callback(None)
        assert echo.order == [1]


class TestOrder:
    def test_inOrder(self) -> None:
        """The next event of a connection waits until the last one's Deferred has fired."""
        echo = Echo()
        peer = Peer(startedHub(echo))
        peer.emit("later", 1, id=1)
        peer.emit("echo", 2)
        peer.emit("later", 3, id=3)
        peer.emit("echo", 4)
        assert echo.order == [1]
        echo.asked[0].callback("first")
        assert echo.order == [1, 2, 3]
        echo.asked[1].callback("third")
        assert echo.order == [1, 2, 3, 4]
        assert [frame.get("re") for frame in peer.read()] == [1, None, 3, None]

    def test_otherConnectionsDontWait(self) -> None:
        """One connection's slow handler holds up nobody else."""
        echo = Echo()
        hub = startedHub(echo)
        slow, quick = Peer(hub), Peer(hub)
        slow.emit("later", 1)
        quick.emit("echo", 2)
        assert quick.read() == [{"event": "echo", "data": 2}]

    def test_unordered(self) -> None:
        """An event that opted out of the order neither waits nor is waited for."""
        echo = Echo()
        peer = Peer(startedHub(echo))
        peer.emit("later", 1)
        peer.emit("beside", 2)
        peer.emit("beside", 3)
        assert echo.order == [1, 2, 3]
        echo.asked[0].callback(None)
        peer.emit("echo", 4)
        assert echo.order == [1, 2, 3, 4]

    def test_tooMuchBesides(self) -> None:
        """Events that nobody waits for fill the line, too: no peer can make endlessly many go on at once."""

        class Slow(Echo):
            pass

        echo = Slow()
        peer = Peer(startedHub(echo, limits={"receiveQueueEvents": 2}))
        for _ in range(2):
            peer.emit("beside")
        assert not peer.transport.reading
        echo.asked[0].callback(None)
        assert peer.transport.reading


class TestWhileStopping:
    def test_askingWhileStopping(self) -> None:
        """A handler that goes on may still ask its peer."""

        class Asks:
            @on("begin")
            async def begin(self, event: Any) -> Any:
                await event.connection.ask("one")
                return await event.connection.ask("other")

        hub = startedHub(Asks())
        peer = Peer(hub)
        peer.emit("begin", id=1)
        hub.stopService()
        peer.emit("socket.reply", {"ok": True}, re="s1")
        peer.emit("socket.reply", {"ok": True, "result": 2}, re="s2")
        assert peer.read()[-1]["data"] == {"ok": True, "result": 2}

    def test_onlyRepliesWhileStopping(self) -> None:
        """What only pretends to be a reply, by the id of a question, is dropped like everything else that is new."""
        echo = Echo()
        hub = startedHub(echo)
        peer = Peer(hub)
        peer.emit("later", id=1)
        hub.stopService()
        peer.emit("beside", id=2, re="s1")
        peer.emit("socket.ping", id=3, re="s1")
        assert len(echo.asked) == 1
        assert peer.read() == []


@pytest.mark.parametrize(("event", "code"), [("unheard.of", "auth.required"), ("socket.unheard", "event.unknown")])
def test_strangers(event: str, code: str) -> None:
    """A stranger is told to log in first; not for what no login would let him do."""
    assert Peer(startedHub(Echo(), clientProvider=FakeProvider())).ask(event)["code"] == code
