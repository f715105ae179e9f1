"""
Counts the bytes that the server keeps for its peers, by purpose.

What is handled or sent at once isn't counted.
"""

from collections.abc import Callable
from typing import Any

#: The parts of one connection: its send queue, events that wait for their turn, its handshake, its presence metadata, and
#: frames that are held back during a subscribe.
OF_CONNECTIONS = ("queue", "waiting", "handshake", "metas", "held")

#: The parts of the whole hub: the histories of rooms, and the keys of events with their results.
OF_ALL = ("histories", "keys")


class Ledger:
    """
    The bytes that one process keeps.

    @ivar limit: how many there may be; 0 for any number
    @ivar bytes: how many there are
    @ivar parts: how many there are of each part in L{OF_CONNECTIONS} and L{OF_ALL}
    """

    def __init__(self) -> None:
        self._grown: Callable[[], Any] = lambda: None
        self.limit = 0
        self.bytes = 0
        self.parts = dict.fromkeys((*OF_CONNECTIONS, *OF_ALL), 0)

    def whenFull(self, grown: Callable[[], Any]) -> None:
        """
        Set the callback for each growth beyond the limit.

        @param grown: called without arguments; it replaces the previous one
        """
        self._grown = grown

    def limitTo(self, limit: int) -> None:
        """
        Set how many bytes there may be; 0 for any number.
        """
        self.limit = limit

    @property
    def isFull(self) -> bool:
        """
        Whether the bytes exceed the limit.
        """
        return 0 < self.limit < self.bytes

    def change(self, part: str, by: int) -> None:
        """
        Add to, or subtract from, the bytes of a part.
        """
        self.parts[part] += by
        self.bytes += by
        if by > 0 and self.isFull:
            self._grown()


class Account:
    """
    The bytes that are kept for one connection; the owner of each part reports it by L{keep}.

    @ivar queue: how many wait to be sent; only to be read, as all parts
    """

    __slots__ = ("_ledger", *OF_CONNECTIONS)

    queue: int
    waiting: int
    handshake: int
    metas: int
    held: int

    def __init__(self, ledger: Ledger) -> None:
        self._ledger: Ledger | None = ledger
        self.queue = self.waiting = self.handshake = self.metas = self.held = 0

    @property
    def bytes(self) -> int:
        """
        The sum of all parts.
        """
        return self.queue + self.waiting + self.handshake + self.metas + self.held

    def keep(self, part: str, size: int) -> bool:
        """
        Set the bytes of a part; nothing happens after L{close}.

        @return: whether the part has grown
        """
        by: int = size - getattr(self, part)
        if self._ledger is None or not by:
            return False
        setattr(self, part, size)
        self._ledger.change(part, by)
        return by > 0

    def close(self) -> None:
        """
        Set all parts to 0: the connection has ended.
        """
        for part in OF_CONNECTIONS:
            self.keep(part, 0)
        self._ledger = None
