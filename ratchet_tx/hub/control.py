"""
Handles the C{socket.*} events that peers may send: login, rooms, presence, ping and reply.

Applications don't get them. The hub has events of its own for applications, such as C{socket.auth.success}.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred

from ratchet_tx.connections.answers import Answers, requireClient
from ratchet_tx.connections.connection import Connection
from ratchet_tx.errors import AskRefused, PeerError
from ratchet_tx.login.login import Login
from ratchet_tx.rooms.presence import Presence
from ratchet_tx.rooms.readhistory import ReadHistory
from ratchet_tx.rooms.requests import PresenceUpdate, checkMeta
from ratchet_tx.rooms.subscribe import Subscribe
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.errorcodes import ROOM_DENIED
from ratchet_tx.wire.payload import Payload, convertData


class Control(NamedTuple):
    """
    The handler of one C{socket.*} event.

    @ivar run: called with the connection and the payload; returns None, or a Deferred that fires when the event is handled.
        It raises L{PeerError<ratchet_tx.errors.PeerError>} to refuse the event
    @ivar ordered: whether the event waits until the connection's earlier events are handled
    """

    run: Callable[[Connection, Payload], Deferred[Any] | None]
    ordered: bool = True


class Controls:
    """
    The handlers of all C{socket.*} events that peers may send.

    @ivar byEvent: each L{Control}, by the name of its event
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
            "socket.presence.update": Control(self.updatePresence),
            "socket.reply": Control(self.reply, ordered=False),
            "socket.subscribe": Control(subscribe.subscribe),
            "socket.unsubscribe": Control(subscribe.unsubscribe),
        }

    def ping(self, connection: Connection, payload: Payload) -> None:
        """
        C{socket.ping}: reply; browsers need it, because they don't show WebSocket pings to scripts.
        """
        self._answers.reply(connection, payload, None)

    def reply(self, connection: Connection, payload: Payload) -> None:
        """
        C{socket.reply}: give a reply to the C{ask} that waits for it, and confirm it if it has an id itself.
        """
        data, id = payload.data, payload.re
        if id is None or not isinstance(data, dict) or not isinstance(data.get("ok"), bool):
            raise BadPayload('Expected {"ok": true} or {"ok": false} and the "re" of a question', path="$.data.ok")
        connection.replied(id, data.get("result") if data["ok"] else _refusal(data.get("error")))
        self._answers.reply(connection, payload, None)

    def updatePresence(self, connection: Connection, payload: Payload) -> None:
        """
        C{socket.presence.update}: replace the metadata that a room shows for this connection.
        """
        requireClient(connection)
        wanted = convertData(payload, PresenceUpdate).data
        checkMeta(payload, wanted)
        if not self._presence.update(connection, wanted.room, wanted.meta):
            raise PeerError(ROOM_DENIED, "You aren't shown in this room")
        self._answers.reply(connection, payload, {"room": wanted.room})


def _refusal(error: Any) -> AskRefused:
    facts = error if isinstance(error, dict) else {}
    return AskRefused(str(facts.get("code", "")), str(facts.get("message", "")))
