"""
The headers in which proxies tell a peer's address.
"""

import pytest

from ratchet_tx.transport.handshake.forwarded import Asker, readForwarded

PROXY = Asker("10.0.0.1", False, "inner:8080")


def refuse(why: str, entry: str) -> None:
    """
    Fail if a readable header is doubted.
    """
    raise AssertionError(f"{why}: {entry}")


HEADERS = {
    "x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.0.0.2",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "example.org",
}


@pytest.mark.parametrize(
    ("hops", "address"),
    [(1, "10.0.0.2"), (2, "192.0.2.7"), (3, "6.6.6.6"), (4, "6.6.6.6")],
)
def test_hops(hops: int, address: str) -> None:
    """The address that the outermost trusted proxy added counts; a client may write anything before it."""
    assert readForwarded(PROXY, HEADERS, hops) == Asker(address, True, "example.org")


def test_notTrusted() -> None:
    """Without trusted proxies the headers are ignored."""
    assert readForwarded(PROXY, HEADERS, 0) == PROXY


def test_nothingSaid() -> None:
    """Without the headers, the socket and the request tell the address, the host and the scheme."""
    assert readForwarded(PROXY, {}, 1) == PROXY
    assert readForwarded(PROXY._replace(secure=True), {"x-forwarded-for": "::1"}, 1) == Asker("::1", True, "inner:8080")


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::5]:443", "2001:db8::5"),
        ("[2001:db8::6]", "2001:db8::6"),
        ("2001:db8::7", "2001:db8::7"),
        ('"[2001:db8::8]:4711"', "2001:db8::8"),
        ("::ffff:203.0.113.8", "::ffff:203.0.113.8"),
        ("6.6.6.6,203.0.113.9:1", "203.0.113.9"),
        ("[6::6]:6, [2001:db8::9]:443 ", "2001:db8::9"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_addresses(said: str, address: str) -> None:
    """An address may have a port, brackets and quotes, as proxies write them."""
    assert readForwarded(PROXY, {"x-forwarded-for": said}, 1, refuse) == Asker(address, False, "inner:8080")


NO_ADDRESSES = [
    *("unknown", "_hidden", "1.2.3", "1.2.3.4:", "1.2.3.4:99999", "1.2.3.4:x", "[1.2.3.4]", "[2001:db8::1", "2001:db8::1]"),
    *("[2001:db8::1]:x", "[fe80::1%junk text]", "fe80::1%junk text", "a,", "unix:", "6.6.6.6, \x1b[31m", "[]", '"', '""'),
]


@pytest.mark.parametrize("said", NO_ADDRESSES)
def test_noAddress(said: str) -> None:
    """Text that is no IP address counts as the proxy's address, and is reported."""
    doubts: list[tuple[str, str]] = []
    headers = {"x-forwarded-for": said}
    assert readForwarded(PROXY, headers, 1, lambda *doubt: doubts.append(doubt)) == PROXY
    assert doubts == [("unreadable", said.rpartition(",")[2].strip())]


@pytest.mark.parametrize(
    "headers", [{}, {"x-forwarded-for": "  "}, {"x-forwarded-proto": "http"}, {"forwarded": "proto=http"}]
)
def test_addressMissing(headers: dict[str, str]) -> None:
    """A proxy without the header gives all peers its own address, which is reported."""
    doubts: list[tuple[str, str]] = []
    assert readForwarded(PROXY, headers, 1, lambda *doubt: doubts.append(doubt)) == PROXY
    assert doubts == [("missing", "")]


@pytest.mark.parametrize(
    ("socket", "hops", "doubts"),
    [
        ("10.0.0.1", 0, [("untrusted", "192.0.2.7")]),
        ("unix", 0, [("untrusted", "192.0.2.7")]),
        ("8.8.8.8", 0, []),
        ("10.0.0.1", 1, []),
    ],
)
def test_untrusted(socket: str, hops: int, doubts: list[tuple[str, str]]) -> None:
    """A header of an untrusted proxy on a private network is reported; a header from elsewhere isn't."""
    found: list[tuple[str, str]] = []
    readForwarded(PROXY._replace(address=socket), {"x-forwarded-for": "192.0.2.7"}, hops, lambda *doubt: found.append(doubt))
    assert found == doubts


class TestStandard:
    """
    The standard header, C{Forwarded}.
    """

    @pytest.mark.parametrize(
        ("said", "asker"),
        [
            ("for=192.0.2.43", Asker("192.0.2.43", False, "inner:8080")),
            ("For=192.0.2.43:47011;PROTO=https", Asker("192.0.2.43", True, "inner:8080")),
            (
                'for="[2001:db8::1]:4711";proto=https;host=example.org;by=203.0.113.43',
                Asker("2001:db8::1", True, "example.org"),
            ),
            (
                'by="_proxy";host="example.org:8443" ; for="192.0.2.60:_http" ;proto="https";',
                Asker("192.0.2.60", True, "example.org:8443"),
            ),
            ("for=[2001:db8::1]:4711;host=example.org:81", Asker("2001:db8::1", False, "example.org:81")),
            (
                "for=6.6.6.6;proto=https;host=evil.example, for=192.0.2.43;proto=http",
                Asker("192.0.2.43", False, "inner:8080"),
            ),
            ('for="192.0.2.43";host="a\\"b"', Asker("192.0.2.43", False, 'a"b')),
        ],
    )
    def test_read(self, said: str, asker: Asker) -> None:
        """Its parameters are read in any case and order, quoted or not."""
        assert readForwarded(PROXY, {"forwarded": said}, 1, refuse) == asker

    @pytest.mark.parametrize(("hops", "address"), [(1, "192.0.2.3"), (2, "192.0.2.2"), (3, "192.0.2.1"), (4, "192.0.2.1")])
    def test_hops(self, hops: int, address: str) -> None:
        """Entries are counted from the right, like those of X-Forwarded-For, over any number of lines."""
        headers = {"forwarded": 'for=192.0.2.1, for="192.0.2.2:1" , for=192.0.2.3;proto=https'}
        assert readForwarded(PROXY, headers, hops).address == address

    @pytest.mark.parametrize(
        "stranger",
        ['for="', 'for="6.6.6.6', 'host="a, for=6.6.6.6', ",,,", '"', 'for="a\\', "x", "for=6.6.6.6;", "\x1b", 'for="a, "b'],
    )
    def test_openQuotes(self, stranger: str) -> None:
        """Nothing that a peer writes before the proxy's entry, open quotes included, changes the proxy's entry."""
        said = f'{stranger}, for="[2001:db8::1]:4711";proto=https;host="example.org"'
        assert readForwarded(PROXY, {"forwarded": said}, 1, refuse) == Asker("2001:db8::1", True, "example.org")

    @pytest.mark.parametrize(
        "said", ["for=unknown", "for=_hidden", 'for="_a:_b"', "for=", "nonsense", 'for="1.2.3.4', "for=1.2.3.4,"]
    )
    def test_noAddress(self, said: str) -> None:
        """An entry without an address counts as the proxy's address, and is reported."""
        doubts: list[str] = []
        assert readForwarded(PROXY, {"forwarded": said}, 1, lambda why, entry: doubts.append(why)) == PROXY
        assert doubts == ["unreadable"]

    def test_manyCommas(self) -> None:
        """A long unreadable header costs little: parsing stops at the first error."""
        assert readForwarded(PROXY, {"forwarded": 'for="' + "," * 16_000}, 100).address == "10.0.0.1"
        assert readForwarded(PROXY, {"forwarded": 'a=";' * 4_000}, 100).address == "10.0.0.1"


class TestBoth:
    """
    Requests with both forms of headers.
    """

    def test_otherForm(self) -> None:
        """The X-Forwarded headers win, because most proxies pass on a client's Forwarded header."""
        headers = {"x-forwarded-for": "192.0.2.7", "forwarded": "for=6.6.6.6;proto=https;host=evil.example"}
        assert readForwarded(PROXY, headers, 1) == Asker("192.0.2.7", False, "inner:8080")
        assert readForwarded(PROXY, {**headers, "x-forwarded-for": "", "x-forwarded-proto": "http"}, 1) == PROXY

    @pytest.mark.parametrize(
        ("said", "doubts"), [("for=6.6.6.6", ["both"]), ('for="192.0.2.7:80"', []), ("proto=https", [])]
    )
    def test_disagreement(self, said: str, doubts: list[str]) -> None:
        """Different addresses in the two forms are reported."""
        found: list[str] = []
        headers = {"x-forwarded-for": "192.0.2.7", "forwarded": said}
        readForwarded(PROXY, headers, 1, lambda why, entry: found.append(why))
        assert found == doubts


@pytest.mark.parametrize(
    ("host", "port", "proto", "expected"),
    [
        ("example.org", "8443", "https", "example.org:8443"),
        ("[::1]", "8443", "https", "[::1]:8443"),
        ("example.org", "443", "https", "example.org:443"),
        ("example.org", "80", "https", "example.org"),
        ("example.org", "443", "http", "example.org"),
        ("example.org:1", "8443", "https", "example.org:1"),
        ("example.org", "6666, 8443", "https", "example.org:8443"),
        *[("example.org", port, "https", "example.org") for port in ("x", "0", "65536", "1" * 5000, "-1", "", "\xb2")],
        ("", "8443", "https", ""),
    ],
)
def test_ports(host: str, port: str, proto: str, expected: str) -> None:
    """The port in a header of its own is added to a host without one."""
    headers = {"x-forwarded-for": "::1", "x-forwarded-host": host, "x-forwarded-port": port, "x-forwarded-proto": proto}
    assert readForwarded(PROXY._replace(host=host), headers, 1).host == expected


@pytest.mark.parametrize(
    ("said", "secure"), [("http", False), ("HTTPS", True), ("wss", True), ("http, https", True), ("x", False)]
)
def test_protocols(said: str, secure: bool) -> None:
    """A proxy that ends TLS tells the scheme."""
    assert readForwarded(PROXY, {"x-forwarded-proto": said}, 1).secure is secure
