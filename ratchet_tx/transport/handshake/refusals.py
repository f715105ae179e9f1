"""
Answers requests that are refused; L{ratchet_tx.monitoring.httprefusals} counts and logs them.
"""

from http import HTTPStatus

from ratchet_tx.errors import RatchetError

#: After how many seconds a peer may come again that was one too many.
RETRY_SECONDS = 5

#: What an answer says besides, by its status.
_HEADERS = {426: "Upgrade: websocket\r\nConnection: Upgrade", 503: f"Connection: close\r\nRetry-After: {RETRY_SECONDS}"}

_PHRASES = {each.value: each.phrase for each in HTTPStatus}


class Refused(RatchetError):
    """
    A handshake that is refused.

    @ivar status: the HTTP status to answer with
    @ivar facts: why, for the log, as C{key=value} pairs
    """

    def __init__(self, status: int, facts: str) -> None:
        super().__init__(f"{status} {facts}")
        self.status = status
        self.facts = facts


def answer(status: int) -> bytes:
    """
    Write an answer without a body, after which the connection is closed.
    """
    headers = _HEADERS.get(status, "Connection: close")
    return f"HTTP/1.1 {status} {phraseOf(status)}\r\n{headers}\r\nContent-Length: 0\r\n\r\n".encode()


def phraseOf(status: int) -> str:
    """
    Say a status in words.
    """
    return _PHRASES.get(status, "Bad Request")
