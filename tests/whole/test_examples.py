"""
The examples, each run as its text says; and the README, whose samples are taken from them.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from docutils.core import publish_string
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.kit.ends import fetch
from tests.kit.processes import ROOT, Server, freePort, node, run, serving, twistd
from tests.kit.typescript import errors

PROGRAMS = Path(__file__).parent / "programs"
EXAMPLES = ROOT / "examples"

PYTHON = [sys.executable]


@contextmanager
def talking(server: Server, path: str = "/", token: str | None = None) -> Iterator[ClientConnection]:
    """
    Connect to a server, and log in if there is a token.
    """
    with connect(server.socketUrl + path) as peer:
        if token is not None:
            say(peer, "socket.auth.request", {"token": token})
            assert hear(peer)["event"] == "socket.auth.success"
        yield peer


def say(peer: ClientConnection, event: str, data: Any = None, **keys: Any) -> None:
    peer.send(json.dumps({"event": event, "data": data, **keys}))


def hear(peer: ClientConnection) -> Any:
    return json.loads(peer.recv(timeout=20))


def ask(peer: ClientConnection, event: str, data: Any = None) -> Any:
    say(peer, event, data, id=1)
    return hear(peer)["data"]


@contextmanager
def ratchet(*words: str, cwd: Path = EXAMPLES, reactor: str = "default") -> Iterator[Server]:
    port = freePort()
    command = twistd("-n", "--pidfile=", f"--reactor={reactor}", "ratchet", "--port", str(port), *words)
    with serving(command, port, cwd) as server:
        yield server


def talksAndStops(server: Server, path: str = "/") -> None:
    """
    Check the echo of most examples, and that the server closes its peers at the end.
    """
    with talking(server, path) as peer:
        say(peer, "echo", [1, "ü"])
        assert hear(peer) == {"event": "echo", "data": [1, "ü"]}
        server.terminate()
        with pytest.raises(ConnectionClosed, match="1001"):
            hear(peer)
    assert "Traceback" not in server.stop()


class TestHello:
    WORDS = ("--application", "hello.Hello", "--provider", "hello.Users", "--timer", "hello.Heartbeat", "--static", "site")

    def test_whole(self) -> None:
        """The README's application answers, its provider accepts its tokens, and its page is served."""
        with ratchet(*self.WORDS, cwd=EXAMPLES / "hello") as server:
            assert b"<h1>Hello</h1>" in fetch(server.url)[2]
            with talking(server, token="ada-secret") as ada, talking(server, token="grace-secret") as grace:
                assert ask(ada, "hello", "world") == {"ok": True, "result": "Hello, world!"}
                say(ada, "shout", "hi")
                message = {"client": {"username": "ada"}, "text": "HI"}
                assert hear(grace) == hear(ada) == {"event": "shouted", "data": message}
                assert ask(ada, "shout", 5)["error"]["code"] == "shout.invalid"
            with talking(server) as stranger:
                assert ask(stranger, "hello")["error"]["code"] == "auth.required"

    def test_config(self, tmp_path: Path) -> None:
        """The configuration file starts the same server."""
        port = freePort()
        folder = tmp_path / "hello"
        shutil.copytree(EXAMPLES / "hello", folder)
        words = twistd("-n", "--pidfile=", "ratchet", "--config", "ratchet.toml", "--port", str(port))
        with serving(words, port, folder) as server, talking(server, token="ada-secret") as ada:
            assert ask(ada, "hello", "world")["result"] == "Hello, world!"

    def test_clients(self) -> None:
        """The Python client and the Node client talk to it by the documented JSON."""
        with ratchet(*self.WORDS, cwd=EXAMPLES / "hello") as server:
            python = run([*PYTHON, "examples/client.py", server.socketUrl, "ada-secret"])
            # Python imports modules from the script's folder, so the script is copied there.
            script = ROOT / "client" / "example-client.mjs"
            shutil.copy(EXAMPLES / "client.mjs", script)
            try:
                printed = node(script.name, server.socketUrl, "ada-secret")
            finally:
                script.unlink()
        assert python.returncode == 0, python.stderr
        for text in (python.stdout, printed):
            success, reply = map(json.loads, text.splitlines())
            assert success["data"] == {"client": {"username": "ada"}}
            assert reply == {"event": "socket.reply", "data": {"ok": True, "result": "Hello, world!"}, "re": 1}


