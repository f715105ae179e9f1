"""
Fixtures for tests of sockets: clients' ends of a server whose application answers and records.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from ratchet_tx import Hub, RatchetServerFactory, Settings
from tests.kit.ends import Wire
from tests.kit.talk import Talk
from tests.kit.ways import MEMORY, Way


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def way() -> Way:
    """
    The way that messages take, in tests that don't run all of them.
    """
    return MEMORY


@pytest.fixture
def make(talk: Talk, way: Way) -> Iterator[Any]:
    """
    Make clients' ends of a server; the fixture closes those that a test leaves open.
    """
    wires: list[Wire] = []
    factories: list[RatchetServerFactory] = []

    def make(peer: Any = None, factory: Any = None, **settings: Any) -> Wire:
        limits = Settings().limits.having({"pingSeconds": 0, **settings.pop("limits", {})}, "test")
        if factory is None:
            reactor = way.makeReactor()
            hub = Hub(clock=reactor, settings=Settings(limits=limits, without=way.without, **settings))
            hub.applications.add(talk)
            factory = RatchetServerFactory(hub, reactor)
            factory.doStart()
            factories.append(factory)
        wires.append(way.makeWire(factory) if peer is None else Wire(factory, peer))
        return wires[-1]

    yield make
    for wire in wires:
        wire.lose()
    for factory in factories:
        factory.doStop()
