"""
The masks of long payloads, taken off in C; it knows no frames.

The boundary with Autobahn: its masker is asked directly, in the library that its wheels bring for it.  Autobahn's own class
around it takes 4 microseconds to set up, and is slower than Python below 2 KiB; this takes one.
Where there is no such library, Python does it.
"""

from ratchet_tx.wire.frames import unmask

try:
    from _nvx_xormasker import ffi, lib  # type: ignore[import-not-found]
except ImportError:
    ffi = lib = None


def unmaskLong(masked: bytes) -> bytes:
    """
    Take the mask off a payload, as L{unmask} does.

    @param masked: the mask's four bytes, and the payload
    """
    if lib is None:
        return unmask(masked)
    data = bytearray(masked)
    masker = lib.nvx_xormask_new(masked[:4])
    # The mask's own four bytes are a whole turn of it.
    lib.nvx_xormask_process(masker, ffi.from_buffer(data), len(data))
    lib.nvx_xormask_free(masker)
    return bytes(memoryview(data)[4:])
