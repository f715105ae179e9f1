"""
Makes C{twistd ratchet} known; the package itself is imported only when it is chosen.
"""

from twisted.application.service import ServiceMaker

ratchet = ServiceMaker(
    "ratchet",
    "ratchet_tx.server.tap",
    "Named JSON events over WebSockets.",
    "ratchet",
)
