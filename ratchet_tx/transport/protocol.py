"""
WebSockets by Autobahn: from bytes to messages for the hub, and from frames to bytes; it knows nothing of events.

Autobahn takes care of RFC 6455; here are only its settings, which are off where we want them on, and the seam to the hub.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ratchet_tx.connections.connection import Connection
from ratchet_tx.hub.hub import Hub
from ratchet_tx.interfaces import ITransport
from ratchet_tx.transport.handshake.door import RETRY_SECONDS, addressOf
from ratchet_tx.transport.handshake.explanations import explain, explainHost
from ratchet_tx.transport.handshake.forwarded import Asker
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins
from ratchet_tx.transport.handshake.request import Request
from ratchet_tx.transport.receiver import CLOSED, OPEN, Receiver, Source
from ratchet_tx.transport.sockets.closing import LINGER_SECONDS, Closing
from ratchet_tx.transport.sockets.corking import Batch
from ratchet_tx.transport.sockets.directoutlet import DirectOutlet
from ratchet_tx.transport.sockets.outlet import NOWHERE, Nowhere, Outlet
from ratchet_tx.wire.closecodes import LOST, NO_CODE, NOT_TEXT, TOO_FAST, TOO_SLOW
from ratchet_tx.wire.frames import Spare, makeText, textOf

#: How many bytes a peer that is to leave has to read meanwhile, of what was sent before, to be given that time again.
_LEAST = 1024 * LINGER_SECONDS

#: How many bytes of UTF-8 fit beside the code into a close frame (RFC 6455 section 5.5).
_REASON_BYTES = 123

#: What a refused handshake is told beside the code; anything else is the peer's own fault, in a way that it has to find.
HTTP_STATUS = {
    403: "Forbidden",
    405: "Method Not Allowed",
    421: "Misdirected Request",
    426: "Upgrade Required",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}

_log = Logger()


class Port(Source, Protocol):
    """
    What the sockets of one factory share.

    @ivar hub: what their messages go to
    @ivar hosts: the names by which we may be called
    @ivar origins: the origins whose pages may connect
    @ivar mostFragments: in how many frames a message may come
    @ivar writesDirectly: whether sockets are written to past the transport
    @ivar batch: sends at the end of a turn what was written in it
    @ivar closing: drops those that are closed and whose peers stay
    """

    hub: Hub
    hosts: Hosts
    origins: Origins
    mostFragments: float
    writesDirectly: bool
    batch: Batch
    closing: Closing

    def agree(self, offered: Sequence[str]) -> str | None: ...
    def asker(self, transport: Any, headers: Any) -> Asker: ...
    def explainOrigin(self, transport: Any, headers: Any) -> str: ...


@implementer(ITransport)
class RatchetServerProtocol(Receiver):
    """
    One peer's socket.
    """

    factory: Port

    connection: Connection | None = None

    #: Whether nothing was ever written to the transport, when it became ours.
    fresh = False

    _fragments = 0

    #: The peer's address, as far as it is known.
    _address = ""

    #: Why the handshake was refused, for the log.
    _why = ""

    # What Autobahn tells

    def onConnect(self, request: ConnectionRequest) -> str | None:
        """
        Look at a handshake.

        @return: the subprotocol that is agreed on: the first offered one that is allowed

        @raise ConnectionDeny: with 403 for a page of an origin that may not connect, with 421 for a host that we aren't,
            and with 503 where there are too many, and while the hub doesn't run
        """
        factory, headers = self.factory, request.headers
        asker = factory.asker(self.transport, headers)
        self._address = asker.address
        self._why = factory.hub.closedBy(asker.address)
        if self._why:
            raise ConnectionDeny(503, "Service Unavailable")
        if not factory.hosts.permit(asker.host):
            self._why = explainHost(headers, asker, factory.hub.settings.trustForwarded)
            raise ConnectionDeny(421, "Misdirected Request")
        if not factory.origins.permit(headers.get("origin"), asker.host, asker.secure):
            self._why = factory.explainOrigin(self.transport, headers)
            raise ConnectionDeny(403, "Forbidden")
        self._request = Request(request.path, headers=headers)
        return factory.agree(request.protocols)

    def failHandshake(self, reason: str, code: int = 400, responseHeaders: Any = None) -> None:
        """
        Refuse a handshake, and log why, without repeating to the peer what Autobahn quotes of its request.
        """
        self.factory.hub.counters.refused[f"http.{code}"] += 1
        self.factory.hub.peerLog.info(
            _log,
            self._address or addressOf(self.transport),
            "Refused a handshake: status={status} address={address} {why}",
            status=code,
            why=self._why or explain(reason),
        )
        headers = [*(responseHeaders or ()), ("Connection", "close"), ("Content-Length", "0")]
        if code == 503:
            headers.append(("Retry-After", str(RETRY_SECONDS)))
        super().failHandshake(HTTP_STATUS.get(code, "Bad Request"), code, headers)

    def noteFailure(self, what: str) -> None:
        """
        Log the exception that is being handled, if the log has room for it.
        """
        self.factory.hub.peerLog.failure(_log, self._address or addressOf(self.transport), what)

    def onOpen(self) -> None:
        """
        Bring the peer to the hub.
        """
        # A transport may tell of its end while it is given something: here the handshake's answer, below what is emitted.
        if self._lost:
            return
        self.compresses = self._perMessageCompress is not None
        self.beginReading()
        self.factory.keepalive.begin(self)
        self.connection = self.factory.hub.opened(self, self._request, self._address)
        if self._lost:
            self.onClose(False, LOST, None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """
        Bring a message to the hub.
        """
        if isBinary:
            return self._refuseBinary()
        if self.connection is not None:
            self.factory.hub.received(self.connection, payload, self._fragments)

    def _refuseBinary(self) -> None:
        if self.connection is not None:
            self.connection.close(NOT_TEXT, "Only text is understood")

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """
        Tell the hub that the peer is gone.
        """
        connection, self.connection = self.connection, None
        if connection is None:
            return
        if self.failedByMe:
            # Autobahn closed it, for what the peer sent: its code tells more than the peer's answer to it.
            code, reason = self.localCloseCode, bytes(self.localCloseReason or b"").decode("utf-8", "replace")
        self.factory.hub.closed(connection, code or NO_CODE, reason or "", wasClean)

    def onPing(self, payload: bytes) -> None:
        """
        Answer a ping, which costs as much of the peer's rate as an event does.
        """
        if self.connection is not None and self.factory.hub.pinged(self.connection):
            self.sendPong(payload)

    def onMessageBegin(self, isBinary: bool) -> None:
        """
        Begin to count a message's fragments.
        """
        super().onMessageBegin(isBinary)
        self._fragments = 0

    def onMessageFrameBegin(self, length: int) -> None:
        """
        Mind that a message isn't cut into endlessly many fragments: each is kept, were it empty, until the last is there.
        """
        super().onMessageFrameBegin(length)
        self._fragments += 1
        if self._fragments > self.factory.mostFragments and self.connection is not None:
            self.connection.close(TOO_FAST, "Too many fragments")

    def onMessageEnd(self) -> None:
        """
        End a message, of which the hub is told how many fragments it had, if it was cut up.
        """
        if self._fragments == 1:
            self._fragments = 0
        super().onMessageEnd()
        self._fragments = 0

    def onPong(self, payload: bytes) -> None:
        """
        Hear that the peer is still there; an answer to nothing is no less a sign of it, but costs what a ping does.
        """
        if self.factory.keepalive.isOwed(self) or (self.connection is not None and self.factory.hub.pinged(self.connection)):
            self.factory.keepalive.heard(self)

    # Its beginning and its end

    def connectionMade(self) -> None:
        self.outlet: Outlet | DirectOutlet | Nowhere = self._makeOutlet()
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.keepalive.end(self)
        self.factory.closing.ended(self)
        self.outlet.lose()
        self.outlet = NOWHERE
        super().connectionLost(reason)

    # The outlet, through which all goes that is sent

    def _makeOutlet(self) -> Outlet | DirectOutlet:
        limit = self.factory.hub.limits.sendQueueBytes
        if self.factory.writesDirectly and self.isPlain():
            return DirectOutlet(self.transport, limit, self, self.factory.batch, self.fresh)
        return Outlet(self.transport, limit, self)

    def tooSlow(self) -> None:
        """
        Part with a peer that doesn't read.
        """
        if self.connection is not None:
            self.connection.close(TOO_SLOW, "Too slow")

    def waits(self, size: int) -> None:
        """
        Note how much waits for a peer that doesn't read as fast as we write.
        """
        if self.connection is not None:
            self.connection.keeps("queue", size)

    def spared(self, spare: Spare) -> None:
        """
        Count what a slow peer isn't sent.
        """
        self.factory.hub.counters.spared[spare.event] += 1

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: bytes | None = None, isReply: bool = False) -> None:
        """
        Begin to close, whoever wants it: from here on nothing is taken from the peer, and nothing sent to it.
        """
        super().sendCloseFrame(code, reasonUtf8, isReply)
        # By this Autobahn keeps nothing any more of what still comes.
        self.failedByMe = not isReply
        self.awaitClose()
        # From here on it counts what the peer reads.
        self.factory.keepalive.look(self)
        self.factory.closing.begin(self)
        if self.connection is not None:
            if self.failedByMe and not self.connection.closing:
                # Autobahn began it, for what it couldn't read; all others are counted where they begin.
                self.factory.hub.counters.closes[code or NO_CODE] += 1
            self.connection.closing = True

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        """
        Send what Autobahn has made.
        """
        self.outlet.write(data)

    def unregisterProducer(self) -> None:
        """
        Leave the outlet where it is: Autobahn would take it away before it is empty.
        """

    def _closeConnection(self, abort: bool = False) -> None:
        # Autobahn aborts after a clean handshake, too, which browsers take for an unclean end.
        if abort and not self.wasClean:
            return self.outlet.abort()
        # A peer that takes its leave but doesn't read what was sent before would stay for ever.
        self.factory.closing.begin(self)
        self.outlet.close()

    # Leaver: a peer that still reads what was sent before has more time

    def moved(self) -> bool:
        return self.factory.keepalive.look(self) >= _LEAST

    def drop(self) -> None:
        if self.state == CLOSED:
            self.outlet.abort()
        else:
            self.onCloseHandshakeTimeout()

    # ITransport

    @property
    def queuedBytes(self) -> int:
        return self.outlet.queuedBytes

    # Compressed frames build on each other, so none of them is spare.

    def send(self, frame: bytes, spare: Spare | None = None) -> None:
        if self.state != OPEN:
            return
        if self.compresses:
            self.sendMessage(textOf(frame))
        else:
            self.outlet.write(frame, spare)

    def sendText(self, text: bytes, spare: Spare | None = None) -> None:
        if self.state != OPEN:
            return
        if self.compresses:
            self.sendMessage(text)
        else:
            self.outlet.write(makeText(text), spare)

    def close(self, code: int, reason: str) -> None:
        if self.state != OPEN:
            return
        if code == TOO_SLOW:
            # What waits is what there is too much of, and the peer is told the sooner.
            self.outlet.drop()
        # sendClose refuses 1001, 1003, 1009 and 1013, which a server may well send.
        self.sendCloseFrame(code, reason.encode("utf-8", "replace")[:_REASON_BYTES].decode("utf-8", "ignore").encode())

    def abort(self) -> None:
        if self.state == CLOSED:
            self.outlet.abort()
        else:
            self.dropConnection(abort=True)
