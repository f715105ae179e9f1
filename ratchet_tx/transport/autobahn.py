"""
The parts of Autobahn that we use: its server protocol, without what we don't need, and its masker in C.

For every chunk and connection, Autobahn formats the arguments of its debug log, even if debug lines aren't logged.  It
copies 30 options into each connection, and makes two Deferreds, statistics and details of the transport for it.
All of that together costs as much time as a login, and two thirds of a connection's memory.

The boundary with Autobahn: L{LeanProtocol} begins and ends a connection in its place (C{connectionMade},
C{connectionLost}), with the same state, which a test compares with Autobahn's own, and reads the handshake
(C{processHandshake}); its answer, with the extensions that are agreed on, and frames are Autobahn's as ever.

L{unmaskLong} asks Autobahn's masker directly, in the library that its wheels bring for it.  Autobahn's own class around it
takes 4 microseconds to set up, and is slower than Python below 2 KiB; this takes one.  Where there is no such library,
Python does it.
"""

from contextlib import suppress
from functools import cached_property
from typing import Any

from autobahn.twisted.websocket import WebSocketServerProtocol
from autobahn.websocket.protocol import WebSocketProtocol
from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from autobahn.websocket.utf8validator import Utf8Validator
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from ratchet_tx.monitoring.printable import printable
from ratchet_tx.transport.handshake.forwarded import addressOf
from ratchet_tx.transport.handshake.head import END, BadHead, Head, readHead
from ratchet_tx.transport.handshake.refusals import Refused, phraseOf
from ratchet_tx.transport.handshake.upgrade import VERSION, Handshake, readHandshake
from ratchet_tx.wire.frames import sizeOf, unmask

try:
    from _nvx_xormasker import ffi, lib  # type: ignore[import-not-found]
except ImportError:
    ffi = lib = None

#: How long the head of a frame is at most: by its first ten bytes it is known how long the frame is.
_LONGEST_HEAD = 14

#: How much is shown of each fact of an error of Autobahn's, which may be a traceback.
_LONG = 4096


def unmaskLong(masked: bytes) -> bytes:
    """
    Take the mask off a payload, as L{unmask} does.

    @param masked: the mask's four bytes, and the payload
    """
    if lib is None:
        return unmask(masked)
    data = bytearray(masked)
    masker = lib.nvx_xormask_new(masked[:4])
    # The mask's own four bytes are a whole turn of it.
    lib.nvx_xormask_process(masker, ffi.from_buffer(data), len(data))
    lib.nvx_xormask_free(masker)
    return bytes(memoryview(data)[4:])


class Quiet:
    """
    Replaces Autobahn's logger, and logs only errors.

    Our own log tells the rest better, and Autobahn's lines quote what the peer sent, which may be secret.
    """

    _log = Logger(namespace="autobahn")

    def _nothing(self, *_: Any, **__: Any) -> None:
        pass

    trace = debug = info = warn = _nothing

    def error(self, format: str = "", **facts: Any) -> None:
        # They may quote what the peer sent.
        shown = {name: printable(fact, _LONG) if isinstance(fact, str | bytes) else fact for name, fact in facts.items()}
        self._log.error(format, **shown)

    critical = error


class _Nobody:
    """
    Replaces a Deferred of Autobahn's that we don't use.
    """

    called = False

    def callback(self, result: Any) -> None:
        pass


