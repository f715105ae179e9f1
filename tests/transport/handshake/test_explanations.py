"""
The log lines of refused handshakes.
"""

import re
from typing import Any

import pytest

from ratchet_tx import Hub, Settings
from ratchet_tx.server.tap import Options
from ratchet_tx.transport.factory import RatchetServerFactory
from ratchet_tx.transport.handshake.explanations import explain, explainHost, explainOrigin
from ratchet_tx.transport.handshake.forwarded import Asker, readForwarded
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.fakes import FakeProvider, logged
from tests.kit.wire import handshake

PAGE = "https://example.org:8443"

#: The headers of nginx's usual configurations behind TLS on port 8443, with the explanation of each.
NGINX = [
    ({"host": "127.0.0.1:8080"}, "--origin https://example.org:8443", "sends its own Host"),
    ({"host": "ratchet"}, "--origin https://example.org:8443", "sends its own Host"),
    ({"host": "example.org"}, "--origin https://example.org:8443", "lacks the page's port"),
    ({"host": "example.org:8443"}, "--origin https://example.org:8443", "doesn't say that it ended TLS"),
    ({"host": "example.org:8443", "x-forwarded-proto": "https"}, "--trust-forwarded 1", "isn't trusted"),
    ({"host": "example.org:8443", "x-forwarded-proto": "https, http"}, "--trust-forwarded 2", "isn't trusted"),
    ({"host": "example.org", "x-forwarded-proto": "https"}, "--origin https://example.org:8443", "lacks the page's port"),
    ({"host": "example.org", "x-forwarded-proto": "https", "x-forwarded-port": "8443"}, "--trust-forwarded 1", ""),
    (
        {"host": "127.0.0.1:8080", "x-forwarded-proto": "https", "x-forwarded-host": "example.org:8443"},
        "--trust-forwarded 1",
        "",
    ),
    (
        {"host": "127.0.0.1:8080", "forwarded": 'for=192.0.2.1;proto=https;host="example.org:8443"'},
        "--trust-forwarded 1",
        "",
    ),
]


def options(line: str) -> list[str]:
    """
    Return the options in a line.
    """
    return re.findall(r' (?:option|or)="([^"]+)"', line)


def settings(option: str) -> Settings:
    """
    Make the settings of an option.
    """
    read = Options()
    read.parseOptions(option.split(" "))
    return read.settings()


def explained(headers: dict[str, str], hops: int = 0) -> str:
    socket = Asker("127.0.0.1", False, headers["host"])
    return explainOrigin(headers, socket, hops, Origins())


@pytest.mark.parametrize(("headers", "option", "hint"), NGINX)
def test_behindNginx(headers: dict[str, str], option: str, hint: str) -> None:
    """
    The log names the option that accepts a page behind a proxy that ends TLS, and the headers that the proxy leaves out.
    """
    headers = {"origin": PAGE, **headers}
    line = explained(headers)
    assert options(line)[0] == option
    assert f'origin="{PAGE}"' in line
    assert f'host="{headers["host"]}"' in line
    assert hint in line
    for each in options(line):
        made = settings(each)
        seen = readForwarded(Asker("127.0.0.1", False, headers["host"]), headers, made.trustForwarded)
        assert Origins(made.origin).permit(PAGE, seen.host, seen.secure)


@pytest.mark.parametrize(
    ("headers", "hint"),
    [
        ({"host": "example.org:8443", "x-forwarded-proto": "http"}, "the proxy says that the peer came without TLS"),
        ({"host": "example.org:8443"}, "the proxy doesn't say that it ended TLS"),
        ({"host": "10.0.0.5:8080", "x-forwarded-proto": "https"}, "the proxy sends its own Host"),
    ],
)
def test_trusted(headers: dict[str, str], hint: str) -> None:
    """For a trusted proxy the log names the headers that it leaves out."""
    line = explained({"origin": PAGE, **headers}, 1)
    assert options(line)[-1] == f"--origin {PAGE}"
    assert "trusted=1" in line
    assert hint in line


@pytest.mark.parametrize(
    ("origin", "option"),
    [
        ("null", "--origin null"),
        ("capacitor://localhost", "--origin capacitor://localhost"),
        ("file://", "--origin file://"),
        ("WSS://App.Example", "--origin https://app.example"),
        ("https://evil.example", "--origin https://evil.example"),
        (f"https://{'a' * 249}.org", f"--origin https://{'a' * 249}.org"),
    ],
)
def test_otherPages(origin: str, option: str) -> None:
    """For any other page the log names the option with its origin."""
    line = explained({"host": "example.org", "origin": origin})
    assert options(line) == [option]
    assert "hint" not in line
    assert Origins(settings(option).origin).permit(origin, "example.org", False)


@pytest.mark.parametrize("origin", ["evil\x1b[31m", 'a" option="--origin *', "x\u202ey", "https://a b", "x" * 5000, ""])
def test_hostile(origin: str) -> None:
    """Text that is no origin is escaped and cut, and the line has no option that a peer chose."""
    line = explained({"host": "example.org\x07", "origin": origin, "x-forwarded-host": "\r\nforged" * 1000})
    assert line.isprintable()
    assert len(line) < 6000
    assert options(line.replace('\\"', "'")) == ["--origin *"]


