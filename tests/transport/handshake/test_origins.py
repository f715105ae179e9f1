"""
Origins: which web pages may connect.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ratchet_tx.errors import UsageError
from ratchet_tx.transport.handshake.origins import Origin, Origins, parseOrigin, writeOrigin

hosts = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z0-9]{1,8}){0,2}|\[(::1|2001:db8::1)\]", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://example.org", ("http", "example.org", 80)),
        ("https://example.org", ("https", "example.org", 443)),
        ("https://example.org:443", ("https", "example.org", 443)),
        ("http://example.org:443", ("http", "example.org", 443)),
        ("https://Example.ORG:8443", ("https", "example.org", 8443)),
        ("http://localhost:3000", ("http", "localhost", 3000)),
        ("http://[::1]:8080", ("http", "::1", 8080)),
        ("http://192.0.2.1", ("http", "192.0.2.1", 80)),
        ("http://[2001:DB8:0::1]", ("http", "2001:db8::1", 80)),
        ("https://xn--mnchen-3ya.example", ("https", "xn--mnchen-3ya.example", 443)),
        ("capacitor://localhost", ("capacitor", "localhost", None)),
        ("ionic://localhost", ("ionic", "localhost", None)),
        ("tauri://localhost", ("tauri", "localhost", None)),
        ("http://tauri.localhost", ("http", "tauri.localhost", 80)),
        ("app://-", ("app", "-", None)),
        ("app://.", ("app", ".", None)),
        ("App://Obsidian.md:1", ("app", "obsidian.md", 1)),
        (
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            ("chrome-extension", "abcdefghijklmnopabcdefghijklmnop", None),
        ),
        (
            "moz-extension://53AD58E2-11C4-4BFB-9A6C-B4FA4B3A1C5C",
            ("moz-extension", "53ad58e2-11c4-4bfb-9a6c-b4fa4b3a1c5c", None),
        ),
        ("file://", ("file", "", None)),
        ("qrc://", ("qrc", "", None)),
        ("ws://example.org:8080", ("http", "example.org", 8080)),
        ("ws://example.org", ("http", "example.org", 80)),
        ("wss://example.org", ("https", "example.org", 443)),
    ],
)
def test_origins(text: str, origin: Origin) -> None:
    """An origin is a scheme, a host and a port, by default the scheme's own; some clients send the socket's scheme."""
    assert parseOrigin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "*", "example.org", "//example.org", "https:", "https://", "https:example.org", "https://:443"),
        *(
            "file:///etc/passwd",
            "file:",
            "file://:80",
            "capacitor://",
            "chrome-extension://abc/",
            "tauri:localhost",
            "://x",
            "1a://x",
        ),
        *("http://[abc:::]", "http://[v1.x]", "http://exämple.org", "http://example.org:", "null:", "ws://", "http://%61"),
        *("https://example.org/", "https://example.org/x", "https://example.org?", "https://example.org#x"),
        *("https://user@example.org", "https://user:pw@example.org", "https://example.org@evil.example"),
        *("https://example.org:x", "https://example.org:-1", "https://example.org:65536", "https://example.org:80:80"),
        *("https://[::1", "https://::1]", " https://example.org", "https://example.org\n", "ht\ttps://example.org"),
        "https://example.org https://evil.example",
        "https://example.org, https://evil.example",
    ],
)
def test_notOrigins(text: str) -> None:
    """Any other text is no origin."""
    assert parseOrigin(text) is None


def test_noPort() -> None:
    """Port 0 is no port of an origin, and isn't read as the scheme's own port."""
    assert parseOrigin("http://example.org:0") != parseOrigin("http://example.org")


@given(st.text() | st.text("htps:/[]@%.\\01:x?#\u2100").map("http://".__add__))
@example("http://[::1")
@example("http://\u2100.example")
def test_anyText(text: str) -> None:
    """Any Origin header is read as an origin or none."""
    origin = parseOrigin(text)
    assert origin is None or (origin[1] and (origin[2] is None or 0 <= origin[2] < 65536))
    assert origin is None or parseOrigin(writeOrigin(origin)) == origin


@given(st.sampled_from(["http", "https"]), hosts, st.none() | st.integers(1, 65535))
def test_roundTrip(scheme: str, host: str, port: int | None) -> None:
    """Any page's origin is read as its scheme, host and port."""
    text = f"{scheme}://{host}" if port is None else f"{scheme}://{host}:{port}"
    assert parseOrigin(text) == (scheme, host.strip("[]"), port or {"http": 80, "https": 443}[scheme])


