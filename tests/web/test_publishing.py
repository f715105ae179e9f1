"""
Publishing over HTTP.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.web.resource import Resource
from twisted.web.server import Site

from ratchet_tx import Hub, RoomPolicy
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.web.bearer import BearerToken
from ratchet_tx.web.publishing import MOST_KEYS, Publication, Publishing
from tests.kit.ends import Wire
from tests.kit.fakes import Peer, clockOf, logged, startedHub
from tests.kit.wire import PLANTED

TOKEN = PLANTED


class Answers(MemoryBackplane):
    """
    A backplane with results that the test sets.
    """

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = list(answers)
        self.published: list[Any] = []

    def publish(self, message: Any) -> Any:
        self.published.append(message)
        return self.answers.pop(0)


class Caller:
    """
    Another program that publishes.
    """

    def __init__(self, hub: Hub, tmp_path: Path, mostKeys: int = MOST_KEYS) -> None:
        path = tmp_path / "token"
        path.write_text(TOKEN)
        path.chmod(0o600)
        root = Resource()
        root.putChild(b"publish", Publishing(hub, BearerToken(str(path)), mostKeys))
        self.wire = Wire(Site(root, reactor=Clock()))

    def send(self, body: Any, method: str = "POST", **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {TOKEN}", "Content_Type": "application/json", **headers}
        lines = [f"{method} /publish HTTP/1.1", "Host: x", f"Content-Length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value]
        self.wire.send("\r\n".join([*lines, "", ""]).encode() + content)

    def heard(self) -> tuple[int, str, Any]:
        head, _, body = self.wire.receive().partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), head.decode(), json.loads(body)

    def post(self, body: Any, method: str = "POST", **headers: str) -> tuple[int, Any]:
        self.send(body, method, **headers)
        status, _, said = self.heard()
        return status, said

    def refused(self, body: Any, method: str = "POST", **headers: str) -> tuple[int, str]:
        status, said = self.post(body, method, **headers)
        assert said["ok"] is False
        assert set(said["error"]) >= {"code", "message", "retry"}
        return status, said["error"]["code"]


SENT = (200, {"ok": True, "result": None})


class TestPublishing:
    def test_receivers(self, tmp_path: Path) -> None:
        """An event is published to everyone, to a room, or to one client, and then the response comes."""
        hub = startedHub()
        caller, ada, bob = Caller(hub, tmp_path), Peer(hub), Peer(hub)
        ada.connection.join("news")
        assert caller.post({"event": "item", "data": {"title": "ü"}}) == SENT
        assert caller.post({"event": "item", "data": 1, "room": "news"}) == SENT
        assert bob.connection.client is not None
        assert caller.post({"event": "item", "client": bob.connection.client.id}) == SENT
        everybody = {"event": "item", "data": {"title": "ü"}}
        assert ada.read() == [everybody, {"event": "item", "data": 1, "room": "news"}]
        assert bob.read() == [everybody, {"event": "item", "data": None}]

    def test_position(self, tmp_path: Path) -> None:
        """In a room with a history, the response has the event's position."""
        position: Deferred[Any] = Deferred()
        caller = Caller(startedHub(backplane=Answers(position)), tmp_path)
        caller.send({"event": "item", "room": "news"})
        assert caller.wire.receive() == b""
        position.callback(("k3Zq", 42))
        status, head, said = caller.heard()
        assert (status, said) == (200, {"ok": True, "result": {"epoch": "k3Zq", "offset": 42}})
        assert "Content-Type: application/json" in head
        assert "Cache-Control: no-store" in head

    def test_history(self, tmp_path: Path) -> None:
        """In a room with a history each event has the next position; a repeat of its key gets the first one."""
        hub = startedHub()
        hub.applications.registerRooms("news", RoomPolicy(historySize=10, historySeconds=60))
        caller, peer = Caller(hub, tmp_path), Peer(hub)
        peer.connection.join("news")
        results = [caller.post({"event": "item", "room": "news", "key": key})[1]["result"] for key in "aabb"]
        assert [result["offset"] for result in results] == [1, 1, 2, 2]
        assert len({result["epoch"] for result in results}) == 1
        assert [frame["offset"] for frame in peer.read() if frame["event"] == "item"] == [1, 2]

    def test_goneMeanwhile(self, tmp_path: Path) -> None:
        """A peer that has left gets no response."""
        position: Deferred[Any] = Deferred()
        caller = Caller(startedHub(backplane=Answers(position)), tmp_path)
        caller.send({"event": "item"})
        caller.wire.lose()
        with logged() as lines:
            position.callback(None)
        assert lines == ['Event published: address=192.0.2.7 event="item" to=everyone']
        assert caller.wire.receive() == b""

    @pytest.mark.parametrize("later", [True, False])
    def test_failing(self, tmp_path: Path, later: bool) -> None:
        """A failure of the backplane is logged, and refused with C{retry}."""

        class Broken(MemoryBackplane):
            def publish(self, message: Any) -> Any:
                if later:
                    return fail(OSError("no broker"))
                raise OSError("no broker")

        caller = Caller(startedHub(backplane=Broken()), tmp_path)
        with logged() as lines:
            assert caller.refused({"event": "item"}) == (503, "publish.failed")
        assert any("no broker" in line for line in lines)

    def test_log(self, tmp_path: Path) -> None:
        """Each publish, and each refusal, is one log line without data or token."""
        caller = Caller(startedHub(), tmp_path)
        with logged() as lines:
            caller.post({"event": "item", "data": "secret-data", "room": "news\n"})
            caller.post({"event": "item", "data": "secret-data", "client": "ada"})
            caller.post({"event": "item", "data": "secret-data"}, Authorization="Bearer secret-token")
        assert lines == [
            r'Event published: address=192.0.2.7 event="item" room="news\n"',
            'Event published: address=192.0.2.7 event="item" client="ada"',
            "Refused a publish: status=401 address=192.0.2.7 code=auth.invalid",
        ]
        assert repr(Publication("item", "secret-data", key="k")) == "<Publication 'item'>"


