"""
Calls into the reactor from another thread and blocks for the result, and refuses calls that come in a wrong thread.
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


class OwnThread:
    """
    The thread of one hub, in which alone it may be called: its reactor's, or, without a reactor, the one that started it.

    @ivar ident: its C{threading.get_ident()}; None before the hub was started
    """

    __slots__ = ("ident",)

    def __init__(self) -> None:
        self.ident: int | None = None

    def started(self, reactor: Any) -> None:
        """
        Know the thread from now on.

        @param reactor: what serves the hub, or its clock
        """
        self._note()
        core = IReactorCore(reactor, None)
        if core is not None:
            # One thread may set up what runs in another.
            core.callWhenRunning(self._note)

    def _note(self) -> None:
        self.ident = get_ident()

    def require(self, call: str, instead: str) -> None:
        """
        Refuse a call in any other thread.

        @param call: what is called, for the message
        @param instead: what to call instead
        @raise UsageError: in another thread
        """
        if self.ident is not None and get_ident() != self.ident:
            raise UsageError(f"{call} is called in the reactor's thread, and this is another one: use {instead}.")
