"""
Attacks ours by peers that send little so that it works much or keeps much, one attack after another, and sees what a healthy
peer notices of it, how the server's memory goes, and what it logs.

    python -m benchmarks.hostile --attacks forms,wildcard --seconds 60
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from OpenSSL.crypto import FILETYPE_PEM
from twisted.internet.ssl import KeyPair

from benchmarks import commandline, healthy, report
from benchmarks.attacker import Attacker
from benchmarks.attacks import ATTACKS, Attack
from benchmarks.machine import cores, cpuSeconds, delayedSeconds, memoryBytes, openFiles, pin
from benchmarks.server import ROOT, freePort, serving
from benchmarks.siege import Siege, bySecond, siegeTable, summed
from benchmarks.works import part

#: How many attack at the same time.
ATTACKERS = 20

#: How long an attack lasts with C{--long}, in seconds.
LONG = 600.0

#: How often the memory is looked at, in seconds.
EVERY = 0.2

#: For how many times an attack's length the server is left alone after it, until nothing is kept because of it any more.
RESTS = 3

#: How often that is looked at, in seconds.
LOOK_EVERY = 5.0

#: How many events are published by one request.
_PUBLISHED = 50_000


def command(port: int, tlsPort: int, folder: Path) -> list[str]:
    """
    Make the command line of ours, as users run it, with the limits that it has by default.

    @param folder: has the certificate, and the pages
    """
    words = ["-n", "--pidfile=", "ratchet", "--address", "127.0.0.1", "--port", str(tlsPort)]
    words += ["--certificate", str(folder / "cert.pem"), "--key", str(folder / "key.pem")]
    words += ["--listen", f"tcp:{port}:interface=127.0.0.1", "--static", str(folder / "pages")]
    words += ["--application", "benchmarks.servers.hostile.register", "--provider", "benchmarks.servers.hostile.Users"]
    return [str(Path(sys.executable).with_name("twistd")), *words]


def prepare(folder: Path) -> None:
    """
    Write what the server needs: a certificate, its key, and a large page.
    """
    key = KeyPair.generate(size=2048)
    (folder / "cert.pem").write_bytes(key.selfSignedCert(1, CN=b"localhost").dumpPEM())
    (folder / "key.pem").write_bytes(key.dump(FILETYPE_PEM))
    (folder / "pages").mkdir()
    (folder / "pages" / "large.bin").write_bytes(bytes(4 << 20))


async def _figures(port: int, fill: int = 0) -> Any:
    """
    Publish some events, if any, and have the server give back what is free, and say what it has.
    """
    peer = Attacker(port, 0, 0, Counter())
    link = await healthy.connect(peer, "good-controller")
    for at in range(0, fill, _PUBLISHED):
        await healthy.ask(link, "fill", {"room": "kept.old", "count": min(_PUBLISHED, fill - at)}, at)
    figures = await healthy.ask(link, "figures", None, fill)
    peer.drop(link)
    return figures


async def _rest(port: int, pid: int, before: int, most: float) -> Any:
    """
    Leave the server alone until it keeps no more than before the attack.

    What it keeps for those who come back goes with time.

    @param before: how many bytes it kept then
    @param most: for how many seconds at most
    @return: its figures
    """
    end = time.monotonic() + most
    while True:
        await asyncio.sleep(min(LOOK_EVERY, most))
        try:
            async with asyncio.timeout(healthy.PATIENCE):
                figures = await _figures(port)
        except (OSError, EOFError, TimeoutError):
            figures = {"memory": memoryBytes(pid), "ledger": {"bytes": 0}}
        if figures["ledger"]["bytes"] <= before or time.monotonic() > end:
            return figures


async def besiege(attack: Attack, ports: tuple[int, int], pid: int, log: Path, chosen: argparse.Namespace) -> Siege:
    """
    Attack a server, while a healthy peer is there.
    """
    before = await _figures(ports[0], part(attack.fill, chosen.scale) if attack.fill else 0)
    logged = log.stat().st_size
    words = [sys.executable, "-m", healthy.__name__, str(ports[0]), str(chosen.seconds)]
    watching = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    # The attackers give way to the healthy peer: what it waits for is to be the server.
    os.setpriority(os.PRIO_PROCESS, 0, 10)
    counts: Counter[str] = Counter()
    start = time.monotonic()
    attackers = [Attacker(*ports, number, counts) for number in range(part(ATTACKERS, chosen.scale))]
    attacking = [asyncio.create_task(each.attack(attack.run, start + chosen.seconds)) for each in attackers]
    memory, files = [], 0
    cpu, delayed = cpuSeconds(pid), delayedSeconds(pid)
    while (passed := time.monotonic() - start) < chosen.seconds:
        memory.append((passed, memoryBytes(pid) / 2**20))
        files = max(files, openFiles(pid))
        await asyncio.sleep(EVERY)
    busy, late = (cpuSeconds(pid) - cpu) / passed, (delayedSeconds(pid) - delayed) / passed
    for task in asyncio.as_completed(attacking):
        await task
    said, _ = await watching.communicate()
    seen = json.loads(said)
    after = await _rest(ports[0], pid, before["ledger"]["bytes"], RESTS * chosen.seconds)
    text = log.read_bytes()[logged:]
    return Siege(
        name=attack.name,
        says=attack.says,
        seconds=chosen.seconds,
        waits=summed(seen["waits"], seen["logins"], healthy.EVERY),
        echoes=bySecond(seen["waits"]),
        lost=seen["lost"],
        busy=busy,
        delayed=late,
        memory=bySecond(memory),
        before=before["memory"] / 2**20,
        after=after["memory"] / 2**20,
        kept=max(0, after["ledger"]["bytes"] - before["ledger"]["bytes"]),
        files=files,
        logged=len(text),
        controls=sum(byte < 32 and byte not in b"\n\t" for byte in text),
        counts=dict(counts),
        ledger=after["ledger"],
    )


def measure(attack: Attack, serverCore: int, chosen: argparse.Namespace) -> Siege:
    """
    Attack a new server.

    @param serverCore: the core that it is kept on
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        ports = freePort(), freePort()
        with serving(command(*ports, folder), ports[0], serverCore, folder / "log") as pid:
            return asyncio.run(besiege(attack, ports, pid, folder / "log", chosen))


