"""
Giving an event to its handlers, and finding its reply.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from ratchet_tx.applications.event import ConnectionEvent
from ratchet_tx.applications.routes import Listener
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.errors import PeerError
from ratchet_tx.hub.handling import Handlers
from ratchet_tx.wire.payload import Payload
from tests.kit.fakes import Peer, failed, logged, startedHub, succeeded

Handler = Callable[[Any], Any]


class Handling:
    """
    Handles one event by some handlers, and writes down what comes of it.

    @ivar answers: what the peer is answered: a result, or the code of a refusal
    @ivar failures: what the log is told
    """

    def __init__(self, *handlers: Handler, watchers: tuple[Handler, ...] = (), seconds: float = 30) -> None:
        self.clock = Clock()
        self.answers: list[Any] = []
        self.failures: list[str] = []
        hub = startedHub()
        self.event = ConnectionEvent(Peer(hub).connection, Payload("chat.send", "hi", 7), hub)
        listeners = (*(Listener(each, False) for each in watchers), *(Listener(each, True) for each in handlers))
        self.work = Handlers(self._failed, seconds, Patience(self.clock)).handle(self.event, listeners, self._answer)

    def _failed(self, event: ConnectionEvent[Any], failure: Failure) -> PeerError:
        assert event is self.event
        self.failures.append(f"{failure.type.__name__}: {failure.value}")
        return PeerError("handler.failed", ref=str(len(self.failures)))

    def _answer(self, event: ConnectionEvent[Any], result: Any, refusal: PeerError | None) -> None:
        assert event is self.event
        self.answers.append(refusal.code if refusal is not None else result)


def giving(value: Any) -> Handler:
    return lambda event: value


def raising(error: BaseException) -> Handler:
    def handler(event: Any) -> None:
        raise error

    return handler


def failingLater(error: BaseException) -> Handler:
    return lambda event: fail(error)


async def coroutine(event: Any) -> str:
    return f"{event.payload.data} there"


class TestAtOnce:
    """
    Handlers that are done when they return.
    """

    def test_reply(self) -> None:
        """What a handler returns is the reply."""
        handling = Handling(lambda event: event.payload.data + "!")
        assert (handling.work, handling.answers) == (None, ["hi!"])

    def test_nobody(self) -> None:
        """An event without handlers, or whose handlers give nothing, is answered by null."""
        assert Handling().answers == [None]
        assert Handling(giving(None), giving(None)).answers == [None]

    @pytest.mark.parametrize("value", [0, "", False, [], {}])
    def test_firstResult(self, value: Any) -> None:
        """The reply is the first result that isn't None, and every handler is called."""
        called: list[Any] = []
        handling = Handling(giving(None), giving(value), giving("late"), called.append)
        assert handling.answers == [value]
        assert called == [handling.event]

    def test_watchers(self) -> None:
        """What a watcher of all messages gives is no reply."""
        assert Handling(giving(5), watchers=(giving(3),)).answers == [5]
        assert Handling(watchers=(giving(3),)).answers == [None]

    def test_failing(self) -> None:
        """A handler that fails is told to the log, its refusal is the reply, and the next one is called all the same."""
        called: list[Any] = []
        handling = Handling(giving("first"), raising(ValueError("broken")), called.append)
        assert handling.answers == ["handler.failed"]
        assert handling.failures == ["ValueError: broken"]
        assert called == [handling.event]

    def test_refusing(self) -> None:
        """A PeerError is an answer and no failure."""
        handling = Handling(raising(PeerError("seat.taken")), giving("later"))
        assert (handling.answers, handling.failures) == (["seat.taken"], [])

    def test_firstRefusal(self) -> None:
        """Of several refusals the peer is told the first."""
        assert Handling(raising(PeerError("one")), raising(PeerError("two"))).answers == ["one"]

    @pytest.mark.parametrize("later", [raising, failingLater])
    @pytest.mark.parametrize("first", [PeerError("seat.taken"), ValueError("one")])
    def test_everyFailureIsLogged(self, first: Exception, later: Callable[[Exception], Handler]) -> None:
        """Each handler that fails is told to the log, also after another one refused or failed."""
        handling = Handling(later(first), later(OSError("two")))
        assert handling.failures == [*(["ValueError: one"] if isinstance(first, ValueError) else []), "OSError: two"]

    @pytest.mark.parametrize("fails", [raising, failingLater])
    def test_failingWatcher(self, fails: Callable[[Exception], Handler]) -> None:
        """A watcher that fails is told to the log, and takes nothing from the reply."""
        handling = Handling(giving(5), watchers=(fails(ValueError("broken")), fails(PeerError("no"))))
        assert (handling.answers, handling.failures) == ([5], ["ValueError: broken"])


