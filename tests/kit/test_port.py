"""
A port without a hub.
"""

from tests.kit.contracts import PeersContract
from tests.kit.port import FakePeers


class TestFakePeers(PeersContract):
    """
    The stand-in for a hub's peers is what a transport sees of them.
    """

    def make(self) -> FakePeers:
        return FakePeers()
