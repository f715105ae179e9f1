"""
One peer of a server's: a picows client that logs in, and hears what it expects; what for, the works know.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.dialects import Plain, Unexpected
from benchmarks.servers.tokens import USERS

TEXT, CLOSE = WSMsgType.TEXT, WSMsgType.CLOSE

#: How many connections are opened at the same time.
OPENING = 64


#: Who is told of a message: it is called with the peer.
Hear = Callable[["Peer"], None]


class Peer(WSListener):
    """
    One connection.

    @param fail: is told what goes wrong with it
    @ivar transport: picows's
    """

    def __init__(self, dialect: Plain, token: str, fail: Callable[[Exception], None]) -> None:
        self._dialect = dialect
        self._fail = fail
        self._login = dialect.login(token)
        self._loggedIn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected: dict[tuple[str, Any], Hear] = {}
        # The last one that came, as bytes, and who was told of it: mostly the next one is the same, and to compare bytes is
        # cheaper than to decode them.
        self._message: bytes | None = None
        self._hear: Hear = lambda peer: None
        self._leaving = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        first = next(self._login)
        if first is not None:
            transport.send(TEXT, first)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        message = frame.get_payload_as_bytes()
        if message == self._message:
            self._hear(self)
        else:
            self._other(frame.msg_type, message)

    def _other(self, kind: WSMsgType, message: bytes) -> None:
        if kind == CLOSE:
            return self._closed(int.from_bytes(message[:2], "big"))
        if kind != TEXT:
            return
        if not self._loggedIn.done():
            return self._goOnLoggingIn(message)
        answer = self._dialect.answer(message)
        if answer is not None:
            return self.transport.send(TEXT, answer)
        try:
            event = self._dialect.read(message)
        except ValueError as error:
            return self._fail(error)
        hear = self._expected.get(event)
        if hear is None:
            return self._fail(Unexpected(f"came {str(event)[:200]}"))
        self._message, self._hear = message, hear
        hear(self)

    def _goOnLoggingIn(self, message: bytes) -> None:
        try:
            answer = self._login.send(message)
            if answer is not None:
                self.transport.send(TEXT, answer)
        except StopIteration:
            self._loggedIn.set_result(None)
        except Exception as error:
            self._loggedIn.set_exception(error)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._closed(1006)

    def _closed(self, code: int) -> None:
        if self._leaving:
            return
        self._leaving = True
        error = Unexpected(f"the server closed a connection with {code}")
        if self._loggedIn.done():
            self._fail(error)
        else:
            self._loggedIn.set_exception(error)

    async def loggedIn(self) -> None:
        """
        Wait for the login.

        @raise LoginRefused: where it is refused
        @raise Unexpected: where the connection ends
        """
        await self._loggedIn

    def expect(self, name: str, data: Any, hear: Hear) -> None:
        """
        Say that an event may come from now on, and who is to be told of each; what nobody expects is a failure.
        """
        self._expected[name, data] = hear
        self._message = None

    def emit(self, name: str, data: Any) -> None:
        """
        Send an event.
        """
        self.transport.send(TEXT, self._dialect.event(name, data))

    def leave(self) -> None:
        """
        Close the connection.
        """
        self._leaving = True
        self.transport.disconnect()


class Crowd:
    """
    All peers of a load.

    @ivar failed: becomes done with the first thing that goes wrong with any of them
    """

    def __init__(self, port: int, dialect: Plain) -> None:
        self.peers: list[Peer] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.dialect = dialect
        self.port = port
        self._grown = 0

    def _fail(self, error: Exception) -> None:
        if not self.failed.done():
            self.failed.set_exception(error)

    async def grow(self, number: int) -> list[Peer]:
        """
        Open so many more connections, and log each of them in by a token of its own.
        """
        tokens = iter([f"token-{(self._grown + each) % len(USERS)}" for each in range(number)])
        self._grown += number
        new: list[Peer] = []
        await asyncio.gather(*(self._open(tokens, new) for _ in range(min(number, OPENING))))
        self.peers += new
        return new

    async def _open(self, tokens: Iterable[str], new: list[Peer]) -> None:
        url = f"ws://127.0.0.1:{self.port}{self.dialect.path}"
        for token in tokens:
            peer = Peer(self.dialect, token, self._fail)
            await ws_connect(lambda peer=peer: peer, url, websocket_handshake_timeout=60)
            await peer.loggedIn()
            new.append(peer)

    async def ask(self, peers: Iterable[Peer], name: str, data: Any, answer: str) -> None:
        """
        Have peers send an event each, and wait until each is answered with the same data.
        """
        answers = []
        for peer in peers:
            answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            peer.expect(answer, data, lambda _, answered=answered: answered.set_result(None))
            peer.emit(name, data)
            answers.append(answered)
        await self.until(asyncio.gather(*answers))

    async def until(self, waiting: Any) -> Any:
        """
        Wait for something, unless a peer fails before.

        @raise Exception: what a peer failed with
        """
        waiting = asyncio.ensure_future(waiting)
        done, _ = await asyncio.wait([waiting, self.failed], return_when=asyncio.FIRST_COMPLETED)
        if self.failed in done:
            waiting.cancel()
        return await (self.failed if self.failed in done else waiting)
