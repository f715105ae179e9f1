"""
Who is told of what happens; it knows neither what happens nor who wants to know it.
"""

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from ratchet_tx.errors import UsageError
from ratchet_tx.happenings import Happening

Observer = Callable[[Any], Any]


class Observers:
    """
    The observers of a hub, by the class of happening that they want.

    A happening that nobody observes isn't made, so ask L{of} first, and L{tell} then.
    """

    _log = Logger()

    def __init__(self) -> None:
        self._byHappening: dict[type, tuple[Observer, ...]] = {}

    def add(self, observer: Observer, happening: type) -> None:
        """
        Tell somebody from now on; adding twice is adding once.

        @raise UsageError: for what isn't a class of happening
        """
        if not (isinstance(happening, type) and issubclass(happening, Happening)) or happening is Happening:
            raise UsageError(f"{happening!r} isn't one of the happenings in ratchet_tx.happenings.")
        if not callable(observer):
            raise UsageError(f"{observer!r} can't be called with a happening.")
        already = self._byHappening.get(happening, ())
        if observer not in already:
            self._byHappening[happening] = (*already, observer)

    def of(self, happening: type) -> tuple[Observer, ...]:
        """
        Name those who want to be told.
        """
        return self._byHappening.get(happening, ())

    def tell(self, happening: Happening) -> None:
        """
        Tell those who want to know; what one of them raises is logged and stops no other.
        """
        for observer in self.of(type(happening)):
            try:
                observer(happening)
            except Exception:
                self._log.failure("An observer of {happening} failed", happening=type(happening).__name__)
