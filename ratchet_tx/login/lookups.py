"""
Remembers which clients were disconnected while tokens were looked up, so that these logins are closed.
"""

from collections import OrderedDict


class Lookups:
    """
    The lookups of one node.

    A client that is disconnected while its token is looked up has no connection yet that could be closed. So it is
    remembered until the lookups that are under way have ended.
    """

    def __init__(self) -> None:
        self._count = 0
        self._underWay: dict[int, None] = {}
        # With the number of the last lookup that had begun by then, and in the order of these numbers.
        self._disconnected: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._disconnected)

    def begin(self) -> int:
        """
        Note that a lookup begins.

        @return: the lookup's number, for L{end}
        """
        self._count += 1
        self._underWay[self._count] = None
        return self._count

    def end(self, lookup: int) -> None:
        """
        Note that a lookup has ended, and forget the disconnected clients that no other lookup needs.
        """
        self._underWay.pop(lookup, None)
        first = next(iter(self._underWay), self._count + 1)
        while self._disconnected and next(iter(self._disconnected.values()))[0] < first:
            self._disconnected.popitem(last=False)

    def disconnected(self, client: str, code: int) -> None:
        """
        Note that a client was disconnected.

        @param client: its id
        @param code: the close code
        """
        if self._underWay:
            self._disconnected[client] = (self._count, code)
            self._disconnected.move_to_end(client)

    def closedWith(self, lookup: int, client: str) -> int | None:
        """
        Give the close code of a client that was disconnected since a lookup began; None if it wasn't.
        """
        last, code = self._disconnected.get(client, (0, 0))
        return code if last >= lookup else None
