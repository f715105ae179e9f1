"""
The server that the Autobahn test suite is run against: ours, but that it gives messages back instead of to the hub, and
lets in what the suite wants to send: binary, 16 MiB at once, and compression.  It sends no pings of its own: the suite
takes a ping in the middle of a case for the case's end, and three of them last longer than the 20 seconds between two.

    python -m tests.whole.conformance.server PORT [WITHOUT...]          (see L{ratchet_tx.settings.SHORTCUTS})
"""

import sys
from typing import Any, cast

from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from twisted.internet import reactor
from twisted.internet.interfaces import IReactorCore, IReactorTCP

from ratchet_tx import Hub, RatchetServerFactory, Settings
from ratchet_tx.transport.protocol import RatchetServerProtocol


class EchoProtocol(RatchetServerProtocol):
    """
    Says what it is told.
    """

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.sendMessage(payload, isBinary)


class EchoFactory(RatchetServerFactory):
    """
    Makes those.
    """

    protocol = EchoProtocol


def accept(offers: list[Any]) -> Any:
    """
    Agree on compression where it is offered.
    """
    deflate = [offer for offer in offers if isinstance(offer, PerMessageDeflateOffer)]
    return PerMessageDeflateOfferAccept(deflate[0]) if deflate else None


def main(port: int, without: tuple[str, ...]) -> None:
    """
    Serve until the end.
    """
    limits = Settings().limits.having({"messageBytes": 16 << 20, "connectionBytes": 0, "pingSeconds": 0}, "conformance")
    factory = EchoFactory(Hub(settings=Settings(limits=limits, without=without)))
    factory.perMessageCompressionAccept = accept
    cast(IReactorTCP, reactor).listenTCP(port, factory, interface="127.0.0.1")
    cast(IReactorCore, reactor).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), tuple(sys.argv[2:]))