class TestEmbedding:
    def test_endpoint(self) -> None:
        """The factory serves on an endpoint of another program."""
        with serving([*PYTHON, "examples/endpoint.py"]) as server:
            talksAndStops(server)

    def test_site(self) -> None:
        """A hub is served inside a site, next to its pages."""
        with serving([*PYTHON, "examples/site.py"]) as server:
            assert b"An ordinary page" in fetch(server.url)[2]
            assert b"Ratchet" in fetch(server.url + "/ratchet.js")[2]
            assert fetch(server.url + "/ws")[0] == 426
            talksAndStops(server, "/ws")

    def test_klein(self) -> None:
        """A hub is served next to Klein's routes, which can send events to every peer."""
        with serving([*PYTHON, "examples/klein_site.py"]) as server:
            assert fetch(server.url)[2] == b"An ordinary page"
            with talking(server, "/ws") as peer:
                say(peer, "echo")
                hear(peer)
                assert fetch(server.url + "/say/hello")[2] == b"Said hello to everybody"
                assert hear(peer) == {"event": "said", "data": "hello"}
            talksAndStops(server, "/ws")

    def test_beside(self) -> None:
        """A hub runs next to another service, which sends events through it; both start and stop by themselves."""
        with serving(twistd("-n", "--pidfile=", "--python", "examples/beside.py")) as server:
            with talking(server) as peer:
                first, second = hear(peer), hear(peer)
            assert first["event"] == "weather.changed"
            assert second["data"] == first["data"] + 1
            assert "Traceback" not in server.stop()


