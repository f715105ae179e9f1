"""
Proxies as processes, with the configurations of C{examples/deploy}, and the requests that the tests make through them.
"""

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

from tests.kit.processes import PATIENCE, ROOT, Server, freePort, serving
from tests.whole.real.parts import program
from tests.whole.real.relay import Relay
from tests.whole.real.talk import ask, converse, dialing

DEPLOY = ROOT / "examples" / "deploy"

#: The address of the peers, which is neither the proxy's nor the server's.
CLIENT = "127.0.0.5"

#: The headers of a client that fakes another address.
LIES = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example", "Forwarded": "for=203.0.113.9"}

#: The Apache modules that Debian has as files.
APACHE_MODULES = ("mpm_event", "authz_core", "headers", "proxy", "proxy_http", "proxy_wstunnel", "socache_shmcb", "ssl")


@dataclass
class Front:
    """
    A proxy in front of the server.

    @ivar port: its port for TLS
    @ivar relay: the relay between the proxy and the server
    @ivar context: trusts its certificate
    """

    port: int
    relay: Relay
    context: ssl.SSLContext

    @property
    def page(self) -> str:
        return f"https://localhost:{self.port}/"

    @property
    def socket(self) -> str:
        return f"wss://localhost:{self.port}/"


def deployed(name: str, changes: Mapping[str, str]) -> str:
    """
    Read a configuration of C{examples/deploy}, with other names, ports and paths.

    @param changes: texts of the configuration, and their replacements
    """
    text = (DEPLOY / name).read_text()
    for old, new in changes.items():
        assert old in text, f"{name} has no {old}"
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, text: str, port: int) -> Iterator[Server]:
    (folder / "nginx.conf").write_text(text)
    user = "user root; " if os.getuid() == 0 else ""
    options = f"{user}daemon off; error_log stderr; pid {folder}/nginx.pid;"
    with serving(
        [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", options], port, folder
    ) as server:
        yield server


@contextmanager
def haproxy(folder: Path, text: str, port: int) -> Iterator[Server]:
    (folder / "haproxy.cfg").write_text(text)
    with serving([program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")], port, folder) as server:
        yield server


@contextmanager
def apache(folder: Path, text: str, port: int) -> Iterator[Server]:
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in APACHE_MODULES)
    user = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
    main = f"ServerRoot {folder}\nPidFile {folder}/apache.pid\nErrorLog /dev/stderr\nServerName localhost\n{user}"
    (folder / "apache.conf").write_text(modules + main + text)
    command = [program("apache2"), "-D", "FOREGROUND", "-d", str(folder), "-f", str(folder / "apache.conf")]
    with serving(command, port, folder) as server:
        yield server


@contextmanager
def caddy(folder: Path, text: str, port: int) -> Iterator[Server]:
    (folder / "Caddyfile").write_text("{\n    admin off\n    auto_https disable_redirects\n}\n" + text)
    homes = [f"{name}={folder}" for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")]
    command = ["env", *homes, program("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with serving(command, port, folder) as server:
        yield server


def get(front: Front, *paths: str) -> list[tuple[int, str]]:
    """
    Request pages, all over one connection to the proxy.
    """
    connection = HTTPSConnection("localhost", front.port, timeout=PATIENCE, context=front.context)
    answers = []
    try:
        for path in paths:
            connection.request("GET", path, headers=LIES)
            response = connection.getresponse()
            answers.append((response.status, response.read().decode()))
    finally:
        connection.close()
    return answers


def pageThenSocket(front: Front) -> None:
    """
    Request pages, then talk over a socket like a page of this site, and check the address that the server sees.
    """
    (page, shown), (ready, _) = get(front, "/", "/readyz")
    assert (page, ready) == (200, 200)
    assert "<h1>A page</h1>" in shown
    with dialing(front.socket, front.context, origin=front.page.rstrip("/"), headers=LIES, source=CLIENT) as peer:
        converse(peer)
        assert ask(peer, "who")["address"] == CLIENT
        peer.close()


def foreignPage(front: Front) -> int:
    """
    Try to connect like a page of another site.

    @return: the status of the refusal
    """
    connection = HTTPSConnection("localhost", front.port, timeout=PATIENCE, context=front.context)
    try:
        words = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        connection.request("GET", "/", headers={**words, **key, **LIES, "Origin": "https://evil.example"})
        return connection.getresponse().status
    finally:
        connection.close()


def place(folder: Path, certificates: Path) -> tuple[int, dict[str, str]]:
    """
    Find a port for the proxy, and write its certificate and key into one file too.

    @return: the port, and the replacements of C{cert}, C{key} and C{combined}
    """
    cert, key = certificates / "cert.pem", certificates / "key.pem"
    combined = folder / "combined.pem"
    combined.write_text(cert.read_text() + key.read_text())
    return freePort(), {"cert": str(cert), "key": str(key), "combined": str(combined)}
