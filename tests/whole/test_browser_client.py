"""
The browser client, by Node's own test runner: alone, and with a real server; its types and sources by TypeScript's compiler.
"""

from pathlib import Path

from tests.kit.processes import ROOT, freePort, node, serving, twistd

SERVED = """
from twisted.internet.task import deferLater

from ratchet_tx import AskRefused, PeerError, RoomPolicy, on

class Served:
    @on("echo")
    def echo(self, event):
        event.connection.emit("echo", event.payload.data)

    @on("same")
    def same(self, event):
        return event.payload.data

    @on("refuse")
    def refuse(self, event):
        raise PeerError("test.refused", "Not today", retry=True, after=5)

    @on("wait")
    def wait(self, event):
        return deferLater(event.hub.clock, 60)

    @on("hang up")
    def hangUp(self, event):
        event.connection.close(4001)
        return deferLater(event.hub.clock, 60)

    @on("ask me")
    async def askMe(self, event):
        try:
            return {"result": await event.connection.ask("confirm", event.payload.data)}
        except AskRefused as refusal:
            return {"code": refusal.code}

    @on("publish")
    def publish(self, event):
        return event.hub.emit("item", event.payload.data["data"], room=event.payload.data["room"])

    @on("leave")
    def leave(self, event):
        event.connection.leave(event.payload.data)

def register(applications):
    applications.add(Served())
    applications.registerRooms("news", RoomPolicy())
    applications.registerRooms("other", RoomPolicy())
    applications.registerRooms("cafe", RoomPolicy(presence=True))
    applications.registerRooms("kept.*", RoomPolicy(historySize=100, historySeconds=60))
"""


def test_alone() -> None:
    """The browser client does what its documentation says, and is served as its sources give it."""
    modules = sorted(f"tests/{path.name}" for path in (ROOT / "client" / "tests").glob("*.test.js"))
    assert "tests/build.test.js" in modules
    node("--test", *modules)


def test_withAServer(tmp_path: Path) -> None:
    """The browser client, and a client of Node's ws that knows the JSON only, talk with a server."""
    (tmp_path / "served.py").write_text(SERVED)
    port = freePort()
    words = twistd("-n", "--pidfile=", "ratchet", "--port", str(port), "--application", "served.register")
    with serving(words, port, tmp_path) as server:
        node("--test", "tests/whole/server.test.js", RATCHET_URL=server.socketUrl + "/")


def test_types() -> None:
    """The browser client's types fit a page in TypeScript that uses all of it, and refuse what would be a mistake."""
    node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json")


def test_sources() -> None:
    """No module of the browser client uses a name that it neither has nor imports: in the one script it would find it."""
    node("node_modules/typescript/bin/tsc", "--project", "src")
