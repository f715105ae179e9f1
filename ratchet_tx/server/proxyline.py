"""
Accepts two forms of HAProxy's PROXY line that Twisted's endpoint C{haproxy:} refuses.

One is C{PROXY UNKNOWN} without addresses, which load balancers send in health checks and receivers must accept (section 2.1
of the protocol). The other is a line whose first chunk has less than eight bytes.
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
from ratchet_tx.transport.handshake.forwarded import hostOf

#: How many bytes a line has at most, with its line end.
_LONGEST = 107

#: The first bytes of the binary form, and how many bytes Twisted needs in the first chunk to recognize it.
_BINARY, _BINARY_HEAD = b"\r\n\r\n\x00\r\nQUIT\n", 16

_SHORT = b"PROXY UNKNOWN\r\n"

_log = Logger()


def stripProxyPrefix(description: str) -> str | None:
    """
    Remove C{haproxy:} from the beginning of an endpoint's description, in upper or lower case, as Twisted accepts it.

    @return: the rest; None where the description doesn't begin with it
    """
    rest = re.sub(r"^(haproxy:)+", "", description, flags=re.IGNORECASE)
    return None if rest == description else rest


def expectProxyLine(factory: Any, log: PeerLog = UNBOUNDED) -> Any:
    """
    Wrap a factory, so that its connections begin with a PROXY line.

    @param log: gets a line for each connection without one
    """
    endpoint = _CapturingEndpoint()
    proxyEndpoint(endpoint).listen(factory)
    wrapped = _ProxyLineFactory(endpoint.factory)  # type: ignore[no-untyped-call]
    wrapped.log = log
    return wrapped


@implementer(IStreamServerEndpoint)
class _CapturingEndpoint:
    """
    An endpoint that doesn't listen, but keeps the factory that C{proxyEndpoint} made.
    """

    factory: Any

    def listen(self, protocolFactory: Any) -> Deferred[Any]:
        self.factory = protocolFactory
        return Deferred()


class _ProxyLine(ProtocolWrapper):
    """
    Buffers the PROXY line until it is whole, and passes it on in a form that Twisted accepts.
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
                # Twisted drops the connection without a log line.
                line = (
                    'Refused a connection: address={address} why="no PROXY line" '
                    'hint="have the balancer send it, or listen without haproxy:"'
                )
                address = hostOf(self.getPeer())  # type: ignore[no-untyped-call]
                self.factory.log.info(_log, address, line)
        super().dataReceived(data)  # type: ignore[no-untyped-call]


def _completed(data: bytes) -> bytes:
    """
    Turn the short form of C{PROXY UNKNOWN} into the form with addresses, all of them empty.
    """
    return b"PROXY UNKNOWN \r\n" + data[len(_SHORT) :] if data.startswith(_SHORT) else data


def _isWhole(received: bytes) -> bool:
    if _BINARY.startswith(received[: len(_BINARY)]):
        return len(received) >= _BINARY_HEAD
    # Twisted drops anything that isn't a PROXY line.
    return b"\r\n" in received or len(received) > _LONGEST or not b"PROXY ".startswith(received[:6])


class _ProxyLineFactory(WrappingFactory):
    protocol = _ProxyLine
    log: PeerLog
    noisy = False

    def logPrefix(self) -> str:
        """
        Name the server in the log's line about its port.
        """
        return str(self.wrappedFactory.logPrefix())
