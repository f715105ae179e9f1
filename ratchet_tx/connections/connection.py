"""
One peer's connection, as the hub and applications see it: what it is sent, what it is in, and how it ends.
"""

from collections.abc import Collection
from secrets import token_hex
from threading import get_ident
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from ratchet_tx.applications.registry import Applications
from ratchet_tx.applications.routes import Adapted, Table
from ratchet_tx.backplane.messages import Deliver, Message
from ratchet_tx.budget.allowance import Strikes
from ratchet_tx.budget.ledger import Account, Ledger
from ratchet_tx.connections.holdback import Hold
from ratchet_tx.connections.inbox import Inbox
from ratchet_tx.connections.memberships import Memberships
from ratchet_tx.connections.questions import Questions, checkTimeout
from ratchet_tx.deferreds.threads import OwnThread
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IClient, IConnection, IRequest, ITransport
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.settings import Limits
from ratchet_tx.wire.closecodes import DONE, DRAINED, GOING_AWAY, RECONNECT_CODES, STANDARD_CODES, TOO_SLOW
from ratchet_tx.wire.encoding import encode, encodeData
from ratchet_tx.wire.errorcodes import ROOM_DENIED, SERVER_DRAIN
from ratchet_tx.wire.frames import Spare
from ratchet_tx.wire.names import checkEvent, checkName, checkText

_NO_TABLE = Table({}, {})

#: How long queued events may be, on average, before reading from their peer pauses: of few long ones fewer may wait.
QUEUED_EVENT_BYTES = 4096

#: After how many seconds who is sent away may come again: at some time between these two.
COME_AGAIN = (0, 5)


class Node(Protocol):
    """
    What a connection needs of its hub.
    """

    limits: Limits
    counters: Counters
    applications: Applications
    ledger: Ledger
    peerLog: PeerLog
    thread: OwnThread

    @property
    def clock(self) -> IReactorTime: ...
    def wall(self) -> float: ...

    patience: Patience

    def publish(self, message: Message) -> Any: ...
    def spare(self, event: str, room: str | None = None) -> Spare | None: ...
    @property
    def spares(self) -> Collection[str]: ...
    def joined(self, connection: "Connection", room: str) -> None: ...
    def left(self, connection: "Connection", rooms: Collection[str]) -> None: ...
    def turn(self, connection: "Connection", text: bytes) -> None: ...


