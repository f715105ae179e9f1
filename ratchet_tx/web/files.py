"""
Serves a folder of files, without those that nobody meant to publish.
"""

import re
from typing import Any

from twisted.web.pages import notFound
from twisted.web.static import File

from ratchet_tx.wire.frames import isUTF8

#: A part of a file (RFC 9110 section 14.1.2).
_RANGE = re.compile(rb"bytes=[0-9]{0,18}-[0-9]{0,18}")


class Files(File):
    """
    Serves the files of a folder: no listings, and nothing whose name begins with a dot.

    Of a file's parts one is sent at once, and who asks for several is sent the whole: twisted.web never ends an answer of
    many small ones, and a part that is asked for a thousand times would be sent as often.  Of a Range that it can't read it
    fails, or logs the whole.
    """

    def __init__(self, path: str, *_: Any, **__: Any) -> None:
        super().__init__(path, defaultType="application/octet-stream")

    def directoryListing(self) -> Any:
        return notFound()

    def getChild(self, path: bytes, request: Any) -> Any:
        if path.startswith(b".") or b"\x00" in path or not isUTF8(path):
            return notFound()
        return super().getChild(path, request)

    def render_GET(self, request: Any) -> Any:
        """
        Send it.
        """
        if _RANGE.fullmatch(request.getHeader(b"range") or b"") is None:
            request.requestHeaders.removeHeader(b"range")
        return super().render_GET(request)

    #: By itself it would be what the base class has.
    render_HEAD = render_GET
