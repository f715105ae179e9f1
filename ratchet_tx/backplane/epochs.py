"""
Derives the epochs of rooms, also of lives that haven't begun.
"""

import hmac
from array import array
from base64 import urlsafe_b64encode
from secrets import token_bytes


class Epochs:
    """
    The epochs of rooms, also of those that have no life yet: for these they are made anew whenever somebody asks.

    A room's next epoch follows from a secret, its name, and how many lives have ended in its bucket of rooms; with each end
    that count rises, so no later life has the epoch of an earlier one, and nothing is kept for each room.
    """

    _BUCKETS = 4096

    def __init__(self) -> None:
        self._secret = token_bytes(32)
        self._ended = array("Q", bytes(8 * self._BUCKETS))

    def next(self, room: str) -> str:
        """
        Say which epoch a room's next life has.
        """
        text = f"{self._ended[self._bucket(room)]} {room}".encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(hmac.digest(self._secret, text, "sha256")[:9]).decode()

    def end(self, room: str) -> None:
        """
        Note that a life of a room is over.
        """
        self._ended[self._bucket(room)] += 1

    def _bucket(self, room: str) -> int:
        return hash(room) % self._BUCKETS
