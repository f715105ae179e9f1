"""
Checks the secret token with which other programs may publish; it is in a file.
"""

import os
import stat
from hmac import compare_digest
from pathlib import Path

from twisted.logger import Logger

from ratchet_tx.errors import UsageError


class BearerToken:
    """
    The token that a request must show, as in RFC 6750: C{Authorization: Bearer ...}.

    @param path: a file with the token and nothing else
    @raise UsageError: for a file that can't be read, or is blank
    """

    _log = Logger()

    def __init__(self, path: str) -> None:
        self._path = path
        self.reload()

    def reload(self) -> None:
        """
        Read the file again.

        @raise UsageError: for a file that can't be read, or is blank; the old token stays in use then
        """
        try:
            token = Path(self._path).read_bytes().strip()
            mode = os.stat(self._path).st_mode
        except OSError as error:
            raise UsageError(f"admin-token-file {self._path}: {error.strerror}") from None
        if not token:
            raise UsageError(f"admin-token-file {self._path}: it is blank")
        if mode & stat.S_IROTH:
            # Not refused: container systems mostly make such files for secrets, and no other user is in the container.
            self._log.warn('All users may read the token file: path={path} hint="chmod o-r {path}"', path=self._path)
        self._token = token

    def permits(self, authorization: bytes | None) -> bool:
        """
        Say whether a request shows the token.

        @param authorization: its C{Authorization} header, if it has one
        """
        scheme, _, token = (authorization or b"").strip().partition(b" ")
        return compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"
