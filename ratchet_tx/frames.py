"""
WebSocket frames as bytes, RFC 6455 section 5.2; it knows nothing of sockets, connections or JSON.

Only what a server sends is here: Autobahn reads what comes in.
"""

from struct import pack

_FINAL_TEXT = 0x81


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
