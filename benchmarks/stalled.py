"""
What peers that don't read cost the others: half of all peers stall in the middle of a fan-out, and the memory of the
server and the delay of the other half's messages are plotted.

    python -m benchmarks.stalled docs/stalled.svg           (it needs the extra C{test}, too)
"""

import asyncio
import json
import resource
import struct
import sys
import time
from pathlib import Path
from socket import SO_RCVBUF, SOL_SOCKET, socket
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import matplotlib
import matplotlib.pyplot as plt

from tests.kit.processes import freePort, serving, twistd
from tests.kit.wire import event, handshake

PEERS = 200
SECONDS = 30
STALL_AT = 8
PER_SECOND = 10
BYTES = 32_000

APPLICATION = """
import time
from ratchet_tx import on

class Shout:
    @on("shout")
    def shout(self, event):
        event.hub.emit("shouted", [time.monotonic(), "x" * event.payload.data])
"""


class Measured:
    """
    What was seen.

    @ivar delays: when a message came to a healthy peer, and how long it had taken, in seconds
    @ivar memory: when it was looked at, and how much the server had, in MiB
    """

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.delays: list[tuple[float, float]] = []
        self.memory: list[tuple[float, float]] = []


def reach(port: int) -> socket:
    peer = socket()
    # Little is buffered on the way, so that it is the server's memory that is seen.
    peer.setsockopt(SOL_SOCKET, SO_RCVBUF, 65536)
    peer.connect(("127.0.0.1", port))
    return peer


async def open_(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(sock=reach(port))
    writer.write(handshake())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(2)
    size = head[1]
    if size == 126:
        (size,) = struct.unpack(">H", await reader.readexactly(2))
    return await reader.readexactly(size)


async def listen(reader: asyncio.StreamReader, measured: Measured | None, stallAt: float | None) -> None:
    """
    Read what is shouted, and note how long it took; or stop reading in the middle of it.
    """
    while stallAt is None or time.monotonic() < stallAt:
        sent = json.loads(await message(reader))["data"][0]
        if measured is not None:
            now = time.monotonic()
            measured.delays.append((now - measured.start, now - sent))


async def drive(port: int, pid: int) -> Measured:
    connections = [await open_(port) for _ in range(2 * PEERS)]
    reader, shouter = await open_(port)
    measured = Measured()
    stallAt = measured.start + STALL_AT
    listening = [asyncio.create_task(listen(reader, None, None))]
    for number, (each, _) in enumerate(connections):
        healthy = number < PEERS
        listening.append(asyncio.create_task(listen(each, measured if healthy else None, None if healthy else stallAt)))
    for tick in range(SECONDS * PER_SECOND):
        await asyncio.sleep(measured.start + tick / PER_SECOND - time.monotonic())
        shouter.write(event("shout", BYTES))
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        measured.memory.append((tick / PER_SECOND, pages * resource.getpagesize() / 2**20))
    for task in listening:
        # One that failed would look like a peer that waits for nothing.
        if task.done():
            task.result()
        task.cancel()
    for _, writer in [*connections, (reader, shouter)]:
        writer.transport.abort()
    return measured


def plot(measured: Measured, path: str) -> None:
    matplotlib.rcParams.update({"font.family": "sans-serif", "axes.spines.top": False, "axes.spines.right": False})
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(8, 5), layout="constrained")
    seconds = range(SECONDS)
    bySecond = [[delay * 1000 for at, delay in measured.delays if second <= at < second + 1] or [0] for second in seconds]
    above.plot(
        seconds, [quantiles(each, n=100)[98] if len(each) > 1 else 0 for each in bySecond], label="99 %", color="#c2410c"
    )
    above.plot(seconds, [median(each) for each in bySecond], label="median", color="#0f766e")
    above.set_ylabel("delay of the others, ms")
    above.set_ylim(bottom=0)
    above.legend(frameon=False)
    below.plot(*zip(*measured.memory, strict=True), color="#1f2933")
    below.axhspan(measured.memory[0][1], measured.memory[0][1] + PEERS, color="#0f766e", alpha=0.1)
    below.set_ylabel("memory of the server, MiB")
    below.set_xlabel("seconds")
    below.set_ylim(bottom=0)
    for axes in (above, below):
        axes.axvline(STALL_AT, color="#9aa5b1", linestyle=":")
    above.annotate(
        f"{PEERS} of {2 * PEERS} stop reading",
        (STALL_AT, above.get_ylim()[1] * 0.9),
        xytext=(5, 0),
        textcoords="offset points",
    )
    below.annotate(
        f"what {PEERS} times the limit of 1 MiB would be", (0.5, measured.memory[0][1] + PEERS - 18), color="#0f766e"
    )
    figure.savefig(path)


def main(path: str) -> None:
    """
    Measure, say the figures, and plot them.
    """
    with TemporaryDirectory() as folder:
        (Path(folder) / "shouting.py").write_text(APPLICATION)
        port = freePort()
        words = [
            "--port",
            str(port),
            "--application",
            "shouting.Shout",
            "--limit",
            "eventsPerSecond=0",
            "--limit",
            "pingSeconds=0",
        ]
        with serving(twistd("-n", "--pidfile=", "ratchet", *words), port, Path(folder)) as server:
            measured = asyncio.run(drive(port, server.pid))
    before = [delay for at, delay in measured.delays if at < STALL_AT]
    after = [delay for at, delay in measured.delays if at >= STALL_AT]
    for name, delays in (("before", before), ("after", after)):
        print(f"{name}: median {median(delays) * 1000:.1f} ms, 99 % {quantiles(delays, n=100)[98] * 1000:.1f} ms")
    print(f"memory: {measured.memory[0][1]:.0f} MiB at first, {max(each for _, each in measured.memory):.0f} at most")
    plot(measured, path)


if __name__ == "__main__":
    main(sys.argv[1])
