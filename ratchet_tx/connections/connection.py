"""
One peer's connection, as the hub and applications see it: its client, its rooms, what it is sent, and its end.
"""

from secrets import token_hex
from threading import get_ident
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from ratchet_tx.applications.routes import Adapted, Table
from ratchet_tx.budget.allowance import Allowance
from ratchet_tx.connections.inbox import QUEUED_EVENT_BYTES, Inbox
from ratchet_tx.connections.member import Member
from ratchet_tx.connections.questions import Questions, checkTimeout
from ratchet_tx.connections.shared import Shared
from ratchet_tx.connections.stages import Stage
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IClient, IConnection, IRequest, ITransport
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.wire.closecodes import DONE, RECONNECT_CODES, TOO_SLOW, checkClose
from ratchet_tx.wire.encoding import encode
from ratchet_tx.wire.errorcodes import ROOM_DENIED
from ratchet_tx.wire.names import checkEvent, checkName

_NO_TABLE = Table({}, {})


@implementer(IConnection)
class Connection(Member):
    """
    A connection, from the accepted handshake to its end.

    Only its own methods change it. The other parts report to it what has happened, by methods such as L{loginFailed}.

    @param since: when it was opened, in seconds
    @ivar version: 1, or 2 for a peer that announced it, which also gets frames that it didn't ask for (PROTOCOL, Login)
    @ivar client: the client that is logged in; None for a stranger
    @ivar guest: the anonymous client that it got at open, if any
    @ivar failedLogins: how many of its logins have failed
    @ivar adapted: the applications that were made for it alone, if any
    @ivar table: the routes of the events that the peer sends, by name
    @ivar ownTable: the routes of the hub's own events, by name
    @ivar allowance: what it has used of its rate limits; only the guard changes it
    @ivar closedWith: the code and reason with which this side closed it; None if the peer did, or was lost
    """

    __slots__ = (
        "_questions",
        "_remoteAddress",
        "_request",
        "_state",
        "adapted",
        "allowance",
        "client",
        "closedWith",
        "failedLogins",
        "guest",
        "id",
        "inbox",
        "ownTable",
        "since",
        "table",
        "transport",
        "version",
    )

    def __init__(self, shared: Shared, transport: ITransport, request: IRequest, remoteAddress: str, since: float) -> None:
        super().__init__(shared)
        self.id = f"c-{token_hex(8)}"
        self.client: IClient | None = None
        self.guest: IClient | None = None
        self.version = 1
        self.failedLogins = 0
        self.table, self.ownTable = _NO_TABLE
        self.adapted: Adapted | None = None
        self.transport = transport
        self.inbox = Inbox(self)
        self.closedWith: tuple[int, str] | None = None
        self.since = since
        self.allowance = Allowance(since)
        self._request = request
        self._remoteAddress = remoteAddress
        # These are made when first used, because most connections are idle.
        self._questions: Questions | None = None
        self._state: dict[str, Any] | None = None

    # Its client

    def awaitsLogin(self) -> None:
        """
        Begin as a stranger, which has to log in.
        """
        self._moveTo(Stage.STRANGER)

    def setClient(self, client: IClient, isGuest: bool = False) -> None:
        """
        Set the client that is logged in.

        @param isGuest: whether it is the anonymous client of this connection
        """
        if self.stage is not Stage.KNOWN:
            self._moveTo(Stage.KNOWN)
        self.client = client
        if isGuest:
            self.guest = client

    @property
    def isGuest(self) -> bool:
        """
        Whether its client is anonymous: no other has logged in.
        """
        return self.client is not None and self.client is self.guest

    def useApplications(self, adapted: Adapted) -> None:
        """
        Set the applications that handle its events.
        """
        self.table, self.ownTable = adapted.table
        self.adapted = adapted if adapted.made else None

    def announced(self, version: int) -> None:
        """
        Note the version of the protocol that the peer announced.
        """
        self.version = max(self.version, version)

    def loginFailed(self) -> int:
        """
        Count a login that failed.

        @return: how many have failed
        """
        self.failedLogins += 1
        return self.failedLogins

    # Sending

    @property
    def peerLog(self) -> PeerLog:
        """
        Logs what the peer causes.
        """
        return self._shared.peerLog

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

    def emit(self, event: str, data: Any = None) -> None:
        checkEvent(event)
        shared = self._shared
        # Repeats requireThread() and send(), because every further call would slow down each message.
        if get_ident() != shared.thread.ident:
            shared.requireThread("emit")
        text = encode(event, data)
        if self.closing:
            shared.counters.lost += 1
            return
        shared.counters.sent += 1
        broadcast = shared.broadcast
        self.transport.sendText(text, broadcast.spare(event) if broadcast.spares else None)

    def send(self, event: str, data: Any, **keys: Any) -> None:
        """
        Send an event of any name, also C{socket.*}.

        @param keys: further members of the message, beside event and data
        @raise UsageError: for data that can't be encoded as JSON
        """
        text = encode(event, data, **keys)
        if self.closing:
            self._shared.counters.lost += 1
            return
        self._shared.counters.sent += 1
        self.transport.sendText(text)

    def broadcast(self, event: str, data: Any = None, room: str | None = None) -> None:
        checkEvent(event)
        self._shared.requireThread("broadcast")
        self._shared.broadcast.toOthers(self.id, event, data, room)

    def ask(self, event: str, data: Any = None, timeout: float = 10) -> Deferred[Any]:
        checkEvent(event)
        checkTimeout(timeout)
        self._shared.requireThread("ask")
        if self._questions is None:
            self._questions = Questions()
        return self._questions.ask(self, self._shared.patience, event, data, timeout)

    def replied(self, id: str, reply: Any) -> None:
        """
        Give a reply to the L{ask} that waits for it; a late or unknown reply is dropped.

        @param reply: the result, or an L{AskRefused<ratchet_tx.errors.AskRefused>}
        """
        if self._questions is not None:
            self._questions.replied(self, id, reply)

    def isAsked(self, id: str | None) -> bool:
        """
        Say whether an L{ask} with this id waits for its reply.
        """
        return self._questions is not None and id in self._questions

    def join(self, room: str) -> None:
        checkName(room, "a room")
        self._shared.requireThread("join")
        if self.closing:
            return
        if self.client is None:
            raise UsageError("A stranger can't be in a room, for no broadcast reaches them: let them log in first.")
        if self.addRoom(room) and self.version == 2:
            self.send("socket.subscribed", {"room": room})

    def leave(self, room: str) -> None:
        checkName(room, "a room")
        self._shared.requireThread("leave")
        if self.removeRoom(room) and self.version == 2:
            self.send("socket.unsubscribed", {"room": room, "code": ROOM_DENIED})

    def close(self, code: int = DONE, reason: str = "") -> None:
        checkClose(code, reason)
        self._shared.requireThread("close")
        if not self.closing:
            self.closeBegan()
            self.closedWith = (code, reason)
            self._shared.counters.closes[code] += 1
            self.transport.close(code, reason)
        if code not in RECONNECT_CODES and not self.ended:
            # Its client isn't to reconnect, so the rooms show that it is gone at once, however long the close takes.
            self.leaveAll()

    def mayReconnect(self, clean: bool) -> bool:
        """
        Say whether the peer of an ended connection is likely to reconnect: it was lost, or closed with such a code.

        @param clean: whether the closing handshake was completed
        """
        return not clean if self.closedWith is None else self.closedWith[0] in RECONNECT_CODES

    def end(self) -> None:
        """
        End it: leave the rooms, cancel running handlers, and free what was kept.
        """
        self._moveTo(Stage.GONE)
        self.inbox.drop()
        if self._questions is not None:
            self._questions.end()
        self.leaveAll()
        self.account.close()

    def countBytes(self, part: str, size: int) -> None:
        """
        Set how many bytes are kept for the peer, and close it if all together are more than C{connectionBytes}.

        Of the send queue at most C{sendQueueBytes} count: only a single long event can take more.

        @param part: what they are kept for, one of L{ratchet_tx.budget.ledger.OF_CONNECTIONS}
        """
        account, limits = self.account, self._shared.limits
        if not account.keep(part, size) or self.closing or not limits.connectionBytes:
            return
        if account.bytes - account.queue + min(account.queue, limits.sendQueueBytes) > limits.connectionBytes:
            self._shared.counters.full["connectionBytes"] += 1
            self.close(TOO_SLOW, "Too much is kept for you")

    def handle(self, text: bytes) -> None:
        """
        Handle a message that has waited in the inbox.
        """
        self._shared.handle(self, text)

    def inboxChanged(self) -> None:
        """
        Pause or resume reading from the peer by the load of its inbox, and count the inbox's bytes.
        """
        inbox = self.inbox
        inbox.pauseOrResume(self.transport, self._shared.limits.receiveQueueEvents, bool(self._questions))
        # A few short events aren't counted, because that would cost time for each event.
        if inbox.bytes >= QUEUED_EVENT_BYTES or self.account.waiting:
            self.countBytes("waiting", inbox.bytes)

    def __repr__(self) -> str:
        return f"<Connection {self.id} from {self.remoteAddress}>"
