"""
The event that a handler is called with.
"""

from collections.abc import Callable
from typing import Any, Generic

import msgspec

from ratchet_tx.interfaces import IConnection, IHub
from ratchet_tx.wire.payload import Data, Payload


# A Struct, for one is made for every event, and Python's own objects take twice as long to make.
class ConnectionEvent(msgspec.Struct, Generic[Data], eq=False):
    """
    What a handler is called with.

    @ivar connection: whose event it is
    @ivar payload: its name and data
    @ivar hub: the way to everybody else
    """

    connection: IConnection
    payload: Payload[Data]
    hub: IHub

    def __repr__(self) -> str:
        return f"<ConnectionEvent {self.payload.event!r} of {self.connection!r}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # msgspec's own, by which rich prints values, shows all.
        return [("event", self.payload.event), ("connection", self.connection)]


#: What an event is given to; what it gives, at once or later, is the reply.
Handler = Callable[[ConnectionEvent[Any]], Any]
