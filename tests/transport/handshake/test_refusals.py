"""
The responses to refused handshakes.
"""

import pytest

from ratchet_tx.transport.handshake.refusals import answer, phraseOf


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (400, b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"),
        (403, b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n"),
        (426, b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"),
        (503, b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n"),
    ],
)
def test_answers(status: int, head: bytes) -> None:
    """A response has no body, and headers that say what the peer can do."""
    assert answer(status) == head + b"Content-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (405, "Method Not Allowed"),
        (408, "Request Timeout"),
        (421, "Misdirected Request"),
        (431, "Request Header Fields Too Large"),
        (500, "Internal Server Error"),
        (505, "HTTP Version Not Supported"),
        (499, "Bad Request"),
    ],
)
def test_phrases(status: int, phrase: str) -> None:
    """A status has HTTP's reason phrase."""
    assert phraseOf(status) == phrase
