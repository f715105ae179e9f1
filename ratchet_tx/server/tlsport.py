"""
A TLS port that can reload its certificates while it listens.

Twisted's endpoints read their files once. So the endpoint is made with a fake reactor that records the arguments of listen.
To reload, another endpoint is made, which reads the files again, and new connections go to its factory.
"""

import re
import ssl
from pathlib import Path
from typing import Any, NamedTuple

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure

from ratchet_tx.errors import UsageError
from ratchet_tx.server.endpoints import withBacklog, wordsOf
from ratchet_tx.server.tls import UNUSABLE, requireTLS, whyUnusable

#: How many flights a test handshake may take; TLS needs fewer.
_FLIGHTS = 5


def isTLS(description: str) -> bool:
    """
    Say whether an endpoint's description names certificate files.
    """
    return re.match(r"(tls|ssl):", description, re.IGNORECASE) is not None


def checkProxied(description: str, setting: str) -> None:
    """
    Refuse C{haproxy:} in front of a TLS endpoint: proxies send the PROXY line before TLS, Twisted expects it inside TLS.

    @param setting: the setting with the description, for the error
    @raise UsageError: for C{haproxy:tls:...} and C{haproxy:ssl:...}
    """
    if re.match(r"(haproxy:)+(tls|ssl):", description, re.IGNORECASE):
        raise UsageError(
            f"{setting}: {description!r} can't work: a proxy sends its PROXY line before TLS begins; "
            "let the proxy end TLS, and use haproxy:tcp:..."
        )


class TLSPort(Service):
    """
    A service that listens on an endpoint C{tls:...} or C{ssl:...}.

    @param description: a Twisted endpoint
    @param factory: serves the connections
    @param setting: the setting with the description, for errors
    @raise UsageError: where the description or its files can't be read, where they have no usable certificate, or where TLS
        isn't installed
    """

    def __init__(self, description: str, factory: Any, reactor: Any, setting: str = "listen") -> None:
        requireTLS(f"{setting}: {description!r}")
        self._setting = setting
        self._description = description
        self._factory = factory
        self._reactor = reactor
        self._arguments = _read(description, factory, reactor, setting)
        self._current = _CurrentFactory(self._arguments.factory)
        self._port: Any = None

    def privilegedStartService(self) -> None:
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        arguments = self._arguments
        self._port = self._reactor.listenTCP(arguments.port, self._current, arguments.backlog, arguments.interface)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        if self._port is None:
            self.privilegedStartService()

    def stopService(self) -> Deferred[Any]:
        super().stopService()  # type: ignore[no-untyped-call]
        port, self._port = self._port, None
        return succeed(None) if port is None else maybeDeferred(port.stopListening)

    def reload(self) -> None:
        """
        Read the certificates again, for new connections.

        @raise UsageError: as above; the old certificates stay in use then
        """
        self._current.replace(_read(self._description, self._factory, self._reactor, self._setting).factory)


class _ListenArguments(NamedTuple):
    """
    The arguments that an endpoint passes to C{listenTCP}.
    """

    port: int
    factory: Any
    backlog: int
    interface: str


class _ListenRecorder:
    """
    A fake reactor that records what an endpoint would listen with.
    """

    arguments: _ListenArguments

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> None:
        self.arguments = _ListenArguments(port, factory, backlog, interface)

    def listenSSL(self, port: int, factory: Any, contextFactory: Any, backlog: int = 50, interface: str = "") -> None:
        from twisted.protocols.tls import TLSMemoryBIOFactory

        self.listenTCP(port, TLSMemoryBIOFactory(contextFactory, False, factory, self._clock), backlog, interface)


def _read(description: str, factory: Any, clock: Any, setting: str) -> _ListenArguments:
    listener = _ListenRecorder(clock)
    if why := whyUnusable(*_filesIn(description)):
        raise UsageError(f"{setting}: {description!r} is no endpoint: {why}")
    try:
        endpoint = serverFromString(listener, withBacklog(description))
        endpoint.listen(Factory.forProtocol(Protocol))
        usable = _TestClient().isUsable(listener.arguments.factory)
    except Exception as error:
        # Twisted, OpenSSL and cryptography each raise errors of their own.
        raise UsageError(f"{setting}: {description!r} is no endpoint: {_why(error)}") from error
    if not usable:
        raise UsageError(f"{setting}: {description!r} has no certificate with its key")
    # The test handshake went to another factory, so that ours has served nothing yet.
    endpoint.listen(factory)
    return listener.arguments


def _filesIn(description: str) -> list[str]:
    """
    List the files that a description names, and the *.pem files in folders that it names.
    """
    words = [re.sub(r"\\(.)", r"\1", word) for word in wordsOf(description)[1:]]
    paths = [Path(word.partition("=")[2] or word) for word in words]
    folders = [sorted(path.glob("*.pem")) for path in paths if path.is_dir()]
    return [
        str(path) for path in [*(each for each in paths if each.is_file()), *(each for some in folders for each in some)]
    ]


def _why(error: Exception) -> str:
    if isinstance(error, OSError | ValueError | TypeError | LookupError | ImportError):
        return str(error)
    return UNUSABLE


class _CurrentFactory(Factory):
    """
    The port's factory: passes new connections to the factory that was read last; older connections keep theirs.
    """

    noisy = False

    def __init__(self, current: Any) -> None:
        self._current = current

    def startFactory(self) -> None:
        self._current.doStart()

    def stopFactory(self) -> None:
        self._current.doStop()

    def replace(self, fresh: Any) -> None:
        """
        Pass new connections to another factory.
        """
        if self.numPorts:
            # The new one starts first, so that the hub that both serve isn't stopped.
            fresh.doStart()
            self._current.doStop()
        self._current = fresh

    def buildProtocol(self, addr: Any) -> Any:
        return self._current.buildProtocol(addr)

    def logPrefix(self) -> str:
        """
        Name the server in the log's line about its port.
        """
        return str(self._current.logPrefix())


class _TestClient:
    """
    A TLS client in memory that checks whether a factory has a usable certificate.

    A folder may have no certificate, and a key may belong to another one; Twisted only finds out at the first handshake.
    """

    def __init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)

    def isUsable(self, factory: Any) -> bool:
        """
        Try a handshake with a protocol of the factory.

        @return: whether it was completed
        """
        server = factory.buildProtocol(None)
        server.makeConnection(self)
        try:
            return any(self._shakeHands(server) for _ in range(_FLIGHTS))
        except ssl.SSLError:
            return False
        finally:
            server.connectionLost(Failure(ConnectionDone()))

    def _shakeHands(self, server: Any) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            server.dataReceived(self._outgoing.read())
            return False
        return True

    # The part of ITransport that the server needs

    def write(self, data: bytes) -> None:
        self._incoming.write(data)

    def loseConnection(self) -> None:
        self._incoming.write_eof()
