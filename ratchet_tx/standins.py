"""
What stands in the place of parts of Autobahn's that don't do for us; it knows nothing of WebSocket.
"""

from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger


class Quiet:
    """
    Stands for Autobahn's logger, of which only errors are passed on.

    What it would log otherwise, our journal says better; and its words quote what the peer sent, secrets among it.
    """

    _log = Logger(namespace="autobahn")

    def _nothing(self, *_: Any, **__: Any) -> None:
        pass

    trace = debug = info = warn = _nothing

    def error(self, format: str = "", **facts: Any) -> None:
        self._log.error(format, **facts)

    critical = error


class Timer:
    """
    Stands for Autobahn's timer.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def call_later(self, delay: float, call: Any, *arguments: Any) -> IDelayedCall:
        return self._reactor.callLater(delay, call, *arguments)  # type: ignore[no-any-return]
