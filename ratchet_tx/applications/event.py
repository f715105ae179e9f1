"""
The event that a handler is called with.
"""

from collections.abc import Callable
from typing import Any, Generic

import msgspec

from ratchet_tx.interfaces import IConnection, IHub
from ratchet_tx.wire.payload import Data, Payload


# A Struct: one is made for every event, and a Python object takes twice as long to make.
class ConnectionEvent(msgspec.Struct, Generic[Data], eq=False):
    """
    The argument of a handler: an event that a connection sent.

    @ivar connection: the connection that sent it
    @ivar payload: the event's name and data
    @ivar hub: sends to other connections
    """

    connection: IConnection
    payload: Payload[Data]
    hub: IHub

    def __repr__(self) -> str:
        return f"<ConnectionEvent {self.payload.event!r} of {self.connection!r}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # rich would print msgspec's own repr, which shows the data.
        return [("event", self.payload.event), ("connection", self.connection)]


#: Called with an event; its result, awaited, is the reply.
Handler = Callable[[ConnectionEvent[Any]], Any]