@implementer(IConnection)
class Connection:
    """
    A peer, from its accepted handshake to its end.

    @ivar version: 1, or 2 for a peer that announced it and may be sent what it didn't ask for (PROTOCOL, Login)
    @ivar guest: the anonymous client that it was given at open, if any
    @ivar failedLogins: how many of its logins failed
    @ivar adapted: the applications that were made for it alone, if any
    @ivar table: where the events that it sends lead to, by name
    @ivar ownTable: where the protocol's own events lead to
    @ivar since: when it was opened
    @ivar heard: when it last sent something
    @ivar fullAt: when it has none of its rate spent any more (see L{ratchet_tx.budget.rate.Rate})
    @ivar refusals: how often it was refused for being too fast
    @ivar badMessages: how often what it sent wasn't a message
    @ivar hold: what it isn't sent yet, because it is subscribing to something
    @ivar freeSubscribes: how many rooms it may still subscribe to at no cost
    @ivar subscribesFreeAt: from when on a login as another client makes subscribes free again
    @ivar account: how many bytes are kept for it
    @ivar closing: whether it is ending: nothing is taken from the peer any more, and nothing sent
    @ivar ended: whether it is gone
    @ivar closedWith: the code and reason that we closed with, if it was us
    """

    __slots__ = (
        "_memberships",
        "_node",
        "_paused",
        "_questions",
        "_remoteAddress",
        "_request",
        "_state",
        "account",
        "adapted",
        "badMessages",
        "client",
        "closedWith",
        "closing",
        "ended",
        "failedLogins",
        "freeSubscribes",
        "fullAt",
        "guest",
        "heard",
        "hold",
        "id",
        "inbox",
        "ownTable",
        "refusals",
        "since",
        "subscribesFreeAt",
        "table",
        "transport",
        "version",
    )

    def __init__(self, node: Node, transport: ITransport, request: IRequest, remoteAddress: str) -> None:
        self.id = f"c-{token_hex(8)}"
        self.client: IClient | None = None
        self.guest: IClient | None = None
        self.version = 1
        self.failedLogins = self.freeSubscribes = 0
        self.table, self.ownTable = _NO_TABLE
        self.adapted: Adapted | None = None
        self.transport = transport
        self.inbox = Inbox(self._turn)
        self.closing = self.ended = False
        self.closedWith: tuple[int, str] | None = None
        self.since = self.heard = self.fullAt = self.subscribesFreeAt = 0.0
        self.refusals: Strikes | None = None
        self.badMessages: Strikes | None = None
        self.hold: Hold | None = None
        self.account = Account(node.ledger)
        self._node = node
        self._request = request
        self._remoteAddress = remoteAddress
        self._paused = False
        # These are made when first used: most connections idle.
        self._questions: Questions | None = None
        self._memberships: Memberships | None = None
        self._state: dict[str, Any] | None = None

    @property
    def peerLog(self) -> PeerLog:
        """
        Give what logs what the peer causes.
        """
        return self._node.peerLog

    @property
    def remoteAddress(self) -> str:
        return self._remoteAddress

    @property
    def request(self) -> IRequest:
        return self._request

    @property
    def state(self) -> dict[str, Any]:
        if self._state is None:
            self._state = {}
        return self._state

    @property
    def rooms(self) -> tuple[str, ...]:
        return () if self._memberships is None else self._memberships.names()

    def emit(self, event: str, data: Any = None) -> None:
        checkEvent(event)
        node = self._node
        # Asked here, for a call more would be felt.
        if get_ident() != node.thread.ident:
            self._requireThread("emit")
        text = encode(event, data)
        if self.closing:
            node.counters.lost += 1
            return
        node.counters.sent += 1
        self.transport.sendText(text, node.spare(event) if node.spares else None)

    def send(self, event: str, data: Any, **keys: Any) -> None:
        """
        Send any event at all, the protocol's own among them.

        @param keys: what stands beside event and data
        @raise UsageError: for data that isn't JSON
        """
        text = encode(event, data, **keys)
        if self.closing:
            self._node.counters.lost += 1
            return
        self._node.counters.sent += 1
        self.transport.sendText(text)

    def broadcast(self, event: str, data: Any = None, room: str | None = None) -> None:
        checkEvent(event)
        checkText(event, "the name of an event")
        self._requireThread("broadcast")
        if room is not None:
            checkName(room, "a room")
            if self._node.applications.policies.keep(room) is not None:
                raise UsageError(
                    f"The room {room!r} has a history, in which a broadcast would be a gap to its sender: "
                    f"send it to everybody, by hub.emit({event!r}, data, room={room!r})."
                )
        self._node.publish(Deliver(event, encodeData(event, data), room=room, without=self.id))

    def ask(self, event: str, data: Any = None, timeout: float = 10) -> Deferred[Any]:
        checkEvent(event)
        checkTimeout(timeout)
        self._requireThread("ask")
        if self._questions is None:
            self._questions = Questions()
        return self._questions.ask(self, self._node.patience, event, data, timeout)

    def replied(self, id: str, reply: Any) -> None:
        """
        Take in a reply to a question; one that nobody waits for any more is dropped.

        @param reply: the result, or an L{AskRefused<ratchet_tx.errors.AskRefused>}
        """
        if self._questions is not None:
            self._questions.replied(self, id, reply)

    def isAsked(self, id: str | None) -> bool:
        """
        Say whether a question by this id waits for its reply.
        """
        return self._questions is not None and id in self._questions

    def join(self, room: str) -> None:
        checkName(room, "a room")
        self._requireThread("join")
        if self.closing:
            return
        if self.client is None:
            raise UsageError("A stranger can't be in a room, for no broadcast reaches him: let him log in first.")
        if self.enter(room) and self.version == 2:
            self.send("socket.subscribed", {"room": room})

    def enter(self, room: str) -> bool:
        """
        Be in a room from now on, without being told so.

        @return: whether it wasn't already
        @raise PeerError: C{room.limit}
        """
        if self._memberships is None:
            self._memberships = Memberships()
        isNew = self._memberships.enter(room, self._node.limits.rooms)
        if isNew:
            self._node.joined(self, room)
        return isNew

    def leave(self, room: str) -> None:
        checkName(room, "a room")
        self._requireThread("leave")
        if self.quit(room) and self.version == 2:
            self.send("socket.unsubscribed", {"room": room, "code": ROOM_DENIED})

    def quit(self, room: str) -> bool:
        """
        Be in a room no longer, nor on the way into it, without being told so.

        @return: whether it was in it
        """
        if self.hold is not None:
            self.hold.leave(room)
            self.keeps("held", self.hold.size)
        wasIn = self._memberships is not None and self._memberships.quit(room)
        if wasIn:
            self._node.left(self, (room,))
        return wasIn

    def isIn(self, room: str) -> bool:
        """
        Say whether it is in a room.
        """
        return self._memberships is not None and room in self._memberships

    def leaveAll(self) -> None:
        """
        Leave every room, at once.
        """
        if self.hold is not None:
            self.hold.leaveAll()
            self.keeps("held", 0)
        rooms = () if self._memberships is None else self._memberships.quitAll()
        if rooms:
            self._node.left(self, rooms)

    def close(self, code: int = DONE, reason: str = "") -> None:
        checkCloseCode(code)
        if not isinstance(reason, str):
            raise UsageError(f"The reason of a close is a text, not {type(reason).__name__}.")
        checkText(reason, "the reason of a close")
        self._requireThread("close")
        if not self.closing:
            self.closing = True
            self.closedWith = (code, reason)
            self._node.counters.closes[code] += 1
            self.transport.close(code, reason)
        if code not in RECONNECT_CODES and not self.ended:
            # It is sent away, and missed at once, however long its end takes.
            self.leaveAll()

    def _requireThread(self, call: str) -> None:
        self._node.thread.require(
            f"connection.{call}",
            f"reactor.callFromThread(connection.{call}, ...), or hub.publishFromThread(event, data, client=...)",
        )

    def drain(self) -> None:
        """
        Take leave of the peer, because the hub stops: what it has sent already is handled first.

        A peer of version 2 is told before, and when to come again: not all at once.
        """
        if self.version == 2:
            self.send("socket.bye", {"code": SERVER_DRAIN, "reconnect": True, "after": COME_AGAIN})
        code = DRAINED if self.version == 2 else GOING_AWAY
        self.inbox.whenIdle().addCallback(lambda _: self.close(code, "Going away"))

    def mayBeBack(self, clean: bool) -> bool:
        """
        Say whether a peer that is gone was lost, and its client is likely to come again at once.

        @param clean: whether both sides took leave
        """
        return not clean if self.closedWith is None else self.closedWith[0] in RECONNECT_CODES

    def end(self) -> None:
        """
        Give everything back: the peer is gone.
        """
        self.closing = self.ended = True
        self.inbox.drop()
        if self._questions is not None:
            self._questions.end()
        self.leaveAll()
        self.account.close()

    def keeps(self, part: str, size: int) -> None:
        """
        Note how many bytes are kept for the peer, and close it where there are too many in all: by C{connectionBytes}.

        Of what waits to be sent more than C{sendQueueBytes} counts no more: that is one long event, which waits alone.

        @param part: what for, one of L{ratchet_tx.budget.ledger.OF_CONNECTIONS}
        """
        account, limits = self.account, self._node.limits
        if not account.keep(part, size) or self.closing or not limits.connectionBytes:
            return
        if account.bytes - account.queue + min(account.queue, limits.sendQueueBytes) > limits.connectionBytes:
            self._node.counters.full["connectionBytes"] += 1
            self.close(TOO_SLOW, "Too much is kept for you")

    def enqueue(self, text: bytes) -> None:
        """
        Keep a message until its turn comes.
        """
        self.inbox.wait(text)
        self.regulate()
        self._noteWaiting()

    def accompany(self, work: Deferred[Any]) -> None:
        """
        Let some work go on beside what waits its turn, and end it with the connection.
        """
        self.inbox.accompany(work)
        self.regulate()
        work.addBoth(lambda _: self.regulate())

    def regulate(self) -> None:
        """
        Read from the peer while there is room for what it sends, and always while a reply is awaited: it would stand
        behind what isn't read.
        """
        inbox, limit = self.inbox, self._node.limits.receiveQueueEvents
        full = limit > 0 and not self._questions and (inbox.load >= limit or inbox.bytes >= limit * QUEUED_EVENT_BYTES)
        if full and not self._paused:
            self.transport.pauseReading()
        elif self._paused and not full:
            self.transport.resumeReading()
        self._paused = full

    def _turn(self, text: bytes) -> None:
        self.regulate()
        self._noteWaiting()
        self._node.turn(self, text)

    def _noteWaiting(self) -> None:
        # A few short events come and go too often to be worth it.
        if self.inbox.bytes >= QUEUED_EVENT_BYTES or self.account.waiting:
            self.keeps("waiting", self.inbox.bytes)

    def __repr__(self) -> str:
        return f"<Connection {self.id} from {self.remoteAddress}>"


def checkCloseCode(code: Any) -> None:
    """
    Check a close code (RFC 6455 section 7.4).

    @raise UsageError: for one that may not be sent
    """
    sendable = isinstance(code, int) and (code in STANDARD_CODES or 3000 <= code <= 4999)
    if not sendable:
        told = code if isinstance(code, int) else f"a {type(code).__name__}"
        raise UsageError(f"A connection is closed with a code of 1000 to 1014, or of 3000 to 4999, not {told}.")
