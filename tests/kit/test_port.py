"""
A port without a hub.
"""

from tests.kit.contracts import PeersContract
from tests.kit.port import FakePeers


class TestFakePeers(PeersContract):
    """
    The fake of a hub's peers keeps their contract with transports.
    """

    def make(self) -> FakePeers:
        return FakePeers()
