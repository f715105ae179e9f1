"""
Derives the epoch of each room's history, before the history begins.
"""

import hmac
from array import array
from base64 import urlsafe_b64encode
from secrets import token_bytes


class Epochs:
    """
    The epochs of the rooms' next histories.

    An epoch is derived from a secret, the room's name, and how many histories have ended in the room's bucket. Each end
    raises that count, so no later history of a room has the epoch of an earlier one, and no room needs memory of its own.
    """

    _BUCKETS = 4096

    def __init__(self) -> None:
        self._secret = token_bytes(32)
        self._ended = array("Q", bytes(8 * self._BUCKETS))

    def next(self, room: str) -> str:
        """
        Derive the epoch of a room's next history.
        """
        text = f"{self._ended[self._bucket(room)]} {room}".encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(hmac.digest(self._secret, text, "sha256")[:9]).decode()

    def end(self, room: str) -> None:
        """
        Count the end of a room's history.
        """
        self._ended[self._bucket(room)] += 1

    def _bucket(self, room: str) -> int:
        return hash(room) % self._BUCKETS
