"""
WebSockets by Autobahn: from bytes to messages for the hub, and from frames to bytes; it knows nothing of events.

Autobahn takes care of RFC 6455; here are only its settings, which are off where we want them on, and the seam to the hub.
"""

from collections.abc import Sequence
from math import inf
from typing import Any, Protocol

from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Server
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ratchet_tx.connections.connection import Connection
from ratchet_tx.deferreds.timeouts import Timeouts
from ratchet_tx.hub.hub import Hub
from ratchet_tx.interfaces import ITransport
from ratchet_tx.transport.autobahn import LeanProtocol, unmaskLong
from ratchet_tx.transport.handshake.door import RETRY_SECONDS, addressOf
from ratchet_tx.transport.handshake.forwarded import Asker
from ratchet_tx.transport.handshake.head import END
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins
from ratchet_tx.transport.handshake.refusals import explain, explainHost
from ratchet_tx.transport.handshake.request import Request
from ratchet_tx.transport.sockets.acknowledged import acknowledged
from ratchet_tx.transport.sockets.backlog import PORTION
from ratchet_tx.transport.sockets.closing import LINGER_SECONDS, Closing
from ratchet_tx.transport.sockets.corking import Batch
from ratchet_tx.transport.sockets.directoutlet import DirectOutlet
from ratchet_tx.transport.sockets.epoll import Poller
from ratchet_tx.transport.sockets.outlet import NOWHERE, Nowhere, Outlet
from ratchet_tx.transport.sockets.turns import Turns
from ratchet_tx.wire.closecodes import LOST, NO_CODE, NO_PONG, NOT_TEXT, TOO_FAST, TOO_SLOW
from ratchet_tx.wire.frames import LONGEST_CONTROL, Spare, closeAtEnd, makeText, sizeOf, takeText, textOf

#: For how long a peer that reads slowly may be seen to read nothing: its end tells ours in steps, which take seconds.
STEP_SECONDS = 4

#: How many bytes a peer that is to leave has to read meanwhile, of what was sent before, to be given that time again.
_LEAST = 1024 * LINGER_SECONDS

#: How many frames of one peer are dealt with in a turn of the reactor; what is beyond waits for the next.
_SHARE = range(32)

#: How long a chunk is at most, in bytes, that is dealt with however long the turn has taken.
_SHORT_CHUNK = 8192

#: How long the head of a frame is at most: by its first ten bytes it is known how long the frame is.
_LONGEST_HEAD = 14

#: How many bytes of UTF-8 fit beside the code into a close frame (RFC 6455 section 5.5).
_REASON_BYTES = 123

#: Autobahn's states. A class's attribute is looked up anew for each message, through all its bases; a module's name isn't.
_CONNECTING, _OPEN = LeanProtocol.STATE_CONNECTING, LeanProtocol.STATE_OPEN
_CLOSING, _CLOSED = LeanProtocol.STATE_CLOSING, LeanProtocol.STATE_CLOSED

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


class Port(Protocol):
    """
    What the sockets of one factory share.

    @ivar hub: what their messages go to
    @ivar hosts: the names by which we may be called
    @ivar origins: the origins whose pages may connect
    @ivar mostFragments: in how many frames a message may come
    @ivar longestText: the longest text, in bytes, that the fast path takes
    @ivar takesTexts: whether there is a fast path
    @ivar writesDirectly: whether sockets are written to past the transport
    @ivar batch: sends at the end of a turn what was written in it
    @ivar poller: reads the sockets past the reactor; None where that reads them
    @ivar turns: shares the reactor's turns among them
    @ivar closing: drops those that are closed and whose peers stay
    @ivar pings: those that are to be pinged
    @ivar pongs: those that are to answer
    """

    hub: Hub
    hosts: Hosts
    origins: Origins
    mostFragments: float
    longestText: int
    takesTexts: bool
    writesDirectly: bool
    batch: Batch
    poller: Poller | None
    turns: Turns
    closing: Closing
    pings: "Timeouts[RatchetServerProtocol]"
    pongs: "Timeouts[RatchetServerProtocol]"

    def agree(self, offered: Sequence[str]) -> str | None: ...
    def asker(self, transport: Any, headers: Any) -> Asker: ...
    def explainOrigin(self, transport: Any, headers: Any) -> str: ...


