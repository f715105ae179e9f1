"""
Serves a folder of static files, without hidden files and listings.
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
    Serves the files of a folder: no listings, and no name that begins with a dot.

    A request for one range gets that range; a request for several gets the whole file. twisted.web never ends a response of
    many small ranges, and would send one as often as it is repeated. At a malformed Range it fails, or logs all of it.
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
        Send the file.
        """
        if _RANGE.fullmatch(request.getHeader(b"range") or b"") is None:
            request.requestHeaders.removeHeader(b"range")
        return super().render_GET(request)

    #: Else it would be the base class's method.
    render_HEAD = render_GET
