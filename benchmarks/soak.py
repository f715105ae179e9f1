"""
Has a thousand peers of all sorts keep ours busy for minutes, and sees whether it needs more memory in the end than in the
beginning, and whether anything was lost.

    python -m benchmarks.soak --seconds 300
"""

import asyncio
import gc
from collections import Counter
from random import Random
from time import perf_counter

import uvloop

from benchmarks import commandline, report
from benchmarks.dialects import Plain, Unexpected
from benchmarks.machine import cores, memoryBytes, pin
from benchmarks.peer import Crowd, Peer
from benchmarks.server import freePort, serving
from benchmarks.servers import ratchet
from benchmarks.works import part

PEERS = 1000
ROOMS = [f"room-{number}" for number in range(20)]
TEXT = "x" * 64

#: So often in a second a little of everything is done.
TURNS = 10

#: How many of everything at each turn: these are by far more echoes than anything else.
ECHOES, MOVES, TELLS, CHANGES = 50, 3, 2, 1

#: How long what is on the way at the end may take.
PATIENCE = 30.0


class Mix:
    """
    The peers, and what they do at random: echo, move between rooms, tell a room, shout, say what nobody knows, go, and come.

    @ivar counts: how often each was done, and, as C{heard}, how many messages came
    """

    def __init__(self, crowd: Crowd) -> None:
        self.counts: Counter[str] = Counter()
        self._crowd = crowd
        self._random = Random(1)
        self._rooms: dict[Peer, str] = {}
        self._turns = 0
        self._waiting = 0

    async def grow(self, number: int) -> None:
        """
        Let more peers in.
        """
        for peer in await self._crowd.grow(number):
            peer.expect("echo", TEXT, self._answered)
            for name in ("shouted", "told"):
                peer.expect(name, TEXT, self._heard)
            for room in ROOMS:
                peer.expect("joined", room, self._answered)
                peer.expect("left", room, self._answered)

    def _heard(self, peer: Peer) -> None:
        self.counts["heard"] += 1

    def _answered(self, peer: Peer) -> None:
        self.counts["heard"] += 1
        self._waiting -= 1

    async def turn(self) -> None:
        """
        Do a little of everything.
        """
        self._turns += 1
        for _ in range(ECHOES):
            self._ask(self._any(), "echo", TEXT)
        for _ in range(MOVES):
            self._move(self._any())
        for _ in range(TELLS):
            self._say("tell", {"room": self._random.choice(ROOMS), "text": TEXT})
        if self._turns % TURNS == 0:
            self._say("shout", TEXT)
            self._say("nobody.knows", TEXT)
            await self.settle()
            for _ in range(CHANGES * TURNS):
                await self._change()

    def _any(self) -> Peer:
        return self._random.choice(self._crowd.peers)

    def _say(self, name: str, data: object) -> None:
        self.counts[name] += 1
        self._any().emit(name, data)

    def _ask(self, peer: Peer, name: str, data: object) -> None:
        self.counts[name] += 1
        self._waiting += 1
        peer.emit(name, data)

    def _move(self, peer: Peer) -> None:
        room = self._rooms.pop(peer, None)
        if room is not None:
            return self._ask(peer, "leave", room)
        self._rooms[peer] = self._random.choice(ROOMS)
        self._ask(peer, "join", self._rooms[peer])

    async def _change(self) -> None:
        self.counts["connect"] += 1
        peer = self._crowd.peers.pop(self._random.randrange(len(self._crowd.peers)))
        self._rooms.pop(peer, None)
        peer.leave()
        await self.grow(1)

    async def settle(self) -> None:
        """
        Wait until everything that wants an answer has one.

        @raise Unexpected: where that takes too long
        """
        end = perf_counter() + PATIENCE
        while self._waiting:
            if perf_counter() > end:
                raise Unexpected(f"{self._waiting} answers never came")
            await asyncio.sleep(0.005)


async def soak(port: int, pid: int, peers: int, seconds: float) -> report.Soak:
    """
    Keep a server busy.

    @return: how its memory went
    """
    crowd = Crowd(port, Plain())
    mix = Mix(crowd)
    await mix.grow(peers)
    memory: list[tuple[float, float]] = []
    start = perf_counter()
    for turn in range(int(seconds * TURNS)):
        await asyncio.sleep(max(0.0, start + turn / TURNS - perf_counter()))
        await crowd.until(mix.turn())
        if turn % TURNS == 0:
            memory.append((perf_counter() - start, memoryBytes(pid) / 2**20))
    await crowd.until(mix.settle())
    return report.Soak(peers, memory, dict(mix.counts))


def main(words: list[str]) -> None:
    """
    Keep ours busy.
    """
    chosen = commandline.parser("benchmarks.soak", main.__doc__ or "", rounds=1, seconds=300).parse_args(words)
    about = report.about(words, ["ratchet"], "benchmarks.soak")
    serverCore, loadCore = cores()
    port = freePort()
    with serving(ratchet(port, options=tuple(chosen.ratchet_option)), port, serverCore) as pid:
        pin(loadCore)
        gc.freeze()
        soaked = uvloop.run(soak(port, pid, part(PEERS, chosen.scale), chosen.seconds))
    print(report.describe(about))
    print(report.describeSoak(soaked))
    if chosen.docs:
        report.saveSoak(about, soaked)


if __name__ == "__main__":
    commandline.run(main)
