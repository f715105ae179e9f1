"""
The event that a handler is given; it knows neither who handles it nor what comes of it.
"""

from collections.abc import Callable
from typing import Any, Generic

from ratchet_tx.interfaces import IConnection, IHub
from ratchet_tx.payload import Data, Payload


class ConnectionEvent(Generic[Data]):
    """
    What a handler is called with.

    @ivar connection: whose event it is
    @ivar payload: its name and data
    @ivar hub: the way to everybody else
    """

    __slots__ = ("connection", "hub", "payload")

    def __init__(self, connection: IConnection, payload: Payload[Data], hub: IHub) -> None:
        self.connection = connection
        self.payload = payload
        self.hub = hub

    def __repr__(self) -> str:
        return f"<ConnectionEvent {self.payload.event!r} of {self.connection!r}>"


#: What an event is given to; what it gives, at once or later, is the reply.
Handler = Callable[[ConnectionEvent[Any]], Any]
