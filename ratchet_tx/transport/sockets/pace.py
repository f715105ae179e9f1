"""
Measures how fast a peer takes what it is sent, so that one that reads a byte a minute is closed.
"""

#: How many bytes a second a peer has to take or to send, on average.
LEAST_BYTES = 1024

#: For how many seconds it may be slower.
PATIENCE_SECONDS = 10

#: How many seconds a fast peer can save up: bytes that come in bursts are slow in between.
_MOST_SECONDS = 20


class Pace:
    """
    The pace of one peer: the seconds that it has left.  Each byte adds some.
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = float(PATIENCE_SECONDS)

    def went(self, count: int, seconds: float) -> bool:
        """
        Note how many bytes went in how many seconds.

        @param count: how many bytes were taken, or sent
        @return: whether the peer may go on
        """
        self._left = min(self._left + count / LEAST_BYTES - seconds, _MOST_SECONDS)
        return self._left > 0
