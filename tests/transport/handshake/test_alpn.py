"""
The protocols that ports name by ALPN; test_tls tests the answers to clients.
"""

from typing import Any

import pytest
from twisted.internet.interfaces import IProtocolNegotiationFactory
from twisted.internet.task import Clock
from twisted.web.resource import Resource
from zope.interface.verify import verifyObject

from ratchet_tx import Hub, RatchetServerFactory
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.settings import Limits
from ratchet_tx.transport.handshake.alpn import acceptableProtocols
from ratchet_tx.web.site import Site
from tests.kit.ends import MemoryReactor


@pytest.mark.parametrize(
    "factory",
    [RatchetServerFactory(Hub(), MemoryReactor()), Site(Resource(), 0, Limits(), Counters(), Clock())],
    ids=["sockets", "pages"],
)
def test_factories(factory: Any) -> None:
    """Each factory names HTTP/1.1 and never HTTP/2, whatever is installed."""
    verifyObject(IProtocolNegotiationFactory, factory)
    assert factory.acceptableProtocols() == acceptableProtocols()
    assert b"h2" not in acceptableProtocols()
