"""
One peer's connection, as the hub and applications see it: what it is sent, what it is in, and how it ends.
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
    A peer, from its accepted handshake to its end.

    Only its own methods change it. What happens to it outside is told by a method of that name.

    @param since: the time, in seconds, at which it is opened
    @ivar version: 1, or 2 for a peer that announced it and may be sent what it didn't ask for (PROTOCOL, Login)
    @ivar client: who the peer is; None for a stranger
    @ivar guest: the anonymous client that it was given at open, if any
    @ivar failedLogins: how many of its logins failed
    @ivar adapted: the applications that were made for it alone, if any
    @ivar table: the routes of the events that it sends, by name
    @ivar ownTable: the routes of the protocol's own events
    @ivar allowance: what it has used of its limits; only the guard of the limits changes it
    @ivar closedWith: the code and reason that we closed with, if it was us
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
        # These are made when first used: most connections idle.
        self._questions: Questions | None = None
        self._state: dict[str, Any] | None = None

    # Who it is

    def awaitsLogin(self) -> None:
        """
        Begin as a stranger, who is waited for to log in.
        """
        self._go(Stage.STRANGER)

    def setClient(self, client: IClient, isGuest: bool = False) -> None:
        """
        Have a client from now on, or another one.

        @param isGuest: whether it is the anonymous one that is given at open
        """
        if self.stage is not Stage.KNOWN:
            self._go(Stage.KNOWN)
        self.client = client
        if isGuest:
            self.guest = client

    @property
    def isGuest(self) -> bool:
        """
        Whether its client is the anonymous one.
        """
        return self.client is not None and self.client is self.guest

    def useApplications(self, adapted: Adapted) -> None:
        """
        Bring events to these applications from now on.
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

        @return: how many have
        """
        self.failedLogins += 1
        return self.failedLogins

    # What it is sent

    @property
    def peerLog(self) -> PeerLog:
        """
        Give what logs what the peer causes.
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
        # What requireThread() and send() do stands here again: each call more would be felt.
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
        Send any event at all, the protocol's own among them.

        @param keys: what stands beside event and data
        @raise UsageError: for data that isn't JSON
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
        self._shared.requireThread("join")
        if self.closing:
            return
        if self.client is None:
            raise UsageError("A stranger can't be in a room, for no broadcast reaches them: let them log in first.")
        if self.enter(room) and self.version == 2:
            self.send("socket.subscribed", {"room": room})

    def leave(self, room: str) -> None:
        checkName(room, "a room")
        self._shared.requireThread("leave")
        if self.quit(room) and self.version == 2:
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
            # It is sent away, and missed at once, however long its end takes.
            self.leaveAll()

    def mayReconnect(self, clean: bool) -> bool:
        """
        Say whether a peer that is gone was lost, and its client is likely to come again at once.

        @param clean: whether both sides took leave
        """
        return not clean if self.closedWith is None else self.closedWith[0] in RECONNECT_CODES

    def end(self) -> None:
        """
        Give everything back: the peer is gone.
        """
        self._go(Stage.GONE)
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
        Read from the peer, or pause, by how much waits in its inbox, and count that.
        """
        inbox = self.inbox
        inbox.regulate(self.transport, self._shared.limits.receiveQueueEvents, bool(self._questions))
        # A few short events come and go too often to be worth it.
        if inbox.bytes >= QUEUED_EVENT_BYTES or self.account.waiting:
            self.keeps("waiting", inbox.bytes)

    def __repr__(self) -> str:
        return f"<Connection {self.id} from {self.remoteAddress}>"
