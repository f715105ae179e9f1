"""
Checks the secret token, from a file, by which other programs may call us.
"""

import os
import stat
from hmac import compare_digest
from pathlib import Path

from twisted.logger import Logger

from ratchet_tx.errors import UsageError


class BearerToken:
    """
    The token that whoever asks has to show, as RFC 6750 says it: C{Authorization: Bearer ...}.

    @param path: a file with nothing else in it
    @raise UsageError: where it can't be read, or is blank
    """

    _log = Logger()

    def __init__(self, path: str) -> None:
        self._path = path
        self.reload()

    def reload(self) -> None:
        """
        Read the file again; where that fails, the token that was read before stays.

        @raise UsageError: where it can't be read, or is blank
        """
        try:
            token = Path(self._path).read_bytes().strip()
            mode = os.stat(self._path).st_mode
        except OSError as error:
            raise UsageError(f"admin-token-file {self._path}: {error.strerror}") from None
        if not token:
            raise UsageError(f"admin-token-file {self._path}: it is blank")
        if mode & stat.S_IROTH:
            # Not refused: what hands secrets to containers mostly makes such files, and they are alone with them.
            self._log.warn("Everybody on this machine may read {path}: chmod o-r {path}", path=self._path)
        self._token = token

    def permits(self, authorization: bytes | None) -> bool:
        """
        Say whether a request shows the token.

        @param authorization: its header C{Authorization}, if there is one
        """
        scheme, _, token = (authorization or b"").strip().partition(b" ")
        return compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"
