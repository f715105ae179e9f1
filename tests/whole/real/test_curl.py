"""
Clients of HTTP and TLS only: curl, and OpenSSL's s_client.
"""

import subprocess
from pathlib import Path

import pytest

from tests.kit.processes import PATIENCE, run
from tests.whole.real.conftest import Served
from tests.whole.real.parts import CERTIFICATE, CURL, OPENSSL, PLAIN_AND_TLS, SSL, TCP, TLS, program, runs


def curl(served: Served, way: str, *words: str) -> str:
    """
    Request pages with curl.

    @return: what it printed
    """
    trust = () if way == TCP else ("--cacert", str(served.certificate))
    ended = run([program("curl"), "--silent", "--show-error", "--max-time", str(PATIENCE), *trust, *words])
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@runs(CURL, *PLAIN_AND_TLS)
@pytest.mark.parametrize(
    "words", [(), ("--http1.1",), ("--no-alpn",), ("--insecure",), ("--http2",)], ids=lambda words: "".join(words) or "plain"
)
def test_page(served: Served, way: str, words: tuple[str, ...]) -> None:
    """curl gets a page, whatever it offers by ALPN; an upgrade to h2 is ignored."""
    assert "<h1>A page</h1>" in curl(served, way, *words, served.page(way))


@runs(CURL, *PLAIN_AND_TLS)
def test_twoOnOneConnection(served: Served, way: str) -> None:
    """Two pages and a missing one come over one connection."""
    pages = [served.page(way), served.page(way, "/ratchet.js"), served.page(way, "/nowhere"), served.page(way, "/readyz")]
    printed = curl(served, way, "--write-out", "%{http_code} %{num_connects}\n", *_outputs(len(pages)), *pages)
    assert printed.splitlines() == ["200 1", "200 0", "404 0", "200 0"]


def _outputs(count: int) -> list[str]:
    return ["--output", "/dev/null"] * count


@runs(CURL, *PLAIN_AND_TLS)
def test_upload(served: Served, way: str, tmp_path: Path) -> None:
    """A form of 300 kB that curl announces by Expect gets a response, from a page that accepts none."""
    (tmp_path / "upload").write_text("x" * 300_000)
    words = ("--form", f"field=@{tmp_path / 'upload'}", "--header", "Expect: 100-continue")
    words += ("--write-out", "%{http_code}", *_outputs(1))
    assert curl(served, way, *words, served.page(way, "/index.html")) == "405"


@runs(OPENSSL, CERTIFICATE, SSL, TLS)
@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("http/1.1", "ALPN protocol: http/1.1"),
        ("h2,http/1.1", "ALPN protocol: http/1.1"),
        ("http/1.1,h2", "ALPN protocol: http/1.1"),
        ("", "No ALPN negotiated"),
    ],
)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_negotiation(served: Served, way: str, version: str, offered: str, chosen: str) -> None:
    """The server chooses http/1.1 of the offered protocols, over both versions of TLS."""
    address = f"localhost:{served.port(way)}"
    words = [program("openssl"), "s_client", "-4", "-connect", address, "-servername", "localhost", version]
    words += ["-CAfile", str(served.certificate), "-verify_return_error", *(("-alpn", offered) if offered else ())]
    ended = subprocess.run(
        words,
        input=f"GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert chosen in ended.stdout, ended.stdout + ended.stderr
    assert "Verify return code: 0 (ok)" in ended.stdout
