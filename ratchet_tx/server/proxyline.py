"""
Reads the first line of HAProxy's PROXY protocol where Twisted's endpoint C{haproxy:} is too strict.

Twisted drops C{PROXY UNKNOWN} without addresses, which balancers send for their health checks and receivers have to accept
(section 2.1 of the protocol), and a line of which less than eight bytes come at first.
"""

import re
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.logger import Logger
from twisted.protocols.haproxy import proxyEndpoint
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from zope.interface import implementer

from ratchet_tx.monitoring.peerlog import UNBOUNDED, PeerLog

#: How long a line is at most, with its end.
_LONGEST = 107

#: How the binary form begins, of which Twisted wants sixteen bytes to know it by.
_BINARY, _BINARY_HEAD = b"\r\n\r\n\x00\r\nQUIT\n", 16

_SHORT = b"PROXY UNKNOWN\r\n"

_log = Logger()


def behindProxy(description: str) -> str | None:
    """
    Take C{haproxy:} off an endpoint's description.

    @return: the rest; None where there is none
    """
    rest = re.sub(r"^(haproxy:)+", "", description)
    return None if rest == description else rest


def wrapProxied(factory: Any, log: PeerLog = UNBOUNDED) -> Any:
    """
    Wrap a factory, so that what it serves comes behind a proxy's line.

    @param log: where it is said who sends none
    """
    taking = _Taking()
    proxyEndpoint(taking).listen(factory)
    lines = _Lines(taking.factory)  # type: ignore[no-untyped-call]
    lines.log = log
    return lines


@implementer(IStreamServerEndpoint)
class _Taking:
    """
    Stands for an endpoint: takes the factory that Twisted would listen with.
    """

    factory: Any

    def listen(self, protocolFactory: Any) -> Deferred[Any]:
        self.factory = protocolFactory
        return Deferred()


class _Line(ProtocolWrapper):
    """
    Waits for the whole line, and gives it on as Twisted wants it.
    """

    factory: Any
    _received: bytes | None = b""

    def dataReceived(self, data: bytes) -> None:
        if self._received is not None:
            self._received += data
            if not _isWhole(self._received):
                return
            data, self._received = _completed(self._received), None
            if not data.startswith((b"PROXY ", _BINARY)):
                # Twisted drops it without a word, and nobody would know what the balancer leaves out.
                line = (
                    'Refused a connection: address={address} why="no PROXY line" '
                    'hint="have the balancer send it, or listen without haproxy:"'
                )
                address = getattr(self.getPeer(), "host", "unix")  # type: ignore[no-untyped-call]
                self.factory.log.info(_log, address, line)
        super().dataReceived(data)  # type: ignore[no-untyped-call]


def _completed(data: bytes) -> bytes:
    """
    Write the short form as the one with addresses, of which there are none.
    """
    return b"PROXY UNKNOWN \r\n" + data[len(_SHORT) :] if data.startswith(_SHORT) else data


def _isWhole(received: bytes) -> bool:
    if _BINARY.startswith(received[: len(_BINARY)]):
        return len(received) >= _BINARY_HEAD
    # Whatever isn't a line at all is dropped by Twisted.
    return b"\r\n" in received or len(received) > _LONGEST or not b"PROXY ".startswith(received[:6])


class _Lines(WrappingFactory):
    protocol = _Line
    log: PeerLog
    noisy = False

    def logPrefix(self) -> str:
        """
        Name the server in the log's line about its port.
        """
        return str(self.wrappedFactory.logPrefix())
