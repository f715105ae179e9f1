"""
The inbox: events of one connection, one after the other.
"""

from typing import Any
from weakref import ref

from twisted.internet.defer import Deferred, fail, succeed

from ratchet_tx.connections.inbox import Inbox
from tests.kit.fakes import failed, logged


class Line:
    """
    An inbox whose turns are written down, and some of which take their time.
    """

    def __init__(self, **works: Deferred[Any]) -> None:
        self.works = works
        self.turns: list[str] = []
        self.changes = 0
        self.inbox = Inbox(self)

    def inboxChanged(self) -> None:
        self.changes += 1

    def handle(self, name: str) -> None:
        self.turns.append(name)
        if name in self.works:
            self.inbox.blockUntil(self.works[name])


def test_freeAtFirst() -> None:
    """Nobody waits on a connection on which nothing is being done."""
    inbox = Line().inbox
    assert inbox.busy is None
    assert inbox.load == 0


def test_inOrder() -> None:
    """Events that wait for one that takes its time are handled after it, in the order in which they came."""
    line, work = Line(), Deferred()
    line.inbox.blockUntil(work)
    for name in ("one", "two", "three"):
        line.inbox.add(name)
    assert (line.inbox.load, line.turns) == (3, [])
    work.callback("whatever")
    assert line.turns == ["one", "two", "three"]
    assert (line.inbox.load, line.inbox.busy) == (0, None)


def test_oneAtATime() -> None:
    """An event that takes its time makes those behind it wait again."""
    first, second = Deferred(), Deferred()
    line = Line(two=second)
    line.inbox.blockUntil(first)
    for name in ("one", "two", "three"):
        line.inbox.add(name)
    first.callback(None)
    assert (line.turns, line.inbox.busy) == (["one", "two"], second)
    second.callback(None)
    assert line.turns == ["one", "two", "three"]


def test_failingGoesOnToo() -> None:
    """An event that fails lets the next one have its turn."""
    line, work = Line(), Deferred()
    line.inbox.blockUntil(work)
    line.inbox.add("next")
    with logged() as lines:
        work.errback(ValueError("broken"))
    assert line.turns == ["next"]
    assert lines == []


def test_doneAtOnce() -> None:
    """What is done already occupies nothing."""
    line, work = Line(), succeed(None)
    line.inbox.blockUntil(work)
    assert line.inbox.busy is None
    broken = fail(ValueError("broken"))
    line.inbox.blockUntil(broken)
    assert line.inbox.busy is None
    assert str(failed(broken)) == "broken"


def test_chained() -> None:
    """What has fired but waits for something else isn't done."""
    line, inner = Line(), Deferred()
    work = succeed(None).addCallback(lambda _: inner)
    line.inbox.blockUntil(work)
    line.inbox.add("next")
    assert line.turns == []
    inner.callback(None)
    assert line.turns == ["next"]


def test_thousandsWaiting() -> None:
    """However many wait, they all have their turn."""
    line, work = Line(), Deferred()
    line.inbox.blockUntil(work)
    for number in range(10_000):
        line.inbox.add(str(number))
    work.callback(None)
    assert len(line.turns) == 10_000


def test_beside() -> None:
    """Nobody waits for what runs beside the line."""
    line, work = Line(), Deferred()
    line.inbox.runBeside(work)
    assert line.inbox.busy is None
    work.callback(None)


def test_dropped() -> None:
    """At the end nobody has a turn any more, and whatever is being done is cancelled."""
    cancelled: list[Deferred[Any]] = []
    busy, beside, done = (Deferred(cancelled.append) for _ in range(3))
    line = Line()
    line.inbox.blockUntil(busy)
    line.inbox.add("never")
    line.inbox.runBeside(beside)
    line.inbox.runBeside(done)
    done.callback(None)
    with logged() as lines:
        line.inbox.drop()
    assert cancelled == [busy, beside]
    assert (line.turns, line.inbox.load, line.inbox.busy, lines) == ([], 0, None, [])


def test_stubbornWork() -> None:
    """What goes on although it was cancelled gives nobody a turn when it ends."""
    last: Deferred[None] = Deferred()
    work: Deferred[None] = Deferred()
    work.addErrback(lambda _: last)
    line = Line()
    line.inbox.blockUntil(work)
    line.inbox.add("never")
    line.inbox.drop()
    assert line.inbox.busy is work
    last.callback(None)
    assert line.turns == []


def test_droppedWithNothing() -> None:
    """The end of a connection on which nothing was being done needs nothing."""
    line = Line()
    line.inbox.drop()
    assert (line.inbox.load, line.inbox.busy) == (0, None)


def test_nobodysTurn() -> None:
    """Once all is dropped nothing has its turn any more, and who made the inbox isn't kept by it."""
    line = Line()
    line.inbox.drop()
    line.inbox.add("late")
    line.inbox.blockUntil(later := Deferred())
    later.callback(None)
    assert line.turns == []
    maker, inbox = ref(line), line.inbox
    del line
    assert maker() is None
    assert inbox.load == 0
