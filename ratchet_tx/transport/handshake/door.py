"""
Takes each new connection: reads and checks the head of its first request, and hands it on to a WebSocket or the pages.

It knows nothing of WebSockets or pages, and does nothing more once a good head is there.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress, ISSLTransport, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure

from ratchet_tx.deferreds.timeouts import Patience, Timeouts
from ratchet_tx.limits.visits import Visit, Visits
from ratchet_tx.monitoring.httprefusals import HTTPRefusals
from ratchet_tx.settings import Limits
from ratchet_tx.transport.handshake.forwarded import addressOf
from ratchet_tx.transport.handshake.head import BadHead, Head, HeadReader
from ratchet_tx.transport.handshake.refusals import answer
from ratchet_tx.transport.sockets.closing import Closing

Page = Callable[[IAddress], Any]
Socket = Callable[[IAddress, Head, bool], Any]


class Doorkeeper:
    """
    What all doors of a factory share.

    @param limits: how long, how large and how slow a head may be
    @param refusals: counts and logs each refusal
    @param visits: counts the connections that are no WebSockets
    @param closing: drops the connections that were closed
    @param patience: ends heads that take too long
    @param speaker: gives the IP address for which a peer speaks, by its transport and a request's head
    @ivar heads: the time that heads may take
    """

    def __init__(
        self,
        limits: Limits,
        refusals: HTTPRefusals,
        visits: Visits,
        closing: Closing,
        patience: Patience,
        speaker: Callable[[Any, Head], str],
    ) -> None:
        self.limits = limits
        self.refusals = refusals
        self.visits = visits
        self.closing = closing
        self.speaker = speaker
        self.heads: Timeouts[Door] = Timeouts(limits.headSeconds, patience, Door.late)


class Upgrading:
    """
    A protocol that serves pages, and may get a handshake in any request after the first.

    @ivar sockets: as the door's; None where there are no WebSockets
    @ivar visit: counts the connection until it ends or becomes a WebSocket; None where it isn't counted
    @ivar speaker: as the doorkeeper's
    """

    sockets: Socket | None = None
    visit: Visit | None = None
    speaker: Callable[[Any, Head], str]


class Door(Protocol):
    """
    The protocol of a connection until the head of its first request is there.

    @param sockets: makes the WebSocket of a peer: by its address, the head, and whether nothing was ever written to the
        transport
    @param pages: makes the protocol for any other request; None where there are no pages
    @param keeper: what it shares with others
    """

    _visit: Visit
    _isOver = False

    def __init__(self, sockets: Socket, pages: Page | None, keeper: Doorkeeper) -> None:
        self._sockets = sockets
        self._pages = pages
        self._keeper = keeper
        self._reader = HeadReader(keeper.limits.headBytes, keeper.limits.headCount)

    def connectionMade(self) -> None:
        transport: Any = self.transport
        self._visit = self._keeper.visits.enter(addressOf(transport))
        if not self._visit.refused:
            self._keeper.heads.start(self)
        else:
            self._turnAway(self._visit.isFar and ISSLTransport.providedBy(transport))

    def _turnAway(self, atOnce: bool = False) -> None:
        """
        Refuse a connection that is one too many.

        @param atOnce: whether to drop it without an answer
        """
        transport: Any = self.transport
        self._keeper.heads.stop(self)
        self._keeper.refusals.note("connection", addressOf(transport), 503, self._visit.refused)
        if not atOnce:
            return self._end(503)
        self._isOver = True
        transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        if self._isOver:
            return
        try:
            head = self._reader.feed(data)
        except BadHead as bad:
            return self._refuse(bad.status, bad.why)
        if head is not None:
            self._enter(head)

    def _enter(self, head: Head) -> None:
        if self._pages is None or head.isUpgrade:
            if not head.isUpgrade:
                return self._refuse(426, "this is no page, and no WebSocket was asked for")
            self._visit.leave()
        elif self._visit.move(self._keeper.speaker(self.transport, head)):
            return self._turnAway()
        self._keeper.heads.stop(self)
        assert self.transport is not None, "data comes from a transport"
        handOver(self.transport, self._build(self.transport.getPeer(), head), self._reader.take())

    def _build(self, peer: IAddress, head: Head) -> Any:
        if self._pages is None or head.isUpgrade:
            return self._sockets(peer, head, True)
        page = self._pages(peer)
        if isinstance(page, Upgrading):
            page.sockets, page.visit, page.speaker = self._sockets, self._visit, self._keeper.speaker
        else:
            # It wouldn't say when it ends.
            self._visit.leave()
        return page

    def late(self) -> None:
        """
        Answer 408: the head took longer than C{headSeconds}.  If nothing came at all, close without an answer: browsers open
        connections that they may need later.
        """
        if len(self._reader):
            return self._refuse(408, "the head took longer than headSeconds")
        self._isOver = True
        self._keeper.closing.begin(self)
        assert self.transport is not None, "only an open connection is closed"
        self.transport.loseConnection()

    def _refuse(self, status: int, why: str) -> None:
        self._keeper.heads.stop(self)
        self._keeper.refusals.request(addressOf(self.transport), status, why)
        self._end(status)

    def _end(self, status: int) -> None:
        self._isOver = True
        self._keeper.closing.begin(self)
        assert self.transport is not None, "only an open connection is closed"
        self.transport.write(answer(status))
        endAnswer(self.transport)

    def moved(self) -> bool:
        """
        Say that a refused peer gets no more time (L{Leaver<ratchet_tx.transport.sockets.closing.Leaver>}).
        """
        return False

    def drop(self) -> None:
        """
        End the connection at once (L{Leaver<ratchet_tx.transport.sockets.closing.Leaver>}).
        """
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._keeper.heads.stop(self)
        self._keeper.closing.ended(self)
        self._visit.leave()


def endAnswer(transport: Any) -> None:
    """
    Say that nothing follows an answer, and close.

    Over plain TCP only our side is closed, and the peer, or L{Closing}, closes the other: what the peer still sends would
    otherwise have the system reset the connection, and the peer might never read the answer.
    """
    if ITCPTransport.providedBy(transport) and not ISSLTransport.providedBy(transport):
        transport.loseWriteConnection()
    else:
        transport.loseConnection()


def handOver(transport: Any, protocol: Any, data: bytes) -> None:
    """
    Give a connection to another protocol, which is called by the transport itself from now on.

    @param data: what has been received already
    """
    # Under TLS, and behind a proxy's protocol, the transport is a wrapper around the real one.
    if isinstance(transport, ProtocolWrapper):
        transport.wrappedProtocol = protocol
    elif isinstance(transport.protocol, ProtocolWrapper):
        transport.protocol.wrappedProtocol = protocol
    else:
        transport.protocol = protocol
    protocol.makeConnection(transport)
    protocol.dataReceived(data)
