"""
Runs the Deferreds and coroutines that applications return.

Under the asyncio reactor a coroutine runs as a Task, so it may await asyncio code and Deferreds.
Under any other reactor it may await Deferreds; awaiting asyncio code is an error that says what to do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from inspect import iscoroutine
from types import coroutine
from typing import Any, TypeVar, cast

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from ratchet_tx.errors import UsageError

_log = Logger()

_Result = TypeVar("_Result")

#: The errors of a cancelled Deferred or Task; asyncio's is not an Exception.
CANCELLED = (defer.CancelledError, asyncio.CancelledError)

_NO_LOOP = (
    "This code awaits asyncio, which needs asyncio's event loop: run it with 'twistd --reactor=asyncio', "
    "or await Deferreds instead."
)


def asDeferred(value: Any) -> Deferred[Any] | None:
    """
    Make a Deferred from a Deferred, a coroutine or another awaitable.

    Cancelling the Deferred cancels what the coroutine waits for.

    @return: None for any other value, which is a result itself. The Deferred fails with what the coroutine raises; it fails
        with L{UsageError} where asyncio raised because no event loop runs
    """
    if isinstance(value, Deferred):
        return value
    if not iscoroutine(value):
        if not hasattr(value, "__await__"):
            return None
        value = _awaiting(value)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return Deferred.fromCoroutine(_withoutLoop(value))
    task = loop.create_task(_asTask(value, loop))
    # A Task that is cancelled before its first step wouldn't close the coroutine.
    task.add_done_callback(lambda _: value.close())
    return Deferred.fromFuture(task)


def cancel(work: Deferred[Any]) -> None:
    """
    Cancel a Deferred; an exception of its canceller is logged, not raised.
    """
    try:
        work.cancel()
    except Exception:
        _log.failure("Cancelling a Deferred failed")


def isDone(work: Deferred[Any]) -> bool:
    """
    Say whether a Deferred has its result: it has fired, and no callback waits for another Deferred.
    """
    return work.called and not work.paused


def withResult(found: Any, callback: Callable[[Any], _Result]) -> "_Result | Deferred[Any]":
    """
    Call a function with a result: at once, or when the Deferred of it fires.

    @param found: the result, or a Deferred of it
    @return: what the function returned, or a Deferred of it
    """
    return found.addCallback(callback) if isinstance(found, Deferred) else callback(found)


def shielded(work: Deferred[Any], abandoned: Callable[[], Any]) -> Deferred[None]:
    """
    Wait for a Deferred, so that cancelling the wait doesn't cancel the work.

    @param abandoned: called if the wait is cancelled
    @return: a Deferred that fires with None when the work has succeeded or failed
    """
    waiting: Deferred[None] = Deferred(lambda _: abandoned())

    def done(result: Any) -> Any:
        if not waiting.called:
            waiting.callback(None)
        return result

    work.addBoth(done)
    return waiting


async def _awaiting(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _withoutLoop(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    except (RuntimeError, AttributeError) as error:
        if _saysNoLoopRuns(error):
            raise UsageError(_NO_LOOP) from error
        raise


def _saysNoLoopRuns(error: RuntimeError | AttributeError) -> bool:
    """
    Say whether asyncio raised an error because no event loop runs.

    Such errors have no class of their own, and their texts differ by Python's version. So they are compared with errors
    that are caused here on purpose.
    """
    if isinstance(error, AttributeError):
        # Locks and queues use the running loop unchecked, and it is None.
        return error.obj is None and error.name == "create_future"
    return error.args in (_complaint(asyncio.get_running_loop), _complaint(_awaitOutsideOfATask))


def _complaint(ask: Callable[[], Any]) -> tuple[Any, ...] | None:
    try:
        ask()
    except RuntimeError as error:
        return error.args
    return None


class _NoLoop:
    """
    As much of an event loop as a future needs.
    """

    def get_debug(self) -> bool:
        return False


def _awaitOutsideOfATask() -> None:
    future: asyncio.Future[None] = asyncio.Future(loop=cast(asyncio.AbstractEventLoop, _NoLoop()))
    waiting = future.__await__()
    next(waiting)
    # A Task would go on only when the future is done.
    next(waiting)


async def _asTask(work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
    try:
        return await _drive(work, loop)
    except (SystemExit, KeyboardInterrupt) as error:
        # asyncio would end its loop, and so the server.
        raise RuntimeError(f"{type(error).__name__} in a coroutine") from error


@coroutine
def _drive(work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Generator[Any, Any, Any]:
    """
    Run a coroutine inside of a Task, which can't await Deferreds by itself.

    A C{CancelledError} of the Task cancels the awaited Deferred. The coroutine gets asyncio's error, not the Deferred's:
    C{asyncio.timeout} and the like handle only that.
    """
    step, argument = work.send, None
    while True:
        try:
            awaited = step(argument)
        except StopIteration as stop:
            return stop.value
        step, argument = work.send, None
        try:
            if isinstance(awaited, Deferred):
                yield from _settled(awaited, loop)
            else:
                argument = yield awaited
        except GeneratorExit:
            work.close()
            raise
        except BaseException as error:
            step, argument = work.throw, error


def _settled(awaited: Deferred[Any], loop: asyncio.AbstractEventLoop) -> Generator[Any, Any, None]:
    """
    Wait until a Deferred has a result, and leave it there for the coroutine, which asks the Deferred for it.
    """
    future = loop.create_future()

    def settle(result: Any) -> Any:
        if not future.done():
            future.set_result(None)
        return result

    awaited.addBoth(settle)
    try:
        yield from future
    except asyncio.CancelledError:
        awaited.addErrback(lambda _: None)
        awaited.cancel()
        raise