def attacks(text: str) -> list[Attack]:
    """
    Find the attacks that are named.

    @raise argparse.ArgumentTypeError: for a name that names none
    """
    for name in text.split(","):
        if name not in ATTACKS:
            raise argparse.ArgumentTypeError(f"there is no attack {name!r}; there are {', '.join(ATTACKS)}")
    return [ATTACKS[name] for name in text.split(",")]


def main(words: list[str]) -> None:
    """
    Attack ours, in each way in turn.
    """
    parser = commandline.parser("benchmarks.hostile", main.__doc__ or "", rounds=1, seconds=60)
    parser.add_argument("--attacks", type=attacks, default=list(ATTACKS.values()), help="which, by comma; by default all")
    parser.add_argument("--long", action="store_const", const=LONG, dest="seconds", help="ten minutes each")
    chosen = parser.parse_args(words)
    about = report.about(words, ["ratchet"], "benchmarks.hostile")
    serverCore, loadCore = cores()
    pin(loadCore)
    sieges = []
    for attack in chosen.attacks:
        print(f"{attack.name}: {attack.says}", file=sys.stderr)
        sieges.append(measure(attack, serverCore, chosen))
        print(f"  {sieges[-1].line()}", file=sys.stderr)
    print(report.describe(about))
    print(siegeTable(sieges))
    if chosen.docs:
        report.saveHostile(about, sieges)


if __name__ == "__main__":
    commandline.run(main)
