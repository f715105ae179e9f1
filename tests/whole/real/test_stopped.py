"""
A process that is stopped for a while: by a signal, by swapping, or by a move to another machine.
"""

import signal
from contextlib import closing
from os import kill

from tests.kit.processes import ROOT
from tests.kit.tls import ratchet
from tests.kit.wire import handshake
from tests.whole.real.raw import RawPeer, after, assertLives, peers, readUntil

#: The options of a server with short timeouts.
IMPATIENT = (
    *("--address", "127.0.0.1", "--port", "PORT", "--application", "tests.whole.real.application.register"),
    *("--limit", "pingSeconds=0.5", "--limit", "pongSeconds=0.5"),
)

#: The seconds for which the process is stopped: several times every timeout.
STILL = 3.0


def test_stopped() -> None:
    """A process that was stopped doesn't close peers that had answered, connected or logged in meanwhile."""
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
            # At the first ping, before its pong.
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
