"""
Which works there are, by the names by which the command line chooses them.
"""

from benchmarks.works import Echo, FanOut, Work

WORKS: dict[str, Work] = {
    "echo-1": Echo(),
    "echo-16": Echo(inFlight=16),
    "echo-1-4k": Echo(size=4096),
    "echo-16-4k": Echo(inFlight=16, size=4096),
    "fanout-1000": FanOut(1000),
    "fanout-5000": FanOut(5000),
    "room-100": FanOut(5000, room=100),
    "shouts-8": FanOut(1000, shouts=8),
}
