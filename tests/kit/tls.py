"""
TLS for tests: certificates, servers that use them, and peers that check them.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_connection
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.kit.processes import Server, freePort, serving, twistd
from tests.whole.real.talk import Peer, ask


def makeCertificate(folder: Path, name: str) -> None:
    """
    Write a self-signed certificate for this machine, and its key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))


def talks(peer: Peer) -> bool:
    ask(peer, "socket.ping")
    return True


def shownName(port: int, context: ssl.SSLContext) -> str:
    """
    Return the name in the certificate that a new connection gets.
    """
    with create_connection(("127.0.0.1", port), 20) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
        subject = cast(Any, tls.getpeercert())["subject"]
    return str(dict(pair for pairs in subject for pair in pairs)["commonName"])


def shows(port: int, context: ssl.SSLContext) -> bool:
    """
    Say whether a new connection gets a trusted certificate.
    """
    try:
        return bool(shownName(port, context))
    except ssl.SSLCertVerificationError:
        return False


@contextmanager
def ratchet(folder: Path, *words: str) -> Iterator[Server]:
    port = freePort()
    command = twistd("-n", "--pidfile=", "ratchet", *(word.replace("PORT", str(port)) for word in words))
    with serving(command, port, folder) as server:
        yield server
        assert "Traceback" not in server.stop()
