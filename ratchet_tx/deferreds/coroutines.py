"""
Runs the Deferreds and coroutines that applications return.

Under the asyncio reactor a coroutine runs as a Task, so that it may await asyncio code and Deferreds alike.
Under any other reactor it may await Deferreds, and the attempt to await asyncio code says what to do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from inspect import iscoroutine
from types import coroutine
from typing import Any, cast

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from ratchet_tx.errors import UsageError

_log = Logger()

#: What says that a Deferred or a Task was cancelled; asyncio's is no Exception.
CANCELLED = (defer.CancelledError, asyncio.CancelledError)

_NO_LOOP = (
    "This code awaits asyncio, which needs asyncio's event loop: run it with 'twistd --reactor=asyncio', "
    "or await Deferreds instead."
)


def asDeferred(value: Any) -> Deferred[Any] | None:
    """
    Make a Deferred of a result that is still to come: a Deferred, a coroutine, or whatever else can be awaited; None for
    any other.

    Cancelling it cancels what the coroutine waits for.

    The Deferred fails with what the coroutine raises, and with L{UsageError} where that is asyncio's complaint that no
    event loop runs.
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
    # A Task that is cancelled before its first step would leave the coroutine behind, never begun and never closed.
    task.add_done_callback(lambda _: value.close())
    return Deferred.fromFuture(task)


def cancel(work: Deferred[Any]) -> None:
    """
    Cancel somebody's work; what his canceller raises is logged, and stops nobody.
    """
    try:
        work.cancel()
    except Exception:
        _log.failure("Cancelling failed")


def shielded(work: Deferred[Any], abandoned: Callable[[], Any]) -> Deferred[None]:
    """
    Wait for somebody's work without being able to cancel it.

    @param abandoned: called where the wait is cancelled
    @return: a Deferred that fires when the work is done, well or not; cancelling it leaves the work alone
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
    Say whether an error is asyncio's complaint that no event loop runs.

    Such errors have no class of their own.  They are told by the arguments that asyncio gives them when it is asked here on
    purpose, so that no words of a version of Python stand here.
    """
    if isinstance(error, AttributeError):
        # Locks and queues take the running loop without looking at it, and it is None.
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
    What a future needs of a loop to be made.
    """

    def get_debug(self) -> bool:
        return False


def _awaitOutsideOfATask() -> None:
    future: asyncio.Future[None] = asyncio.Future(loop=cast(asyncio.AbstractEventLoop, _NoLoop()))
    waiting = future.__await__()
    next(waiting)
    # A Task would come back only when the future is done.
    next(waiting)


async def _asTask(work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
    try:
        return await _drive(work, loop)
    except (SystemExit, KeyboardInterrupt) as error:
        # asyncio would let these end its loop, and so the server.
        raise RuntimeError(f"{type(error).__name__} in a coroutine") from error


@coroutine
def _drive(work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Generator[Any, Any, Any]:
    """
    Step a coroutine inside of a Task, which by itself would refuse the Deferreds that it awaits.

    A C{CancelledError} of the Task cancels the Deferred that is waited for; the coroutine sees asyncio's error, not the
    Deferred's, for C{asyncio.timeout} and the like know only their own.
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
