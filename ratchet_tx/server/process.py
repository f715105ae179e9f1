"""
The server as a process: how it starts to listen, what signals do, and how it exits.
"""

import atexit
import gc
import os
import resource
import signal
import sys
from typing import Any, NoReturn

from twisted.application.service import MultiService
from twisted.internet.error import CannotListenError
from twisted.logger import Logger

from ratchet_tx.hub.hub import Hub
from ratchet_tx.server.service import RatchetService

_log = Logger()

#: What a process has open besides its peers, generously.
_OTHERS = 64


class Process(MultiService):
    """
    The service as a process of its own: says in one line that a port can't be had, and ends as an operator expects.

    SIGTERM and SIGINT drain, and the process exits with 0 if that was done in time, else with 1; a second one ends it at
    once.  twistd's own handlers would neither tell one from the other, nor mind a second signal.

    SIGHUP reads again what may have changed: the certificate, and the token of the admin endpoint.

    @param hub: what is drained
    @param served: the service that serves it
    """

    _log = Logger()

    def __init__(self, hub: Hub, served: RatchetService, reactor: Any) -> None:
        super().__init__()
        served.setServiceParent(self)
        self._hub = hub
        self._served = served
        self._reactor = reactor
        self._signalled = False

    def startService(self) -> None:
        super().startService()
        # The reactor's own handlers are in place by then.
        self._reactor.callWhenRunning(self._handleSignals)
        self._reactor.callWhenRunning(self._freeze)

    def _freeze(self) -> None:
        """
        Let the garbage collector pass over all that is there at start, and stays: to look through it takes 40 ms, which it
        does five times a second where peers send long arrays.
        """
        gc.collect()
        gc.freeze()

    def _handleSignals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._reactor.callFromThread(self._end))
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._served.reload))

    def _end(self) -> None:
        if self._signalled:
            self._log.warn("A second signal: everything is dropped")
            return self._hub.abandon()
        self._signalled = True
        self._log.info("Taking leave of {count} peers", count=len(self._hub.connections))
        self._reactor.addSystemEventTrigger("after", "shutdown", self._exit)
        self._reactor.stop()

    def _exit(self) -> None:
        if self._hub.overdue:
            # twistd has no way to be told an exit status; so it is left alone to tidy up, and has the last word but one.
            atexit.register(_exitWithOne)

    def privilegedStartService(self) -> None:
        try:
            super().privilegedStartService()
        except CannotListenError as error:
            place = f"{error.interface or '*'}:{error.port}" if error.port else str(error.interface)
            self._giveUp(f"can't listen on {place}: {getattr(error.socketError, 'strerror', None) or error.socketError}")
        except OSError as error:
            self._giveUp(f"can't listen: {error}")

    def _giveUp(self, why: str) -> NoReturn:
        # By now twistd has put the log in the place of stderr: who started it looks here, and who comes later there.
        if sys.__stderr__ is not None:
            print(f"ratchet: {why}", file=sys.__stderr__)
        raise CantStart(f"ratchet: {why}") from None


class CantStart(SystemExit, Exception):
    """
    The end of a process that can't listen.

    twistd tidies up after an C{Exception} only: after any other end a daemon's pid file stays, and whoever started it waits
    for ever.  What it raises again then is to be one line and no traceback, which a C{SystemExit} is.
    """


def _exitWithOne() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def raiseOpenFiles(connections: int) -> None:
    """
    Raise the limit of open files to what the system admits; many systems begin with 1,024.

    @param connections: how many peers there may be; where that is more, the log warns
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < connections + _OTHERS:
        _log.warn(
            "The process may have {hard} files open, too few for the {connections} connections of the limit: "
            "raise it (ulimit -n, LimitNOFILE=), or lower the limit",
            hard=hard,
            connections=connections,
        )
