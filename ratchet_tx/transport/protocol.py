"""
One peer's WebSocket: brings its handshake, messages, pings and end to the hub, and sends the hub's frames.

Autobahn takes care of RFC 6455.  This knows nothing of events.
"""

from typing import Any

from autobahn.websocket.types import ConnectionRequest
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ratchet_tx.connections.connection import Connection
from ratchet_tx.interfaces import ITransport
from ratchet_tx.transport.handshake.explanations import explain
from ratchet_tx.transport.handshake.forwarded import addressOf
from ratchet_tx.transport.handshake.refusals import answer
from ratchet_tx.transport.handshake.request import Request
from ratchet_tx.transport.port import Port
from ratchet_tx.transport.receiver import CLOSED, OPEN, Receiver
from ratchet_tx.transport.sockets.closing import LINGER_SECONDS
from ratchet_tx.transport.sockets.directoutlet import DirectOutlet
from ratchet_tx.transport.sockets.outlet import NOWHERE, Nowhere, Outlet
from ratchet_tx.wire.closecodes import LOST, NO_CODE, NOT_TEXT, TOO_FAST, TOO_SLOW
from ratchet_tx.wire.frames import Spare, makeText, textOf

#: How many bytes a closed peer has to read in C{LINGER_SECONDS}, of what was sent before, to get that time again.
_LEAST = 1024 * LINGER_SECONDS

#: How many bytes of UTF-8 fit beside the code into a close frame (RFC 6455 section 5.5).
_REASON_BYTES = 123

_log = Logger()


