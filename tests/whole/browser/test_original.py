"""
The chat without a browser: sockets that send the documented JSON, or what the original's browser client sent.
"""

import json
from typing import Any

import pytest

from tests.kit.processes import node
from tests.whole.browser.conftest import Chat, Connect, Join, Visit

ADA = {"username": "Ada"}
GRACE = {"username": "Grace"}


def test_originalLogin(join: Join) -> None:
    """The original's browser client sends the bare token, and gets the bare client."""
    ada, token = join("Ada")
    ada.send(event="socket.auth.request", data=token)
    assert ada.read() == {"event": "socket.auth.success", "data": ADA}


@pytest.mark.parametrize("token", ["wrong", "", None])
def test_originalFailure(join: Join, token: str | None) -> None:
    """The original's browser client gets the bare error for a wrong or missing token."""
    ada, _ = join("Ada")
    ada.send(event="socket.auth.request", data=token)
    assert ada.read() == {"event": "socket.auth.failure", "data": "Invalid access token."}


def test_originalChat(join: Join) -> None:
    """Two pages of the original chat with each other, and get no unknown frame."""
    ada, adasToken = join("Ada")
    grace, gracesToken = join("Grace")
    ada.send(event="socket.auth.request", data=adasToken)
    ada.readUntil("chat.here")
    grace.send(event="socket.auth.request", data=gracesToken)
    grace.readUntil("chat.here")
    ada.send(event="chat.send", data="hi")
    assert ada.readUntil("chat.message.sent") == [
        {"event": "chat.joined", "data": {"client": GRACE, "people": 2}},
        {"event": "chat.message.sent", "data": {"client": ADA, "message": "hi"}},
    ]
    assert grace.read() == {"event": "chat.message", "data": {"client": ADA, "message": "hi"}}
    grace.close()
    assert ada.read() == {"event": "chat.left", "data": {"client": GRACE, "people": 1}}


def test_documentedJSON(join: Join) -> None:
    """Any program that sends the documented JSON can log in, chat, and ask for a reply."""
    ada, token = join("Ada")
    ada.send(event="socket.auth.request", data={"token": token}, id=1)
    assert ada.read() == {"event": "socket.auth.success", "data": {"client": ADA}, "re": 1}
    assert ada.read() == {"event": "chat.here", "data": {"people": 1}}
    ada.send(event="chat.send", data="  hi  ", id=2)
    assert ada.read() == {"event": "chat.message.sent", "data": {"client": ADA, "message": "hi"}}
    assert ada.read() == {"event": "socket.reply", "data": {"ok": True, "result": None}, "re": 2}


def test_nodesClient(chat: Chat, visit: Visit, join: Join) -> None:
    """A Node program with only the package ws joins the chat, and its messages arrive."""
    grace, token = join("Grace")
    grace.send(event="socket.auth.request", data={"token": token})
    grace.readUntil("chat.here")
    ada = visit()
    ada.logIn("Ada")
    printed = node("tests/whole/chat.js", chat.socket, ada.token(), "hi from Node")
    frames = [json.loads(line) for line in printed.splitlines()]
    message = {"client": ADA, "message": "hi from Node"}
    assert frames[0] == {"event": "socket.auth.success", "data": {"client": ADA}}
    assert frames[-1] == {"event": "chat.message.sent", "data": message}
    assert grace.readUntil("chat.message")[-1] == {"event": "chat.message", "data": message}


@pytest.mark.parametrize("data", ["", "  \n ", "x" * 501, None, 7, ["hi"], {"message": "hi"}])
def test_notAMessage(join: Join, data: Any) -> None:
    """Anything but a text of 1 to 500 characters is refused, and reaches nobody."""
    ada, token = join("Ada")
    ada.send(event="socket.auth.request", data={"token": token})
    ada.readUntil("chat.here")
    ada.send(event="chat.send", data=data, id=1)
    reply = ada.read()
    assert reply["event"] == "socket.reply"
    assert reply["data"]["error"]["code"] == "chat.invalid"
    ada.send(event="chat.send", data="🦄" * 500)
    assert ada.read()["data"]["message"] == "🦄" * 500


def test_stranger(connect: Connect, join: Join) -> None:
    """A stranger can neither send nor receive, and isn't shown."""
    ada, token = join("Ada")
    ada.send(event="socket.auth.request", data={"token": token})
    ada.readUntil("chat.here")
    stranger = connect()
    stranger.send(event="chat.send", data="hi", id=1)
    assert stranger.read()["data"]["error"]["code"] == "auth.required"
    ada.send(event="chat.send", data="Is somebody there?")
    ada.readUntil("chat.message.sent")
    stranger.send(event="socket.ping", id=2)
    assert stranger.read()["re"] == 2
    stranger.close()
    ada.send(event="chat.send", data="Nobody.")
    assert ada.read() == {"event": "chat.message.sent", "data": {"client": ADA, "message": "Nobody."}}


def test_anotherUserOnOneSocket(join: Join) -> None:
    """A login as another user on the same socket is a leave of the first user and a join of the second."""
    ada, adasToken = join("Ada")
    ada.send(event="socket.auth.request", data={"token": adasToken})
    ada.readUntil("chat.here")
    other, gracesToken = join("Grace")
    _, evesToken = join("Eve")
    for token in (gracesToken, evesToken):
        other.send(event="socket.auth.request", data={"token": token})
        other.readUntil("chat.here")
    news = [ada.read() for _ in range(3)]
    assert [(frame["event"], frame["data"]["client"]["username"], frame["data"]["people"]) for frame in news] == [
        ("chat.joined", "Grace", 2),
        ("chat.left", "Grace", 1),
        ("chat.joined", "Eve", 2),
    ]


def test_logoutEndsTheSocket(visit: Visit, connect: Connect) -> None:
    """A logout closes the user's sockets with 4503, and the token is unknown afterwards."""
    visitor = visit()
    visitor.logIn("Ada")
    token = visitor.token()
    ada, late = connect(), connect()
    ada.send(event="socket.auth.request", data={"token": token})
    ada.readUntil("chat.here")
    visitor.post("logout")
    assert ada.readClose() == 4503
    late.send(event="socket.auth.request", data={"token": token})
    assert late.read() == {"event": "socket.auth.failure", "data": {"errors": ["Invalid access token."]}}


def test_eachPageHasAToken(visit: Visit, connect: Connect) -> None:
    """Each load of the page gets a new token, and the earlier ones stay valid."""
    visitor = visit()
    visitor.logIn("Ada")
    tokens = [visitor.token(), visitor.token()]
    assert len(set(tokens)) == 2
    for token in tokens:
        ada = connect()
        ada.send(event="socket.auth.request", data={"token": token})
        assert ada.read() == {"event": "socket.auth.success", "data": {"client": ADA}}


def test_noSecretsInTheLog(chat: Chat, visit: Visit, connect: Connect) -> None:
    """The server's log has the chat's address, and no tokens, sessions or messages."""
    visitor = visit()
    visitor.logIn("Ada")
    token = visitor.token()
    (session,) = [cookie.value for cookie in visitor.cookies]
    ada = connect()
    ada.send(event="socket.auth.request", data={"token": token})
    ada.send(event="chat.send", data="between us")
    ada.readUntil("chat.message.sent")
    chat.stop()
    log = chat.log()
    assert f"The chat is open at http://localhost:{chat.port}/" in log
    for secret in (token, str(session), "between us"):
        assert secret not in log
