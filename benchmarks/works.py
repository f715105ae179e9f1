"""
What servers are made to do, as seen by the load: each work opens its peers, has them talk for a while, and gives a sample.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from time import perf_counter
from typing import ClassVar, Protocol

from benchmarks.meter import Meter, Sample
from benchmarks.peer import TEXT, Crowd, Peer

#: A part of the seconds that goes by before anything is measured.
WARM_UP = 0.5


def part(number: int, scale: float) -> int:
    """
    Make a number of peers smaller; of some there remains one.
    """
    return number and max(1, int(number * scale))


class Work(Protocol):
    """
    A work.

    @ivar title: what it is called in the table
    @ivar unit: what is counted as an event
    @ivar limits: limits of ours, besides those that are raised for all works
    """

    title: str
    unit: str
    limits: dict[str, int]

    def scaled(self, scale: float) -> "Work":
        """
        Make the same work with a part of its peers, but with one at least.
        """

    async def run(self, crowd: Crowd, meter: Meter, seconds: float) -> Sample:
        """
        Do it, for so many seconds.
        """


@dataclass(frozen=True)
class Echo:
    """
    Each peer sends an event, which the server gives back, and so on.

    @param talking: how many peers do so
    @param inFlight: how many events of each peer are on the way
    @param size: of the data, a text, in bytes
    @param silent: how many more peers are connected, and say nothing
    """

    talking: int = 50
    inFlight: int = 1
    size: int = 64
    silent: int = 0

    unit = "event"
    limits: ClassVar[dict[str, int]] = {}

    def scaled(self, scale: float) -> "Echo":
        return replace(self, talking=part(self.talking, scale), silent=part(self.silent, scale))

    @property
    def title(self) -> str:
        size = f"{self.size // 1024} KiB" if self.size >= 1024 else f"{self.size} B"
        return f"echo, {self.talking} peers, {self.inFlight} in flight, {size}"

    async def run(self, crowd: Crowd, meter: Meter, seconds: float) -> Sample:
        peers = await crowd.grow(self.talking)
        await crowd.grow(self.silent)
        latencies, data = meter.latencies, "x" * self.size
        message = crowd.dialect.event("echo", data)
        sent = {peer: deque[float]() for peer in peers}

        def again(peer: Peer) -> None:
            now, waiting = perf_counter(), sent[peer]
            latencies.append(now - waiting.popleft())
            waiting.append(now)
            peer.transport.send(TEXT, message)

        for peer in peers:
            peer.expect("echo", data, again)
            for _ in range(self.inFlight):
                sent[peer].append(perf_counter())
                peer.transport.send(TEXT, message)
        await crowd.until(asyncio.sleep(seconds * WARM_UP))
        meter.start()
        await crowd.until(asyncio.sleep(seconds))
        return meter.stop()


@dataclass(frozen=True)
class FanOut:
    """
    A peer shouts, everybody hears it, and when all have, it shouts again.

    @param peers: how many are connected
    @param room: how many of them are in the room that is shouted in; 0 for everybody
    @param shouts: how many peers shout at once
    """

    peers: int = 1000
    room: int = 0
    shouts: int = 1

    unit = "delivery"
    limits: ClassVar[dict[str, int]] = {}

    def scaled(self, scale: float) -> "FanOut":
        return replace(self, peers=part(self.peers, scale), room=part(self.room, scale))

    @property
    def title(self) -> str:
        if self.room:
            return f"fan-out to a room of {self.room} among {self.peers:,}"
        return f"{self.shouts} shouts at once to {self.peers:,}" if self.shouts > 1 else f"fan-out to {self.peers:,}"

    async def run(self, crowd: Crowd, meter: Meter, seconds: float) -> Sample:
        peers = await crowd.grow(self.peers)
        receivers = peers
        if self.room:
            # Those who have not joined expect nothing: what they heard would be a failure.
            receivers = peers[:: self.peers // self.room][: self.room]
            await crowd.ask(receivers, "join", "den", "joined")
        shout = Shout(crowd, meter, receivers, receivers[:: len(receivers) // self.shouts][: self.shouts], bool(self.room))
        await self._shout(shout, seconds * WARM_UP)
        meter.start()
        await self._shout(shout, seconds)
        return meter.stop()

    async def _shout(self, shout: "Shout", seconds: float) -> None:
        end = perf_counter() + seconds
        while True:
            await shout.again()
            if perf_counter() > end:
                return


class Shout:
    """
    What some peers shout at once, and who hears it.

    @param toRoom: whether only those in the room are to hear it
    """

    def __init__(self, crowd: Crowd, meter: Meter, receivers: list[Peer], shouters: list[Peer], toRoom: bool) -> None:
        text = "x" * 64
        self._crowd = crowd
        self._shouters = shouters
        self._latencies = meter.latencies
        self._deliveries = len(receivers) * len(shouters)
        name, data = ("tell", {"room": "den", "text": text}) if toRoom else ("shout", text)
        self._message = crowd.dialect.event(name, data)
        for peer in receivers:
            peer.expect("told" if toRoom else "shouted", text, self._heard)

    async def again(self) -> None:
        """
        Shout, and wait until everybody has heard it.
        """
        self._left = self._deliveries
        self._done = asyncio.get_running_loop().create_future()
        self._sent = perf_counter()
        for peer in self._shouters:
            peer.transport.send(TEXT, self._message)
        await self._crowd.until(self._done)

    def _heard(self, peer: Peer) -> None:
        self._latencies.append(perf_counter() - self._sent)
        self._left -= 1
        if not self._left:
            self._done.set_result(None)
