"""
The ways a message may take: with and without what makes it fast (see L{ratchet_tx.settings.SHORTCUTS}), over a transport in
memory, where only some of it is done, and over a real socket, where all of it is.
"""

from typing import Any, NamedTuple

import pytest

from ratchet_tx.settings import SHORTCUTS
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.sockets import SocketReactor, SocketWire


class Way(NamedTuple):
    """
    A way to set up a server.

    @ivar without: the shortcuts that are left out
    @ivar socket: whether it runs over real sockets
    """

    without: tuple[str, ...] = ()
    socket: bool = True

    def makeReactor(self) -> MemoryReactor:
        return SocketReactor() if self.socket else MemoryReactor()

    def makeWire(self, factory: Any) -> Wire:
        """
            Make a client's end of a new connection.

        @param factory: the server's factory, with its reactor
        """
        return SocketWire(factory) if self.socket else Wire(factory)

    def __str__(self) -> str:
        return f"{'sockets' if self.socket else 'memory'} without {' and '.join(self.without) or 'nothing'}"


MEMORY = Way(socket=False)
SOCKETS = Way()

WAYS = [
    MEMORY,
    Way(("fast-path",), socket=False),
    SOCKETS,
    *(Way((each,)) for each in SHORTCUTS),
    Way(SHORTCUTS),
]

everyWay = pytest.mark.parametrize("way", WAYS, ids=str)
