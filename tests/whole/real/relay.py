"""
Relays connections from a proxy to the server, and records the requests of each.
"""

import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_WR, create_connection, socket
from threading import Thread


class Relay(socketserver.ThreadingTCPServer):
    """
    Relays each connection to a port of this machine.

    @ivar requests: for each connection the requests that it carried, in order: C{"page"} or C{"socket"}
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, upstream: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.upstream = upstream
        self.requests: list[list[str]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def mixed(self) -> int:
        """
        Count the connections that carried a page before a socket.
        """
        return sum("socket" in each and "page" in each[: each.index("socket")] for each in self.requests)

    @property
    def sockets(self) -> int:
        """
        Count the connections that became sockets.
        """
        return sum("socket" in each for each in self.requests)


class _Connection(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        self.seen: list[str] = []
        self.server.requests.append(self.seen)
        with create_connection(("127.0.0.1", self.server.upstream)) as upstream:
            back = Thread(target=self._pump, args=(upstream, self.request), daemon=True)
            back.start()
            self._pump(self.request, upstream, note=True)
            back.join()

    def _pump(self, source: socket, target: socket, note: bool = False) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if note and "socket" not in self.seen:
                    self._note(data)
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(SHUT_WR)

    def _note(self, data: bytes) -> None:
        # The proxies send a head in one piece.
        if re.match(rb"[A-Z]+ \S+ HTTP/1\.1\r\n", data):
            self.seen.append("socket" if re.search(rb"(?i)\r\nupgrade: websocket\r\n", data) else "page")


@contextmanager
def relaying(upstream: int) -> Iterator[Relay]:
    """
    Run a relay within a C{with} block.
    """
    with Relay(upstream) as relay:
        thread = Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield relay
        finally:
            relay.shutdown()
            thread.join()
