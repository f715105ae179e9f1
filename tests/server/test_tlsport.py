"""
TLS endpoints that reload their certificates.
"""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.tls import TLSMemoryBIOFactory

from ratchet_tx import Settings, UsageError, makeService
from ratchet_tx.server.tlsport import TLSPort, isTLS
from tests.kit.ends import MemoryReactor
from tests.kit.fakes import logged, succeeded
from tests.kit.tls import makeCertificate

# Twisted's endpoints use deprecated parts of pyOpenSSL.
pytestmark = [
    pytest.mark.filterwarnings("ignore:X509:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning"),
]

SSL = "ssl:PORT:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"
TLS = "tls:.:PORT:interface=127.0.0.1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    makeCertificate(tmp_path, "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Served(Factory):
    """
    Counts how often it is started and stopped.
    """

    protocol = Protocol
    noisy = False

    def __init__(self) -> None:
        self.told: list[str] = []

    def startFactory(self) -> None:
        self.told.append("start")

    def stopFactory(self) -> None:
        self.told.append("stop")


class Listening(MemoryReactor):
    """
    A reactor whose ports start and stop their factories, as real ones do.
    """

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        listening = super().listenTCP(port, factory, backlog, interface)
        factory.doStart()
        listening.stopListening = factory.doStop
        return listening


def made(description: str = "tls:.:443:backlog=7:interface=127.0.0.1") -> tuple[TLSPort, Served, Listening]:
    served, reactor = Served(), Listening()
    with logged():
        port = TLSPort(description, served, reactor)
    return port, served, reactor


def shownBy(factory: Any) -> Any:
    """
    Find the factory that serves a new connection.
    """
    return factory.buildProtocol(None).factory


@pytest.mark.parametrize("privileged", [True, False])
def test_listening(folder: Path, privileged: bool) -> None:
    """The port listens once, as described; reloading neither starts nor stops the served factory again."""
    port, served, reactor = made()
    assert reactor.tcpServers == []
    if privileged:
        port.privilegedStartService()
    port.startService()
    ((number, factory, backlog, interface),) = reactor.tcpServers
    assert (number, backlog, interface) == (443, 7, "127.0.0.1")
    assert factory.logPrefix() == "Served (TLS)"
    before = shownBy(factory)
    with logged():
        port.reload()
    assert isinstance(shownBy(factory), TLSMemoryBIOFactory)
    assert shownBy(factory) is not before
    assert served.told == ["start"]
    succeeded(port.stopService())
    assert served.told == ["start", "stop"]
    with logged():
        port.reload()
    assert served.told == ["start", "stop"]


def test_neverStarted(folder: Path) -> None:
    """A port that was never started can be stopped."""
    port, served, _ = made()
    succeeded(port.stopService())
    assert served.told == []


def mismatch(folder: Path) -> None:
    """
    Write a certificate beside another one's key.
    """
    old = (folder / "cert.pem").read_bytes()
    makeCertificate(folder, "other")
    (folder / "cert.pem").write_bytes(old)


def remove(folder: Path) -> None:
    """
    Remove all files of the folder.
    """
    for path in folder.glob("*.pem"):
        path.unlink()


def spoil(folder: Path) -> None:
    """
    Write a file with only the frame of a certificate.
    """
    (folder / "cert.pem").write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")


@pytest.mark.parametrize("description", [SSL, TLS])
@pytest.mark.parametrize("breaks", [mismatch, remove, spoil])
def test_broken(folder: Path, description: str, breaks: Any) -> None:
    """Broken, missing or mismatched files are an error of one line at start, and change nothing at a reload."""
    description = description.replace("PORT", "443")
    port, _, reactor = made(description)
    port.startService()
    factory = reactor.tcpServers[0][1]
    before = shownBy(factory)
    breaks(folder)
    with logged():
        with pytest.raises(UsageError, match=r"^listen: '...:"):
            port.reload()
        with pytest.raises(UsageError, match=r"^listen: '...:"):
            makeService(Settings(listen=(description,)), reactor=reactor)
    assert shownBy(factory) is before


@pytest.mark.parametrize("description", ["tls:.:x", "ssl:443:privateKey=/nowhere", "ssl:443:sslmethod=none"])
def test_noEndpoints(folder: Path, description: str) -> None:
    """A wrong description is an error that names it."""
    with pytest.raises(UsageError, match=f"^listen: '{description}' is no endpoint: "):
        TLSPort(description, Served(), Listening())


@pytest.mark.parametrize(
    ("description", "expected"),
    [("tls:x:443", True), ("ssl:443", True), ("SSL:443", True), ("tcp:443", False), ("unix:ssl:x", False)],
)
def test_reloadable(description: str, expected: bool) -> None:
    """Endpoints with certificate files can be reloaded."""
    assert isTLS(description) is expected


@pytest.mark.parametrize("description", ["haproxy:tls:x:443", "haproxy:ssl:443", "haproxy:haproxy:SSL:443"])
def test_behindTheProxyLine(description: str) -> None:
    """C{haproxy:} before TLS is refused: the PROXY line comes before TLS."""
    with pytest.raises(UsageError, match=f"^listen: '{description}' can't work: "):
        makeService(Settings(listen=(description,)), reactor=MemoryReactor())
