"""
Proxies in front of the server, configured as in C{examples/deploy}: pages and sockets over the same connections.

The relay between proxy and server shows whether a page and a socket really came over one connection.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.kit.processes import ROOT, freePort, serving, twistd
from tests.kit.tls import trusting
from tests.whole.browser.conftest import CHROMIUM_SWITCHES
from tests.whole.browser.conftest import PATIENCE as BROWSER_PATIENCE
from tests.whole.real.parts import APACHE, CADDY, HAPROXY, NGINX, program, runs
from tests.whole.real.proxies import Front, apache, caddy, deployed, foreignPage, haproxy, nginx, pageThenSocket, place
from tests.whole.real.relay import relaying

AS_DEPLOYED, NOT_KEPT, REUSED = "as deployed", "no kept connections", "http-reuse always"
V1, V2 = "PROXY protocol 1", "PROXY protocol 2"

#: How many pages and sockets are requested in turn.
TURNS = 6

#: The options of every server here.
SERVED = (
    "--application",
    "tests.whole.real.application.register",
    "--static",
    str(ROOT / "tests" / "whole" / "real" / "pages"),
)


@pytest.fixture(scope="module")
def upstream() -> Iterator[int]:
    """
    The port of a server that trusts one proxy's headers.
    """
    port = freePort()
    words = ("--address", "127.0.0.1", "--port", str(port), "--trust-forwarded", "1", "--host", "localhost", *SERVED)
    with serving(twistd("-n", "--pidfile=", "ratchet", *words), port) as server:
        yield port
        assert "Traceback" not in server.stop()


@contextmanager
def proxiedServer(origin: str) -> Iterator[int]:
    """
    Run a server that learns the peer's address by the PROXY protocol.
    """
    port = freePort()
    words = ("--listen", f"haproxy:tcp:{port}:interface=127.0.0.1", "--origin", origin, *SERVED)
    with serving(twistd("-n", "--pidfile=", "ratchet", *words), port) as server:
        yield port
        assert "Traceback" not in server.stop()


def assertServes(front: Front) -> None:
    """
    Request pages and sockets in turn, see a foreign page refused, and repeat it in Chromium.
    """
    for _ in range(TURNS):
        pageThenSocket(front)
    assert foreignPage(front) == 403
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=CHROMIUM_SWITCHES)
        page = browser.new_page(ignore_https_errors=True)
        page.set_default_timeout(BROWSER_PATIENCE * 1000)
        for _ in range(TURNS):
            page.goto(front.page)
            assert page.evaluate("talk()") == "talked"
        browser.close()


@runs(NGINX, AS_DEPLOYED, NOT_KEPT)
def test_nginx(upstream: int, certificates: Path, tmp_path: Path, way: str) -> None:
    """Through nginx pages and sockets work, also both over one kept connection."""
    port, files = place(tmp_path, certificates)
    with relaying(upstream) as relay:
        changes = {
            "8443": str(port),
            "127.0.0.1:8080;": f"127.0.0.1:{relay.port};",
            "example.org": "localhost",
            "/etc/ssl/ratchet/fullchain.pem": files["cert"],
            "/etc/ssl/ratchet/privkey.pem": files["key"],
        }
        if way == NOT_KEPT:
            changes["keepalive 16;"] = ""
        with nginx(tmp_path, deployed("nginx.conf", changes), port):
            assertServes(Front(port, relay, trusting(certificates)))
        assert (relay.mixed >= TURNS) == (way == AS_DEPLOYED)


@runs(HAPROXY, AS_DEPLOYED, REUSED)
def test_haproxy(upstream: int, certificates: Path, tmp_path: Path, way: str) -> None:
    """Through HAProxy pages and sockets work, from Chromium over HTTP/2, and over one kept connection."""
    port, files = place(tmp_path, certificates)
    with relaying(upstream) as relay:
        changes = {**_haproxyChanges(port, freePort(), files), "127.0.0.1:8080": f"127.0.0.1:{relay.port}"}
        if way == REUSED:
            changes["http-reuse safe"] = "http-reuse always"
        with haproxy(tmp_path, deployed("haproxy.cfg", changes), port):
            assertServes(Front(port, relay, trusting(certificates)))
        assert relay.mixed >= TURNS or way != REUSED


@runs(HAPROXY, V1, V2)
def test_haproxyByTCP(certificates: Path, tmp_path: Path, way: str) -> None:
    """Through HAProxy's TCP mode the server learns the peer's address by the PROXY protocol."""
    port, files = place(tmp_path, certificates)
    with proxiedServer(f"https://localhost:{port}") as server, relaying(server) as relay:
        changes = {**_haproxyChanges(freePort(), port, files), "127.0.0.1:8081": f"127.0.0.1:{relay.port}"}
        if way == V1:
            changes["send-proxy-v2"] = "send-proxy"
        with haproxy(tmp_path, deployed("haproxy.cfg", changes), port):
            assertServes(Front(port, relay, trusting(certificates)))


def _haproxyChanges(pages: int, sockets: int, files: dict[str, str]) -> dict[str, str]:
    return {
        ":8443": f":{pages}",
        ":8444": f":{sockets}",
        "example.org": "localhost",
        "/etc/ssl/ratchet/combined.pem": files["combined"],
    }


@runs(APACHE, AS_DEPLOYED)
def test_apache(upstream: int, certificates: Path, tmp_path: Path, way: str) -> None:
    """Through Apache's connection pool pages and sockets work."""
    port, files = place(tmp_path, certificates)
    with relaying(upstream) as relay:
        changes = {
            "8443": str(port),
            "example.org": "localhost",
            "127.0.0.1:8080/": f"127.0.0.1:{relay.port}/",
            "/etc/ssl/ratchet/fullchain.pem": files["cert"],
            "/etc/ssl/ratchet/privkey.pem": files["key"],
        }
        with apache(tmp_path, deployed("apache.conf", changes), port):
            assertServes(Front(port, relay, trusting(certificates)))
        assert relay.sockets >= TURNS


@runs(CADDY, AS_DEPLOYED)
def test_caddy(upstream: int, certificates: Path, tmp_path: Path, way: str) -> None:
    """Through Caddy pages and sockets work."""
    port, files = place(tmp_path, certificates)
    with relaying(upstream) as relay:
        changes = {
            "example.org {": f"https://localhost:{port} {{\n    tls {files['cert']} {files['key']}",
            "reverse_proxy 127.0.0.1:8080": f"reverse_proxy 127.0.0.1:{relay.port}",
        }
        with caddy(tmp_path, deployed("Caddyfile", changes), port):
            assertServes(Front(port, relay, trusting(certificates)))
        # Caddy opens a connection for each socket.
        assert relay.sockets >= TURNS
