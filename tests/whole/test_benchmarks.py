"""
The parts of the benchmarks that can be wrong without a clock; C{make benchmark-smoke} runs each kind of work.
"""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from benchmarks import readme
from benchmarks.attacker import CONTINUATION, price, readFrame
from benchmarks.attacker import frame as attackersFrame
from benchmarks.dialects import DIALECTS, LoginRefused, Plain, SocketIO
from benchmarks.machine import cpuSeconds, memoryBytes
from benchmarks.meter import Meter, Sample, percentile
from benchmarks.report import FIGURES, Soak, describe, describeSoak, page
from benchmarks.servers import FEW, KINDS, ratchet
from benchmarks.servers.ratchet import Users
from benchmarks.servers.tokens import USERS
from benchmarks.siege import Siege, Waits, bySecond, siegeTable, summed
from benchmarks.siege import cells as cellsOf
from benchmarks.table import HEADS, Row, cells, greatestGrowth, growthTable, makeRow, simpleTable
from benchmarks.visitor import cut, frame
from ratchet_tx.interfaces import IClientProvider
from ratchet_tx.server.tap import Options
from ratchet_tx.settings import Limits
from tests.kit import wire

PROGRAMS = Path(__file__).parent / "programs"


# Protocols of peers


def test_plainLogin() -> None:
    """A plain client sends the token, and is logged in by the success."""
    login = Plain().login("token-1")
    assert next(login) == b'{"event":"socket.auth.request","data":{"token":"token-1"}}'
    with pytest.raises(StopIteration):
        login.send(b'{"event":"socket.auth.success","data":{"client":{"username":"user-1"}}}')


def test_plainLoginIsRefused() -> None:
    """Any answer but the success is a refusal, so that only logged-in peers are measured."""
    login = Plain().login("token-1")
    next(login)
    with pytest.raises(LoginRefused, match="Invalid"):
        login.send(b'{"event":"socket.auth.failure","data":{"errors":["Invalid access token."]}}')


def test_socketIOLogin() -> None:
    """With Socket.IO the server opens, the peer sends the token, and the server connects it."""
    login = SocketIO().login("token-1")
    assert next(login) is None
    assert login.send(b'0{"sid":"a","upgrades":[],"pingInterval":25000}') == b'40{"token":"token-1"}'
    with pytest.raises(StopIteration):
        login.send(b'40{"sid":"b"}')


@pytest.mark.parametrize("opened", [b"1", b'40{"sid":"b"}'])
def test_socketIOIsNotOpened(opened: bytes) -> None:
    """A server that begins with anything else isn't Socket.IO."""
    login = SocketIO().login("token-1")
    next(login)
    with pytest.raises(LoginRefused):
        login.send(opened)


def test_socketIOLoginIsRefused() -> None:
    """A connect error is a refusal."""
    login = SocketIO().login("token-1")
    next(login)
    login.send(b"0{}")
    with pytest.raises(LoginRefused, match="Invalid"):
        login.send(b'44{"message":"Invalid access token."}')


@pytest.mark.parametrize("name", DIALECTS)
def test_eventsRoundTrip(name: str) -> None:
    """An encoded event is decoded to the same event."""
    dialect = DIALECTS[name]
    data = {"room": "den", "text": "x" * 64}
    assert dialect.read(dialect.event("tell", data)) == ("tell", data)
    assert dialect.answer(dialect.event("tell", data)) is None


def test_socketIOEvents() -> None:
    """Socket.IO's events are decoded, also those without data, and nothing else is."""
    assert SocketIO().event("echo", "x") == b'42["echo","x"]'
    assert SocketIO().read(b'42["echo"]') == ("echo", None)
    with pytest.raises(ValueError, match="no event"):
        SocketIO().read(b'41["echo"]')


def test_socketIOPing() -> None:
    """Engine.IO's ping is answered, or the server would close the peer."""
    assert SocketIO().answer(b"2") == b"3"
    assert Plain().answer(b"2") is None


