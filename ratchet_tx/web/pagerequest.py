"""
The requests for pages: bounds their bodies and forms, and logs what fails with one ref.
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

#: How long a request's body may be: more than any form has, and less than hurts; uploads have to be asked for.
BODY_BYTES = 1 << 20

#: How many of the last frames of a page's traceback are logged: a recursion has 1,000.
_FRAMES = 20

#: How many characters are logged of what a peer named.
NAMED = 200

_log = Logger()


class Request(server.Request):
    """
    A request whose body has a greatest length, and whose form has as many fields as forms have.
    """

    channel: Any

    _length = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:
        """
        Look at the length that the body is said to have; None where it comes in chunks.
        """
        if self.channel.site.bodyBytes and length is not None and length > self.channel.site.bodyBytes:
            return self._refuse()
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """
        Take in a piece of the body.
        """
        self._length += len(data)
        if not self._refused and 0 < self.channel.site.bodyBytes < self._length:
            self._refuse()
        if not self._refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """
        Bring the request to its page, now that its body is there.
        """
        if self._refused:
            return self.channel.loseConnection()  # type: ignore[no-any-return]
        self.channel.answering()
        # What twisted.web does here, but for its reading of forms, which takes as long as a peer wants.
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
        Answer 500, because a page raised something: with a reference, by which the log has the rest.
        """
        ref = token_hex(4)
        last = "".join(format_exception(reason.type, reason.value, reason.getTracebackObject(), limit=-_FRAMES))
        self.channel.site.peerLog.failure(
            _log,
            addressOf(self.channel),
            'A page failed: ref={ref} method="{method}" path="{path}"',
            reason,
            last,
            ref=ref,
            method=printable(self.method, NAMED),
            path=printable(self.path, NAMED),
        )
        if self.startedWriting:
            # There is no other way left to tell the peer.
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
        # Else it would be told to go on.
        self.requestHeaders.removeHeader(b"expect")
        head = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n"
        self.channel.write(head % (site.tooLongHeaders, len(site.tooLong)) + site.tooLong)
        self.channel.answering()
        site.closing.begin(self.channel)
