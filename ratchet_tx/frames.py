"""
WebSocket frames as bytes, RFC 6455 section 5.2; it knows nothing of sockets, connections or JSON.

Of what comes in only the plainest frame is known here, which nearly all are: Autobahn reads all others.
"""

from collections.abc import Callable, Iterator
from struct import pack

from ratchet_tx.utf8 import isUTF8

_FINAL_TEXT = 0x81
_MASKED = 0x80

#: From this length on a masker in C is faster, which takes a microsecond to set up.
_LONG = 256

#: Takes a payload and its mask, and gives the payload without it.
Unmask = Callable[[bytes, bytes], bytes]


def makeText(text: bytes) -> bytes:
    """
    Make the one frame of a text message, as a server sends it: final and unmasked.

    Header and payload are one bytes object, because two writes cost nearly twice as much as one.

    @param text: UTF-8
    @return: the frame, which may go to any number of peers
    """
    size = len(text)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + text
    if size < 65536:
        return pack("!BBH", _FINAL_TEXT, 126, size) + text
    return pack("!BBQ", _FINAL_TEXT, 127, size) + text


def textOf(frame: bytes) -> bytes:
    """
    Take the text out of a frame again, for a peer that wants it compressed.

    @param frame: what L{makeText} gave
    """
    length = frame[1]
    if length < 126:
        return frame[2:]
    return frame[4:] if length == 126 else frame[10:]


def takeTexts(data: bytes, limit: int, unmaskLong: Unmask) -> Iterator[tuple[bytes, int]]:
    """
    Take the text messages off the beginning of a chunk, each when it is asked for.

    A message is taken if it is one whole frame: final, masked, no longer than 65,535 bytes, its length written in the
    shortest way, and its text UTF-8.  At whatever else there is, this ends.

    @param data: the chunk, which begins where a message begins
    @param limit: how long a message may be
    @param unmaskLong: takes the mask off where it would be slow here
    @return: each message's text, and where it ends
    """
    start, available = 0, len(data)
    # Written in one piece, without a function for each step, because it runs for every message: calls would double its cost.
    while available - start >= 6 and data[start] == _FINAL_TEXT:
        size = data[start + 1] - _MASKED
        head = start + 2
        if size == 126 and available - start >= 8:
            size = data[head] << 8 | data[head + 1]
            head += 2
            if size < 126:
                return
        elif not 0 <= size < 126:
            return
        body = head + 4
        end = body + size
        if end > available or size > limit:
            return
        text = (unmask if size < _LONG else unmaskLong)(data[body:end], data[head:body])
        if not (text.isascii() or isUTF8(text)):
            return
        yield text, end
        start = end


def unmask(masked: bytes, mask: bytes) -> bytes:
    """
    Take the mask off a payload (RFC 6455 section 5.3), all of it at once as one large number.

    @param mask: four bytes
    """
    size = len(masked)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(masked, "little") ^ int.from_bytes(repeated, "little")).to_bytes(size, "little")