@pytest.mark.parametrize("payload", [b"", b"x", b"\x03\xe8", b"x" * 125])
def test_visitorsFrames(payload: bytes) -> None:
    """A short visit sends the same bytes as any client."""
    assert frame(wire.TEXT, payload) == wire.frame(payload)


@pytest.mark.parametrize("size", [0, 1, 2, 125, 126, 200, 65535])
def test_visitorsCutFrames(size: int) -> None:
    """A frame is found in any pieces, and so are the bytes after it."""
    whole = wire.frame(b"x" * size, masked=False)
    for length in range(0 if size < 300 else len(whole) - 3, len(whole)):
        assert cut(whole[:length]) is None
    assert cut(whole) == (wire.TEXT, b"x" * size, b"")
    assert cut(whole + b"\x88\x00") == (wire.TEXT, b"x" * size, b"\x88\x00")


# Measurements


@pytest.mark.parametrize(
    ("values", "part", "expected"),
    [
        ([], 0.5, 0),
        ([3.0], 0.99, 3),
        ([1, 2, 3, 4, 5], 0.5, 3),
        (list(range(100)), 0.99, 99),
        (list(range(1000)), 0.99, 990),
    ],
)
def test_percentile(values: list[float], part: float, expected: float) -> None:
    """A percentile is one of the measured values."""
    assert percentile(values, part) == expected


def test_meterBeginsAgain() -> None:
    """Values from the server's warm-up don't count."""
    meter = Meter(os.getpid())
    meter.latencies.append(9.0)
    meter.start()
    meter.latencies.extend([3.0, 1.0, 2.0])
    sample = meter.stop()
    assert (sample.events, sample.p50, sample.p99) == (3, 2.0, 3.0)
    assert sample.seconds > 0
    assert meter.stop(events=7).events == 7


