"""
A healthy peer, as a process of its own: asks for an echo forty times a second, logs in anew every two seconds, and notes how
long each takes.

    python -m benchmarks.healthy PORT SECONDS               (prints what it noted, as JSON)
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.attacker import CLOSE, TEXT, Attacker, Link, event, handshake

#: How often it asks, and logs in anew, in seconds.
EVERY, VISIT_EVERY = 0.025, 2.0

#: How much longer it waits for what it has asked for in the end.
PATIENCE = 10.0

#: When something was begun, and how long it took, in seconds since the beginning.
Waits = list[tuple[float, float]]


class Healthy:
    """
    A peer who does nothing wrong.

    @ivar waits: for echoes
    @ivar logins: for connecting and logging in
    @ivar lost: how many connections ended that shouldn't have
    """

    def __init__(self, port: int) -> None:
        self.waits: Waits = []
        self.logins: Waits = []
        self.lost = 0
        self._port = port
        self._start = time.monotonic()

    async def live(self, seconds: float) -> None:
        """
        Ask and log in for so long; what isn't answered until some time after that has taken until then.
        """
        end = self._start + seconds
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self._echoes, end))
            tasks.create_task(self._repeat(self._visits, end))

    async def _repeat(self, do: Callable[[Attacker, float], Awaitable[None]], end: float) -> None:
        while time.monotonic() < end:
            peer = Attacker(self._port, 0, 0, Counter())
            try:
                await do(peer, end)
            except (OSError, EOFError):
                self.lost += 1
                await asyncio.sleep(EVERY)

    async def _echoes(self, peer: Attacker, end: float) -> None:
        link = await connect(peer, "good-healthy")
        number = 0
        while (now := time.monotonic()) < end:
            number += 1
            await self._timed(self.waits, end, lambda number=number: ask(link, "echo", number, number))
            await asyncio.sleep(max(0.0, now + EVERY - time.monotonic()))
        link.abort()

    async def _visits(self, peer: Attacker, end: float) -> None:
        while (now := time.monotonic()) < end:
            link = await self._timed(self.logins, end, lambda: connect(peer, "good-visitor"))
            if link is not None:
                peer.drop(link)
            await asyncio.sleep(max(0.0, now + VISIT_EVERY - time.monotonic()))

    async def _timed(self, waits: Waits, end: float, do: Callable[[], Awaitable[Any]]) -> Any:
        began = time.monotonic()
        try:
            async with asyncio.timeout(end + PATIENCE - began):
                return await do()
        except TimeoutError:
            return None
        finally:
            # One that fails in the middle of it has waited, too.
            waits.append((began - self._start, time.monotonic() - began))


async def connect(peer: Attacker, token: str) -> Link:
    """
    Log in, and wait for it.

    @raise ConnectionError: where it is refused
    """
    link = await peer.connect()
    link.writer.write(handshake() + event("socket.auth.request", {"token": token, "v": 2}))
    if b" 101 " not in (await link.reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0]:
        raise ConnectionError("the handshake was refused")
    answer = await _read(link, "socket.auth.")
    if answer["event"] != "socket.auth.success":
        raise ConnectionError("the login was refused")
    return link


async def ask(link: Link, name: str, data: Any, id: int) -> Any:
    """
    Ask for a reply, and wait for it.

    @return: its result
    @raise ConnectionError: where it is refused
    """
    link.writer.write(event(name, data, id=id))
    while (reply := await _read(link, "socket.reply")).get("re") != id:
        continue
    if not reply["data"]["ok"]:
        raise ConnectionError(reply["data"]["error"]["code"])
    return reply["data"]["result"]


async def _read(link: Link, name: str) -> Any:
    while True:
        opcode, payload = await link.read()
        if opcode == CLOSE:
            raise ConnectionError("the server closed")
        if opcode == TEXT and (message := json.loads(payload))["event"].startswith(name):
            return message


def main(port: int, seconds: float) -> None:
    """
    Be healthy for so long, and say how that was.
    """
    healthy = Healthy(port)
    asyncio.run(healthy.live(seconds))
    print(json.dumps({"waits": healthy.waits, "logins": healthy.logins, "lost": healthy.lost}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
