"""
Fixtures for tests with real parts: a server that listens in every way, and a record of what passed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.kit.processes import ROOT, Server, freePort, serving, twistd
from tests.kit.tls import makeCertificate
from tests.whole.real.parts import CERTIFICATE, SSL, TCP, TLS, Part, writeRecord

_passed: set[tuple[Part, str]] = set()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real(part, way): runs a part, and over what")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    outcome = yield
    if outcome.get_result().when == "call" and outcome.get_result().passed:
        _passed.update(marker.args for marker in item.iter_markers("real"))


def pytest_sessionfinish() -> None:
    if _passed:
        writeRecord(_passed)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder with a certificate for localhost, C{cert.pem}, and its key, C{key.pem}.
    """
    folder = tmp_path_factory.mktemp("certificates")
    makeCertificate(folder, "localhost")
    return folder


@dataclass
class Served:
    """
    A server that listens in several ways.

    @ivar ports: the port of each way
    @ivar certificate: a file with the self-signed certificate
    """

    server: Server
    ports: dict[str, int]
    certificate: Path

    def page(self, way: str, path: str = "/") -> str:
        return f"http{'s' * (way != TCP)}://localhost:{self.ports[way]}{path}"

    def socket(self, way: str, path: str = "/") -> str:
        return f"ws{'s' * (way != TCP)}://localhost:{self.ports[way]}{path}"

    def port(self, way: str) -> int:
        return self.ports[way]


@pytest.fixture(scope="session")
def served(certificates: Path) -> Iterator[Served]:
    """
    A server that listens in every way at once; its log has no traceback at the end.
    """
    ports = {way: freePort() for way in (TCP, CERTIFICATE, SSL, TLS)}
    certificate, key = certificates / "cert.pem", certificates / "key.pem"
    words = [
        *("--application", "tests.whole.real.application.register"),
        *("--listen", f"tcp:{ports[TCP]}:interface=127.0.0.1"),
        *("--port", str(ports[CERTIFICATE]), "--address", "127.0.0.1"),
        *("--certificate", str(certificate), "--key", str(key)),
        *("--listen", f"ssl:{ports[SSL]}:privateKey={key}:certKey={certificate}:interface=127.0.0.1"),
        *("--listen", f"tls:{certificates}:{ports[TLS]}:interface=127.0.0.1"),
        *("--static", str(ROOT / "tests" / "whole" / "real" / "pages")),
    ]
    with serving(twistd("-n", "--pidfile=", "ratchet", *words), ports[TCP]) as server:
        yield Served(server, ports, certificate)
        assert "Traceback" not in server.stop()
