"""
What is measured while a load runs: time, latencies, and the CPU of the server and of the load itself.
"""

import time
from array import array
from dataclasses import dataclass

from benchmarks.machine import cpuSeconds


@dataclass(frozen=True)
class Sample:
    """
    What one run of one work on one server gave.

    @ivar events: how many there were, of what the work counts
    @ivar seconds: in what time
    @ivar serverCPU: the server's CPU, in seconds, user and system
    @ivar loadCPU: the load's own, likewise
    @ivar p50: half of the latencies were shorter, in seconds; 0 where there is no latency
    @ivar p99: 99 % of them were
    @ivar memory: the server's memory for each connection, in bytes; 0 where that isn't measured
    """

    events: int
    seconds: float
    serverCPU: float
    loadCPU: float
    p50: float = 0.0
    p99: float = 0.0
    memory: float = 0.0

    @property
    def rate(self) -> float:
        """
        Events per second.
        """
        return self.events / self.seconds

    @property
    def microseconds(self) -> float:
        """
        The server's CPU for each event.
        """
        return self.serverCPU / self.events * 1e6

    @property
    def share(self) -> float:
        """
        How busy the load itself was, from 0 to 1.
        """
        return self.loadCPU / self.seconds


class Meter:
    """
    Takes a sample between L{start} and L{stop}.

    @param pid: the server's process
    @ivar latencies: those of the events that were answered since the start, in seconds
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.latencies = array("d")

    def start(self) -> None:
        """
        Begin, or begin again.
        """
        del self.latencies[:]
        self._before = self._now()

    def stop(self, events: int | None = None) -> Sample:
        """
        End.

        @param events: how many there were, if not as many as latencies
        """
        seconds, server, load = (after - before for before, after in zip(self._before, self._now(), strict=True))
        ordered = sorted(self.latencies)
        return Sample(
            len(ordered) if events is None else events,
            seconds,
            server,
            load,
            percentile(ordered, 0.5),
            percentile(ordered, 0.99),
        )

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter(), cpuSeconds(self.pid), time.process_time()


def percentile(ordered: list[float], part: float) -> float:
    """
    Find the value that a part of all values isn't above.

    @param ordered: the values, in order; of none the percentile is 0
    @param part: from 0 to 1
    """
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
