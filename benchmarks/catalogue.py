"""
Which works there are, by the names by which the command line chooses them.
"""

from benchmarks.works import Echo, FanOut, Flood, Idle, Visits, Work

#: What stands in the table.
TABLE: dict[str, Work] = {
    "echo-1": Echo(),
    "echo-16": Echo(inFlight=16),
    "echo-1-4k": Echo(size=4096),
    "echo-16-4k": Echo(inFlight=16, size=4096),
    "fanout-1000": FanOut(1000),
    "fanout-5000": FanOut(5000),
    "room-100": FanOut(5000, room=100),
    "shouts-8": FanOut(1000, shouts=8),
    "connect": Visits(),
    "idle": Idle(),
    "flood": Flood(),
}

#: How many are connected, for L{GROWTH}.
SIZES = (10, 100, 1000, 10_000)

_growing: dict[str, dict[str, Work]] = {
    "CPU us per event, echo": {f"growth-echo-{size}": Echo(talking=10, silent=size - 10) for size in SIZES},
    "CPU us per delivery, fan-out": {f"growth-fanout-{size}": FanOut(size) for size in SIZES},
    "CPU us per visit": {f"growth-connect-{size}": Visits(silent=size) for size in SIZES},
}

#: By what is measured, the names of the works that show how it grows, one for each size.
GROWTH: dict[str, list[str]] = {title: list(works) for title, works in _growing.items()}

#: All of them.
WORKS: dict[str, Work] = {**TABLE, **{name: work for works in _growing.values() for name, work in works.items()}}
