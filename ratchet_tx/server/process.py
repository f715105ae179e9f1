"""
Runs the server as a process: listening, signals, and the exit status.
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

#: About how many files a process has open besides its peers' sockets.
_OTHER_FILES = 64


class Process(MultiService):
    """
    The service of a process: handles signals, and reports a port that can't be opened in one line.

    SIGTERM and SIGINT drain the hub. The process exits with 0 if that ended in time, else with 1. A second signal ends it
    at once; twistd's own handlers would ignore it.

    SIGHUP reloads the certificates and the token of the admin endpoint.

    @param hub: the hub to drain
    @param served: the service that serves the hub
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
        # Once the reactor runs, its own handlers are installed, and ours can replace them.
        self._reactor.callWhenRunning(self._handleSignals)
        self._reactor.callWhenRunning(self._freeze)

    def _freeze(self) -> None:
        """
        Exclude all objects that exist at start from garbage collection: collecting them takes 40 ms, and happens five times
        a second when peers send long arrays.
        """
        gc.collect()
        gc.freeze()

    def _handleSignals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._reactor.callFromThread(self._end))
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._served.reload))

    def _end(self) -> None:
        if self._signalled:
            self._log.warn("Second signal received: all connections are dropped")
            return self._hub.abandon()
        self._signalled = True
        self._log.info("Drain started: peers={peers}", peers=len(self._hub.connections))
        self._reactor.addSystemEventTrigger("after", "shutdown", self._exit)
        self._reactor.stop()

    def _exit(self) -> None:
        if self._hub.overdue:
            # twistd can't be told an exit status: it cleans up first, and then we exit with ours.
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
        # twistd has redirected stderr to the log by now. The operator looks at the terminal, so the line goes to both.
        if sys.__stderr__ is not None:
            print(f"ratchet: {why}", file=sys.__stderr__)
        raise CantStart(f"ratchet: {why}") from None


class CantStart(SystemExit, Exception):
    """
    Raised to end a process that can't listen.

    It is an C{Exception} so that twistd cleans up: else a daemon's pid file stays, and the program that started the daemon
    waits for ever. It is a C{SystemExit} so that Python prints one line and no traceback.
    """


def _exitWithOne() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def raiseOpenFiles(connections: int) -> None:
    """
    Raise the process's limit of open files to the system's hard limit; many systems start with 1,024.

    @param connections: how many connections the server allows; where the limit is too low for them, a warning is logged
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < connections + _OTHER_FILES:
        _log.warn(
            "The process may open {hard} files only, but the limit allows {connections} connections: "
            "raise the former (ulimit -n, LimitNOFILE=), or lower the limit",
            hard=hard,
            connections=connections,
        )
