"""
Calls into the reactor from another thread and blocks for the result; refuses calls from a wrong thread.
"""

from collections.abc import Callable
from concurrent.futures import Future
from threading import get_ident
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReactorCore, IReactorFromThreads
from twisted.python.threadable import isInIOThread

from ratchet_tx.errors import UsageError


def waitFor(call: Callable[[], Any], reactor: Any, timeout: float | None) -> Any:
    """
    Call a function in the reactor's thread, and wait for its result in this one.

    @param call: the function; it may return a Deferred
    @param reactor: the reactor
    @param timeout: how many seconds to wait; None for as long as it takes
    @return: the result
    @raise UsageError: in the reactor's own thread, and for a reactor that other threads can't call
    @raise TimeoutError: after C{timeout}; it says whether the call had begun

    It raises what the call raises, or its Deferred fails with.
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
            # The call itself raised it.
            raise
        begun = not result.cancel()
        state = "it has been sent, but was not confirmed" if begun else "the reactor didn't come to it, and won't now"
        raise TimeoutError(f"No result after {timeout} s: {state}") from None


def _begin(call: Callable[[], Any], result: "Future[Any]") -> None:
    # After a timeout the call must not happen.
    if result.set_running_or_notify_cancel():
        maybeDeferred(call).addCallbacks(result.set_result, lambda failure: result.set_exception(failure.value))


class OwnThread:
    """
    The only thread in which a hub may be called: the reactor's, or, without a reactor, the one that started the hub.

    @ivar ident: its C{threading.get_ident()}; None before the start
    """

    __slots__ = ("ident",)

    def __init__(self) -> None:
        self.ident: int | None = None

    def started(self, reactor: Any) -> None:
        """
        Take this thread as the hub's; with a reactor, the thread in which it runs.

        @param reactor: the reactor that serves the hub, or the hub's clock
        """
        self._note()
        core = IReactorCore(reactor, None)
        if core is not None:
            # The reactor may run in another thread than this one.
            core.callWhenRunning(self._note)

    def _note(self) -> None:
        self.ident = get_ident()

    def require(self, call: str, instead: str) -> None:
        """
        Refuse a call in another thread.

        @param call: the call, for the error
        @param instead: what to call instead, for the error
        @raise UsageError: in another thread
        """
        if self.ident is not None and get_ident() != self.ident:
            raise UsageError(f"{call} is called in the reactor's thread, and this is another one: use {instead}.")