@implementer(ITransport)
class RatchetServerProtocol(LeanProtocol):
    """
    One peer's socket.
    """

    factory: Port

    connection: Connection | None = None

    #: Whether nothing was ever written to the transport, when it became ours.
    fresh = False

    #: By which the poller knows the transport, while it reads it.
    _held: int | None = None

    #: Whether the peer and we have agreed to compress.
    _compresses = False

    #: Whether the next byte begins a message, and the fast path may look at it.
    _between = False

    #: Whether the connection wants no more of it for now.
    _readingPaused = False

    #: Whether the transport is read from.
    _isRead = True

    #: What of the peer's bytes waits for a later turn; None where nothing does.
    _left: bytes | None = None

    #: The last of what came after our own close.
    _tail = b""

    _fragments = 0

    #: Whether there was a time, since the last ping, in which we didn't read.
    _unread = False

    #: Whether it was pinged, and nothing has come from it since.
    _isAsked = False

    #: How many of our pings it may still answer.
    _owed = 0

    #: How many bytes its end had taken when that was last looked at; -1 where it had all.
    _taken = -1

    #: When it was last seen to take some.
    _took = -inf

    _lost = False

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
        if self._isPlain() and self.factory.poller is not None:
            self._held = self.factory.poller.hold(self.transport)
        self._compresses = self._perMessageCompress is not None
        self._between = self.factory.takesTexts and not self._compresses
        self.factory.pings.start(self)
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

    def ping(self) -> None:
        """
        Ask whether the peer is still there.
        """
        self._isAsked = True
        self._owed += 1
        self.sendPing()
        # Now, and not at the turn's end: whatever holds it up until then would take its time from the peer.
        self._outlet.flush()
        self._look()
        if self._taken >= 0:
            # The ping stands behind what waits, which may be read from here on.
            self._took = self.factory.hub.clock.seconds()
        self.factory.pongs.start(self)

    def onPong(self, payload: bytes) -> None:
        """
        Hear that the peer is still there; an answer to nothing is no less a sign of it, but costs what a ping does.
        """
        if self._owed:
            self._owed -= 1
            self._isThere()
        elif self.connection is not None and self.factory.hub.pinged(self.connection):
            self._isThere()

    def _isThere(self) -> None:
        self._isAsked = False
        self._unread = not self._isRead
        self.factory.pongs.stop(self)
        self.factory.pings.start(self)

    def pongMissed(self) -> None:
        """
        Part with a peer that doesn't answer pings: what is left of it may still read why.

        While we didn't read from it, its answer couldn't come, and while it reads what was sent before, it hasn't seen the
        ping yet: then it has that time once more.
        """
        if self.connection is None:
            return
        if self._unread:
            self._unread = not self._isRead
            self.factory.pongs.start(self)
        elif self._isReading():
            self.factory.pongs.start(self)
        else:
            self.connection.close(NO_PONG, "No pong")

    def _isReading(self) -> bool:
        """
        Say whether the peer has taken something not long ago, of more that waits for it.
        """
        self._look()
        since = self.factory.hub.clock.seconds() - self._took
        return since < max(self.factory.hub.limits.pongSeconds, STEP_SECONDS)

    def _look(self) -> int:
        """
        Look at what the peer has taken of what was sent.

        @return: how much since the last time, roughly; 0 where it has all
        """
        before, self._taken = self._taken, acknowledged(self.transport)
        some = 0
        if before >= 0:
            some = self._taken - before if self._taken >= 0 else 1
        if self._outlet.moved():
            some += PORTION
        if some:
            self._took = self.factory.hub.clock.seconds()
        return some

    # What is received

    def dataReceived(self, data: bytes) -> None:
        if self._isAsked:
            # Whatever comes is as good as a pong, which may stand behind much else.
            self._isThere()
        if self._between:
            data = self._takeTexts(data)
        if data:
            self._takeFrames(data)

    def _takeTexts(self, data: bytes) -> bytes:
        """
        The fast path: take what nearly all messages are, plain texts, and nothing else.

        @return: what isn't, from there on
        """
        taken, size, limit = 0, len(data), self.factory.longestText
        if size > _SHORT_CHUNK and self.factory.turns.isOver():
            return data
        for _ in _SHARE:
            if taken >= size or self.state != _OPEN:
                break
            found = takeText(data, taken, limit, unmaskLong)
            if found is None:
                break
            text, taken = found
            self.onMessage(text, False)
        else:
            if taken < size:
                self._postpone(data[taken:])
            return b""
        return data[taken:]

    def _takeFrames(self, data: bytes) -> None:
        """
        Take whatever frames there are; what is beyond this peer's share, or comes while that waits, is kept for later turns.
        """
        if self.state in (_CLOSING, _CLOSED):
            return self._takeLast(data)
        if self._left is not None:
            # TLS may still have had some when its reading was paused.
            self._left += data
        elif rest := self._takeShare(data):
            self._postpone(rest)

    def _takeShare(self, data: bytes) -> bytes:
        """
        Take as many frames as may be taken in one turn.

        @return: what is left
        """
        taken, size = 0, len(data)
        if size > _SHORT_CHUNK and self.factory.turns.isOver():
            return data
        for _ in _SHARE:
            if taken >= size or self._readingPaused:
                break
            if self.state in (_CLOSING, _CLOSED):
                self._takeLast(data[taken:])
                return b""
            taken = self._takeFrame(data, taken)
        return data[taken:]

    def _takeFrame(self, data: bytes, start: int) -> int:
        """
        Take one frame, or what there is of it; Autobahn takes all but plain texts.

        It is given no more than that: for each frame it copies all that follows.

        @return: where the next one begins
        """
        if self._between:
            found = takeText(data, start, self.factory.longestText, unmaskLong)
            if found is not None:
                self.onMessage(found[0], False)
                return found[1]
        if self.state == _CONNECTING:
            head = data.find(END, start)
            missing = len(data) if head < 0 else head + len(END) - start
        elif self.current_frame is not None:
            missing = self.current_frame.length - self.current_frame_masker.pointer()
        else:
            # Autobahn may have the head's first bytes already.
            whole = sizeOf(self.data + data[start : start + _LONGEST_HEAD])
            missing = len(data) if whole is None else whole - len(self.data)
        end = min(start + missing, len(data))
        self._dataReceived(data[start:end])
        self._between = self._isBetween()
        return end

    def _isBetween(self) -> bool:
        """
        Say whether the next byte begins a message that the fast path may look at.
        """
        return (
            self.factory.takesTexts
            and not self._compresses
            and not self.data
            and self.current_frame is None
            and not self.inside_message
            and self.state == _OPEN
        )

    def _takeLast(self, data: bytes) -> None:
        """
        Drop what comes after our own close, but for the peer's, which is its last word and ends the connection.
        """
        if self.state != _CLOSING:
            return
        self._tail = (self._tail + data[-LONGEST_CONTROL:])[-LONGEST_CONTROL:]
        close = closeAtEnd(self._tail)
        if close is not None:
            # Whatever Autobahn has begun to read ends here.
            self.data, self.current_frame = b"", None
            self._dataReceived(close)

    # What waits for later turns

    def _postpone(self, rest: bytes) -> None:
        """
        Keep what is left of a chunk, and read no more of the peer until it is dealt with.
        """
        self._left = rest
        self._between = False
        self._stopReading()
        if not self._readingPaused:
            self.factory.turns.wait(self)

    def goOn(self) -> None:
        """
        Deal with one more share of what is left.
        """
        left, self._left = self._left, None
        if left is None or self._lost:
            return
        if self.state != _OPEN:
            self._takeLast(left)
        else:
            self._between = self._isBetween()
            rest = self._takeShare(left)
            if rest and self.state == _OPEN:
                return self._postpone(rest)
        if not self._readingPaused:
            self._startReading()

    def _stopReading(self) -> None:
        if not self._isRead:
            return
        self._isRead = False
        self._unread = True
        if self._held is None:
            self.transport.pauseProducing()
        elif self.factory.poller is not None:
            self.factory.poller.release(self._held, self.transport)

    def _startReading(self) -> None:
        if self._isRead or self._lost:
            return
        self._isRead = True
        if self._held is None:
            self.transport.resumeProducing()
        elif self.transport.connected and self.factory.poller is not None:
            self._held = self.factory.poller.hold(self.transport)

    def connectionMade(self) -> None:
        self._outlet: Outlet | DirectOutlet | Nowhere = self._makeOutlet()
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        factory = self.factory
        for timeouts in (factory.pings, factory.pongs):
            timeouts.stop(self)
        factory.closing.ended(self)
        if self._held is not None and factory.poller is not None:
            factory.poller.release(self._held, self.transport)
        factory.turns.forget(self)
        self._left = None
        self._outlet.lose()
        self._outlet = NOWHERE
        super().connectionLost(reason)

    # The outlet, through which all goes that is sent

    def _isPlain(self) -> bool:
        """
        Say whether it is TCP and nothing else, whose socket may be read and written past the transport.
        """
        return type(self.transport) is Server

    def _makeOutlet(self) -> Outlet | DirectOutlet:
        limit = self.factory.hub.limits.sendQueueBytes
        if self.factory.writesDirectly and self._isPlain():
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
        self._readingPaused = False
        if self._left is not None:
            self._left = self._left[-LONGEST_CONTROL:]
            self.factory.turns.wait(self)
        elif not self._isRead:
            self._startReading()
        # From here on it counts what the peer reads.
        self._look()
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
        self._outlet.write(data)

    def unregisterProducer(self) -> None:
        """
        Leave the outlet where it is: Autobahn would take it away before it is empty.
        """

    def _closeConnection(self, abort: bool = False) -> None:
        # Autobahn aborts after a clean handshake, too, which browsers take for an unclean end.
        if abort and not self.wasClean:
            return self._outlet.abort()
        # A peer that takes its leave but doesn't read what was sent before would stay for ever.
        self.factory.closing.begin(self)
        self._outlet.close()

    # Leaver: a peer that still reads what was sent before has more time

    def moved(self) -> bool:
        return self._look() >= _LEAST

    def drop(self) -> None:
        if self.state == _CLOSED:
            self._outlet.abort()
        else:
            self.onCloseHandshakeTimeout()

    # ITransport

    @property
    def queuedBytes(self) -> int:
        return self._outlet.queuedBytes

    # Compressed frames build on each other, so none of them is spare.

    def send(self, frame: bytes, spare: Spare | None = None) -> None:
        if self.state != _OPEN:
            return
        if self._compresses:
            self.sendMessage(textOf(frame))
        else:
            self._outlet.write(frame, spare)

    def sendText(self, text: bytes, spare: Spare | None = None) -> None:
        if self.state != _OPEN:
            return
        if self._compresses:
            self.sendMessage(text)
        else:
            self._outlet.write(makeText(text), spare)

    def close(self, code: int, reason: str) -> None:
        if self.state != _OPEN:
            return
        if code == TOO_SLOW:
            # What waits is what there is too much of, and the peer is told the sooner.
            self._outlet.drop()
        # sendClose refuses 1001, 1003, 1009 and 1013, which a server may well send.
        self.sendCloseFrame(code, reason.encode("utf-8", "replace")[:_REASON_BYTES].decode("utf-8", "ignore").encode())

    def abort(self) -> None:
        if self.state == _CLOSED:
            self._outlet.abort()
        else:
            self.dropConnection(abort=True)

    def pauseReading(self) -> None:
        # After our close the peer's own is waited for, and all else dropped.
        if self.state == _OPEN:
            self._readingPaused = True
            self._stopReading()

    def resumeReading(self) -> None:
        self._readingPaused = False
        if self._left is None:
            self._startReading()
        else:
            self.factory.turns.wait(self)
