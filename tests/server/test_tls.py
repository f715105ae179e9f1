"""
TLS, and a certificate that is reloaded while the server runs.
"""

import os
import re
import ssl
from pathlib import Path
from socket import create_connection
from subprocess import run
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from websockets.exceptions import InvalidStatus
from zope.interface.verify import verifyObject

from ratchet_tx import UsageError
from ratchet_tx.server.tls import Certificate
from ratchet_tx.transport.handshake.alpn import acceptableProtocols
from tests.kit.processes import twistd
from tests.kit.tls import makeCertificate, ratchet, shownName, shows, talks, trusting
from tests.whole.real.talk import dialing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    makeCertificate(tmp_path, "first")
    return tmp_path


#: The ways to listen with TLS.
WORDS = [
    ("--listen", "ssl:PORT:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"),
    ("--listen", "tls:.:PORT:interface=127.0.0.1"),
    ("--port", "PORT", "--certificate", "cert.pem", "--key", "key.pem"),
]
NAMES = ["ssl", "tls", "certificate"]

#: The log line of each way when the key is broken.
FAULTS = [
    "listen: 'ssl:.*' is no endpoint",
    "listen: 'tls:.*' has no certificate",
    r"certificate cert\.pem, key key\.pem: the files can't be read",
]


@pytest.mark.parametrize("words", WORDS, ids=NAMES)
def test_secure(folder: Path, words: tuple[str, ...]) -> None:
    """Pages, WebSockets and origins work over TLS as they do without it; the origin is https."""
    with ratchet(folder, *words) as server:
        context = trusting(folder)
        place = f"127.0.0.1:{server.port}"
        with dialing(f"wss://{place}/", context, origin=f"https://{place}") as peer:
            assert talks(peer)
        foreign: Any = f"http://{place}"
        with pytest.raises(InvalidStatus, match="403"), dialing(f"wss://{place}/", context, origin=foreign):
            pass
        with (
            create_connection(("127.0.0.1", server.port), 20) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as tls,
        ):
            tls.sendall(b"GET /ratchet.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert tls.recv(100).startswith(b"HTTP/1.1 200 ")


OFFERS: list[tuple[list[str], str | None]] = [
    ([], None),
    (["http/1.1"], "http/1.1"),
    (["h2", "http/1.1"], "http/1.1"),
    (["http/1.0", "x", "http/1.1"], "http/1.1"),
]

ADMIN = ("--admin-listen", "ssl:PORT:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1", "--admin-token-file", "token")


@pytest.mark.parametrize("words", [*WORDS, (*ADMIN, "--listen", "unix:socket")], ids=[*NAMES, "admin"])
def test_negotiated(folder: Path, words: tuple[str, ...]) -> None:
    """ALPN agrees on HTTP/1.1, and on nothing with a client that offers only HTTP/2."""
    (folder / "token").write_text("a-token-of-at-least-32-characters")
    with ratchet(folder, *words) as server:
        for offered, chosen in OFFERS:
            assert askedFor(server.port, trusting(folder), offered) == (
                chosen if acceptableProtocols() else None,
                b"HTTP/1.1 200",
            )
        if acceptableProtocols():
            with pytest.raises(ssl.SSLError):
                askedFor(server.port, trusting(folder), ["h2"])
        assert askedFor(server.port, trusting(folder), [])[1] == b"HTTP/1.1 200"


def askedFor(port: int, context: ssl.SSLContext, offered: list[str]) -> tuple[str | None, bytes]:
    """
    Request C{/healthz}.

    @return: the protocol that ALPN chose, and the start of the response
    """
    if offered:
        context.set_alpn_protocols(offered)
    with create_connection(("127.0.0.1", port), 20) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return tls.selected_alpn_protocol(), tls.recv(100)[:12]


@pytest.mark.parametrize("words", WORDS, ids=NAMES)
def test_notInstalled(folder: Path, words: tuple[str, ...]) -> None:
    """Where TLS isn't installed, an error of one line says how to install it."""
    (folder / "without" / "OpenSSL").mkdir(parents=True)
    (folder / "without" / "OpenSSL" / "__init__.py").write_text("raise ModuleNotFoundError(__name__)")
    environment = {**os.environ, "PYTHONPATH": str(folder / "without")}
    command = twistd("-n", "--pidfile=", "ratchet", *(word.replace("PORT", "0") for word in words))
    ended = run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    (line,) = ended.stderr.splitlines()
    assert line.startswith("ratchet: ")
    assert line.endswith("TLS needs OpenSSL: pip install 'ratchet_tx[tls]'")
    assert ended.returncode == 1


@pytest.mark.parametrize(("words", "said"), list(zip(WORDS, FAULTS, strict=True)), ids=NAMES)
def test_renewed(folder: Path, words: tuple[str, ...], said: str) -> None:
    """After SIGHUP new connections get the renewed certificate, and open ones stay; a broken certificate isn't used."""
    with ratchet(folder, *words) as server:
        first = trusting(folder)
        with dialing(f"wss://127.0.0.1:{server.port}/", first) as peer:
            assert shownName(server.port, first) == "first"
            makeCertificate(folder, "second")
            assert shownName(server.port, first) == "first"
            server.hangUp()
            second = trusting(folder)
            while not shows(server.port, second):
                assert talks(peer)
            (folder / "key.pem").write_text("broken")
            server.hangUp()
            assert talks(peer)
            assert shownName(server.port, second) == "second"
        output = server.stop()
    (line,) = (line for line in output.splitlines() if "The certificate was not reloaded" in line)
    assert re.search(said, line)


def test_interface(folder: Path) -> None:
    """A certificate creates TLS connections for Twisted."""
    verifyObject(IOpenSSLServerConnectionCreator, Certificate(str(folder / "cert.pem"), str(folder / "key.pem")))


def test_unreadable(folder: Path) -> None:
    """A file that can't be read, or another certificate's key, is an error that names both; the old ones stay."""
    with pytest.raises(UsageError, match=r"certificate nowhere\.pem, key key\.pem: "):
        Certificate("nowhere.pem", "key.pem")
    with pytest.raises(UsageError, match=r"nowhere\.pem: No such file or directory$"):
        Certificate("nowhere.pem", str(folder / "key.pem"))
    with pytest.raises(UsageError, match=r"Is a directory$"):
        Certificate(str(folder / "cert.pem"), str(folder))
    certificate = Certificate(str(folder / "cert.pem"), str(folder / "key.pem"))
    before = certificate._context
    old = (folder / "cert.pem").read_bytes()
    makeCertificate(folder, "second")
    (folder / "cert.pem").write_bytes(old)
    with pytest.raises(UsageError, match="belong to each other"):
        certificate.reload()
    assert certificate._context is before


@pytest.mark.parametrize(
    "words",
    [
        "--port 0 --certificate {0}/cert.pem --key {0}/locked.pem",
        "--listen ssl:0:certKey={0}/cert.pem:privateKey={0}/locked.pem",
        "--listen tls:{0}/names:0",
    ],
)
def test_encryptedKey(folder: Path, words: str) -> None:
    """An encrypted key is an error of one line, and no passphrase is asked for."""
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (folder / "locked.pem").write_bytes(locked)
    (folder / "names").mkdir()
    (folder / "names" / "localhost.pem").write_bytes(locked + (folder / "cert.pem").read_bytes())
    command = twistd("-n", "--pidfile=", "ratchet", *words.format(folder).split())
    ended = run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "the key is encrypted" in ended.stderr
    assert (ended.stdout + ended.stderr).count("\n") == 1
