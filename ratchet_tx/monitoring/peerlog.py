"""
Logs what peers cause, within the room that the log has for it.

What is left out is counted, and told every ten seconds by a line for each address.
"""

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from ratchet_tx.errors import UsageError
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.logbudget import LogBudget
from ratchet_tx.monitoring.printable import printable

#: How often it is told what was left out, in seconds.
TELL_SECONDS = 10

#: About how many bytes a log has before a line: the time, and the name of the logger.
_PREFIX = 80

#: What of the room at once tracebacks leave to lines, so that each failure has at least its line for longer.
_RESERVE = 0.5

#: The shortest that a traceback is: where there is no room for that, it isn't even written.
_SHORTEST = 500

#: A longer traceback is cut in the middle. A recursion has 100 kB, and an exception may quote what a peer sent.
_LONGEST = 16384

#: Whose doing it is where nobody knows.
NOBODY = "unknown"


def _noClock() -> IReactorTime:
    raise UsageError("A log with a limit needs a clock.")


class PeerLog:
    """
    The log of one hub, as far as peers cause it.

    @param clock: gives what tells the time and calls us later; called when it is needed
    @param counters: where it is counted what was left out
    @param perMinute: for how many bytes of it there is room in any minute; 0 for any number
    """

    _log = Logger()

    def __init__(
        self,
        clock: Callable[[], IReactorTime] = _noClock,
        counters: Counters | None = None,
        perMinute: int = 0,
    ) -> None:
        self._clock = clock
        self._counters = Counters() if counters is None else counters
        self._telling: IDelayedCall | None = None
        self._budget: LogBudget | None = None
        self.limit(perMinute)

    def limit(self, perMinute: int) -> None:
        """
        Set for how many bytes there is room in any minute; 0 for any number.
        """
        self._budget = LogBudget(perMinute) if perMinute else None

    def emit(self, logger: Logger, level: Any, address: str, format: str, **facts: Any) -> None:
        """
        Log a line, if there is room for it.

        @param logger: whose line it is
        @param address: the peer's IP address, which is one of the facts
        """
        facts["address"] = address
        if self._budget is None or self.admits(address, format.format(**facts)):
            logger.emit(level, format, **facts)

    def info(self, logger: Logger, address: str, format: str, **facts: Any) -> None:
        """
        Log a line of the level C{info}, as L{emit} does.
        """
        self.emit(logger, LogLevel.info, address, format, **facts)

    def failure(
        self,
        logger: Logger,
        address: str,
        format: str,
        failure: Failure | None = None,
        traceback: str | None = None,
        **facts: Any,
    ) -> None:
        """
        Log what failed: with its traceback, where there is room for that; else as a line, with the exception's class, and
        where it was raised.

        @param failure: by default of the exception that is being handled
        @param traceback: what to show of it, by default all
        """
        failure = Failure() if failure is None else failure
        facts["address"] = address
        line = format.format(**facts)
        text = self._roomFor(address, line, failure, traceback)
        if text is None:
            shown = f"{line}: {printable(_nameOf(failure))} at {_whereOf(failure)} (traceback left out)"
            if self.admits(address, shown):
                logger.emit(LogLevel.critical, "{line}", line=shown, **facts)
        elif text:
            logger.emit(LogLevel.critical, "{line}\n{traceback}", line=line, traceback=text, raised=failure, **facts)
        else:
            logger.failure(format, failure, **facts)

    def _roomFor(self, address: str, line: str, failure: Failure, traceback: str | None) -> str | None:
        """
        Take the room that a line and its traceback need.

        @return: None where there is none; blank where the logger's own traceback will do; else the one to be shown
        """
        budget = self._budget
        if budget is None:
            return traceback or ""
        if not budget.has(address, _SHORTEST, self._now(), _RESERVE):
            return None
        shown = failure.getTraceback() if traceback is None else traceback
        text = _cut(shown)
        if not budget.take(address, _PREFIX + sizeOf(line) + sizeOf(text), self._now(), _RESERVE):
            return None
        return "" if traceback is None and text is shown else text

    def admits(self, address: str, text: str) -> bool:
        """
        Say whether there is room for a text, which is then taken; else it is counted as left out.
        """
        if self._budget is None:
            return True
        now = self._now()
        if self._budget.take(address, _PREFIX + sizeOf(text), now):
            return True
        self._budget.leaveOut(address, now)
        self._counters.unlogged += 1
        if self._telling is None:
            self._telling = self._clock().callLater(TELL_SECONDS, self._tell)
        return False

    def stop(self) -> None:
        """
        Tell now what was left out.
        """
        if self._telling is not None:
            self._telling.cancel()
            self._tell()

    def _tell(self) -> None:
        self._telling = None
        if self._budget is None:
            return
        now = self._now()
        for address, lines, since in self._budget.takeLeftOut():
            self._log.warn(
                "Left out of the log: address={address} lines={lines} seconds={seconds} limit=logBytesPerMinute",
                address=address,
                lines=lines,
                seconds=round(now - since, 1),
            )

    def _now(self) -> float:
        return self._clock().seconds()


#: Has room for everything: for what is used without a hub.
UNBOUNDED = PeerLog()


def sizeOf(text: str) -> int:
    """
    Say how many bytes a text takes in a log file, where each further line begins with a tab.
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "backslashreplace"))
    return size + text.count("\n")


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]}\n[...]\n{text[-half:]}"


def _nameOf(failure: Failure) -> str:
    return str(getattr(failure.type, "__name__", failure.type))


def _whereOf(failure: Failure) -> str:
    """
    Name the file and the line of the innermost frame.
    """
    traceback: Any = failure.getTracebackObject()
    if traceback is None:
        return "?"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{PurePath(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"
