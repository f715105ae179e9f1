"""
Calls the observers of happenings.
"""

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from ratchet_tx.errors import UsageError
from ratchet_tx.happenings import Happening
from ratchet_tx.monitoring.peerlog import UNBOUNDED, UNKNOWN_ADDRESS, PeerLog

Observer = Callable[[Any], Any]


class Observers:
    """
    The observers of a hub, by the class of happening that they observe.

    A happening without observers isn't made.

    @param log: gets the failures of observers

    @ivar byHappening: the observers by class; callers check it before L{tell} where something happens for every message
    """

    _log = Logger()

    def __init__(self, log: PeerLog = UNBOUNDED) -> None:
        self._peerLog = log
        self.byHappening: dict[type, tuple[Observer, ...]] = {}

    def add(self, observer: Observer, happening: type) -> None:
        """
        Add an observer; adding it twice is adding it once.

        @param observer: called with each happening of the class
        @raise UsageError: for what isn't a class of happening, or can't be called
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
        Make a happening and call its observers; an observer's failure is logged, and the others are called all the same.

        @param happening: the class; without observers nothing is made
        @param facts: its arguments
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
                    UNKNOWN_ADDRESS,
                    "Observer failed: happening={happening}",
                    happening=happening.__name__,
                )