class _FromFactory:
    """
    An attribute that is read from the factory, instead of copied into each connection.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, protocol: Any, owner: type) -> Any:
        return self if protocol is None else getattr(protocol.factory, self._name)


#: The attributes of a handshake, which an open connection doesn't need.
_OF_THE_HANDSHAKE = (
    "head",
    "http_response_data",
    "websocket_extensions",
    "websocket_extensions_in_use",
    "websocket_protocol_in_use",
    "websocket_protocols",
    "_wskey",
)


class LeanProtocol(WebSocketServerProtocol):
    """
    Autobahn's protocol, whose state before the handshake stands in the class: an instance holds only what has changed.
    """

    _log = Logger()

    log = Quiet()

    CONFIG_ATTRS = ()

    is_closed = is_open = _Nobody()
    peer = ""
    _transport_details = None

    _perMessageCompress = None
    trackedTimings = None
    state = WebSocketProtocol.STATE_CONNECTING
    send_state = WebSocketProtocol.SEND_STATE_GROUND
    data = b""
    send_queue = ()
    triggered = False
    wasMaxFramePayloadSizeExceeded = False
    wasMaxMessagePayloadSizeExceeded = False
    closedByMe = False
    failedByMe = False
    droppedByMe = False
    wasClean = False
    wasNotCleanReason = None
    wasServerConnectionDropTimeout = False
    wasOpenHandshakeTimeout = False
    wasCloseHandshakeTimeout = False
    wasServingFlashSocketPolicyFile = False
    localCloseCode = None
    localCloseReason = None
    remoteCloseCode = None
    remoteCloseReason = None
    openHandshakeTimeoutCall = None
    closeHandshakeTimeoutCall = None
    autoPingTimeoutCall = None
    autoPingPending = None
    autoPingPendingCall = None
    autoPingPendingSeq = 0
    autoPingPendingSent = None

    inside_message = False
    current_frame = None

    websocket_version = int(VERSION)
    websocket_protocol_in_use = None

    #: The request's head, where it has been read already.
    head: Head | None = None

    trafficStats = _FromFactory()

    def __init__(self) -> None:
        """
        Autobahn's own makes objects that we don't use.
        """

    @cached_property
    def utf8validator(self) -> Any:
        # The fast path's messages never need one.
        return Utf8Validator()

    def connectionMade(self) -> None:
        self.factory.countConnections += 1
        # Only TCP has it.
        with suppress(AttributeError, OSError):
            self.transport.setTcpNoDelay(True)

    def processHandshake(self) -> None:
        """
        Read the handshake, and answer it.

        C{onConnect} is called as Autobahn calls it, but has to return None, a subprotocol, or a pair of that and headers: a
        coroutine or a Deferred isn't awaited.
        """
        end = self.data.find(END) + len(END)
        if end < len(END):
            return
        try:
            head = self.head or readHead(self.data[:end], 0)
            handshake = readHandshake(head)
            self.websocket_protocols = handshake.listed("sec-websocket-protocol")
            self.websocket_extensions = self._parseExtensionsHeader(handshake.extensions)
            accepted = self.onConnect(self._describe(handshake))
        except Refused as refused:
            self.refuse(refused.status, refused.facts)
        except BadHead as bad:
            self.failHandshake(bad.why, bad.status)
        except ConnectionDeny as deny:
            self.failHandshake(deny.reason, deny.code)
        except Exception:
            self.noteFailure("Handshake failed: address={address}")
            self.failHandshake("Internal Server Error", 500)
        else:
            self.data = self.data[end:]
            self._wskey = handshake.key
            self.succeedHandshake(accepted)

    def refuse(self, status: int, facts: str) -> None:
        """
        Refuse a handshake.

        @param facts: why, for the log only
        """
        self.failHandshake(phraseOf(status), status)

    def noteFailure(self, what: str) -> None:
        """
        Log the exception that is being handled.

        @param what: the line to log, which may name the C{address}
        """
        self._log.failure(what, address=addressOf(self.transport))

    def _describe(self, handshake: Handshake) -> ConnectionRequest:
        # The query is read when an application asks for it: it may be long, and the handshake may be refused.
        origin = handshake.headers.get("origin", "")
        return ConnectionRequest(
            self.peer,
            handshake.headers,
            handshake.host,
            handshake.target,
            {},
            self.websocket_version,
            origin,
            self.websocket_protocols,
            self.websocket_extensions,
        )

    def missing(self, data: bytes, start: int) -> int:
        """
        Say how many bytes Autobahn lacks of what it is reading: the handshake, or a frame.

        @param data: what comes next, from C{start} on, which may be less or more
        """
        if self.state == WebSocketProtocol.STATE_CONNECTING:
            head = data.find(END, start)
            return len(data) if head < 0 else head + len(END) - start
        if self.current_frame is not None:
            return self.current_frame.length - self.current_frame_masker.pointer()
        # It may have the head's first bytes already.
        whole = sizeOf(self.data + data[start : start + _LONGEST_HEAD])
        return len(data) if whole is None else whole - len(self.data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        # Not the server's own, which formats a line that is never logged.
        WebSocketProtocol._connectionLost(self, reason)
        self.factory.countConnections -= 1

    def _onOpen(self) -> None:
        # Not taken out of __dict__: once that is asked for, Python keeps it, and each attribute is another step away.
        for name in _OF_THE_HANDSHAKE:
            setattr(self, name, None)
        self.onOpen()


# In a loop after the class, so that it has every option that Autobahn's version has.
for _name in WebSocketServerProtocol.CONFIG_ATTRS:
    _option = _FromFactory()
    _option.__set_name__(LeanProtocol, _name)
    setattr(LeanProtocol, _name, _option)
