"""
A TLS port whose certificates are reloaded while it listens.

Twisted's own endpoints read their files once, and offer no way to read them again.  So the endpoint is made with a stand-in
for the reactor, which only notes what it is asked to listen with.  Made once more, it has read the files once more, and who
comes from then on is given to what it brought.
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
from ratchet_tx.server.endpoints import queueing
from ratchet_tx.server.tls import requireTLS, whyUnusable

#: How often a handshake may go to and fro; TLS needs less than that.
_FLIGHTS = 5


def isRenewable(description: str) -> bool:
    """
    Say whether an endpoint's description names certificates of its own.
    """
    return re.match(r"(tls|ssl):", description, re.IGNORECASE) is not None


def checkProxied(description: str, setting: str) -> None:
    """
    Refuse an endpoint that Twisted lets through and nobody can speak with: a proxy's line comes before TLS, and C{haproxy:}
    looks for it inside.

    @param setting: where the description stands, for the message
    @raise UsageError: for C{haproxy:tls:...} and C{haproxy:ssl:...}
    """
    if re.match(r"(haproxy:)+(tls|ssl):", description, re.IGNORECASE):
        raise UsageError(
            f"{setting}: {description!r} can't work: a proxy sends its PROXY line before TLS begins; "
            "let the proxy end TLS, and use haproxy:tcp:..."
        )


class RenewablePort(Service):
    """
    Listens on an endpoint C{tls:...} or C{ssl:...}, as a service.

    @param description: the endpoint's, as Twisted has them
    @param factory: what is served there
    @param setting: where the description stands, for the messages
    @raise UsageError: where the description or its files can't be read, there is no certificate to be shown, or TLS isn't
        installed
    """

    def __init__(self, description: str, factory: Any, reactor: Any, setting: str = "listen") -> None:
        requireTLS(f"{setting}: {description!r}")
        self._setting = setting
        self._description = description
        self._factory = factory
        self._reactor = reactor
        self._wanted = _read(description, factory, reactor, setting)
        self._door = _Switch(self._wanted.factory)
        self._port: Any = None

    def privilegedStartService(self) -> None:
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        wanted = self._wanted
        self._port = self._reactor.listenTCP(wanted.port, self._door, wanted.backlog, wanted.interface)

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
        Read the certificates again, for who comes later; where that fails, those that were read before stay.

        @raise UsageError: as above
        """
        self._door.turn(_read(self._description, self._factory, self._reactor, self._setting).factory)


class _Wanted(NamedTuple):
    """
    What an endpoint wants to listen with.
    """

    port: int
    factory: Any
    backlog: int
    interface: str


class _Listener:
    """
    The stand-in for a reactor: as much of one as these endpoints need to listen.
    """

    wanted: _Wanted

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> None:
        self.wanted = _Wanted(port, factory, backlog, interface)

    def listenSSL(self, port: int, factory: Any, contextFactory: Any, backlog: int = 50, interface: str = "") -> None:
        from twisted.protocols.tls import TLSMemoryBIOFactory

        self.listenTCP(port, TLSMemoryBIOFactory(contextFactory, False, factory, self._clock), backlog, interface)


def _read(description: str, factory: Any, clock: Any, setting: str) -> _Wanted:
    listener = _Listener(clock)
    if why := whyUnusable(*_filesIn(description)):
        raise UsageError(f"{setting}: {description!r} is no endpoint: {why}")
    try:
        endpoint = serverFromString(listener, queueing(description))
        endpoint.listen(Factory.forProtocol(Protocol))
        shown = _Visitor().isShown(listener.wanted.factory)
    except Exception as error:
        # What can't be read is told by Twisted, OpenSSL and cryptography, each by errors of its own.
        raise UsageError(f"{setting}: {description!r} is no endpoint: {_why(error)}") from error
    if not shown:
        raise UsageError(f"{setting}: {description!r} has no certificate with its key")
    # Once more with what is to be served, for whom nobody came in before.
    endpoint.listen(factory)
    return listener.wanted


def _filesIn(description: str) -> list[str]:
    """
    Find the files that a description names, and those in the folders that it names.
    """
    words = [re.sub(r"\\(.)", r"\1", word) for word in re.split(r"(?<!\\):", description)[1:]]
    paths = [Path(word.partition("=")[2] or word) for word in words]
    folders = [sorted(path.glob("*.pem")) for path in paths if path.is_dir()]
    return [
        str(path) for path in [*(each for each in paths if each.is_file()), *(each for some in folders for each in some)]
    ]


def _why(error: Exception) -> str:
    if isinstance(error, OSError | ValueError | TypeError | LookupError | ImportError):
        return str(error)
    return "the files can't be read, or don't belong to each other"


class _Switch(Factory):
    """
    The port's factory: the one that was read last builds who comes; those whom an earlier one built stay with it.
    """

    noisy = False

    def __init__(self, current: Any) -> None:
        self._current = current

    def startFactory(self) -> None:
        self._current.doStart()

    def stopFactory(self) -> None:
        self._current.doStop()

    def turn(self, fresh: Any) -> None:
        """
        Give who comes from now on to another factory.
        """
        if self.numPorts:
            # The new one starts first, so that what both of them serve goes on.
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


class _Visitor:
    """
    A peer without a network, who comes to see whether a certificate is shown: a folder may have none, and a key be another
    certificate's, and Twisted finds out only when somebody comes.
    """

    def __init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)

    def isShown(self, factory: Any) -> bool:
        """
        Shake hands with what a factory builds.
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

    # The server's transport, of which it needs no more

    def write(self, data: bytes) -> None:
        self._incoming.write(data)

    def loseConnection(self) -> None:
        self._incoming.write_eof()
