"""
Makes and reads WebSocket frames (RFC 6455 section 5.2), and marks those that slow peers may miss (C{whenSlow}).

Only the plainest incoming frame is read here, a whole masked text. Nearly all are such frames; Autobahn reads the others.
"""

from collections.abc import Callable
from struct import pack
from typing import NamedTuple

_FINAL_TEXT = 0x81
_FINAL_CLOSE = b"\x88"
_MASKED = 0x80

#: How long a control frame of a client's is at most, its head included.
LONGEST_CONTROL = 131

#: From this length on a masker in C is faster, which takes a microsecond to set up.
_LONG = 256

#: The heads of short frames, by the text's length.
_SHORT_HEADS = [bytes((_FINAL_TEXT, size)) for size in range(126)]

#: Takes a mask with the payload that follows it, and gives the payload without it.
Unmask = Callable[[bytes], bytes]


def _repeating(times: int) -> int:
    """
    Make the number by which a mask is repeated so many times when it is multiplied by it.
    """
    return int.from_bytes(b"\1\0\0\0" * times, "little")


#: Those for whatever isn't long, mask and payload together.
_REPEATING = [_repeating(times) for times in range(_LONG // 4 + 1)]


def makeText(text: bytes) -> bytes:
    """
    Make the one frame of a text message, as a server sends it: final and unmasked.

    Header and payload are one bytes object, because two writes cost nearly twice as much as one.

    @param text: UTF-8
    @return: the frame, which may go to any number of peers
    """
    size = len(text)
    if size < 126:
        return _SHORT_HEADS[size] + text
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


def takeText(data: bytes, start: int, limit: int, unmaskLong: Unmask) -> tuple[bytes, int] | None:
    """
    Take a text message out of a chunk.

    It is taken if it is one whole frame: final, masked, no longer than 65,535 bytes, its length written in the shortest way,
    and its text UTF-8.

    @param data: the chunk
    @param start: where in it a message begins
    @param limit: how long a message may be
    @param unmaskLong: takes the mask off where it would be slow here
    @return: the message's text, and where it ends; or None for whatever else there is
    """
    # Written in one piece, without a function for each step, because it runs for every message: calls would double its cost.
    available = len(data) - start
    if available < 6 or data[start] != _FINAL_TEXT:
        return None
    size = data[start + 1] - _MASKED
    mask = start + 2
    if size == 126 and available >= 8:
        size = data[mask] << 8 | data[mask + 1]
        mask += 2
        if size < 126:
            return None
    elif not 0 <= size < 126:
        return None
    end = mask + 4 + size
    if end > start + available or size > limit:
        return None
    text = (unmask if size < _LONG else unmaskLong)(data[mask:end])
    return (text, end) if text.isascii() or isUTF8(text) else None


def unmask(masked: bytes) -> bytes:
    """
    Take the mask off a payload (RFC 6455 section 5.3), all of it at once as one large number.

    @param masked: the mask's four bytes, and the payload
    """
    size = len(masked)
    words = (size + 3) // 4
    repeating = _REPEATING[words] if size < _LONG else _repeating(words)
    number = int.from_bytes(masked, "little")
    # Little-endian, the number's end is the mask.
    return (number ^ (number & 0xFFFFFFFF) * repeating).to_bytes(words * 4, "little")[4:size]


def sizeOf(head: bytes) -> int | None:
    """
    Say how long a frame is that begins so, whatever frame it is, its head included.

    @param head: at least its first 10 bytes, or all that is there
    @return: None where there is too little of it to say so
    """
    if len(head) < 2:
        return None
    length, mask = head[1] & 0x7F, 4 if head[1] & _MASKED else 0
    if length < 126:
        return 2 + mask + length
    wide = 2 if length == 126 else 8
    return None if len(head) < 2 + wide else 2 + wide + mask + int.from_bytes(head[2 : 2 + wide], "big")


def closeAtEnd(data: bytes) -> bytes | None:
    """
    Find a client's close frame at the very end of some data, whatever stands before it: nothing may follow a close.

    A frame with a code that can't be there isn't taken for one: half a message may end so by chance.

    @param data: the last L{LONGEST_CONTROL} bytes that came, or fewer
    """
    start = data.find(_FINAL_CLOSE)
    while start >= 0:
        frame = data[start:]
        if len(frame) == sizeOf(frame) and _MASKED <= frame[1] < _MASKED + 126 and _isCloseOf(unmask(frame[2:])):
            return frame
        start = data.find(_FINAL_CLOSE, start + 1)
    return None


def _isCloseOf(payload: bytes) -> bool:
    code = int.from_bytes(payload[:2], "big")
    return not payload or (len(payload) > 1 and (1000 <= code <= 1014 or 3000 <= code <= 4999) and isUTF8(payload[2:]))


def isUTF8(text: bytes) -> bool:
    """
    Say whether some bytes are UTF-8 (RFC 3629).
    """
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class Spare(NamedTuple):
    """
    Marks a frame that may be dropped for a slow peer (C{whenSlow}).

    @ivar event: the event's name
    @ivar room: the room that it was sent to, if any
    @ivar latest: whether a later one of the same event and room makes it needless; else it is dropped where too much waits
    """

    event: str
    room: str | None
    latest: bool
