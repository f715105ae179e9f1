"""
The browser client in a real browser with a real server: what it sends, logs on the console, and retries.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.processes import Server, freePort, serving, twistd

APPLICATION = """
from zope.interface import implementer

from ratchet_tx import AnonymousClientProvider, RoomPolicy, on
from ratchet_tx.interfaces import IAnonymousClientProvider, IClient, IClientProvider


@implementer(IClient)
class Ada:
    id = "ada"
    accessToken = "flaky"

    def jsonSerialize(self):
        return {"username": "ada"}


@implementer(IClientProvider, IAnonymousClientProvider)
class Users(AnonymousClientProvider):
    failures = 0

    def findByAccessToken(self, token):
        if token == "flaky":
            self.failures += 1
            if self.failures <= 2:
                raise OSError("The database is away")
            return Ada()
        return None


class Served:
    @on("same")
    def same(self, event):
        return event.payload.data

    @on("fill")
    async def fill(self, event):
        for number in range(event.payload.data):
            for offset in range(12):
                await event.hub.emit("item", offset, room=f"kept.{number}")

    @on("fill.large")
    async def fillLarge(self, event):
        for number in range(event.payload.data):
            for offset in range(20):
                await event.hub.emit("item", [offset, "x" * 20_000], room=f"kept.large.{number}")

    @on("publish")
    def publish(self, event):
        event.hub.emit("item", event.payload.data, room="kept.0")


def register(applications):
    applications.add(Served())
    applications.registerRooms("kept.*", RoomPolicy(historySize=20, historySeconds=60))
"""

PAGE = "<!doctype html><title>A page</title><link rel='icon' href='data:,'><script src='/ratchet.js'></script>"

Open = Callable[..., tuple[Page, list[tuple[str, str]]]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """
    A server with a page that loads the client.
    """
    folder = tmp_path_factory.mktemp("client")
    (folder / "clientserved.py").write_text(APPLICATION)
    (folder / "pages").mkdir()
    (folder / "pages" / "index.html").write_text(PAGE)
    port = freePort()
    words = ["--application", "clientserved.register", "--provider", "clientserved.Users", "--static", "pages"]
    with serving(twistd("-n", "--pidfile=", "ratchet", "--port", str(port), *words), port, folder) as server:
        yield server


@pytest.fixture
def page(browser: Browser, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """
    Opens the page; collects its console lines and its errors.
    """
    contexts = []

    def open_() -> tuple[Page, list[tuple[str, str]]]:
        context = browser.new_context()
        contexts.append(context)
        said: list[tuple[str, str]] = []
        context.on("console", lambda message: said.append((message.type, message.text)))
        context.on("weberror", lambda error: said.append(("uncaught", str(error.error))))
        page = context.new_page()
        page.goto(f"{server.url}/")
        return page, said

    yield open_
    for context in contexts:
        context.close()


def do(page: Page, script: str) -> Any:
    """
    Run the body of an async function in a page.
    """
    return page.evaluate(f"async () => {{ {script} }}")


def test_halfSurrogates(page: Open) -> None:
    """A text with half a surrogate pair arrives, in data, in keys and in names."""
    opened, said = page()
    cut = "'Thank you 😀'.slice(0, 11)"
    data = f"[{cut}, {{ [{cut}]: {cut} }}, '\\\\ud83d']"
    script = f"globalThis.ratchet = new Ratchet(); return ratchet.emit('same', {data}, {{ ack: true }})"
    assert do(opened, script) == ["Thank you \ufffd", {"Thank you \ufffd": "Thank you \ufffd"}, "\\ud83d"]
    room = f"const room = ratchet.subscribe('kept.' + {cut}); return [(await room.ready).room, room.position.offset]"
    assert do(opened, room) == ["kept.Thank you \ufffd", 0]
    assert said == []


def test_typo(page: Open) -> None:
    """An unknown event is logged once on the console of its sender."""
    opened, said = page()
    script = """
        const ratchet = new Ratchet();
        ['shuot', 'shuot', 'sa\\nme'].forEach((event) => ratchet.emit(event, 1));
        return ratchet.emit('same', 3, { ack: true });
    """
    assert do(opened, script) == 3
    assert said == [
        ("warning", 'Ratchet: the server refused "shuot" (event.unknown): Unregistered event'),
        ("warning", 'Ratchet: the server refused "sa\\nme" (event.unknown): Unregistered event'),
    ]


def test_manyRooms(page: Open) -> None:
    """Each of many rooms that are subscribed to at once starts with its last events, and none is refused."""
    opened, said = page()
    do(opened, "globalThis.first = new Ratchet(); return first.emit('fill', 120, { ack: 60 })")
    script = """
        const ratchet = new Ratchet();
        const resyncs = [];
        const rooms = Array.from({ length: 120 }, (_, number) => {
            const room = ratchet.subscribe(`kept.${number}`, { history: 10 });
            room.heard = [];
            return room.on('item', (data) => room.heard.push(data)).on('socket.resync', (data) => resyncs.push(data));
        });
        await Promise.all(rooms.map(({ ready }) => ready));
        return [rooms.map(({ heard }) => heard), resyncs];
    """
    assert do(opened, script) == [[list(range(2, 12))] * 120, []]
    assert said == []


def test_largeRooms(page: Open) -> None:
    """A client that starts with more history than may wait for a peer gets all of it, and isn't closed."""
    opened, said = page()
    do(opened, "globalThis.first = new Ratchet(); return first.emit('fill.large', 40, { ack: 60 })")
    script = """
        const ratchet = new Ratchet();
        const told = [];
        ratchet.on('socket.close', ({ code }) => told.push(code));
        const rooms = Array.from({ length: 40 }, (_, number) => {
            const room = ratchet.subscribe(`kept.large.${number}`, { history: 20 });
            room.heard = [];
            return room.on('item', ([number]) => room.heard.push(number)).on('socket.resync', (data) => told.push(data));
        });
        await Promise.allSettled(rooms.map(({ ready }) => ready));
        return [rooms.map(({ heard }) => heard), told];
    """
    assert do(opened, script) == [[list(range(20))] * 40, []]
    assert said == []


def test_loginAgain(page: Open) -> None:
    """A login that the server can't decide now is retried, and the waiting events are sent after it."""
    opened, said = page()
    script = """
        globalThis.p2_ratchet_access_token = 'flaky';
        const ratchet = new Ratchet();
        const failures = [];
        ratchet.on('socket.auth.failure', (data) => failures.push(data));
        return [await ratchet.emit('same', 'hi', { ack: 30 }), ratchet.client, failures];
    """
    assert do(opened, script) == ["hi", {"username": "ada"}, []]
    assert said == []


def test_endInAHandler(page: Open) -> None:
    """A handler that leaves the room is the last to get the event, and a handler whose promise fails is reported."""
    opened, said = page()
    script = """
        const ratchet = new Ratchet();
        const room = ratchet.subscribe('kept.0');
        const heard = [];
        room.on('item', async () => { heard.push('first'); room.unsubscribe(); throw new Error('broken'); });
        room.on('item', () => heard.push('second'));
        ratchet.on('item', () => heard.push('all'));
        await room.ready;
        ratchet.emit('publish', 1);
        ratchet.emit('publish', 2);
        await ratchet.emit('same', null, { ack: true });
        return heard;
    """
    assert do(opened, script) == ["first"]
    assert [kind for kind, _ in said] == ["error"]
    assert 'Ratchet: a handler of "item" failed.' in said[0][1]
