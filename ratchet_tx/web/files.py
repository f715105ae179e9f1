"""
A folder of files for a site: what twisted.web's serves, but for what nobody meant to publish.
"""

from typing import Any

from twisted.web.pages import notFound
from twisted.web.static import File


class Files(File):
    """
    Serves the files of a folder: no listings, and nothing whose name begins with a dot.
    """

    def __init__(self, path: str, *_: Any, **__: Any) -> None:
        super().__init__(path, defaultType="application/octet-stream")

    def directoryListing(self) -> Any:
        return notFound()

    def getChild(self, path: bytes, request: Any) -> Any:
        if path.startswith(b".") or b"\x00" in path:
            return notFound()
        return super().getChild(path, request)