def test_cpuOfAProcess() -> None:
    """The CPU of a process is what it counts itself, with its threads."""
    with subprocess.Popen(
        [sys.executable, str(PROGRAMS / "busy.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = float(process.stdout.readline())
        seen = cpuSeconds(process.pid)
        assert said >= 0.1
        # The kernel may not have counted the last tick of a running process yet.
        assert said - 0.02 < seen < said + 0.1
        assert memoryBytes(process.pid) > 1 << 20
        process.communicate("")


def test_cpuOfEndedProcess() -> None:
    """An ended process has no CPU time to read."""
    with pytest.raises(FileNotFoundError):
        cpuSeconds(2**22 + 1)


# The table


def sample(events: int = 1000, serverCPU: float = 0.01, loadCPU: float = 0.5, memory: float = 0.0) -> Sample:
    return Sample(events, 1.0, serverCPU, loadCPU, 0.001, 0.002, memory)


def test_rowOfMedians() -> None:
    """A row has the medians of the rounds, in the units of its heads."""
    rounds = [sample(1000, 0.01), sample(3000, 0.09), sample(2000, 0.04)]
    row = makeRow("echo", "Node ws", rounds, [])
    assert (row.rate, row.microseconds, row.p50, row.p99, row.share) == (2000, pytest.approx(20), 1, 2, 0.5)
    assert row.ratio == 0
    assert cells(row) == ("echo", "Node ws", "2,000", "20.0", "1.00", "2.00", "", "50%", "")


def test_ratioIsOfTheSameRound() -> None:
    """The ratio is taken within each round, so that a slow round is slow for both."""
    theirs = [sample(serverCPU=0.01), sample(serverCPU=0.10), sample(serverCPU=0.02)]
    ours = [sample(serverCPU=0.005), sample(serverCPU=0.05), sample(serverCPU=0.02)]
    assert makeRow("echo", "Node ws", theirs, ours).ratio == pytest.approx(0.5)
    # The ratio of the medians would have been 1.
    assert makeRow("echo", "ratchet_tx", ours, ours).ratio == 1


def test_memoryIsComparedInsteadOfCPU() -> None:
    """A measurement of memory has the ratio of the memory, and no CPU or rate."""
    row = makeRow("idle", "Node ws", [sample(memory=8192.0)], [sample(memory=4096.0)])
    assert cells(row)[2:] == ("", "", "1.00", "2.00", "8.0", "50%", "0.50")


def test_busyLoadIsMarked() -> None:
    """A load generator that was too busy is marked."""
    assert cells(makeRow("echo", "picows", [sample(loadCPU=0.95)], []))[7] == "95% (!)"
    assert cells(makeRow("echo", "picows", [sample(loadCPU=0.9)], []))[7] == "90%"


def test_simpleTable() -> None:
    """The table is reStructuredText, and names each work once."""
    rows = [("echo", "ours", "1"), ("echo", "theirs", "2"), ("idle", "ours", "")]
    table = simpleTable(("work", "server", "x"), rows)
    assert [line.split() for line in table.splitlines()[3:6]] == [
        ["echo", "ours", "1"],
        ["\\", "theirs", "2"],
        ["idle", "ours"],
    ]
    assert cellsRead(table) == [
        ["work", "server", "x"],
        ["echo", "ours", "1"],
        ["", "theirs", "2"],
        ["idle", "ours", ""],
    ]


def cellsRead(table: str) -> list[list[str]]:
    """
    Read a table with docutils.
    """
    document = publish_doctree(table, settings_overrides={"halt_level": 2})
    # Mere remarks aren't shown.
    for remark in list(document.findall(nodes.system_message)):
        remark.parent.remove(remark)
    return [[entry.astext() for entry in row.children] for row in document.findall(nodes.row)]


@pytest.mark.parametrize(
    ("costs", "growth"), [([10, 10, 10], 1), ([40, 10, 13, 12], 1.3), ([10, 20, 5], 2), ([4, 2, 1], 0.5)]
)
def test_growthIsTheGreatestOne(costs: list[float], growth: float) -> None:
    """The growth is the greatest between any two sizes: a high cost at the smallest size doesn't hide it."""
    assert greatestGrowth(costs) == pytest.approx(growth)


def test_growthTable() -> None:
    """Values that grow are in one row, from the smallest size to the greatest."""
    lines = growthTable((10, 10_000), {"echo": [12.0, 15.0]}).splitlines()
    assert [line.split() for line in (lines[1], lines[3])] == [
        ["connected", "10", "10,000", "grows", "by"],
        ["echo", "12.0", "15.0", "1.25"],
    ]


# Attacks


def siege(**figures: Any) -> Siege:
    kept: dict[str, Any] = {
        "name": "forms",
        "says": "many",
        "seconds": 30,
        "waits": Waits(p50=0.5, p99=2, longest=8, login=9),
    }
    kept |= {"busy": 0.25, "delayed": 0.01, "files": 9, "logged": 1024, "lost": 0, "echoes": [(0.0, 0.008)]}
    kept |= {"memory": [(0.0, 60.0), (1.0, 70.0)], "before": 60.0, "after": 61.0, "kept": 0, "waits": Waits(0.5, 2, 8, 9)}
    return Siege(**{**kept, **figures})


def test_waitsWhileFrozen() -> None:
    """A server that is frozen for a second was slow for the whole second, and not for one echo only."""
    echoes = [(number / 10, 0.001) for number in range(100)] + [(10.0, 1.0)]
    waits = summed(echoes, [(0.0, 0.25), (2.0, 0.5)], every=0.1)
    assert (waits.p50, waits.longest, waits.login) == (1, 1000, 500)
    assert waits.p99 == pytest.approx(900)


def test_noWaits() -> None:
    """Without requests there are no waits."""
    assert summed([], [], every=0.1) == Waits(0, 0, 0, 0)


def test_longestOfEachSecond() -> None:
    """The greatest value of each second is kept, in order."""
    assert bySecond([(1.5, 3), (0.1, 1), (0.9, 2), (1.6, 2)]) == [(0, 2), (1, 3)]
    assert bySecond([]) == []


def test_siegeWithinBounds() -> None:
    """Values that a healthy peer hardly notices aren't marked."""
    assert cellsOf(siege()) == ("forms", "0.5", "2.0", "8.0", "9.0", "25%", "1%", "60", "70", "61", "0", "9", "2", "0")


@pytest.mark.parametrize(
    ("figures", "marked"),
    [
        ({"waits": Waits(0.5, 101, 501, 502)}, ["101.0 (!)", "501.0 (!)", "502.0 (!)"]),
        ({"memory": [(0.0, 317.0)]}, ["317 (!)"]),
        ({"after": 72.5}, ["72 (!)"]),
        ({"kept": 1}, ["1 (!)"]),
        ({"logged": 600 * 1024}, ["1200 (!)"]),
        ({"lost": 2}, ["2 (!)"]),
    ],
)
def test_siegeBeyondBounds(figures: dict[str, Any], marked: list[str]) -> None:
    """Values above the bounds are marked."""
    assert [cell for cell in cellsOf(siege(**figures)) if cell.endswith("(!)")] == marked


def test_siegeInALine() -> None:
    """A line says what the attackers did, and what is wrong in the log."""
    line = siege(counts={"sent": 1234, "closed 4009": 2}, controls=3, ledger={"held": 5}).line()
    assert "attackers: closed 4009 2, sent 1,234; ledger {'held': 5}; 3 control bytes in the log" in line
    assert siege().line().endswith("attackers: nothing")


def test_siegeTable() -> None:
    """The table of attacks is reStructuredText with one row per attack."""
    assert cellsRead(siegeTable([siege(), siege(name="names")]))[1:] == [
        list(cellsOf(siege())),
        list(cellsOf(siege(name="names"))),
    ]


@pytest.mark.parametrize(("size", "cost"), [(10, 1), (4095, 1), (4096, 2), (64_000, 16)])
def test_attackersRate(size: int, cost: int) -> None:
    """Attackers send as fast as the price of their events allows."""
    assert price(size) == cost


@pytest.mark.parametrize("size", [0, 5, 125, 126, 65535, 65536])
def test_attackersFrames(size: int) -> None:
    """Attackers' frames are those of any client, at every size, opcode and end."""
    payload = os.urandom(size)
    assert attackersFrame(payload) == wire.frame(payload)
    assert attackersFrame(payload, CONTINUATION, final=False) == wire.frame(payload, wire.CONTINUATION, final=False)


def test_attackersFragments() -> None:
    """A server's frames are read whole, in all three encodings of the length."""

    async def read(data: bytes) -> tuple[int, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await readFrame(reader)

    for size in (0, 125, 126, 65535, 65536):
        assert asyncio.run(read(wire.frame(b"x" * size, masked=False))) == (wire.TEXT, b"x" * size)
    with pytest.raises(EOFError):
        asyncio.run(read(wire.frame(b"xy", masked=False)[:-1]))


# The page


ABOUT = {
    "command": "python -m benchmarks",
    "date": "2030-01-01",
    "machine": "a machine",
    "oneCore": False,
    "versions": {"ratchet_tx": "1.0", "ws": "8.0"},
}

ROW = dict.fromkeys(Row.__annotations__, 1.0) | {"work": "echo", "server": "Node ws"}


def test_page() -> None:
    """The page is valid reStructuredText, and says when, where, how and with which versions it was measured."""
    soak = {"about": ABOUT | {"oneCore": True}, "peers": 10, "memory": [[0.0, 50.0], [1.0, 51.5]], "counts": {"echo": 3}}
    kept = {
        "table": {"about": ABOUT, "rows": [ROW]},
        "growth": {"about": ABOUT, "sizes": [1, 2], "costs": {"CPU us": [1.0, 2.0]}},
        "soak": soak,
        "hostile": {"about": ABOUT, "sieges": [json.loads(json.dumps(asdict(siege(says="a form of 200 kB"))))]},
    }
    text = publish_doctree(page(kept), settings_overrides={"halt_level": 2, "report_level": 2}).astext()
    for words in (
        "python -m benchmarks on 2030-01-01; a machine; the server on one core",
        "ws 8.0",
        *HEADS,
        "the same core",
        "forms: a form of 200 kB",
        "a wait above 500 ms",
    ):
        assert words in text
    assert "51.5 MiB in the end" in text


def test_partialPage() -> None:
    """Works that haven't been measured yet are left out of the page."""
    text = page({"table": {"about": ABOUT, "rows": [ROW]}})
    assert "Side by side" in text
    assert "A soak" not in text


def test_readme() -> None:
    """The README's table is that of the page."""
    table = json.loads(FIGURES.read_text())["table"]
    part = readme.part([Row(**row) for row in table["rows"]], describe(table["about"]))
    assert set(readme.WORKS) <= {row["work"] for row in table["rows"]}
    publish_doctree(part, settings_overrides={"halt_level": 2, "report_level": 2})
    assert readme.BEGIN + part + readme.END in readme.README.read_text()


def test_readmeTable() -> None:
    """The README's table has one line a work and one figure a server, and the versions."""
    rows = [
        Row(work, server, 1, 2.34, 1, 1, 0.5, memory, 1)
        for work, memory in ((readme.WORKS[0], 0), ("something else", 0), (readme.WORKS[-1], 3.5))
        for server in ("ratchet_tx", "Node ws")
    ]
    text = readme.part(rows, describe(ABOUT | {"versions": {"Node": "26.0"}}))
    assert cellsRead(text) == [
        ["work", "ratchet_tx", "Node ws"],
        [readme.WORKS[0], "2.3", "2.3"],
        [readme.WORKS[-1], "3.5", "3.5"],
    ]
    assert "a machine;" in text
    assert "Node 26.0." in text


def test_soakBeginsAfterATenth() -> None:
    """The soak's first memory is taken after a tenth of the time, when everything has happened once."""
    soak = Soak(1000, [(float(second), 50.0 + second) for second in range(20)], {"echo": 12_345})
    assert (soak.before, soak.after) == (52.0, 69.0)
    assert "1,000 peers for 19 seconds: 52.0 MiB after a tenth of the time, 69.0 MiB in the end" in describeSoak(soak)
    assert "echo 12,345" in describeSoak(soak)


# The servers


def test_oursHasTheDefaults() -> None:
    """
    The measured server has the defaults, with only the limits raised that the load would reach, and further options added.
    """
    words = ratchet(8099, {"eventsBurst": 5}, ("--verbose",))
    options = Options()
    options.parseOptions(words[words.index("ratchet") + 1 :])
    settings = options.settings()
    assert (settings.port, settings.verbose) == (8099, True)
    raised = {"eventsPerSecond": 1_000_000, "eventsBurst": 5, "connections": 20_000}
    assert settings.limits == Limits().having(raised, "the load")


def test_oursKnowsTheTokens() -> None:
    """The measured server accepts the tokens that all servers accept."""
    users = Users()
    assert IClientProvider.providedBy(users)
    assert users.findByAccessToken("token-7").id == USERS["token-7"]
    assert users.findByAccessToken("token-x") is None


def test_everyServerExists() -> None:
    """Each server's program exists, and has a protocol that the load speaks."""
    root = Path(__file__).parents[2]
    assert set(FEW) <= set(KINDS)
    for kind in KINDS.values():
        assert kind.dialect in DIALECTS
        words = kind.command(8099)
        modules = [word.partition(":")[0] for word in words if word.startswith("benchmarks.servers.")]
        # This package's server names the application and the provider, in the same module.
        modules = ["benchmarks.servers.ratchet"] if kind is KINDS["ratchet"] else modules
        files = [f"{module.replace('.', '/')}.py" for module in modules] + [word for word in words if word.endswith(".mjs")]
        assert len(files) == 1
        assert (root / files[0]).is_file()
