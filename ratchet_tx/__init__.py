"""
Named JSON events over WebSockets, for Twisted.

These are the public names; each is documented in its own module.
"""

from ratchet_tx.applications.decorator import on
from ratchet_tx.applications.event import ConnectionEvent
from ratchet_tx.applications.registry import Applications
from ratchet_tx.applications.roompolicies import RoomPolicy
from ratchet_tx.errors import AskRefused, PeerError, RatchetError, TimerAlreadyAdded, UsageError
from ratchet_tx.happenings import (
    Closed,
    Dispatched,
    HandlerFailed,
    Happening,
    LoggedIn,
    LoginFailed,
    Opened,
    Refused,
)
from ratchet_tx.hub.hub import Hub
from ratchet_tx.hub.published import Position
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
from ratchet_tx.login.clients import AnonymousClient, AnonymousClientProvider, digest
from ratchet_tx.login.cred import CredClientProvider
from ratchet_tx.login.jwt import JWTClientProvider
from ratchet_tx.server.service import makeService
from ratchet_tx.settings import Limits, Settings
from ratchet_tx.transport.factory import RatchetServerFactory
from ratchet_tx.transport.handshake.origins import Origins
from ratchet_tx.web.macro import websocketClient
from ratchet_tx.web.resource import RatchetResource, browserClient
from ratchet_tx.wire.payload import Payload

__all__ = [
    "AnonymousClient",
    "AnonymousClientProvider",
    "Applications",
    "AskRefused",
    "Closed",
    "ConnectionEvent",
    "CredClientProvider",
    "Dispatched",
    "HandlerFailed",
    "Happening",
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
    "LoggedIn",
    "LoginFailed",
    "Opened",
    "Origins",
    "Payload",
    "PeerError",
    "Position",
    "RatchetError",
    "RatchetResource",
    "RatchetServerFactory",
    "Refused",
    "RoomPolicy",
    "Settings",
    "TimerAlreadyAdded",
    "UsageError",
    "browserClient",
    "digest",
    "makeService",
    "on",
    "websocketClient",
]

__version__ = "0.1.0"
