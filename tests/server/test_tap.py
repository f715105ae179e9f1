"""
The command line, as an operator uses it: a process, what it prints, and how it exits.
"""

import json
import re
import struct
from contextlib import suppress
from pathlib import Path
from random import Random
from shutil import copy
from socket import SO_LINGER, SOL_SOCKET, create_connection, socket
from typing import Any

import pytest
from twisted.application.service import Service
from twisted.python import usage
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from ratchet_tx import UsageError
from ratchet_tx.server import tap
from ratchet_tx.settings import Settings
from tests.kit.ends import fetch, readAll
from tests.kit.processes import Server, freePort, run, serving, twistd
from tests.kit.wire import CLOSE, PING, event, frame, frames, handshake

PROGRAMS = Path(__file__).parent / "programs"


def status(port: int, forwardedFor: str, **headers: str) -> int:
    """
    Open a WebSocket as a proxy does for a peer, and return the status.
    """
    request = handshake(X_Forwarded_For=forwardedFor, **{**headers, "Origin": ""})
    origin = f"Origin: {headers['Origin']}\r\n" if "Origin" in headers else ""
    with create_connection(("127.0.0.1", port), 20) as peer:
        peer.sendall(request[:-2] + origin.encode() + b"\r\n")
        return int(peer.recv(100).split(b" ")[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """
    A working directory with a module of the author's.
    """
    copy(PROGRAMS / "mine.py", tmp_path / "mine.py")
    (tmp_path / "broken.py").write_text("x = 1\nimport nowhere_to_be_found\n")
    (tmp_path / "wrong.py").write_text("def f(:\n")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<h1>Hi</h1>")
    return tmp_path


def options(*words: str) -> tap.Options:
    parsed = tap.Options()
    parsed.parseOptions(list(words))
    return parsed


def garbage(random: Random) -> bytes:
    """
    Make bytes that no client sends, some of them after a good handshake.
    """
    pieces = [
        random.randbytes(random.randrange(2000)),
        handshake()[: random.randrange(200)],
        b"GET /" + b"x" * 20_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000,
        frame(random.randbytes(500)),
        frame(b"\xff" * 10),
        frame("[" * 60_000),
        frame("x" * 70_000),
        frame("x", opcode=random.randrange(16), final=random.random() < 0.5, rsv=random.randrange(8)),
        frame("x", masked=False),
        frame('{"event":"echo","data":1e999,"id":1}'),
        frame(b"\x03\xe8", opcode=CLOSE),
    ]
    return (handshake() if random.random() < 0.7 else b"") + b"".join(random.sample(pieces, 4))


def ask(server: Server, event: str, data: Any = None) -> Any:
    with connect(server.socketUrl) as peer:
        peer.send(json.dumps({"event": event, "data": data, "id": 1}))
        return json.loads(peer.recv(timeout=20))["data"]


class TestServing:
    def test_help(self) -> None:
        """twistd lists ratchet among its commands, and ratchet lists its options."""
        assert re.search(r"ratchet +Named JSON events", run(twistd("--help")).stdout)
        text = run(twistd("ratchet", "--help")).stdout
        for option in (
            "port",
            "address",
            "listen",
            "application",
            "provider",
            "auth",
            "timer",
            "config",
            "static",
            "origin",
            "limit",
            "admin-listen",
            "admin-token-file",
            "host",
            "subprotocol",
            "trust-forwarded",
        ):
            assert f"--{option}=" in text
        # A docstring of several lines would be printed with the code's indentation.
        assert re.findall(r"\w {3,}\w+", "\n".join(line[27:] for line in text.splitlines())) == []

    def test_everything(self, folder: Path) -> None:
        """The command line names applications, a provider, a timer and pages, which are found in the working directory."""
        port = freePort()
        words = f"-n --pidfile= ratchet --port {port} --application mine.Echo --application mine.other --timer mine.Tick"
        with serving(twistd(*words.split(), "--static", "site", "--provider", "mine.Provider"), port, folder) as server:
            assert ask(server, "echo", 1) == {"ok": True, "result": 1}
            assert ask(server, "other") == {"ok": True, "result": "other"}
            with connect(server.socketUrl) as peer:
                peer.send('{"event":"socket.auth.request"}')
                assert json.loads(peer.recv(timeout=20))["data"] == "a guest"
            assert fetch(server.url + "/")[2] == b"<h1>Hi</h1>"
            assert b"Ratchet" in fetch(server.url + "/ratchet.js")[2]
            while ask(server, "ticks")["result"] < 2:
                pass
            output = server.stop()
        assert f"ratchet starting on {port}" in output
        assert "Traceback" not in output

    def test_auth(self, folder: Path) -> None:
        """C{--auth} works as in other twistd plugins, and C{--help-auth} lists the checkers."""
        (folder / "passwd").write_text("ada:planted-7f3a91\n")
        port = freePort()
        words = f"-n --pidfile= ratchet --port {port} --application mine.Echo --auth file:passwd --auth memory:bob:b"
        with serving(twistd(*words.split()), port, folder) as server, connect(server.socketUrl) as peer:
            peer.send('{"event":"echo","data":1,"id":1}')
            assert json.loads(peer.recv(timeout=20))["data"]["error"]["code"] == "auth.required"
            for token, event in (("ada:wrong", "failure"), ("bob:b", "success"), ("ada:planted-7f3a91", "success")):
                peer.send(json.dumps({"event": "socket.auth.request", "data": {"token": token}}))
                answer = json.loads(peer.recv(timeout=20))
                assert answer["event"] == f"socket.auth.{event}"
            assert answer["data"] == {"client": {"username": "ada"}}
        listed = run(twistd("ratchet", "--help-auth")).stdout
        assert "file" in listed
        assert "anonymous" not in listed

    def test_logfile(self, folder: Path) -> None:
        """The logfile has connections and logins, with --verbose also dispatched and refused events, and never data."""
        port = freePort()
        words = f"-n --pidfile= --logfile=log.txt ratchet -p {port} -a 127.0.0.1 --application mine.several --verbose"
        with serving(twistd(*words.split()), port, folder) as server:
            ask(server, "echo", "sesame")
            ask(server, "socket.auth.request", {"token": "sesame"})
            server.stop()
        log = (folder / "log.txt").read_text()
        for what in ("Connection opened", "Login failed", "Connection closed"):
            assert re.search(f"{what}: id=[^ ]+ address=127.0.0.1", log)
        assert re.search('Event dispatched: id=[^ ]+ address=127.0.0.1 event="echo"', log)
        assert "sesame" not in log

    def test_config(self, folder: Path) -> None:
        """A configuration file has the same names, and the command line wins."""
        one, other = freePort(), freePort()
        config = f'[ratchet]\nport = {one}\napplication = "mine.Echo"\n[limits]\nmessageBytes = 100\n'
        (folder / "ratchet.toml").write_text(config)
        words = f"-n --pidfile= ratchet --config ratchet.toml --port {other} --limit messageBytes=300"
        with serving(twistd(*words.split()), other, folder) as server:
            assert ask(server, "echo", "x" * 200)["ok"]

    def test_listen(self, folder: Path) -> None:
        """--listen alone replaces the default port; with --port, the server listens on both."""
        one, other = freePort(), freePort()
        words = f"-n --pidfile= ratchet --listen tcp:{one}:interface=127.0.0.1 --port {other} --application mine.Echo"
        with serving(twistd(*words.split()), one, folder) as server:
            assert ask(server, "echo", 1)["ok"]
            server.port = other
            assert ask(server, "echo", 2)["ok"]

    def test_noApplication(self, folder: Path) -> None:
        """Without an application the server starts, and the log says how to add one."""
        port = freePort()
        with serving(twistd("-n", "--pidfile=", "ratchet", "--port", str(port)), port, folder) as server:
            assert ask(server, "echo")["error"]["code"] == "event.unknown"
            assert "--application" in server.stop()

    def test_pings(self, folder: Path) -> None:
        """Peers are pinged; one that answers stays, and one that doesn't is closed with 4012."""
        port = freePort()
        limits = "--limit pingSeconds=1 --limit pongSeconds=1"
        words = f"-n --pidfile= ratchet --port {port} --application mine.Echo {limits}"
        with serving(twistd(*words.split()), port, folder) as server, connect(server.socketUrl) as answers:
            with create_connection(("127.0.0.1", port), 20) as silent:
                silent.sendall(handshake(host=f"127.0.0.1:{port}"))
                received = readAll(silent).partition(b"\r\n\r\n")[2]
            sent = frames(received)
            assert [each.opcode for each in sent] == [PING, CLOSE]
            assert sent[-1].code == 4012
            answers.send('{"event":"echo","data":1,"id":1}')
            assert json.loads(answers.recv(timeout=20))["re"] == 1

    def test_garbage(self, folder: Path) -> None:
        """Whatever many peers send to the port, the server goes on serving another peer."""
        random = Random(6455)
        port = freePort()
        words = f"-n --pidfile= ratchet --port {port} --application mine.Echo --limit eventsPerSecond=0"
        with serving(twistd(*words.split()), port, folder) as server, connect(server.socketUrl) as peer:
            for count in range(200):
                with create_connection(("127.0.0.1", port), 20) as thrower, suppress(OSError):
                    thrower.sendall(garbage(random))
                    if count % 2:
                        # Abortive: the peer is reset instead of closed.
                        thrower.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                peer.send(json.dumps({"event": "echo", "data": count, "id": count}))
                assert json.loads(peer.recv(timeout=20))["data"]["result"] == count
            assert "Traceback" not in server.stop()

    def test_proxies(self, folder: Path) -> None:
        """Behind a proxy, the peer's address is what the proxy tells: by the PROXY line, or by trusted headers."""
        port = freePort()
        words = f"-n --pidfile= ratchet --listen haproxy:tcp:{port}:interface=127.0.0.1 --application mine.Echo"
        with serving(twistd(*words.split()), port, folder):
            said = self.asked(port, b"PROXY TCP4 192.0.2.7 127.0.0.1 5000 80\r\n", X_Forwarded_For="6.6.6.6")
            assert said == "192.0.2.7"
        port = freePort()
        words = f"-n --pidfile= ratchet --port {port} --trust-forwarded 1 --application mine.Echo"
        with serving(twistd(*words.split()), port, folder):
            assert self.asked(port, X_Forwarded_For="6.6.6.6, 192.0.2.7") == "192.0.2.7"
            forwarded = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "example.org"}
            assert self.asked(port, Origin="https://example.org", **forwarded) == "127.0.0.1"

    def asked(self, port: int, before: bytes = b"", **headers: str) -> Any:
        with create_connection(("127.0.0.1", port), 20) as peer:
            peer.sendall(before + handshake(**headers) + event("where", id=1) + frame("", opcode=CLOSE))
            received = readAll(peer)
        return frames(received.partition(b"\r\n\r\n")[2])[0].json["data"]["result"]

    def test_hosts(self, folder: Path) -> None:
        """A request for another host gets neither a page nor a WebSocket."""
        port = freePort()
        words = f"-n --pidfile= ratchet --port {port} --host localhost"
        with serving(twistd(*words.split()), port, folder):
            for host, status in (("localhost:80", b"101"), ("evil.example", b"421")):
                with create_connection(("127.0.0.1", port), 20) as peer:
                    peer.sendall(handshake(host=host))
                    assert peer.recv(100).split(b" ")[1] == status
            assert fetch(f"http://127.0.0.1:{port}/")[0] == 421
            assert fetch(f"http://localhost:{port}/")[0] == 200

    def test_behindProxies(self, folder: Path) -> None:
        """Proxies' headers are understood: the peer's address is the connection's, and its connections are limited."""
        port = freePort()
        words = f"-n --pidfile= ratchet -p {port} -a 127.0.0.1 --trust-forwarded 1 --application mine.Echo"
        with serving(twistd(*words.split(), "--limit", "connectionsPerAddress=1"), port, folder):
            for first, second, address in [
                ("203.0.113.7:51234", "203.0.113.7", "203.0.113.7"),
                ("[2001:db8::5]:443", "2001:db8::6", "2001:db8::5"),
                ("::ffff:198.51.100.4", "198.51.100.4:1", "::ffff:198.51.100.4"),
            ]:
                with connect(f"ws://127.0.0.1:{port}", additional_headers={"X-Forwarded-For": first}) as peer:
                    peer.send(json.dumps({"event": "where", "id": 1}))
                    assert json.loads(peer.recv(timeout=20))["data"]["result"] == address
                    assert status(port, f"6.6.6.6, {second}") == 503
            for said in ('for="[2001:db8::1]:4711";proto=https;host=example.org', "for=unknown", "for=_hidden"):
                with connect(f"ws://127.0.0.1:{port}", additional_headers={"Forwarded": said}) as peer:
                    peer.send(json.dumps({"event": "where", "id": 1}))
                    found = json.loads(peer.recv(timeout=20))["data"]["result"]
                    assert found == ("2001:db8::1" if "2001" in said else "127.0.0.1")

    def test_refusalsInTheLog(self, folder: Path) -> None:
        """Each refused handshake is one log line that names the option to allow it; and that option does."""
        port, page = freePort(), "https://example.org:8443"
        words = f"-n --pidfile= --logfile=log.txt ratchet -p {port} -a 127.0.0.1"
        hostile = 'x\u202e\u2028\x9b" option="--origin *'
        with serving(twistd(*words.split()), port, folder) as server:
            for origin in (page, "null", "capacitor://localhost", hostile):
                assert status(port, "192.0.2.1", Origin=origin, X_Forwarded_Proto="https", host="example.org:8443") == 403
            server.stop()
        lines = [line for line in (folder / "log.txt").read_text().split("\n") if "Refused a handshake: status=403" in line]
        assert len(lines) == 4
        assert all(line.isprintable() for line in lines)
        assert r'origin="x\u202e\u2028\x9b\" option=\"--origin *"' in lines[3]
        options = re.findall(r' option="([^"]+)"', "".join(lines[:3]))
        assert options == ["--trust-forwarded 1", "--origin null", "--origin capacitor://localhost"]
        with serving(twistd(*words.split(), *" ".join(options).split()), port, folder):
            for origin in (page, "null", "capacitor://localhost"):
                assert status(port, "192.0.2.1", Origin=origin, X_Forwarded_Proto="https", host="example.org:8443") == 101
            assert status(port, "192.0.2.1", Origin="https://evil.example") == 403

    def test_handedOver(self, folder: Path) -> None:
        """The server listens on a socket that systemd passes to it."""
        with socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            port = listening.getsockname()[1]
            words = twistd(
                "-n", "--pidfile=", "ratchet", "--listen", "systemd:domain=INET:index=0", "--application", "mine.Echo"
            )
            # As systemd does: the first inherited descriptor is 3, and LISTEN_PID has the number of the process.
            script = f'exec 3<&{listening.fileno()}; export LISTEN_FDS=1 LISTEN_FDNAMES=web LISTEN_PID=$$; exec "$@"'
            with serving(["bash", "-c", script, "bash", *words], port, folder, [listening.fileno()]) as server:
                assert ask(server, "echo", 1)["ok"]

    def test_sigterm(self, folder: Path) -> None:
        """At SIGTERM peers are closed with 1001."""
        port = freePort()
        with serving(twistd("-n", "--pidfile=", "ratchet", "--port", str(port)), port, folder) as server:
            with connect(server.socketUrl) as peer:
                server.terminate()
                with pytest.raises(ConnectionClosed, match="1001"):
                    peer.recv(timeout=20)
            assert "Traceback" not in server.stop()


#: Mistakes on the command line, and the text of their one line.
MISTAKES = [
    ("--nonsense", "option --nonsense not"),
    ("--port x", "--port x: 'x' is not a number"),
    ("--port 70000", "port is a number from 0 to 65535, not 70000"),
    ("--port 1.5", "port is a number from 0 to 65535, not 1.5"),
    ("--address nowhere.example", "address: 'nowhere.example' is not an IP address"),
    ("--listen nonsense:1", "listen: 'nonsense:1' is no endpoint"),
    ("--listen tcp:65536", "listen: 'tcp:65536' is no endpoint: a port is a number from 0 to 65535"),
    ("--listen haproxy:tcp6:port=99999", "is no endpoint: a port is a number from 0 to 65535"),
    ("--listen haproxy:ssl:1", "listen: 'haproxy:ssl:1' can't work: a proxy sends its PROXY line before TLS"),
    ("--subprotocol a,b", "command line: subprotocol: 'a,b' is no subprotocol"),
    ("--limit x", "--limit x: write NAME=VALUE"),
    ("--limit x=1", "--limit: there is no limit 'x'; there are messageBytes"),
    ("--limit rooms=y", "--limit rooms=y: 'y' is not a number"),
    ("--limit rooms=-1", "--limit: rooms is a whole number from 0"),
    ("--limit rooms=1.5", "--limit: rooms is a whole number from 0"),
    ("--static nowhere", "static: 'nowhere' is not a folder"),
    ("--origin example.org", "origin: 'example.org' isn't a web origin"),
    ("--config nowhere.toml", "--config nowhere.toml: No such file or directory"),
    ("--application nowhere.App", "application nowhere.App: there is no module 'nowhere'"),
    ("--application mine.Nothing", "application mine.Nothing: module 'mine' has no attribute 'Nothing'"),
    ("--application broken.App", "application broken.App: ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
    ("--application wrong.App", "application wrong.App: SyntaxError"),
    ("--application mine.NoProvider", "application mine.NoProvider: NoProvider is no application"),
    ("--application mine.number", "application mine.number: int is no application"),
    ("--application mine.Fails", "application mine.Fails: ValueError: no good"),
    ("--application mine.NeedsArguments", "application mine.NeedsArguments: TypeError"),
    ("--application mine.Echo --application mine.several", "application mine.several: There is an application 'mine.Echo'"),
    ("--application .", "application .: "),
    (
        "--provider mine.NoProvider",
        "provider mine.NoProvider: NoProvider does not provide IClientProvider: put @implementer",
    ),
    (
        "--timer mine.Echo",
        "timer mine.Echo: Echo does not provide IPeriodicTimer: put @implementer(IPeriodicTimer) above the class",
    ),
    ("--auth nonsense:x", "auth nonsense: there is no such kind of checker; twistd ratchet --help-auth lists them"),
    ("--auth file:nowhere", "auth file: 'nowhere' is not a file"),
    ("--auth anonymous", "auth anonymous: it takes no names and passwords"),
    ("--auth file:mine.py --provider mine.Provider", "provider and auth both say who may log in: leave one of them out"),
    ("--admin-listen 9000", "admin-listen and admin-token-file: there is one without the other"),
    ("--admin-token-file mine.py", "admin-listen and admin-token-file: there is one without the other"),
    ("--admin-listen 9000 --admin-token-file nowhere", "admin-token-file nowhere: No such file or directory"),
    ("--admin-listen onion:9000 --admin-token-file mine.py", "admin-listen: 'onion:9000' is neither a port nor one of tcp"),
    ("--timer mine.NeverTick", "timer mine.NeverTick: The interval of timer 'never'"),
    ("--timer mine.Tick --timer mine.tick", "timer mine.tick: There is a timer named 'tick' already"),
]


class Unlistening(Service):
    def privilegedStartService(self) -> None:
        raise OSError("no more files")


class TestMistakes:
    def line(self, *words: str) -> str:
        """
        Run the command with an error, and return its one line.
        """
        with pytest.raises(SystemExit) as ended:
            tap.makeService(options(*words))
        line = str(ended.value)
        assert line.startswith("ratchet: ")
        assert "\n" not in line
        return line

    @pytest.mark.parametrize(("words", "said"), MISTAKES, ids=[words for words, _ in MISTAKES])
    def test_oneLine(self, folder: Path, monkeypatch: pytest.MonkeyPatch, words: str, said: str) -> None:
        """An error on the command line is one line that names the option."""
        monkeypatch.chdir(folder)
        assert said in self.line(*words.split())

    @pytest.mark.parametrize(
        ("config", "said"),
        [
            ("[ratchet", "ratchet.toml: "),
            ("[nonsense]", "ratchet.toml: there is no table [nonsense]"),
            ("ratchet = 5", "ratchet.toml: ratchet is a table"),
            ("[ratchet]\nprot = 1", "ratchet.toml, [ratchet]: there is no setting 'prot'"),
            ("[ratchet]\nport = '1'", "ratchet.toml, [ratchet]: port is a number"),
            ("[ratchet]\nlisten = 5", "ratchet.toml, [ratchet]: listen is a list"),
            ("[limits]\nrooms = true", "ratchet.toml, [limits]: rooms is a whole number"),
            ("[ratchet]\nstatic = '\xff'", "--config ratchet.toml: "),
        ],
    )
    def test_configs(self, folder: Path, monkeypatch: pytest.MonkeyPatch, config: str, said: str) -> None:
        """An error in the file is one line that names the file and the key."""
        monkeypatch.chdir(folder)
        (folder / "ratchet.toml").write_bytes(config.encode("latin-1"))
        assert said in self.line("--config", "ratchet.toml")

    def test_errorsInTheModule(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An error in the author's module is reported with its file and line."""
        monkeypatch.chdir(folder)
        assert f"({folder / 'broken.py'}, line 2)" in self.line("--application", "broken.App")

    @pytest.mark.parametrize("words", ["--application nowhere.App", "--nonsense", "--limit rooms=y", "--port 99999"])
    def test_asAProcess(self, folder: Path, words: str) -> None:
        """The process prints that one line alone, and exits with 1."""
        ended = run(twistd("-n", "--pidfile=", "ratchet", *words.split()), folder)
        assert ended.returncode == 1
        assert len(ended.stderr.splitlines()) == 1
        assert ended.stderr.startswith("ratchet: ")
        assert "Traceback" not in ended.stdout

    def test_portInUse(self, folder: Path) -> None:
        """A port that is in use is an error of one line, and exit status 1."""
        with socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            ended = run(twistd("-n", "--pidfile=", "ratchet", "--address", "127.0.0.1", "--port", str(port)), folder)
        assert ended.returncode == 1
        line = f"ratchet: can't listen on 127.0.0.1:{port}: Address already in use\n"
        assert ended.stderr == line
        assert ended.stdout.endswith(line)
        assert "Traceback" not in ended.stdout

    def test_portsThatCantBeOpened(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A socket that can't be opened, for any reason, is an error of one line."""
        monkeypatch.chdir(folder)
        service = tap.makeService(options("--listen", "unix:/nowhere/at/all"))
        with pytest.raises(SystemExit, match=r"can't listen: .*/nowhere/at/all"):
            service.privilegedStartService()
        service = tap.makeService(options("--listen", "tcp:1"))
        service.services = [Unlistening()]
        with pytest.raises(SystemExit, match=r"can't listen: no more files"):
            service.privilegedStartService()


class TestOptions:
    def test_defaults(self) -> None:
        """Without arguments, the settings are the defaults."""
        assert options().settings() == Settings()

    def test_lists(self, tmp_path: Path) -> None:
        """The command line's lists replace the file's."""
        config = tmp_path / "x.toml"
        config.write_text('[ratchet]\norigin = ["http://a.example"]\nlisten = "tcp:1"\nverbose = true\n')
        settings = options("-c", str(config), "--origin", "http://b.example", "--origin", "*").settings()
        assert settings.origin == ("http://b.example", "*")
        assert settings.listen == ("tcp:1",)
        assert settings.verbose

    def test_without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What makes it fast is switched off by the environment, neither by the command line nor by the file."""
        assert options().settings().without == ()
        monkeypatch.setenv("RATCHET_WITHOUT", "fast-path")
        assert options().settings().without == ("fast-path",)
        monkeypatch.setenv("RATCHET_WITHOUT", "fats-path")
        with pytest.raises(UsageError, match=r"^RATCHET_WITHOUT: there is no 'fats-path'"):
            options().settings()
        with pytest.raises(SystemExit, match="option --without not recognized"):
            options("--without", "fast-path")

    def test_admin(self, tmp_path: Path) -> None:
        """The admin endpoint has the same names in the file and on the command line."""
        config = tmp_path / "x.toml"
        config.write_text('[ratchet]\nadmin-listen = "9000"\nadmin-token-file = "token"\n')
        for words in (("-c", str(config)), ("--admin-listen", "9000", "--admin-token-file", "token")):
            settings = options(*words).settings()
            assert (settings.adminListen, settings.adminTokenFile) == (("9000",), "token")

    def test_numbers(self) -> None:
        """Limits may be whole numbers or fractions."""
        limits = options("--limit", "rooms=5", "--limit", "handlerSeconds=0.5").settings().limits
        assert (limits.rooms, limits.handlerSeconds) == (5, 0.5)


def test_otherErrors() -> None:
    """Only UsageErrors become one line; any other error keeps its traceback."""
    with pytest.raises(ZeroDivisionError), tap.oneLine():
        _ = 1 / 0
    for error in (UsageError("x\ny"), usage.UsageError("x\ny")):
        with pytest.raises(SystemExit, match="ratchet: x y"), tap.oneLine():
            raise error
