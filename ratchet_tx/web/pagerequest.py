"""
The requests for pages: limits their bodies and forms, and logs failures with a ref.
"""

from secrets import token_hex
from traceback import format_exception
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import server

from ratchet_tx.monitoring.printable import printable
from ratchet_tx.transport.handshake.forwarded import addressOf
from ratchet_tx.transport.handshake.head import BadHead, takeApart
from ratchet_tx.web.forms import BadForm, readForm, readQuery

#: How many bytes a request's body may have by default: enough for forms, not for uploads.
BODY_BYTES = 1 << 20

#: How many of the innermost frames of a page's traceback are logged: a recursion has 1,000.
_FRAMES = 20

#: How many characters of a request's method and path are logged.
NAMED = 200

_log = Logger()


class Request(server.Request):
    """
    A request with a limited body and a limited number of form fields.
    """

    channel: Any

    _length = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:
        """
        Check the length of the body; None if it comes in chunks.
        """
        if self.channel.site.bodyBytes and length is not None and length > self.channel.site.bodyBytes:
            return self._refuse()
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """
        Receive a piece of the body.
        """
        self._length += len(data)
        if not self._refused and 0 < self.channel.site.bodyBytes < self._length:
            self._refuse()
        if not self._refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """
        Find and render the page, now that the whole body has come.
        """
        if self._refused:
            return self.channel.loseConnection()  # type: ignore[no-any-return]
        self.channel.requestIsWhole()
        # As in twisted.web, but with our parser for forms: twisted.web's takes as long as a peer wants.
        self.method, self.uri, self.clientproto = command, path, version
        try:
            target, host = takeApart(path)
            if host is not None:
                self.requestHeaders.setRawHeaders(b"host", [host])
            self.path, _, query = target.partition(b"?")
            self.args = readQuery(query)
            if command == b"POST" and self.channel.site.takesForms:
                self.content.seek(0)
                self.args |= readForm(self.getHeader(b"content-type") or b"", self.content.read())
        except (BadHead, BadForm) as bad:
            return self.channel.refuse(400, getattr(bad, "why", bad))  # type: ignore[no-any-return]
        self.content.seek(0)
        self.process()

    def processingFailed(self, reason: Failure) -> Failure:
        """
        Respond with 500 to an exception of a page, with the reference under which it is logged.
        """
        ref = token_hex(4)
        last = "".join(format_exception(reason.type, reason.value, reason.getTracebackObject(), limit=-_FRAMES))
        self.channel.site.peerLog.failure(
            _log,
            addressOf(self.channel),
            'Page failed: ref={ref} method="{method}" path="{path}"',
            reason,
            last,
            ref=ref,
            method=printable(self.method, NAMED),
            path=printable(self.path, NAMED),
        )
        if self.startedWriting:
            # The status has been sent, so the peer can only be told by an abort.
            self.channel.transport.abortConnection()
            return reason
        body = f"Internal Server Error (ref {ref})\n".encode()
        self.setResponseCode(500)
        self.setHeader(b"content-type", b"text/plain; charset=utf-8")
        self.setHeader(b"content-length", b"%d" % len(body))
        self.write(b"" if self.method == b"HEAD" else body)
        self.finish()
        return reason

    def _refuse(self) -> None:
        self._refused = True
        site = self.channel.site
        site.count(self.channel, 413, "the body is too long")
        # Else twisted.web would send 100 Continue.
        self.requestHeaders.removeHeader(b"expect")
        head = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n"
        self.channel.write(head % (site.tooLongHeaders, len(site.tooLong)) + site.tooLong)
        self.channel.requestIsWhole()
        site.closing.begin(self.channel)