class TestLater:
    """
    Handlers that take their time.
    """

    @pytest.mark.parametrize("handler", [lambda event: succeed("hi there"), coroutine])
    def test_doneAlready(self, handler: Handler) -> None:
        """A Deferred that has fired, or a coroutine that needn't wait, is answered at once."""
        handling = Handling(handler)
        assert handling.answers == ["hi there"]
        assert handling.work is None
        assert handling.clock.getDelayedCalls() == []

    def test_inOrder(self) -> None:
        """The next handler is called when the one before it is done."""
        first: Deferred[str] = Deferred()
        second: Deferred[str] = Deferred()
        begun: list[Any] = []
        ended: list[Any] = []
        handling = Handling(giving(first), begun.append, giving(second), ended.append)
        assert (begun, ended, handling.answers) == ([], [], [])
        first.callback("one")
        assert (len(begun), ended) == (1, [])
        second.callback("two")
        assert (len(ended), handling.answers) == (1, ["one"])
        assert handling.work is not None
        succeeded(handling.work)

    def test_resultsBefore(self) -> None:
        """A result from before the waiting stays the reply."""
        assert Handling(giving("now"), coroutine).answers == ["now"]
        assert Handling(giving(None), giving(succeed(None)), giving("last")).answers == ["last"]

    def test_failing(self) -> None:
        """A handler that fails later is treated like one that fails at once."""
        handling = Handling(giving("now"), failingLater(ValueError("broken")), giving("later"))
        assert (handling.answers, handling.failures) == (["handler.failed"], ["ValueError: broken"])

    def test_failingBefore(self) -> None:
        """A refusal from before the waiting stays the reply."""
        assert Handling(raising(PeerError("seat.taken")), coroutine, raising(PeerError("two"))).answers == ["seat.taken"]

    @pytest.mark.parametrize("cancelled", [CancelledError(), asyncio.CancelledError()])
    def test_cancelledByItself(self, cancelled: BaseException) -> None:
        """A handler whose own work was cancelled has failed, whichever way it is said."""
        handling = Handling(failingLater(cancelled), giving("next"))
        assert handling.answers == ["handler.failed"]
        assert handling.failures == ["CancelledError: "]

    def test_watchers(self) -> None:
        """A watcher may take its time too, and what it gives is still no reply."""
        assert Handling(giving(5), watchers=(coroutine,)).answers == [5]


class TestTime:
    """
    Handlers that take too long.
    """

    def test_timeOut(self) -> None:
        """An event that takes too long is answered so, and cancelled; the handlers behind are not called."""
        cancelled: list[Any] = []
        called: list[Any] = []
        work: Deferred[None] = Deferred(cancelled.append)
        handling = Handling(giving(work), called.append, seconds=3)
        handling.clock.advance(2.9)
        assert (handling.answers, cancelled) == ([], [])
        with logged() as lines:
            handling.clock.advance(0.1)
        assert handling.answers == ["handler.timeout"]
        assert (cancelled, called, handling.failures) == ([work], [], [])
        (line,) = lines
        assert "took too long: event=chat.send seconds=3" in line
        assert handling.work is not None
        succeeded(handling.work)

    def test_timeForAll(self) -> None:
        """The time is for the event, whichever of its handlers takes it."""
        first: Deferred[None] = Deferred()
        handling = Handling(giving(first), lambda event: Deferred(), seconds=3)
        handling.clock.advance(2)
        first.callback(None)
        handling.clock.advance(1)
        assert handling.answers == ["handler.timeout"]

    def test_inTime(self) -> None:
        """Nothing is left of the time when an event is done."""
        work: Deferred[str] = Deferred()
        handling = Handling(giving(work), seconds=3)
        work.callback("done")
        assert handling.clock.getDelayedCalls() == []
        assert handling.answers == ["done"]

    def test_noLimit(self) -> None:
        """Without a limit an event may take as long as it likes."""
        work: Deferred[str] = Deferred()
        handling = Handling(giving(work), seconds=0)
        handling.clock.advance(10**6)
        work.callback("done")
        assert handling.answers == ["done"]

    def test_stubborn(self) -> None:
        """A handler that goes on although its time is over is not waited for, and its result is nobody's."""
        last: Deferred[str] = Deferred()

        async def stubborn(event: Any) -> str:
            try:
                await Deferred()
            except CancelledError:
                return await last

        called: list[Any] = []
        handling = Handling(stubborn, called.append, seconds=3)
        handling.clock.advance(3)
        assert handling.work is not None
        succeeded(handling.work)
        last.callback("too late")
        assert (handling.answers, called) == (["handler.timeout"], [])

    def test_failingAfterwards(self) -> None:
        """A handler that fails when its time is over is told to the log, though the peer has been answered."""

        async def failing(event: Any) -> None:
            try:
                await Deferred()
            finally:
                raise ValueError("broken")

        handling = Handling(failing, seconds=3)
        handling.clock.advance(3)
        assert (handling.answers, handling.failures) == (["handler.timeout"], ["ValueError: broken"])

    def test_end(self) -> None:
        """With its connection the handling of an event ends: its handler is cancelled, and nobody answered."""
        cancelled: list[Any] = []
        called: list[Any] = []
        for seconds in (3, 0):
            work: Deferred[None] = Deferred(cancelled.append)
            handling = Handling(giving(work), called.append, seconds=seconds)
            assert handling.work is not None
            handling.work.cancel()
            assert type(failed(handling.work)) is CancelledError
            assert cancelled.pop() is work
            assert (handling.answers, handling.failures, called) == ([], [], [])
            assert handling.clock.getDelayedCalls() == []
