"""
Calls from other threads than the reactor's, which wait until they are done; it knows of a reactor only how to call in it.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.threadable import isInIOThread

from ratchet_tx.errors import UsageError


def waitFor(call: Callable[[], Any], reactor: Any, timeout: float | None) -> Any:
    """
    Have something done in the reactor's thread, and wait for it in this one.

    @param call: it gives the result
    @param reactor: whose thread that is
    @param timeout: for how long to wait, in seconds; None for as long as it takes
    @return: the result
    @raise UsageError: in the reactor's own thread, which would wait for itself, and where there is no such reactor
    @raise TimeoutError: where it took longer; it says whether it had begun

    It raises whatever the call raises, or its Deferred fails with.
    """
    threads = IReactorFromThreads(reactor, None)
    if threads is None:
        raise UsageError(
            "The hub isn't served by a reactor that other threads could call: "
            "serve it by RatchetServerFactory, RatchetResource or makeService."
        )
    if isInIOThread():
        raise UsageError("This is the reactor's own thread, which would wait for itself: call hub.emit().")
    result: Future[Any] = Future()
    threads.callFromThread(_begin, call, result)
    try:
        return result.result(timeout)
    except TimeoutError:
        if result.done():
            # It is the call's own.
            raise
        begun = not result.cancel()
        state = "it has been sent, but was not confirmed" if begun else "the reactor didn't come to it, and won't now"
        raise TimeoutError(f"No result after {timeout} s: {state}") from None


def _begin(call: Callable[[], Any], result: "Future[Any]") -> None:
    # Who has given up waiting must not be surprised by its being done later.
    if result.set_running_or_notify_cancel():
        maybeDeferred(call).addCallbacks(result.set_result, lambda failure: result.set_exception(failure.value))