class TestRefusals:
    def test_token(self, tmp_path: Path) -> None:
        """Without the token every request is refused in the same way."""
        caller = Caller(startedHub(), tmp_path)
        assert caller.refused(b"", "GET", Authorization="") == (401, "auth.required")
        assert caller.refused(b"", Authorization="Bearer x") == (401, "auth.invalid")
        caller.send({"event": "item"}, Authorization="")
        assert "WWW-Authenticate: Bearer" in caller.heard()[1]

    def test_method(self, tmp_path: Path) -> None:
        """Other methods than POST are refused."""
        caller = Caller(startedHub(), tmp_path)
        for method in ("GET", "PUT", "OPTIONS", "DELETE"):
            assert caller.refused({"event": "item"}, method) == (405, "method.unknown")
        caller.send(b"", "GET")
        assert "Allow: POST" in caller.heard()[1]
        with logged() as lines:
            caller.send(b"", "HEAD")
        assert caller.wire.receive().endswith(b"\r\n\r\n")
        assert lines == ["Refused a publish: status=405 address=192.0.2.7 code=method.unknown"]

    def test_path(self, tmp_path: Path) -> None:
        """There is nothing below it."""
        caller = Caller(startedHub(), tmp_path)
        caller.wire.send(
            f"POST /publish/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        assert caller.heard()[0] == 404

    @pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
    def test_type(self, tmp_path: Path, kind: str) -> None:
        """Only the type application/json is accepted; it may have a charset."""
        caller = Caller(startedHub(), tmp_path)
        assert caller.refused({"event": "item"}, Content_Type=kind) == (415, "type.unknown")
        assert caller.post({"event": "item"}, Content_Type="Application/JSON; charset=utf-8") == SENT

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            (b"", "$"),
            (b"{", "$"),
            (b"[" * 5000, "$"),
            (b'{"event":"\xff"}', "$"),
            (b'{"event":"item","data":NaN}', "$"),
            ([], "$"),
            ({}, "$"),
            ({"event": 5}, "$.event"),
            ({"event": "item", "nonsense": 1}, "$"),
            ({"event": "item", "room": 5}, "$.room"),
            ({"event": "item", "key": ""}, "$.key"),
            ({"event": "item", "key": "x" * 65}, "$.key"),
            ({"event": ""}, "$"),
            ({"event": "x" * 129}, "$"),
            ({"event": "socket.bye"}, "$"),
            ({"event": "item", "room": ""}, "$"),
            (b'{"event":"item","data":' + b"[" * 300 + b"]" * 300 + b"}", "$.data"),
            (b'{"event":"item","data":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "$"),
            (b'{"event":"item","data":[1' + b"0" * 400 + b"]}", "$.data"),
            (b'{"event":"item","data":1e999}', "$.data"),
            (b'{"event":"item","data":{"\\ud800":1}}', "$"),
            (b'{"event":"item","data":"x","more":"\xff"}', "$"),
        ],
        ids=range(22),
    )
    def test_body(self, tmp_path: Path, body: Any, path: str) -> None:
        """A malformed body is refused with the place of the error, and nothing is published."""
        hub = startedHub()
        caller, peer = Caller(hub, tmp_path), Peer(hub)
        status, said = caller.post(body)
        assert (status, said["error"]["code"], said["error"]["path"]) == (400, "payload.invalid", path)
        assert peer.read() == []

    def test_tooBig(self, tmp_path: Path) -> None:
        """A body longer than C{messageBytes} is refused, unless that is 0."""
        body = {"event": "item", "data": "x" * 1000}
        size = len(json.dumps(body))
        assert Caller(startedHub(limits={"messageBytes": size - 1}), tmp_path).refused(body) == (413, "message.tooBig")
        for most in (size, 0):
            assert Caller(startedHub(limits={"messageBytes": most}), tmp_path).post(body) == SENT

    def test_stopping(self, tmp_path: Path) -> None:
        """While the server stops every request is refused with C{retry}."""
        hub = startedHub()
        caller, _ = Caller(hub, tmp_path), Peer(hub)
        hub.stopService()
        caller.send({"event": "item"})
        status, head, said = caller.heard()
        assert (status, said["error"]["code"], said["error"]["retry"]) == (503, "server.drain", True)
        assert "Retry-After: 5" in head


