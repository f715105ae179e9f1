"""
The server for the Autobahn test suite: it echoes messages instead of passing them to the hub, and accepts what the suite
sends: binary, 16 MiB at once, and compression.  It sends no pings: the suite takes a ping in the middle of a case for the
case's end, and three cases last longer than the 20 seconds between two pings.

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
    Echoes each message.
    """

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.sendMessage(payload, isBinary)


class EchoFactory(RatchetServerFactory):
    """
    Makes echo protocols.
    """

    protocol = EchoProtocol


def accept(offers: list[Any]) -> Any:
    """
    Accept an offered compression.
    """
    deflate = [offer for offer in offers if isinstance(offer, PerMessageDeflateOffer)]
    return PerMessageDeflateOfferAccept(deflate[0]) if deflate else None


def main(port: int, without: tuple[str, ...]) -> None:
    """
    Run the server.
    """
    limits = Settings().limits.having({"messageBytes": 16 << 20, "connectionBytes": 0, "pingSeconds": 0}, "conformance")
    factory = EchoFactory(Hub(settings=Settings(limits=limits, without=without)))
    factory.perMessageCompressionAccept = accept
    cast(IReactorTCP, reactor).listenTCP(port, factory, interface="127.0.0.1")
    cast(IReactorCore, reactor).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), tuple(sys.argv[2:]))
