"""
The real parts that the tests run, and over which ways: each test declares its own, and C{docs/clients.rst} is made of them.
"""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.kit.processes import ROOT

#: The record of what passed in the last run, for the page; written at the end of the run.
RECORD = ROOT / ".real.json"

NODE_MODULES = ROOT / "client" / "node_modules"


@dataclass(frozen=True)
class Part:
    """
    A program or library that is tested with the server.

    @ivar name: its name in the page
    @ivar kind: the table in which it stands
    @ivar version: finds the installed version
    """

    name: str
    kind: str
    version: Callable[[], str]


def program(name: str) -> str:
    """
    Find a program, also one that is only on root's path.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        reason = f"{name} is not installed: .ci/packages {name} installs it, as root on Debian"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _printed(*words: str) -> str:
    ended = subprocess.run([program(words[0]), *words[1:]], capture_output=True, text=True, check=True)
    found = re.search(r"\d+(\.\d+)+", ended.stdout + ended.stderr)
    assert found, ended
    return found[0]


def _npm(package: str) -> str:
    return str(json.loads((NODE_MODULES / package / "package.json").read_text())["version"])


def ofProgram(name: str, kind: str, *words: str) -> Part:
    return Part(name, kind, partial(_printed, *words))


def ofPython(name: str, package: str) -> Part:
    return Part(name, CLIENT, partial(importlib.metadata.version, package))


def ofNode(name: str, package: str) -> Part:
    return Part(name, CLIENT, partial(_npm, package))


BROWSER, CLIENT, PROXY = "Browsers", "Clients", "Proxies"

CHROMIUM = ofProgram("Chromium", BROWSER, "chromium", "--version")
FIREFOX = ofProgram("Firefox ESR", BROWSER, "firefox-esr", "--version")

CURL = ofProgram("curl (pages)", CLIENT, "curl", "--version")
OPENSSL = ofProgram("openssl s_client", CLIENT, "openssl", "version")
NODE = ofNode("Node's own WebSocket", "node")
UNDICI = ofNode("undici", "undici")
NODE_WS = ofNode("Node ws", "ws")
WEBSOCKETS = ofPython("websockets", "websockets")
AIOHTTP = ofPython("aiohttp", "aiohttp")
HTTPX_WS = ofPython("httpx-ws", "httpx-ws")
WEBSOCKET_CLIENT = ofPython("websocket-client", "websocket-client")
WS4PY = ofPython("ws4py", "ws4py")
AUTOBAHN = ofPython("Autobahn's client on Twisted", "autobahn")

NGINX = ofProgram("nginx", PROXY, "nginx", "-v")
HAPROXY = ofProgram("haproxy", PROXY, "haproxy", "-v")
APACHE = ofProgram("Apache httpd", PROXY, "apache2", "-v")
CADDY = ofProgram("Caddy", PROXY, "caddy", "version")

#: The ways to serve, as an operator configures them.
TCP = "TCP"
CERTIFICATE = "--certificate"
SSL = "--listen ssl:"
TLS = "--listen tls:"
PLAIN_AND_TLS = (TCP, CERTIFICATE, SSL, TLS)

#: The parts and ways that the imported test modules declare.
declared: set[tuple[Part, str]] = set()


def runs(part: Part, *ways: str) -> Callable[[Any], Any]:
    """
    Mark a test with the part that it runs and the ways; the test runs for each C{way}.
    """
    declared.update((part, way) for way in ways)

    def mark(test: Any) -> Any:
        return pytest.mark.parametrize("way", [pytest.param(way, marks=pytest.mark.real(part, way)) for way in ways])(test)

    return mark


def writeRecord(passed: set[tuple[Part, str]], path: Path = RECORD) -> None:
    """
    Write a record of what passed, with the versions.
    """
    versions = {part: part.version() for part, _ in passed}
    rows = sorted([part.name, way, versions[part]] for part, way in passed)
    path.write_text(json.dumps(rows, indent=1) + "\n")