class TestOthers:
    def test_moderation(self) -> None:
        """An application that is registered for moderators is there for moderators only."""
        words = ("--application", "moderation.register", "--provider", "moderation.People")
        with (
            ratchet(*words) as server,
            talking(server, token="ada-secret") as ada,
            talking(server, token="grace-secret") as grace,
        ):
            assert ask(ada, "ban", "grace")["error"]["code"] == "event.unknown"
            say(ada, "say", "hi")
            assert hear(grace) == {"event": "said", "data": "hi"}
            assert ask(grace, "ban", "ada")["result"] == "ada is banned by grace"
            with pytest.raises(ConnectionClosed, match="4503"):
                hear(ada)

    def test_rooms(self, tmp_path: Path) -> None:
        """Policies decide who may be in a room; the room has a history and presence."""
        words = ("--application", "rooms.register", "--provider", "moderation.People")
        position = str(tmp_path / "position.json")
        with (
            ratchet(*words) as server,
            talking(server, token="ada-secret") as ada,
            talking(server, token="grace-secret") as grace,
        ):
            missed = [*PYTHON, "examples/missed.py", server.socketUrl, "ada-secret", "news", position]
            assert run(missed).stdout == ""
            may = ["news", "lobby", "user:ada", "team:red"]
            for room in (*may, "moderators", "user:grace", "team:blue", "attic"):
                assert ask(ada, "socket.subscribe", {"room": room})["ok"] is (room in may)
            assert ask(grace, "socket.subscribe", {"rooms": [{"room": "moderators"}, {"room": "lobby"}]})["ok"]
            say(grace, "news.publish", "Tea")
            assert hear(ada) == {"event": "news.item", "data": "Tea", "room": "news", "offset": 1}
            printed = run(missed)
            assert printed.stdout == "news.item Tea\n", printed.stderr
            assert run(missed).stdout == ""
            say(grace, "lobby.wave")
            assert hear(ada) == {"event": "lobby.waved", "data": "grace", "room": "lobby"}
            assert set(ask(grace, "lobby.who")["result"]) == {"ada", "grace"}
            assert ask(grace, "lobby.close")["ok"]
            assert ask(grace, "lobby.who")["result"] == {}

    def test_jwt_login(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A token that another service signed logs its client in, until it expires."""
        monkeypatch.setenv("JWT_SECRET", "a secret for the example, and long enough")
        token = run([*PYTHON, "examples/jwt_login.py", "ada"]).stdout.strip()
        words = ("--application", "jwt_login.Hello", "--provider", "jwt_login.provider")
        with ratchet(*words) as server, talking(server, token=token) as ada, talking(server) as stranger:
            assert ask(ada, "hello")["result"] == "Hello, ada!"
            assert 3500 < ask(ada, "socket.auth.refresh", {"token": token})["result"]["expires"] <= 3600
            say(stranger, "socket.auth.request", {"token": token[:-1]})
            assert hear(stranger)["data"] == {"errors": ["Invalid access token."]}

    @pytest.mark.parametrize("event", ["deferred", "coroutine", "asyncio", "both"])
    def test_waiting(self, event: str) -> None:
        """Under the asyncio reactor a handler may give a Deferred, and await Deferreds and asyncio code."""
        with ratchet("--application", "waiting.Waiting", reactor="asyncio") as server, talking(server) as peer:
            kind = {"deferred": "a Deferred", "coroutine": "a coroutine"}.get(event, event)
            assert ask(peer, event) == {"ok": True, "result": f"from {kind}"}

    def test_waitingWithoutAsyncio(self) -> None:
        """Under another reactor a handler that awaits asyncio code fails, and the log says what to do."""
        with ratchet("--application", "waiting.Waiting") as server:
            with talking(server) as peer:
                assert ask(peer, "coroutine")["ok"]
                assert ask(peer, "asyncio")["error"]["code"] == "handler.failed"
            assert "twistd --reactor=asyncio" in server.stop()

    def test_publish_from_outside(self, tmp_path: Path) -> None:
        """Another process publishes to the sockets by an HTTP request."""
        token, admin = tmp_path / "admin-token", freePort()
        token.write_text("sesame\n")
        token.chmod(0o600)
        with ratchet("--admin-listen", str(admin), "--admin-token-file", str(token)) as server, talking(server) as peer:
            say(peer, "socket.ping", id=1)
            hear(peer)
            printed = run([*PYTHON, "examples/publish_from_outside.py", f"http://127.0.0.1:{admin}", str(token)])
            assert printed.stdout == "{'ok': True, 'result': None}\n" * 2, printed.stderr
            assert hear(peer) == {"event": "article.changed", "data": {"title": "Tea"}}

    def test_wsgi_pages(self) -> None:
        """A page that runs in a thread publishes to the sockets."""
        with serving(twistd("-n", "--pidfile=", "--python", "examples/wsgi_pages.py")) as server, talking(server) as peer:
            assert fetch(server.url + "/tea")[2] == b"This is tea\n"
            with urlopen(Request(server.url + "/tea", b""), timeout=20) as response:
                assert response.status == 200
            assert hear(peer) == {"event": "article.changed", "data": "tea"}

    def test_watching(self) -> None:
        """A hub has counters, and tells observers what happens."""
        with serving(twistd("-n", "--pidfile=", "--python", "examples/watching.py")) as server:
            with talking(server) as peer:
                assert ask(peer, "how.many")["result"] == {"open": 1, "received": 1}
            output = server.stop()
        assert "Opened: 1 here, 127.0.0.1" in output
        assert "Closed: 0 here, 127.0.0.1" in output

    def test_places(self, tmp_path: Path) -> None:
        """Typed events are checked by the server, and by the compiler of their sender."""
        with ratchet("--application", "places.Places") as server, talking(server) as peer:
            say(peer, "place.mark", {"x": 3, "y": 4}, id=1)
            assert hear(peer) == {"event": "place.marked", "data": {"x": 3, "y": 4}}
            assert hear(peer)["data"] == {"ok": True, "result": 5}
            assert ask(peer, "place.mark", {"x": "three"})["error"]["path"] == "$.data.x"
        words = ("places:Places", "--format", "types", "--output", str(tmp_path / "events.d.ts"))
        described = run([*PYTHON, "-m", "ratchet_tx", "describe", *words], EXAMPLES)
        assert described.returncode == 0, described.stderr
        program = tmp_path / "places.ts"
        text = (EXAMPLES / "places.ts").read_text()
        program.write_text(text)
        assert errors(program) == []
        program.write_text(text.replace("{ x: 3 }", "{ x: 'three' }"))
        assert errors(program) == ["socket.emit('place.mark', { x: 'three' });"]

    def test_again(self, tmp_path: Path) -> None:
        """A repeat of an event after a lost connection is handled once, and answered."""
        shutil.copy(PROGRAMS / "orders.py", tmp_path / "orders.py")
        shutil.copy(EXAMPLES / "hello" / "hello.py", tmp_path)
        words = ("--application", "orders.Orders", "--provider", "orders.Users")
        with ratchet(*words, cwd=tmp_path) as server:
            command = [*PYTHON, "examples/again.py", server.socketUrl, "ada-secret", "order", "tea"]
            for number in (1, 2):
                printed = run(command)
                assert printed.returncode == 0, printed.stderr
                expected = {"event": "socket.reply", "data": {"ok": True, "result": number}, "re": 1}
                assert printed.stdout == f"{expected}\n"
            refused = run([*PYTHON, "examples/again.py", server.socketUrl, "wrong", "order", "tea"])
            assert (refused.returncode, refused.stdout) == (1, "")
            assert refused.stderr == "The login was refused: Invalid access token.\n"
            sentAway = run([*PYTHON, "examples/again.py", server.socketUrl, "ada-secret", "misbehave", ""])
            assert (sentAway.returncode, sentAway.stdout, sentAway.stderr) == (
                1,
                "",
                "The server doesn't want us back: Out\n",
            )

    def test_template(self) -> None:
        """The macro adds the token and the browser client to a page."""
        page = run([*PYTHON, "examples/template.py"]).stdout
        assert 'p2_ratchet_access_token = "what issueAccessToken gave", p2_ratchet_debug = true;' in page
        assert '<script src="/ratchet.js"></script>' in page


def blocks(language: str) -> list[str]:
    """
    Return the README's samples of a language.
    """
    text = (ROOT / "README.rst").read_text()
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip("\n") for block in found]


def example(sample: str) -> list[str]:
    """
    Name the examples that contain a sample, whatever its indentation.
    """
    lines = [line.strip() for line in sample.splitlines() if line.strip()]
    found = []
    for path in sorted(EXAMPLES.rglob("*.*")):
        if path.suffix not in {".py", ".html", ".toml", ".js", ".mjs", ".ts"}:
            continue
        text = [line.strip() for line in path.read_text().splitlines() if line.strip()]
        if any(text[at : at + len(lines)] == lines for at in range(len(text))):
            found.append(path.name)
    return found


@pytest.mark.parametrize("language", ["python", "html", "toml", "javascript", "typescript"])
def test_readme(language: str) -> None:
    """Every sample of the README is copied word for word from an example that is run."""
    samples = blocks(language)
    assert samples
    assert [sample for sample in samples if not example(sample)] == []


def test_everyExampleIsTested() -> None:
    """Every example has a test."""
    text = Path(__file__).read_text()
    names = {path.stem for path in EXAMPLES.glob("*.*")}
    assert {name for name in names if name not in text} == set()


@pytest.mark.parametrize(
    "document",
    [
        "README.rst",
        "CONTRIBUTING.rst",
        "NEWS.rst",
        "docs/protocol.rst",
        "docs/guarantees.rst",
        "docs/architecture.rst",
        "docs/security.rst",
        "docs/proxies.rst",
        "docs/conformance.rst",
    ],
)
def test_documents(document: str) -> None:
    """Every document is well-formed."""
    errors = StringIO()
    text = (ROOT / document).read_text()
    publish_string(text, writer="null", settings_overrides={"warning_stream": errors, "report_level": 2})
    assert errors.getvalue() == ""