def test_hosts() -> None:
    """For a wrong host the log names the option that allows it."""
    line = explainHost({"host": "Shop.Example:8080"}, Asker("127.0.0.1", False, "Shop.Example:8080"), 0)
    assert 'host="Shop.Example:8080"' in line
    assert options(line) == ["--host shop.example"]
    assert Hosts(settings(options(line)[0]).host).permit("Shop.Example:8080")
    assert options(explainHost({"host": "a b"}, Asker("127.0.0.1", False, "a b"), 0)) == []


def test_others() -> None:
    """Every other reason is one line too."""
    assert explain('bad "\r\n') == r'why="bad \"\r\n"'


class Server:
    """
    A server in memory, and its log lines about handshakes.
    """

    def __init__(self, clientProvider: Any = None, **settings: Any) -> None:
        self.factory = RatchetServerFactory(Hub(clientProvider, settings=Settings(**settings)), MemoryReactor())
        self.factory.doStart()

    def shake(self, **headers: str) -> tuple[int, list[str]]:
        """
        Send a handshake.

        @return: the status, and the log lines
        """
        wire = Wire(self.factory)
        with logged() as lines:
            wire.send(handshake(**headers))
        return int(wire.receive().split(b" ")[1]), lines

    def refused(self, **headers: str) -> str:
        """
        Send a handshake that is refused.

        @return: the log line
        """
        status, lines = self.shake(**headers)
        (line,) = [line for line in lines if line.startswith(f"Refused a handshake: status={status} address=")]
        return line


class TestServer:
    """
    The log of a server.
    """

    def test_forbidden(self) -> None:
        """A refused page is logged with its origin, and with the option that allows it."""
        line = Server().refused(Origin=PAGE, X_Forwarded_Proto="https", host="example.org:8443")
        assert "status=403 address=192.0.2.7 " in line
        assert options(line) == ["--trust-forwarded 1", f"--origin {PAGE}"]

    def test_misdirected(self) -> None:
        """A wrong host is logged; behind a trusted proxy, the host that the proxy tells."""
        line = Server(host=("example.org",)).refused(host="evil.example")
        assert "status=421" in line
        assert options(line) == ["--host evil.example"]
        server = Server(host=("example.org",), trustForwarded=1)
        line = server.refused(X_Forwarded_Host="evil.example", X_Forwarded_For="192.0.2.1", host="example.org")
        assert "address=192.0.2.1" in line
        assert options(line) == ["--host evil.example"]
        assert server.shake(X_Forwarded_Host="example.org", X_Forwarded_For="192.0.2.1", host="inner:8080")[0] == 101

    def test_full(self) -> None:
        """With too many connections of an address, the log names the limit."""
        limits = Settings().limits.having({"connectionsPerAddress": 1}, "test")
        server = Server(limits=limits, trustForwarded=1)
        assert server.shake(X_Forwarded_For="2001:db8::1")[0] == 101
        line = server.refused(X_Forwarded_For="[2001:db8::2]:443")
        assert "status=503 address=2001:db8::2 limit=connectionsPerAddress of=1" in line

    def test_fullInAll(self) -> None:
        """With too many connections in all, the log names the limit, even before there is a request."""
        server = Server(limits=Settings().limits.having({"connections": 1}, "test"))
        assert server.shake()[0] == 101
        with logged() as lines:
            wire = Wire(server.factory)
        assert wire.receive().startswith(b"HTTP/1.1 503 ")
        assert lines == ["Refused a connection: status=503 address=192.0.2.7 limit=connections of=1"]

    def test_strangers(self) -> None:
        """With too many strangers of an address, the log names the limit."""
        limits = Settings().limits.having({"strangersPerAddress": 1}, "test")
        server = Server(FakeProvider(), limits=limits, trustForwarded=1)
        assert server.shake(X_Forwarded_For="192.0.2.1")[0] == 101
        assert "limit=strangersPerAddress of=1" in server.refused(X_Forwarded_For="192.0.2.1:5")

    def test_badHandshake(self) -> None:
        """A malformed handshake is logged with the rule that it breaks."""
        line = Server().refused(Sec_WebSocket_Version="8")
        assert "status=400" in line
        assert 'why="Sec-WebSocket-Version isn\'t 13"' in line

    def test_sharedAddressOnce(self) -> None:
        """A proxy that doesn't tell peers apart is logged once, whatever its headers are."""
        server = Server(trustForwarded=1)
        entries = ("_hidden\x9b31m", "unknown", "203.0.113.7:51234")
        lines = [line for entry in entries for line in server.shake(X_Forwarded_For=entry)[1] if "why=unreadable" in line]
        assert lines[0].endswith(r'why=unreadable entry="_hidden\x9b31m" trusted=1')
        assert len(lines) == 1


@pytest.mark.parametrize("origin", ["capacitor://localhost:1", "moz-extension://1b2c3d4e-aaaa"])
def test_appsOwnSchemes(origin: str) -> None:
    """An origin with an app's own scheme isn't explained by a proxy: no page of the server has such a scheme."""
    line = explained({"origin": origin, "host": "localhost:8080"}, 0)
    assert f'option="--origin {origin}"' in line
    assert "hint" not in line


def test_namedLikeAnOption() -> None:
    """An origin that is named like an option doesn't change which option is told, nor its hint."""
    line = explained({"origin": "https://--trust-forwarded", "host": "example.org"})
    assert 'option="--origin https://--trust-forwarded"' in line
    assert "the option says how many proxies are there" not in line
