"""
Makes and reads WebSocket frames (RFC 6455 section 5.2), and marks those that slow peers may miss (C{whenSlow}).

It reads only whole masked text frames, as nearly all incoming frames are; Autobahn reads the others.
"""

from collections.abc import Callable
from struct import pack
from typing import NamedTuple

_FINAL_TEXT = 0x81
_FINAL_CLOSE = b"\x88"
_MASKED = 0x80

#: How many bytes a client's control frame has at most, with its head.
LONGEST_CONTROL = 131

#: From this length on a masker in C is faster; its set-up takes a microsecond.
_LONG = 256

#: The heads of short frames, by the text's length.
_SHORT_HEADS = [bytes((_FINAL_TEXT, size)) for size in range(126)]

#: Takes a mask followed by a payload, and returns the unmasked payload.
Unmask = Callable[[bytes], bytes]


def _repeating(times: int) -> int:
    """
    Make the number that repeats a mask so many times when it is multiplied by the mask.
    """
    return int.from_bytes(b"\1\0\0\0" * times, "little")


#: These numbers for each short length of mask and payload together.
_REPEATING = [_repeating(times) for times in range(_LONG // 4 + 1)]


def makeText(text: bytes) -> bytes:
    """
    Make the frame of a text message, as a server sends it: final and unmasked.

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
    Take the text out of a frame again, for a peer with compression.

    @param frame: as L{makeText} made it
    """
    length = frame[1]
    if length < 126:
        return frame[2:]
    return frame[4:] if length == 126 else frame[10:]


def takeText(data: bytes, start: int, limit: int, unmaskLong: Unmask) -> tuple[bytes, int] | None:
    """
    Take a text message out of a chunk, if it is one whole frame: final, masked, at most 65,535 bytes, with its length in the
    shortest form, and its text UTF-8.

    @param data: the chunk
    @param start: where in it the message begins
    @param limit: how many bytes a message may have
    @param unmaskLong: unmasks long payloads
    @return: the message's text, and where it ends; None for anything else
    """
    # One function without calls, because it runs for every message: calls would double its cost.
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
    Unmask a payload (RFC 6455 section 5.3), all of it at once as one large number.

    @param masked: the mask's four bytes, and the payload
    """
    size = len(masked)
    words = (size + 3) // 4
    repeating = _REPEATING[words] if size < _LONG else _repeating(words)
    number = int.from_bytes(masked, "little")
    # In little-endian order the mask is the number's lowest 32 bits.
    return (number ^ (number & 0xFFFFFFFF) * repeating).to_bytes(words * 4, "little")[4:size]


def sizeOf(head: bytes) -> int | None:
    """
    Compute the length of any frame, with its head.

    @param head: at least the frame's first 10 bytes, or all that have come
    @return: None if too few bytes have come
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
    Find a client's close frame at the very end of some data; nothing may follow a close.

    A frame with an invalid code isn't taken for one: part of a message may look like it by chance.

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
    Say whether bytes are UTF-8 (RFC 3629).
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
    @ivar latest: whether a later frame of the same event and room replaces it; else it is dropped when the queue is too long
    """

    event: str
    room: str | None
    latest: bool
