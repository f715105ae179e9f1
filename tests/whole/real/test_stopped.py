"""
A process that stands still: stopped, swapped out, or moved to another machine.
"""

import signal
from contextlib import closing
from os import kill

from tests.kit.processes import ROOT
from tests.kit.tls import ratchet
from tests.kit.wire import handshake
from tests.whole.real.raw import RawPeer, after, assertLives, peers, readUntil

#: A server that parts with a peer soon, were it not for what is tested.
IMPATIENT = (
    *("--address", "127.0.0.1", "--port", "PORT", "--application", "tests.whole.real.application.register"),
    *("--limit", "pingSeconds=0.5", "--limit", "pongSeconds=0.5"),
)

#: For how long a process stands still; several times as long as everything that may be late.
STILL = 3.0


def test_stopped() -> None:
    """A process that stood still parts with nobody who had answered, greeted or logged in meanwhile."""
    soon = ("headSeconds", "loginSeconds", "handlerSeconds")
    limits = [word for name in soon for word in ("--limit", f"{name}=1")]
    with (
        ratchet(ROOT, *IMPATIENT, *limits) as running,
        peers(running.port, 5) as made,
        closing(RawPeer(running.port)) as late,
    ):
        head = handshake(host=f"localhost:{running.port}")
        late.write(head[:40])
        stopped: list[int] = []

        def stop() -> None:
            # At the first ping, and before its pong.
            if not stopped:
                stopped.append(running.pid)
                kill(running.pid, signal.SIGSTOP)

        for each in made:
            each.pinged = stop
        readUntil(made, lambda: bool(stopped))
        try:
            late.write(head[40:])
            for each in made:
                each.emit("echo", "still here", id=1)
            readUntil(made, after(STILL))
        finally:
            kill(running.pid, signal.SIGCONT)
        everybody = [*made, late]
        readUntil(everybody, lambda: late.isOpen and all(each.messages for each in made))
        assert all(each.messages[0]["data"] == {"ok": True, "result": "still here"} for each in made)
        assertLives(everybody)
