"""
What came of an attack, as figures and as a table; how it was made, it isn't told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from benchmarks.meter import percentile
from benchmarks.table import simpleTable

#: What a healthy peer may notice of an attack, in milliseconds: what 99 % of its waits aren't above, and the longest.
P99_MS, LONGEST_MS = 100, 500

#: How much more memory there may be at the peak, in MiB.
GROWTH_MIB = 256

#: How many times the memory there may be in the end.
GROWN = 1.2

#: How much may be logged in a minute, in KiB.
LOGGED_KIB = 1024

HEADS = (
    "attack",
    "p50 ms",
    "p99 ms",
    "longest ms",
    "login ms",
    "CPU",
    "delayed",
    "MiB before",
    "peak",
    "after",
    "kept KiB",
    "files",
    "log KiB/min",
    "lost",
)

#: Of moments and what was measured then, both in seconds or in MiB.
Series = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Waits:
    """
    How long a healthy peer waited, in milliseconds.

    @ivar p50: half of its echoes took less
    @ivar p99: 99 % of them
    @ivar longest: the longest of them
    @ivar login: the longest time that a new connection took until it was logged in
    """

    p50: float
    p99: float
    longest: float
    login: float


def summed(echoes: Series, logins: Series, every: float) -> Waits:
    """
    Sum up when a peer asked, and how long that took, in seconds.

    Who waits asks nothing else meanwhile: what it would have asked then would have waited, too, and counts as well. Else a
    server that stands still for ten seconds would have been slow once.

    @param every: how often it asks where it hasn't to wait
    """
    taken = sorted(seconds - every * more for _, seconds in echoes for more in range(max(1, ceil(seconds / every))))
    longest = max((seconds for _, seconds in logins), default=0.0)
    return Waits(*(percentile(taken, share) * 1000 for share in (0.5, 0.99, 1)), longest * 1000)


def bySecond(series: Series) -> list[tuple[float, float]]:
    """
    Keep the greatest value of each second, at its place in time.
    """
    greatest: dict[int, float] = {}
    for at, value in series:
        greatest[int(at)] = max(value, greatest.get(int(at), value))
    return [(float(second), round(value, 4)) for second, value in sorted(greatest.items())]


@dataclass(frozen=True)
class Siege:
    """
    What came of an attack.

    @ivar name: the attack's
    @ivar says: what it was, in one line
    @ivar seconds: how long it lasted
    @ivar waits: how long the healthy peer waited
    @ivar echoes: its longest wait for an echo in each second, in seconds
    @ivar lost: how many of its connections ended
    @ivar busy: which share of a core the server took, from 0 to 1
    @ivar delayed: for which share of the time it could have run, and others had the core
    @ivar memory: after how many seconds the server had how many MiB
    @ivar before: how many it had before, once what was free was given back
    @ivar after: how many in the end, likewise
    @ivar kept: how many bytes the server's ledger has in the end, more than before
    @ivar files: how many files it had open, at most
    @ivar logged: how many bytes it logged
    @ivar controls: how many control bytes there were among them
    @ivar counts: what the attackers did, and how their connections ended
    @ivar ledger: what the server itself counted in the end
    """

    name: str
    says: str
    seconds: float
    waits: Waits
    echoes: Series
    lost: int
    busy: float
    delayed: float
    memory: Series
    before: float
    after: float
    kept: int
    files: int
    logged: int
    controls: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    ledger: Mapping[str, int] = field(default_factory=dict)

    @property
    def peak(self) -> float:
        """
        How many MiB the server had at most.
        """
        return max((mebibytes for _, mebibytes in self.memory), default=self.before)

    @property
    def loggedPerMinute(self) -> float:
        """
        How many KiB it logged in a minute.
        """
        return self.logged / 1024 / self.seconds * 60

    def line(self) -> str:
        """
        Say it in one line, with what the attackers did.
        """
        counts = ", ".join(f"{name} {count:,}" for name, count in sorted(self.counts.items()))
        figures = ", ".join(f"{head} {cell}" for head, cell in zip(HEADS[1:], cells(self)[1:], strict=True))
        ledger = f"; ledger {dict(self.ledger)}" if self.ledger else ""
        controls = f"; {self.controls} control bytes in the log" if self.controls else ""
        return f"{figures}; attackers: {counts or 'nothing'}{ledger}{controls}"


def cells(siege: Siege) -> tuple[str, ...]:
    """
    Make the cells of a row; what is more than it may be is marked.
    """
    waits = siege.waits
    return (
        siege.name,
        f"{waits.p50:.1f}",
        _marked(waits.p99, P99_MS),
        _marked(waits.longest, LONGEST_MS),
        _marked(waits.login, LONGEST_MS),
        f"{siege.busy:.0%}",
        f"{siege.delayed:.0%}",
        f"{siege.before:.0f}",
        _marked(siege.peak, siege.before + GROWTH_MIB, "{:.0f}"),
        _marked(siege.after, siege.before * GROWN, "{:.0f}"),
        _marked(ceil(siege.kept / 1024), 0, "{}"),
        f"{siege.files}",
        _marked(siege.loggedPerMinute, LOGGED_KIB, "{:.0f}"),
        _marked(siege.lost, 0, "{}"),
    )


def _marked(value: float, most: float, form: str = "{:.1f}") -> str:
    return form.format(value) + (" (!)" if value > most else "")


def siegeTable(sieges: Sequence[Siege]) -> str:
    """
    Write them as a table of reStructuredText.
    """
    return simpleTable(HEADS, [cells(each) for each in sieges])
