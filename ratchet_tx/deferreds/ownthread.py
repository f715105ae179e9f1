"""
The thread that a hub runs in. A call in another one is refused: it would arrive when something else wakes the reactor.
"""

from threading import get_ident
from typing import Any

from twisted.internet.interfaces import IReactorCore

from ratchet_tx.errors import UsageError


class OwnThread:
    """
    The thread of one hub: its reactor's, or, without a reactor, the one that started it.

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
