"""
What servers are made to do, as seen by the load: each work opens its peers, has them talk for a while, and gives a sample.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from itertools import cycle
from time import perf_counter
from typing import ClassVar, Protocol

from benchmarks.machine import memoryBytes
from benchmarks.meter import Meter, Sample
from benchmarks.peer import TEXT, Crowd, Peer
from benchmarks.visitor import receive

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


@dataclass(frozen=True)
class Visits:
    """
    Peers come, log in, take leave, and wait for the end.

    @param atOnce: how many do so at the same time
    @param silent: how many others are connected, and say nothing
    """

    atOnce: int = 16
    silent: int = 0

    unit = "visit"
    limits: ClassVar[dict[str, int]] = {}

    def scaled(self, scale: float) -> "Visits":
        return replace(self, silent=part(self.silent, scale))

    @property
    def title(self) -> str:
        among = f", among {self.silent:,}" if self.silent else ""
        return f"connect, log in, close; {self.atOnce} at once{among}"

    async def run(self, crowd: Crowd, meter: Meter, seconds: float) -> Sample:
        await crowd.grow(self.silent)
        self._receive(crowd, meter, seconds * WARM_UP)
        meter.start()
        self._receive(crowd, meter, seconds)
        return meter.stop()

    def _receive(self, crowd: Crowd, meter: Meter, seconds: float) -> None:
        # Meanwhile the silent ones answer no pings, which is no harm for so short a time.
        end = perf_counter() + seconds
        receive(crowd.port, crowd.dialect, self.atOnce, end, lambda visitor: meter.latencies.append(visitor.seconds))


@dataclass(frozen=True)
class Idle:
    """
    Peers are connected and logged in, and say nothing.
    """

    peers: int = 10_000

    unit = "connection"
    limits: ClassVar[dict[str, int]] = {}

    def scaled(self, scale: float) -> "Idle":
        return replace(self, peers=part(self.peers, scale))

    @property
    def title(self) -> str:
        return f"{self.peers:,} connected, logged in, idle"

    async def run(self, crowd: Crowd, meter: Meter, seconds: float) -> Sample:
        # What the first ones load stays for the others.
        await crowd.grow(max(1, self.peers // 100))
        await crowd.until(asyncio.sleep(seconds))
        before = memoryBytes(meter.pid)
        await crowd.grow(self.peers)
        await crowd.until(asyncio.sleep(seconds))
        memory = (memoryBytes(meter.pid) - before) / self.peers
        meter.start()
        await crowd.until(asyncio.sleep(seconds))
        return replace(meter.stop(self.peers), memory=memory)


@dataclass(frozen=True)
class Flood:
    """
    Peers say something now and then, while one says as much as it may.

    @param peers: how many there are besides that one; each sends ten events a second
    @param rate: the events a second of that one, which is what our limit allows; where the server falls behind by a
        thousand of them, it waits
    """

    peers: int = 100
    rate: int = 10_000

    unit = "event"

    @property
    def limits(self) -> dict[str, int]:
        return {"eventsPerSecond": self.rate, "eventsBurst": self.rate}

    def scaled(self, scale: float) -> "Flood":
        return replace(self, peers=part(self.peers, scale), rate=part(self.rate, scale))

    @property
    def title(self) -> str:
        return f"echo, {self.peers} peers, while another floods with {self.rate:,}/s"

    async def run(self, crowd: Crowd, meter: Meter, seconds: float) -> Sample:
        flooder, *others = await crowd.grow(1 + self.peers)
        text = "x" * 64
        message = crowd.dialect.event("echo", text)
        sent: dict[Peer, float] = {}
        flooded = answered = 0

        def heard(peer: Peer) -> None:
            meter.latencies.append(perf_counter() - sent.pop(peer))

        def heardFlooder(peer: Peer) -> None:
            nonlocal answered
            answered += 1

        flooder.expect("echo", text, heardFlooder)
        for peer in others:
            peer.expect("echo", text, heard)
        turns = cycle(others)

        async def talk(seconds: float) -> None:
            nonlocal flooded
            start, floodedBefore, said = perf_counter(), flooded, 0
            while (passed := perf_counter() - start) < seconds:
                while flooded - floodedBefore < passed * self.rate and flooded - answered < 1000:
                    flooder.transport.send(TEXT, message)
                    flooded += 1
                while said < passed * self.peers * 10:
                    said += 1
                    peer = next(turns)
                    if peer not in sent:
                        sent[peer] = perf_counter()
                        peer.transport.send(TEXT, message)
                await asyncio.sleep(0.001)

        await crowd.until(talk(seconds * WARM_UP))
        meter.start()
        before = answered
        await crowd.until(talk(seconds))
        return meter.stop(answered - before + len(meter.latencies))
