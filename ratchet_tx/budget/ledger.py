"""
Counts the bytes that are kept because of peers, by what they are kept for.

Only what waits or stays is counted, not what is handled or sent at once.
"""

from collections.abc import Callable
from typing import Any

#: What is kept for one connection: what waits to be sent and to be handled, its handshake, what is shown of it in rooms, and
#: frames that wait for the reply to a subscribe.
OF_CONNECTIONS = ("queue", "waiting", "handshake", "metas", "held")

#: What is kept for many: the histories of rooms, and the keys of clients with their results.
OF_ALL = ("histories", "keys")


class Ledger:
    """
    The bytes of one process.

    @ivar limit: how many there may be; 0 for any number
    @ivar bytes: how many there are
    @ivar parts: how many there are of each part, of L{OF_CONNECTIONS} and L{OF_ALL}
    """

    def __init__(self) -> None:
        self._grown: Callable[[], Any] = lambda: None
        self.limit = 0
        self.bytes = 0
        self.parts = dict.fromkeys((*OF_CONNECTIONS, *OF_ALL), 0)

    def whenFull(self, grown: Callable[[], Any]) -> None:
        """
        Have something called each time that the bytes grow beyond the limit.

        @param grown: takes nothing; what it was before is called no more
        """
        self._grown = grown

    @property
    def isFull(self) -> bool:
        """
        Whether there are more than there may be.
        """
        return 0 < self.limit < self.bytes

    def change(self, part: str, by: int) -> None:
        """
        Count some bytes more, or less.
        """
        self.parts[part] += by
        self.bytes += by
        if by > 0 and self.isFull:
            self._grown()


class Account:
    """
    The bytes of one connection, each part of which somebody else tells.

    @ivar queue: how many wait to be sent; this and the others are only read
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
        How many there are.
        """
        return self.queue + self.waiting + self.handshake + self.metas + self.held

    def keep(self, part: str, size: int) -> bool:
        """
        Note how many bytes of a part there are now; nothing happens after L{close}.

        @return: whether these are more than before
        """
        by: int = size - getattr(self, part)
        if self._ledger is None or not by:
            return False
        setattr(self, part, size)
        self._ledger.change(part, by)
        return by > 0

    def close(self) -> None:
        """
        Note that nothing is kept any more: the connection is gone.
        """
        for part in OF_CONNECTIONS:
            self.keep(part, 0)
        self._ledger = None