class TestKeys:
    def test_again(self, tmp_path: Path) -> None:
        """A repeat of a key gets the first response, and is published once; after two minutes it is published again."""
        hub = startedHub()
        caller, peer = Caller(hub, tmp_path), Peer(hub)
        for _ in range(3):
            assert caller.post({"event": "item", "key": "k"}) == SENT
        assert caller.post({"event": "item"}, Idempotency_Key="k") == SENT
        assert caller.post({"event": "item", "key": "k"}, Idempotency_Key='"k"') == SENT
        assert len(peer.read()) == 1
        clockOf(hub).advance(120)
        caller.post({"event": "item", "key": "k"})
        assert len(peer.read()) == 1

    def test_position(self, tmp_path: Path) -> None:
        """A repeat before the position is known waits for it."""
        position: Deferred[Any] = Deferred()
        backplane = Answers(position)
        hub = startedHub(backplane=backplane)
        caller = Caller(hub, tmp_path)
        wires = [caller.wire, Wire(caller.wire.factory)]
        for caller.wire in wires:
            caller.send({"event": "item", "room": "news", "key": "k"})
        position.callback(("e", 1))
        for caller.wire in wires:
            assert caller.heard()[2]["result"] == {"epoch": "e", "offset": 1}
        assert caller.post({"event": "item", "room": "news", "key": "k"})[1]["result"] == {"epoch": "e", "offset": 1}
        assert len(backplane.published) == 1

    def test_reused(self, tmp_path: Path) -> None:
        """Another event with the same key is refused with 422; the same JSON in another spelling is the same event."""
        hub = startedHub()
        caller, peer = Caller(hub, tmp_path), Peer(hub)
        assert caller.post({"event": "item", "data": {"a": 1, "b": 2}, "key": "k"}) == SENT
        for other in (
            {"data": {"a": 1}},
            {"data": {"a": 1, "b": 2}, "room": "r"},
            {"data": {"a": 1, "b": 2}, "client": "ada"},
        ):
            assert caller.refused({"event": "item", **other, "key": "k"}) == (422, "key.reused")
        assert caller.refused({"event": "other", "data": {"a": 1, "b": 2}}, Idempotency_Key="k") == (422, "key.reused")
        assert caller.post(b' {"key":"k", "data":{"b":2,"a":1},"event" : "\\u0069tem"}') == SENT
        assert caller.post(b'{"key":"k", "data":{"b":2.0,"a":1e0},"event":"item"}') == SENT
        assert caller.refused({"event": "item", "data": {"a": 1, "b": 2.5}, "key": "k"}) == (422, "key.reused")
        assert len(peer.read()) == 1

    def test_reusedMeanwhile(self, tmp_path: Path) -> None:
        """Another event with the key is also refused while the first is being published."""
        position: Deferred[Any] = Deferred()
        backplane = Answers(position)
        caller = Caller(startedHub(backplane=backplane), tmp_path)
        first, second = caller.wire, Wire(caller.wire.factory)
        caller.send({"event": "item", "room": "news", "key": "k"})
        caller.wire = second
        caller.send({"event": "else", "room": "news", "key": "k"})
        position.callback(("e", 1))
        assert caller.heard()[0] == 422
        caller.wire = first
        assert caller.heard()[2]["result"] == {"epoch": "e", "offset": 1}
        assert len(backplane.published) == 1

    def test_failuresArentKept(self, tmp_path: Path) -> None:
        """A failed publish may be retried with the same key."""
        backplane = Answers(fail(OSError("no broker")), None)
        caller = Caller(startedHub(backplane=backplane), tmp_path)
        with logged():
            assert caller.refused({"event": "item", "key": "k"}) == (503, "publish.failed")
        assert caller.post({"event": "item", "key": "k"}) == SENT
        assert caller.refused({"event": "socket.bye", "key": "l"}) == (400, "payload.invalid")
        assert len(backplane.published) == 2

    def test_twoKeys(self, tmp_path: Path) -> None:
        """A header and a body with different keys, or a key of a wrong length, are refused."""
        caller = Caller(startedHub(), tmp_path)
        assert caller.refused({"event": "item", "key": "k"}, Idempotency_Key="l") == (400, "payload.invalid")
        for key in ('""', "x" * 65):
            assert caller.refused({"event": "item"}, Idempotency_Key=key) == (400, "payload.invalid")

    def test_bounded(self, tmp_path: Path) -> None:
        """Only C{mostKeys} keys are remembered."""
        hub = startedHub()
        caller, peer = Caller(hub, tmp_path, mostKeys=3), Peer(hub)
        for key in "abcd":
            caller.post({"event": "item", "key": key})
        assert len(peer.read()) == 4
        caller.post({"event": "item", "key": "d"})
        assert peer.read() == []
        caller.post({"event": "item", "key": "a"})
        assert len(peer.read()) == 1
