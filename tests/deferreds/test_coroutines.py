"""
Coroutines and Deferreds that applications return, with asyncio's event loop and without.
"""

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed

from ratchet_tx.deferreds.coroutines import CANCELLED, asDeferred, isDone, withResult
from ratchet_tx.errors import UsageError
from tests.kit.fakes import failed, succeeded


async def give(value: Any) -> Any:
    return value


async def wait(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def call(function: Callable[[], Any]) -> Any:
    return function()


async def raising(error: BaseException) -> None:
    raise error


def test_whatIsLater() -> None:
    """Deferreds and coroutines become Deferreds; other values are results already."""
    coroutine = give(1)
    assert succeeded(asDeferred(coroutine)) == 1
    assert succeeded(asDeferred(succeed(1))) == 1
    for value in (None, 0, "x", give, iter(()), {}):
        assert asDeferred(value) is None


def test_deferredsStay() -> None:
    """A Deferred is used as it is."""
    given: Deferred[int] = Deferred()
    assert asDeferred(given) is given


class Awaitable:
    """
    An awaitable that is neither a Deferred nor a coroutine.
    """

    def __await__(self) -> Any:
        yield from give(1).__await__()
        return 2


def test_awaitables() -> None:
    """Any awaitable becomes a Deferred."""
    assert succeeded(asDeferred(Awaitable())) == 2


def test_isDone() -> None:
    """A Deferred is done when it has fired, and no callback of it waits for another."""
    other: Deferred[None] = Deferred()
    waits = succeed(None).addCallback(lambda _: other)
    assert [isDone(each) for each in (Deferred(), succeed(1), waits)] == [False, True, False]
    other.callback(None)
    assert isDone(waits)


def test_withResult() -> None:
    """A function gets a result at once, or when the Deferred of it fires."""
    later: Deferred[int] = Deferred()
    waiting = withResult(later, str)
    assert (withResult(1, str), isinstance(waiting, Deferred)) == ("1", True)
    later.callback(2)
    assert succeeded(waiting) == "2"


class TestWithoutLoop:
    """
    Under another reactor than asyncio's.
    """

    def test_result(self) -> None:
        """A coroutine that awaits nothing has its result at once."""
        assert succeeded(asDeferred(give(5))) == 5

    def test_awaitingDeferreds(self) -> None:
        """A coroutine goes on when the Deferred that it awaits fires, with its result."""
        given: Deferred[str] = Deferred()
        waiting = asDeferred(wait(given))
        assert not waiting.called
        given.callback("done")
        assert succeeded(waiting) == "done"

    @pytest.mark.parametrize("work", [lambda: wait(fail(ValueError("broken"))), lambda: raising(ValueError("broken"))])
    def test_failing(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """The Deferred fails with what the coroutine raises, or gets from a Deferred."""
        error = failed(asDeferred(work()))
        assert (type(error), str(error)) == (ValueError, "broken")

    def test_otherRuntimeErrors(self) -> None:
        """A RuntimeError of the application stays as it is."""
        error = failed(asDeferred(raising(RuntimeError("mine"))))
        assert (type(error), str(error)) == (RuntimeError, "mine")

    @pytest.mark.parametrize("mine", [None, object()])
    def test_otherAttributeErrors(self, mine: Any) -> None:
        """An AttributeError of the application stays as it is."""
        error = failed(asDeferred(call(lambda: mine.close)))
        assert isinstance(error, AttributeError)

    def test_cancelling(self) -> None:
        """Cancelling cancels what the coroutine waits for."""
        cancelled: list[Any] = []
        given: Deferred[None] = Deferred(cancelled.append)
        waiting = asDeferred(wait(given))
        waiting.cancel()
        assert cancelled == [given]
        assert type(failed(waiting)) is CancelledError

    @pytest.mark.parametrize(
        "work",
        [
            lambda: asyncio.sleep(0.01),
            lambda: asyncio.wait_for(give(1), 1),
            lambda: wait(asyncio.Event().wait()),
            lambda: asyncio.Queue().get(),
            lambda: call(asyncio.get_running_loop),
        ],
        ids=["sleep", "wait_for", "Event", "Queue", "get_running_loop"],
    )
    @pytest.mark.filterwarnings("ignore:coroutine 'give' was never awaited:RuntimeWarning")
    def test_asyncioSaysWhatToDo(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Awaiting asyncio code is an error that says to run the asyncio reactor, or to await Deferreds."""
        error = failed(asDeferred(work()))
        gc.collect()
        assert isinstance(error, UsageError), repr(error)
        assert "twistd --reactor=asyncio" in str(error)

    def test_futuresSayWhatToDo(self) -> None:
        """Awaiting an asyncio future is the same error."""
        loop = asyncio.new_event_loop()
        try:
            error = failed(asDeferred(wait(loop.create_future())))
        finally:
            loop.close()
        assert isinstance(error, UsageError)
        assert isinstance(error.__cause__, RuntimeError)


def underAsyncio(test: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[[Any], None]:
    """
    Run a test inside of an asyncio loop.
    """

    def run(self: Any) -> None:
        asyncio.run(test(self))

    run.__doc__, run.__name__ = test.__doc__, test.__name__
    return run


async def result(work: Coroutine[Any, Any, Any] | Deferred[Any]) -> Any:
    return await asDeferred(work).asFuture(asyncio.get_running_loop())


async def turns(count: int = 5) -> None:
    """
    Let the loop run some turns.
    """
    for _ in range(count):
        await asyncio.sleep(0)


class TestUnderAsyncio:
    """
    Under the asyncio reactor.
    """

    @underAsyncio
    async def test_result(self) -> None:
        """The Deferred has the coroutine's result."""
        assert await result(give(5)) == 5

    @underAsyncio
    async def test_awaitingAsyncio(self) -> None:
        """A coroutine may await asyncio's functions and futures."""

        async def work() -> tuple[Any, ...]:
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.set_result, "future")
            return await asyncio.sleep(0, "sleep"), await future, *await asyncio.gather(give(1), give(2))

        assert await result(work()) == ("sleep", "future", 1, 2)

    @underAsyncio
    async def test_awaitingDeferreds(self) -> None:
        """A coroutine may await Deferreds that have fired and those that have not."""
        given: Deferred[str] = Deferred()
        asyncio.get_running_loop().call_soon(given.callback, "later")

        async def work() -> tuple[Any, ...]:
            return await succeed("now"), await given

        assert await result(work()) == ("now", "later")

    @underAsyncio
    async def test_mixing(self) -> None:
        """A coroutine may await both in turn, also in nested coroutines."""

        async def inner(number: int) -> int:
            given: Deferred[int] = Deferred()
            asyncio.get_running_loop().call_soon(given.callback, number)
            await asyncio.sleep(0)
            return await given + await asyncio.sleep(0, 100)

        async def work() -> list[int]:
            return [await inner(number) for number in range(3)]

        assert await result(work()) == [100, 101, 102]

    @underAsyncio
    async def test_failing(self) -> None:
        """Errors of either side reach the coroutine, which may go on."""
        future = asyncio.get_running_loop().create_future()
        given: Deferred[None] = Deferred()
        asyncio.get_running_loop().call_soon(given.errback, ValueError("later"))
        asyncio.get_running_loop().call_soon(future.set_exception, KeyError("future"))
        caught: list[str] = []

        async def work() -> str:
            for awaitable in (fail(ValueError("now")), given, future, raising(OSError("own"))):
                try:
                    await awaitable
                except Exception as error:
                    caught.append(f"{type(error).__name__} {error.args[0]}")
            return "done"

        assert await result(work()) == "done"
        assert caught == ["ValueError now", "ValueError later", "KeyError future", "OSError own"]

    @underAsyncio
    async def test_failed(self) -> None:
        """The Deferred fails with what the coroutine doesn't catch."""
        for work in (raising(ValueError("own")), wait(fail(ValueError("deferred")))):
            with pytest.raises(ValueError, match=r"own|deferred"):
                await result(work)

    @underAsyncio
    async def test_cancellingADeferred(self) -> None:
        """Cancelling cancels the Deferred that the coroutine awaits."""
        cancelled: list[Any] = []
        given: Deferred[None] = Deferred(cancelled.append)
        waiting = asDeferred(wait(given))
        await turns()
        waiting.cancel()
        await turns()
        assert cancelled == [given]
        assert isinstance(failed(waiting), CancelledError | asyncio.CancelledError)

    @underAsyncio
    async def test_cancellingAFuture(self) -> None:
        """Cancelling cancels the future that the coroutine awaits."""
        future = asyncio.get_running_loop().create_future()
        waiting = asDeferred(wait(future))
        await turns()
        waiting.cancel()
        await turns()
        assert future.cancelled()
        assert isinstance(failed(waiting), CancelledError | asyncio.CancelledError)

    @underAsyncio
    async def test_cancellingWhatGoesOn(self) -> None:
        """A coroutine that catches its cancellation may still await something in its cleanup."""
        last: Deferred[str] = Deferred()

        async def work() -> str:
            try:
                await Deferred()
            except (CancelledError, asyncio.CancelledError):
                return await last

        waiting = asDeferred(work())
        await turns()
        waiting.cancel()
        await turns()
        last.callback("cleared")
        await turns()
        assert succeeded(waiting) == "cleared"

    @underAsyncio
    async def test_cancelledAsItFires(self) -> None:
        """A cancellation counts, even if the awaited result comes in the same moment."""
        given: Deferred[str] = Deferred()
        waiting = asDeferred(wait(given))
        await turns()
        waiting.cancel()
        given.callback("done")
        await turns()
        assert isinstance(failed(waiting), CANCELLED)

    @underAsyncio
    async def test_cancelledBeforeItBegins(self) -> None:
        """A coroutine that is cancelled before its first step is closed, without a warning that it was never awaited."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            waiting = asDeferred(give(1))
            waiting.cancel()
            await turns()
            failed(waiting)
            gc.collect()
        assert [str(warning.message) for warning in caught] == []

    @underAsyncio
    async def test_timeoutOfAsyncio(self) -> None:
        """asyncio.timeout works around asyncio code."""

        async def work() -> str:
            try:
                async with asyncio.timeout(0):
                    await asyncio.get_running_loop().create_future()
            except TimeoutError:
                return "too late"

        assert await result(work()) == "too late"

    @underAsyncio
    async def test_timeoutOfADeferred(self) -> None:
        """asyncio.timeout works around a Deferred, too: the Deferred is cancelled, and TimeoutError raised."""
        cancelled: list[Any] = []
        given: Deferred[None] = Deferred(cancelled.append)

        async def work() -> str:
            try:
                async with asyncio.timeout(0):
                    await given
            except TimeoutError:
                return "too late"

        assert await result(work()) == "too late"
        assert cancelled == [given]

    def test_loopThatIsGone(self) -> None:
        """A coroutine that still waits when its loop ends is closed, so that it can clean up."""
        cleared: list[str] = []

        async def work() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                cleared.append("cleared")

        async def begin() -> None:
            asDeferred(work())
            await turns()

        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda loop, context: None)
        loop.run_until_complete(begin())
        loop.close()
        del loop
        gc.collect()
        assert cleared == ["cleared"]
