"""
The events C{socket.*} that a peer may send, and what answers each.

They never reach an application; what an application hears of a login, the hub tells it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred

from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import Connection
from ratchet_tx.errors import AskRefused, PeerError
from ratchet_tx.login.login import Login
from ratchet_tx.rooms.access import requireClient
from ratchet_tx.rooms.presence import Presence
from ratchet_tx.rooms.readhistory import ReadHistory
from ratchet_tx.rooms.requests import Shown, checkMeta
from ratchet_tx.rooms.subscribe import Subscribe
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.errorcodes import ROOM_DENIED
from ratchet_tx.wire.payload import Payload, convertData


class Control(NamedTuple):
    """
    How one of the protocol's own events is dealt with.

    @ivar run: called with the connection and the payload; what it gives, if anything, is waited for.
        It raises a L{PeerError<ratchet_tx.errors.PeerError>} for what is refused.
    @ivar ordered: whether it waits until the connection's last event has been handled
    """

    run: Callable[[Connection, Payload], Deferred[Any] | None]
    ordered: bool = True


class Controls:
    """
    All that a peer can ask of the protocol itself.

    @ivar byEvent: each L{Control} by the name of its event
    """

    def __init__(
        self, login: Login, subscribe: Subscribe, readHistory: ReadHistory, presence: Presence, answers: Answers
    ) -> None:
        self._presence = presence
        self._answers = answers
        self.byEvent: dict[str, Control] = {
            "socket.auth.request": Control(login.request),
            "socket.auth.refresh": Control(login.refresh, ordered=False),
            "socket.history": Control(readHistory.read),
            "socket.ping": Control(self.ping, ordered=False),
            "socket.presence.update": Control(self.showElse),
            "socket.reply": Control(self.reply, ordered=False),
            "socket.subscribe": Control(subscribe.subscribe),
            "socket.unsubscribe": Control(subscribe.unsubscribe),
        }

    def ping(self, connection: Connection, payload: Payload) -> None:
        """
        C{socket.ping}: answer, for a browser can't see the protocol's own pings.
        """
        self._answers.reply(connection, payload, None)

    def reply(self, connection: Connection, payload: Payload) -> None:
        """
        C{socket.reply}: bring a reply to who asked; one that has an id itself is told that it has come.
        """
        data, id = payload.data, payload.re
        if id is None or not isinstance(data, dict) or not isinstance(data.get("ok"), bool):
            raise BadPayload('Expected {"ok": true} or {"ok": false} and the "re" of a question', path="$.data.ok")
        connection.replied(id, data.get("result") if data["ok"] else _refusal(data.get("error")))
        self._answers.reply(connection, payload, None)

    def showElse(self, connection: Connection, payload: Payload) -> None:
        """
        C{socket.presence.update}: show something else of a member of a room.
        """
        requireClient(connection)
        wanted = convertData(payload, Shown).data
        checkMeta(payload, wanted)
        if not self._presence.update(connection, wanted.room, wanted.meta):
            raise PeerError(ROOM_DENIED, "You aren't shown in this room")
        self._answers.reply(connection, payload, {"room": wanted.room})


def _refusal(error: Any) -> AskRefused:
    facts = error if isinstance(error, dict) else {}
    return AskRefused(str(facts.get("code", "")), str(facts.get("message", "")))
