"""
Fixtures for tests of the chat: the chat as a process, its visitors, WebSockets, and browser windows.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.exceptions import ConnectionClosed
from websockets.sync import client
from websockets.sync.client import ClientConnection

SERVER = Path(__file__).parents[3] / "examples" / "chat" / "server.py"

CHROMIUM_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: The timeout of every step, in seconds.
PATIENCE = 30


def moduleOf(name: str) -> Any:
    """
    Load a module of the chat, which imports others from its folder.
    """
    sys.path.insert(0, str(SERVER.parent))
    try:
        return SimpleNamespace(**run_path(str(SERVER.with_name(f"{name}.py"))))
    finally:
        sys.path.remove(str(SERVER.parent))


class Chat:
    """
    The chat's server, started as its README says, from another folder.

    @ivar url: the URL of its first page
    @ivar socket: the URL for sockets
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.socket = f"ws://127.0.0.1:{self.port}/"
        self._log = folder / "chat.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("twistd"), "-n", "--python", SERVER],
                cwd=folder,
                env={**os.environ, "PORT": str(self.port)},
                stdout=log,
                stderr=log,
            )
        try:
            self._awaitPort()
        except BaseException:
            self.stop()
            raise

    def _awaitPort(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"The chat did not start:\n{self.log()}")

    def log(self) -> str:
        """
        Read the server's log.
        """
        return self._log.read_text()

    def stop(self) -> int:
        """
        End the server if it still runs.

        @return: its exit status
        """
        self._process.terminate()
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


@pytest.fixture
def chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """
    A chat without users; at the end the fixture checks that it ran and ended without a failure.
    """
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    chat = Chat(tmp_path)
    status = None
    try:
        yield chat
    finally:
        status = chat.stop()
    # twistd ends with its signal after a clean stop.
    assert status == -signal.SIGTERM, chat.log()
    assert "Traceback" not in chat.log()


class Answer:
    """
    The response to a request.
    """

    def __init__(self, response: Any) -> None:
        with response:
            self.url: str = response.url
            self.status: int = response.status
            self.headers = response.headers
            self.text: str = response.read().decode()


class Visitor:
    """
    A browser with cookies and without scripts.
    """

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self.cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies))

    def get(self, path: str = "") -> Answer:
        return self._open(Request(self._chat.url + path))

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        return self._open(Request(self._chat.url + path, urlencode(fields).encode(), headers or {}))

    def _open(self, request: Request) -> Answer:
        try:
            return Answer(self._opener.open(request, timeout=PATIENCE))
        except HTTPError as refusal:
            return Answer(refusal)

    def logIn(self, name: str) -> Answer:
        return self.post("login", name=name)

    def token(self) -> str:
        """
        Load the chat's page, and return its token for the socket.
        """
        page = self.get().text
        found = re.search(r'var p2_ratchet_access_token = "([\w-]+)"', page)
        assert found, page
        return found[1]


@pytest.fixture
def visit(chat: Chat) -> Callable[[], Visitor]:
    """
    Makes visitors of the chat.
    """
    return lambda: Visitor(chat)


class Socket:
    """
    A WebSocket that sends and receives JSON.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def send(self, **frame: Any) -> None:
        self._connection.send(json.dumps(frame))

    def read(self) -> Any:
        return json.loads(self._connection.recv(timeout=PATIENCE))

    def readUntil(self, event: str) -> list[Any]:
        frames = [self.read()]
        while frames[-1]["event"] != event:
            frames.append(self.read())
        return frames

    def readClose(self) -> int:
        """
        Read until the server closes the socket.

        @return: the code of the close
        """
        with pytest.raises(ConnectionClosed) as closed:
            deque(self._connection, maxlen=0)
        return closed.value.rcvd.code

    def close(self) -> None:
        self._connection.close()

    def cut(self) -> None:
        """
        Lose the connection without a close, as with a cut cable.
        """
        self._connection.socket.shutdown(socket.SHUT_RDWR)


Visit = Callable[[], Visitor]
Connect = Callable[[], Socket]
Join = Callable[[str], tuple[Socket, str]]


@pytest.fixture
def connect(chat: Chat) -> Iterator[Connect]:
    """
    Opens sockets without a login.
    """
    with ExitStack() as sockets:
        yield lambda: Socket(sockets.enter_context(client.connect(chat.socket)))


@pytest.fixture
def join(visit: Visit, connect: Connect) -> Join:
    """
    Gives each user a socket, and a token to log in with.
    """

    def join(name: str) -> tuple[Socket, str]:
        visitor = visit()
        visitor.logIn(name)
        return connect(), visitor.token()

    return join


# Not for the whole session: Playwright runs an asyncio loop, which would disturb other tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """
    A headless Chromium.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "Chromium is not installed: nobody can look at the chat's pages"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def someone(browser: Browser, chat: Chat) -> Iterator[Callable[..., Page]]:
    """
    Gives each user a browser with the chat's first page; a failing script or a violation of the page's policy fails the
    test.
    """
    contexts = []
    errors: list[str] = []

    def open(**options: Any) -> Page:
        context = browser.new_context(locale="en-GB", **options)
        context.set_default_timeout(PATIENCE * 1000)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", lambda message: errors.append(message.text) if _isTrouble(message) else None)
        contexts.append(context)
        page = context.new_page()
        page.goto(chat.url)
        return page

    yield open
    for context in contexts:
        context.close()
    assert errors == []


def _isTrouble(message: Any) -> bool:
    # The browser reports a refused form as "failed to load" too.
    return message.type in ("error", "warning") and "status of 409" not in message.text