@implementer(ITransport)
class RatchetServerProtocol(Receiver):
    """
    The protocol of one peer, and the transport of its connection.
    """

    factory: Port

    connection: Connection | None = None

    #: Whether nothing was ever written to the transport, when it became ours.
    fresh = False

    _fragments = 0

    #: The peer's address, as far as it is known.
    _address = ""

    # What Autobahn tells

    def onConnect(self, request: ConnectionRequest) -> str | None:
        """
        Accept a handshake, or refuse it.

        @return: the subprotocol that is agreed on: the first offered one that is allowed
        @raise Refused: as L{Admission.check} does
        """
        admission = self.factory.admission
        asker = admission.asker(self.transport, request.headers)
        self._address = asker.address
        admission.check(asker, self.transport, request.headers)
        self._request = Request(request.path, headers=request.headers)
        return admission.agree(request.protocols)

    def failHandshake(self, reason: str, code: int = 400, responseHeaders: Any = None) -> None:
        """
        Refuse a handshake: the log is told the reason, the peer isn't, for Autobahn quotes what the peer sent.
        """
        self.refuse(code, explain(reason))

    def refuse(self, status: int, facts: str) -> None:
        self.factory.refusals.note("handshake", self._address or addressOf(self.transport), status, facts)
        self.sendData(answer(status))
        self.dropConnection(abort=False)

    def noteFailure(self, what: str) -> None:
        """
        Log the exception that is being handled, if the log has room for it.
        """
        self.factory.peerLog.failure(_log, self._address or addressOf(self.transport), what)

    def onOpen(self) -> None:
        """
        Tell the hub of the peer.
        """
        # A transport may end while it is written to: here with the handshake's answer, and below with what is emitted.
        if self._lost:
            return
        self.compresses = self._perMessageCompress is not None
        self.beginReading()
        self.factory.keepalive.begin(self)
        self.connection = self.factory.peers.opened(self, self._request, self._address)
        if self._lost:
            self.onClose(False, LOST, None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """
        Give a message to the hub.
        """
        if isBinary:
            return self._refuseBinary()
        if self.connection is not None:
            self.factory.peers.received(self.connection, payload, self._fragments)

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
            # Autobahn closed it because of what the peer sent: its code says more than the peer's answer.
            code, reason = self.localCloseCode, bytes(self.localCloseReason or b"").decode("utf-8", "replace")
        self.factory.peers.closed(connection, code or NO_CODE, reason or "", wasClean)

    def onPing(self, payload: bytes) -> None:
        """
        Answer a ping, if the peer's rate allows it: a ping costs as much as an event.
        """
        if self._mayPing():
            self.sendPong(payload)

    def _mayPing(self) -> bool:
        return self.connection is not None and self.factory.peers.pinged(self.connection)

    def onMessageBegin(self, isBinary: bool) -> None:
        """
        Begin to count the frames of a message.
        """
        super().onMessageBegin(isBinary)
        self._fragments = 0

    def onMessageFrameBegin(self, length: int) -> None:
        """
        Close the connection if a message has too many frames: each takes memory until the last one comes, even if empty.
        """
        super().onMessageFrameBegin(length)
        self._fragments += 1
        if self._fragments > self.factory.mostFragments and self.connection is not None:
            self.connection.close(TOO_FAST, "Too many fragments")

    def onMessageEnd(self) -> None:
        """
        Give a message to the hub, with the number of its frames if there were several.
        """
        if self._fragments == 1:
            self._fragments = 0
        super().onMessageEnd()
        self._fragments = 0

    def onPong(self, payload: bytes) -> None:
        """
        Note that the peer is still there.  A pong that answers none of our pings costs as much as an event.
        """
        if self.factory.keepalive.isOwed(self) or self._mayPing():
            self.factory.keepalive.heard(self)

    # The transport's beginning and end

    def connectionMade(self) -> None:
        makeOutlet = self.factory.makeOutlet
        self.outlet: Outlet | DirectOutlet | Nowhere = makeOutlet(self.transport, self, self.fresh)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.keepalive.end(self)
        self.factory.closing.ended(self)
        self.outlet.lose()
        self.outlet = NOWHERE
        super().connectionLost(reason)

    # Sending: everything goes through the outlet

    def tooSlow(self) -> None:
        """
        Close the connection of a peer that doesn't read (L{Owner<ratchet_tx.transport.sockets.outlet.Owner>}).
        """
        if self.connection is not None:
            self.connection.close(TOO_SLOW, "Too slow")

    def waits(self, size: int) -> None:
        """
        Count the bytes that wait for a slow peer (L{Owner<ratchet_tx.transport.sockets.outlet.Owner>}).
        """
        if self.connection is not None:
            self.connection.countBytes("queue", size)

    def spared(self, spare: Spare) -> None:
        """
        Count a frame that was dropped for a slow peer (L{Owner<ratchet_tx.transport.sockets.outlet.Owner>}).
        """
        self.factory.counters.spared[spare.event] += 1

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: bytes | None = None, isReply: bool = False) -> None:
        """
        Begin to close, for whatever reason: from now on nothing is taken from the peer, and nothing sent to it.
        """
        super().sendCloseFrame(code, reasonUtf8, isReply)
        # This keeps Autobahn from collecting what still comes.
        self.failedByMe = not isReply
        self.awaitClose()
        # From now on it counts how much the peer reads.
        self.factory.keepalive.look(self)
        self.factory.closing.begin(self)
        if self.connection is not None:
            if self.failedByMe and not self.connection.closing:
                # Autobahn closed it because of a bad frame; other closes are counted where they begin.
                self.factory.counters.closes[code or NO_CODE] += 1
            self.connection.closeBegan()

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        """
        Send bytes of Autobahn's: control frames, answers to handshakes, compressed messages.
        """
        self.outlet.write(data)

    def unregisterProducer(self) -> None:
        """
        Keep the outlet as the transport's producer: Autobahn would remove it before it is empty.
        """

    def _closeConnection(self, abort: bool = False) -> None:
        # Autobahn aborts even after a clean closing handshake, which browsers report as an unclean end.
        if abort and not self.wasClean:
            return self.outlet.abort()
        # A peer that closes but doesn't read what was sent before would stay for ever.
        self.factory.closing.begin(self)
        self.outlet.close()

    # Leaver

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

    # Compressed frames build on each other, so none of them may be dropped.

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
            # Without what waits, the peer reads sooner why it is closed.
            self.outlet.drop()
        # sendClose refuses 1001, 1003, 1009 and 1013, which a server may well send.
        self.sendCloseFrame(code, reason.encode("utf-8", "replace")[:_REASON_BYTES].decode("utf-8", "ignore").encode())

    def abort(self) -> None:
        if self.state == CLOSED:
            self.outlet.abort()
        else:
            self.dropConnection(abort=True)
