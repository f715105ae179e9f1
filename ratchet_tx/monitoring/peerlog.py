"""
Logs what peers cause, within the limit C{logBytesPerMinute}.

Entries beyond it are left out and counted; every ten seconds a line for each address says how many.
"""

from pathlib import PurePath
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.logbudget import LogBudget
from ratchet_tx.monitoring.printable import printable

#: How many seconds after the first left out entry their numbers are logged.
TELL_SECONDS = 10

#: About how many bytes a log file has before each line: the time, and the name of the logger.
_PREFIX = 80

#: The share of the burst that tracebacks leave to lines: when it is reached, failures are logged without tracebacks.
_RESERVE = 0.5

#: The length of a short traceback: without room for it none is formatted.
_SHORTEST = 500

#: A longer traceback is cut in the middle: that of a recursion has 100 kB, and an exception may quote a peer's message.
_LONGEST = 16384

#: Stands for the address where it isn't known which peer caused an entry.
UNKNOWN_ADDRESS = "unknown"


class PeerLog:
    """
    The log of one hub, for what peers cause.

    @param clock: measures the minutes; without a limit none is needed
    @param counters: counts the left out entries, as C{unlogged}
    @param perMinute: how many bytes peers may cause in any minute; 0 for any number
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime | None = None,
        counters: Counters | None = None,
        perMinute: int = 0,
    ) -> None:
        self._clock = LateClock() if clock is None else clock
        self._counters = Counters() if counters is None else counters
        self._telling: IDelayedCall | None = None
        self._budget: LogBudget | None = None
        self.limit(perMinute)

    def limit(self, perMinute: int) -> None:
        """
        Set how many bytes peers may cause in any minute; 0 for any number.
        """
        self._budget = LogBudget(perMinute) if perMinute else None

    def emit(self, logger: Logger, level: Any, address: str, format: str, **facts: Any) -> None:
        """
        Log a line, if there is room for it.

        @param logger: the logger to use
        @param address: the peer's IP address, which is added to the facts
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
        Log a failure with its traceback. Without room for the traceback, log a line with the exception's class and place.

        @param failure: by default the exception that is being handled
        @param traceback: the text to log as the traceback; by default the failure's
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
        Take the room for a line and its traceback.

        @return: None without room; blank where the logger may format the traceback itself; else the traceback to log
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
        Take the room for a text, or count it as left out.

        @return: whether there was room
        """
        if self._budget is None:
            return True
        now = self._now()
        if self._budget.take(address, _PREFIX + sizeOf(text), now):
            return True
        self._budget.leaveOut(address, now)
        self._counters.unlogged += 1
        if self._telling is None:
            self._telling = self._clock.callLater(TELL_SECONDS, self._tell)
        return False

    def stop(self) -> None:
        """
        Log now what was left out.
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
        return self._clock.seconds()


#: Has no limit: for use without a hub.
UNBOUNDED = PeerLog()


def sizeOf(text: str) -> int:
    """
    Count the bytes that a text takes in a log file, where each further line begins with a tab.
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
    Find the file and the line of the innermost frame.
    """
    traceback: Any = failure.getTracebackObject()
    if traceback is None:
        return "?"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{PurePath(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"
