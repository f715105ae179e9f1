"""
Named JSON events over WebSockets, for Twisted.

These are the public names; each is defined, and explained, in a module of its own.
"""

from ratchet_tx.applications import Applications
from ratchet_tx.clients import AnonymousClient, AnonymousClientProvider
from ratchet_tx.credentials import CredClientProvider
from ratchet_tx.errors import AskRefused, PeerError, RatchetError, TimerAlreadyAdded, UsageError
from ratchet_tx.event import ConnectionEvent
from ratchet_tx.hub import Hub
from ratchet_tx.interfaces import (
    IAnonymousClientProvider,
    IApplication,
    IBackplane,
    IClient,
    IClientProvider,
    IConnection,
    IHub,
    IPeriodicTimer,
    IRequest,
    IRoomPolicy,
    ITransport,
)
from ratchet_tx.marks import on
from ratchet_tx.payload import Payload
from ratchet_tx.policies import RoomPolicy
from ratchet_tx.published import Position
from ratchet_tx.service import makeService
from ratchet_tx.settings import Limits, Settings
from ratchet_tx.web.macro import websocketClient
from ratchet_tx.web.resource import RatchetResource, browserClient
from ratchet_tx.websocket import RatchetServerFactory
from ratchet_tx.webtokens import JWTClientProvider

__all__ = [
    "AnonymousClient",
    "AnonymousClientProvider",
    "Applications",
    "AskRefused",
    "ConnectionEvent",
    "CredClientProvider",
    "Hub",
    "IAnonymousClientProvider",
    "IApplication",
    "IBackplane",
    "IClient",
    "IClientProvider",
    "IConnection",
    "IHub",
    "IPeriodicTimer",
    "IRequest",
    "IRoomPolicy",
    "ITransport",
    "JWTClientProvider",
    "Limits",
    "Payload",
    "PeerError",
    "Position",
    "RatchetError",
    "RatchetResource",
    "RatchetServerFactory",
    "RoomPolicy",
    "Settings",
    "TimerAlreadyAdded",
    "UsageError",
    "browserClient",
    "makeService",
    "on",
    "websocketClient",
]

__version__ = "0.1.0"
