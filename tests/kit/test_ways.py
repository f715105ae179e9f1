"""
Each way really uses the shortcuts that it names.
"""

import pytest

from ratchet_tx import Hub, RatchetServerFactory, Settings
from ratchet_tx.settings import SHORTCUTS
from ratchet_tx.transport.sockets.directoutlet import DirectOutlet
from tests.kit.fakes import logged
from tests.kit.ways import MEMORY, WAYS, Way


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_shortcuts(way: Way) -> None:
    """Each shortcut is used unless it is left out, and those for sockets only over real sockets."""
    reactor = way.makeReactor()
    factory = RatchetServerFactory(Hub(clock=reactor, settings=Settings(without=way.without)), reactor)
    with logged():
        factory.doStart()
        wire = way.makeWire(factory).open()
        protocol = wire.protocol
        done = {
            "fast-path": protocol._between,
            "nested-epoll": factory.poller is not None and len(factory.poller) == 1,
            "direct-writes": isinstance(protocol.outlet, DirectOutlet),
        }
        wire.lose()
        factory.doStop()
    there = SHORTCUTS if way.socket else SHORTCUTS[:1]
    assert done == {each: each in there and each not in way.without for each in SHORTCUTS}


def test_all() -> None:
    """Each shortcut is left out alone in one way, and all of them in another."""
    left = [way.without for way in WAYS if way.socket]
    assert sorted(left) == sorted([(), SHORTCUTS, *((each,) for each in SHORTCUTS)])
    assert MEMORY in WAYS
