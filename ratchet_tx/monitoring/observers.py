"""
Tells observers the happenings that they asked for.
"""

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from ratchet_tx.errors import UsageError
from ratchet_tx.happenings import Happening
from ratchet_tx.monitoring.peerlog import NOBODY, UNBOUNDED, PeerLog

Observer = Callable[[Any], Any]


class Observers:
    """
    The observers of a hub, by the class of happening that they want.

    A happening that nobody observes isn't made.

    @param log: where failures of observers are logged

    @ivar byHappening: who observes which; to be looked at before something is told that happens for every message
    """

    _log = Logger()

    def __init__(self, log: PeerLog = UNBOUNDED) -> None:
        self._peerLog = log
        self.byHappening: dict[type, tuple[Observer, ...]] = {}

    def add(self, observer: Observer, happening: type) -> None:
        """
        Tell somebody from now on; adding twice is adding once.

        @raise UsageError: for what isn't a class of happening
        """
        if not (isinstance(happening, type) and issubclass(happening, Happening)) or happening is Happening:
            raise UsageError(f"{happening!r} isn't one of the happenings in ratchet_tx.happenings.")
        if not callable(observer):
            raise UsageError(f"{observer!r} can't be called with a happening.")
        already = self.byHappening.get(happening, ())
        if observer not in already:
            self.byHappening[happening] = (*already, observer)

    def tell(self, happening: type, *facts: Any) -> None:
        """
        Tell those who want to know; what one of them raises is logged and stops no other.

        @param happening: the class, which is made only if somebody wants it
        @param facts: what it is made with
        """
        observers = self.byHappening.get(happening)
        if observers is None:
            return
        told = happening(*facts)
        for observer in observers:
            try:
                observer(told)
            except Exception:
                self._peerLog.failure(
                    self._log,
                    NOBODY,
                    "An observer of {happening} failed",
                    happening=happening.__name__,
                )
