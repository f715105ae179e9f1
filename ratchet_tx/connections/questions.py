"""
Questions that wait for their replies, by the id that the reply will name; it doesn't know what waits, nor for how long.
"""

from typing import Generic, TypeVar

Waiting = TypeVar("Waiting")


class Replies(Generic[Waiting]):
    """
    One connection's open questions, each asked by us.

    Ids are C{s1}, C{s2} and so on: strings, so that they can't be taken for the peer's own, which are numbers.
    """

    __slots__ = ("_asked", "_waiting")

    def __init__(self) -> None:
        self._asked = 0
        self._waiting: dict[str, Waiting] = {}

    def open(self, waiting: Waiting) -> str:
        """
        Remember who waits.

        @return: the new question's id
        """
        self._asked += 1
        id = f"s{self._asked}"
        self._waiting[id] = waiting
        return id

    def take(self, id: str) -> Waiting | None:
        """
        Forget a question, for its reply is here or comes too late.

        @return: who waited; None where nobody did, or no longer does
        """
        return self._waiting.pop(id, None)

    def takeAll(self) -> list[Waiting]:
        """
        Forget every question, and say who waited.
        """
        waiting, self._waiting = list(self._waiting.values()), {}
        return waiting

    def __contains__(self, id: str | None) -> bool:
        return id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)
