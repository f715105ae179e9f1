"""
The servers that are measured: each in one small file, in its own idiom, all doing the same job; and how each is started.

Each decodes JSON, dispatches by the event's name, encodes; lets nobody do anything who hasn't logged in by a token that
stands in a dict; gives C{echo} back, tells everyone who is logged in of a C{shout}, puts who C{join}s into a room, and
C{tell}s a room.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

#: The Python of the servers whose packages the others must not have (requirements-asgi.txt says why).
ASGI = HERE.parent.parent / ".venv-bench-asgi" / "bin" / "python"

#: Node, of a version that is named beside its packages: a distribution's own may be years old, and by a quarter slower.
NODE = HERE / "node_modules" / ".bin" / "node"


@dataclass(frozen=True)
class Kind:
    """
    A kind of server.

    @ivar title: what it is called in the table
    @ivar command: makes its command line, given the port
    @ivar packages: those whose versions tell which one it was
    @ivar home: where these packages are: C{python} is the environment of the load, C{asgi} the other one, or C{node}
    @ivar dialect: what it speaks, one of L{benchmarks.dialects.DIALECTS}
    """

    title: str
    command: Callable[[int], list[str]]
    packages: tuple[str, ...]
    home: str = "python"
    dialect: str = "plain"


def ratchet(port: int, limits: dict[str, int] | None = None, options: tuple[str, ...] = ()) -> list[str]:
    """
    Make the command line of ours, as users run it: everything is on, and only the figures of the limits that the load would
    meet are raised; that they are accounted for costs what it costs.

    @param limits: further ones
    @param options: further words
    """
    limits = {"eventsPerSecond": 1_000_000, "eventsBurst": 1_000_000, "connections": 20_000, **(limits or {})}
    words = ["-n", "--pidfile=", "ratchet", "--port", str(port), "--address", "127.0.0.1"]
    words += ["--application", "benchmarks.servers.ratchet.Work", "--provider", "benchmarks.servers.ratchet.Users"]
    for name, value in limits.items():
        words += ["--limit", f"{name}={value}"]
    return [str(Path(sys.executable).with_name("twistd")), *words, *options]


def _python(module: str) -> Callable[[int], list[str]]:
    return lambda port: [sys.executable, "-m", f"benchmarks.servers.{module}"]


def _node(script: str) -> Callable[[int], list[str]]:
    return lambda port: [str(NODE), str(HERE / script)]


def _uvicorn(port: int) -> list[str]:
    words = ["--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--log-level", "warning", "--backlog", "1024"]
    return [str(ASGI), "-m", "uvicorn", "benchmarks.servers.pythonsocketio:application", *words]


def _daphne(port: int) -> list[str]:
    words = ["-b", "127.0.0.1", "-p", str(port), "--verbosity", "0", "benchmarks.servers.channels:application"]
    return [str(ASGI), "-m", "daphne", *words]


KINDS = {
    "ratchet": Kind("ratchet_tx", ratchet, ("ratchet_tx", "Twisted", "autobahn", "msgspec")),
    "ws": Kind("Node ws", _node("ws.mjs"), ("ws", "Node"), "node"),
    "socketio": Kind("Node Socket.IO", _node("socketio.mjs"), ("socket.io", "Node"), "node", "socketio"),
    "picows": Kind("picows", _python("picows"), ("picows", "uvloop")),
    "autobahn": Kind("Autobahn, bare", _python("autobahn"), ("autobahn", "Twisted")),
    "websockets": Kind("websockets", _python("websockets"), ("websockets", "uvloop")),
    "aiohttp": Kind("aiohttp", _python("aiohttp"), ("aiohttp", "uvloop")),
    "python-socketio": Kind("python-socketio", _uvicorn, ("python-socketio", "uvicorn", "uvloop"), "asgi", "socketio"),
    "channels": Kind("Channels", _daphne, ("channels", "daphne"), "asgi"),
}

#: What is measured where nothing else is said.
FEW = ("ratchet", "ws", "socketio", "picows")