class TestPermission:
    """
    Which pages may connect.
    """

    @pytest.mark.parametrize(
        ("origin", "host", "secure"),
        [
            ("http://example.org", "example.org", False),
            ("http://example.org", "example.org:80", False),
            ("http://example.org:8080", "example.org:8080", False),
            ("https://example.org", "EXAMPLE.org", True),
            ("https://[::1]:8443", "[::1]:8443", True),
        ],
    )
    def test_ownPages(self, origin: str, host: str, secure: bool) -> None:
        """The server's own pages may connect without being named."""
        assert Origins().permit(origin, host, secure)

    @pytest.mark.parametrize(
        ("origin", "host", "secure"),
        [
            ("http://example.org", "example.org", True),
            ("https://example.org", "example.org", False),
            ("http://example.org", "example.org:8080", False),
            ("http://example.org:8080", "example.org", False),
            ("http://evil.example", "example.org", False),
            ("http://example.org.evil.example", "example.org", False),
            ("http://www.example.org", "example.org", False),
            ("null", "example.org", False),
            ("", "", False),
            ("http://", "", False),
            ("null", "null", False),
            ("http://example.org", "example.org/", False),
            ("http://example.org", "user@example.org", False),
            ("http://example.org", "", False),
        ],
    )
    def test_foreignPages(self, origin: str, host: str, secure: bool) -> None:
        """A page with another scheme, host or port, or with an unreadable origin, may not connect."""
        assert not Origins().permit(origin, host, secure)

    def test_noBrowser(self) -> None:
        """A client without an Origin is no browser, and may connect."""
        assert Origins().permit(None, "example.org", False)

    def test_allowed(self) -> None:
        """Allowed pages may connect, and the server's own too."""
        origins = Origins(["https://App.example", "http://localhost:3000"])
        assert origins.permit("https://app.example", "example.org", False)
        assert origins.permit("https://app.example:443", "example.org", False)
        assert origins.permit("http://localhost:3000", "example.org", False)
        assert origins.permit("http://example.org", "example.org", False)
        assert not origins.permit("http://app.example", "example.org", False)
        assert not origins.permit("http://localhost:3001", "example.org", False)
        assert not origins.permit("null", "example.org", False)

    def test_all(self) -> None:
        """A star allows every page, even one without an origin."""
        origins = Origins(["https://app.example", "*"])
        assert origins.all
        assert origins.permit("https://evil.example", "example.org", False)
        assert origins.permit("null", "example.org", False)

    @pytest.mark.parametrize(
        "origin",
        [
            *("capacitor://localhost", "ionic://localhost", "tauri://localhost", "app://-", "file://"),
            *("chrome-extension://abcdef", "moz-extension://53ad58e2-11c4-4bfb-9a6c-b4fa4b3a1c5c"),
        ],
    )
    def test_apps(self, origin: str) -> None:
        """An app's or an extension's own scheme is allowed by its full origin, and no other page of that scheme."""
        origins = Origins([origin])
        assert origins.permit(origin, "example.org", False)
        assert origins.permit(origin.upper(), "example.org", False)
        assert not origins.permit(f"{origin}x", "example.org", False)
        assert not origins.permit(f"{origin.partition(':')[0]}://other", "example.org", False)
        assert not origins.permit("null", "example.org", False)
        assert not Origins().permit(origin, "example.org", False)

    def test_null(self) -> None:
        """Pages without an origin, such as files, may connect if C{null} is allowed, and no other pages."""
        assert Origins(["null"]).permit("null", "example.org", False)
        assert not Origins(["null"]).permit("http://evil.example", "example.org", False)
        assert not Origins(["null"]).permit("NULL", "example.org", False)
        assert not Origins(["file://"]).permit("null", "example.org", False)

    def test_socketsScheme(self) -> None:
        """An origin with the socket's scheme counts as a page of the same host."""
        assert Origins().permit("ws://example.org:8080", "example.org:8080", False)
        assert Origins().permit("wss://example.org", "example.org", True)
        assert not Origins().permit("ws://example.org", "example.org", True)
        assert not Origins().permit("wss://evil.example", "example.org", True)
        assert Origins(["wss://app.example"]).permit("https://app.example", "example.org", False)
        assert Origins(["https://app.example"]).permit("wss://app.example", "example.org", False)

    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            ("https://münchen.example", "https://xn--mnchen-3ya.example"),
            ("https://MÜNCHEN.example:8443", "https://xn--mnchen-3ya.example:8443"),
            ("https://пример.испытание", "https://xn--e1afmkfd.xn--80akhbyknj4f"),
            ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ],
    )
    def test_internationalHosts(self, written: str, sent: str) -> None:
        """An internationalized host is compared as browsers send it."""
        assert Origins([written]).permit(sent, "example.org", False)

    @pytest.mark.parametrize(
        "text",
        [
            *("app.example", "https://app.example/", "", "Null", "capacitor://localhost/", "https://app.example/x"),
            *("https://", "capacitor://", "file:///", "https://münchen .example", "https://-ü-.example"),
        ],
    )
    def test_wronglyAllowed(self, text: str) -> None:
        """A setting that is no origin is an error that shows one."""
        with pytest.raises(UsageError, match=r"^origin: .* isn't a web origin such as https://example\.org"):
            Origins([text])

    @pytest.mark.parametrize("text", ["https://*.example.org", "https://example.org https", "https://example.*"])
    def test_noPatterns(self, text: str) -> None:
        """A pattern is an error, because it would never match an origin."""
        with pytest.raises(UsageError, match=r"^origin: "):
            Origins([text])
