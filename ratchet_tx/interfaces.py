"""
The interfaces of ratchet_tx, in the order in which a message passes them.

A message comes in from a peer's socket and may go out to many::

    socket <-> ITransport <-> IConnection <-> IHub -> IApplication's handlers
                                               |
                    IClientProvider (who is this?)   IBackplane (all other nodes)

    besides: IPeriodicTimer (called periodically), IRoomPolicy (who may enter a room)

Where a method I{gives} something, it may return it or a L{Deferred<twisted.internet.defer.Deferred>} of it.
All times are seconds.
All names of events and rooms are 1 to 128 characters long.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from zope.interface import Attribute, Interface


class ITransport(Interface):
    """
    Sends frames to one peer.

    It separates decisions from I/O: everything that needs a socket is behind this interface, so that everything before it
    can be tested without one.
    No method raises for a peer that is gone; what is sent to it is lost.
    """

    queuedBytes: int = Attribute("How many bytes wait here to be sent, because the peer reads slowly.")

    def send(frame: bytes, spare: Any = None) -> None:
        """
        Send a whole WebSocket frame that was made once for many peers.

        @param frame: an unmasked text frame, as L{ratchet_tx.wire.frames.makeText} gives it
        @param spare: a L{Spare<ratchet_tx.wire.frames.Spare>} for a frame that may be dropped if the peer is slow
        """

    def sendText(text: bytes, spare: Any = None) -> None:
        """
        Send one text message to this peer alone, compressed if the handshake agreed on that.

        @param text: UTF-8, not checked here
        @param spare: as in L{send}
        """

    def close(code: int, reason: str) -> None:
        """
        Start the closing handshake: what was sent before is still delivered, what is sent later is dropped.

        A peer that doesn't answer in time is dropped.

        @param code: as in RFC 6455 section 7.4, or one of PROTOCOL's own, 4000 to 4999
        @param reason: for debugging; cut to the 123 bytes of UTF-8 that fit in a frame
        """

    def abort() -> None:
        """
        Drop the connection at once, with everything that is queued.
        """

    def pauseReading() -> None:
        """
        Stop reading from the peer until L{resumeReading}; a second call does nothing.

        Messages that have been read may still be delivered.
        """

    def resumeReading() -> None:
        """
        Read from the peer again.
        """


class IRequest(Interface):
    """
    The HTTP request of a connection's handshake: read-only, and never logged, because it may have secrets.
    """

    path: str = Attribute("The path, still percent-encoded, without the query.")
    query: Mapping[str, Sequence[str]] = Attribute("The query's fields, decoded; each may have several values.")
    headers: Mapping[str, str] = Attribute("The headers, by their names in lower case.")
    cookies: Mapping[str, str] = Attribute("The cookies by name, as the browser sent them.")
    size: int = Attribute("About how many bytes of memory it takes.")


class IConnection(Interface):
    """
    One peer, from the accepted handshake to the end of the connection, as applications see it.

    A client that reconnects has a new connection, and a second login may change a connection's client.
    Every method may be called at any time. On a connection that has ended, messages to its peer are lost and counted, so
    handlers needn't check; a broadcast still reaches all others.
    """

    id: str = Attribute("The connection's id: unique over all nodes, public, and logged.")
    remoteAddress: str = Attribute("The peer's IP address, or C{unix} behind a UNIX socket.")
    request: "IRequest" = Attribute("The handshake's L{IRequest}.")
    client: "IClient | None" = Attribute("The L{IClient} that is logged in; None for a stranger.")
    state: dict[str, Any] = Attribute("A dict for the applications' own use, kept as long as the connection.")
    rooms: Collection[str] = Attribute("The names of the rooms that it is in.")

    def emit(event: str, data: Any = None) -> None:
        """
        Send an event to this peer.

        @param event: its name, which may not begin with C{socket.}
        @param data: anything that JSON can express, also dataclasses and msgspec's Structs
        @raise UsageError: for a name that can't be sent, and for data that JSON can't express
        """

    def broadcast(event: str, data: Any = None, room: str | None = None) -> None:
        """
        Send an event to every other connection that is logged in, on every node.

        @param room: only to connections in this room
        @raise UsageError: as in L{emit}, and for a room with a history, because the sender would miss an event of it: use
            L{IHub.emit}
        """

    def ask(event: str, data: Any = None, timeout: float = 10) -> Any:
        """
        Send an event that wants a reply, and wait for it.

        A handler may ask its own peer: replies don't wait behind events that wait for the handler.

        @param timeout: how long to wait
        @return: a Deferred of the reply's result
        @raise UsageError: as in L{emit}

        The Deferred fails with:
          - L{AskRefused<ratchet_tx.errors.AskRefused>}, with the code C{reply.timeout} if no reply came in time,
            C{reply.lost} if the connection ended first, else the peer's own code
        """

    def join(room: str) -> None:
        """
        Put this connection into a room; the room's policy isn't asked, because the application decides.

        @raise UsageError: for a name that no room can have, and for a stranger, which gets no broadcasts
        @raise PeerError: C{room.limit} above the limit C{rooms}; a handler that doesn't catch it has refused its event
        """

    def leave(room: str) -> None:
        """
        Take this connection out of a room; nothing happens if it isn't in it.
        """

    def close(code: int = 1000, reason: str = "") -> None:
        """
        Close the connection; what was emitted before is still delivered.

        @param code: 1000 to 1014 except those that are never sent (RFC 6455 section 7.4.1), or 3000 to 4999; PROTOCOL says
            after which of them our clients reconnect
        @raise UsageError: for any other code
        """


class IClient(Interface):
    """
    A user who may log in: the application's own user class provides it.

    Users who may do more provide an interface that extends this one, and the application that only they may use is
    registered for that interface; so handlers need no checks.

    A client may also have C{expires}: when its login ends, in seconds since 1970 as in C{time.time()}, or None for never.
    Shortly before, the peer gets C{socket.auth.expiring}. It can renew the login by another token of the same client
    (C{socket.auth.refresh}), else it is closed with 4003.
    The hub reads C{expires} at each login; a client that has expired by then isn't logged in.
    """

    id: str = Attribute(
        "The client's id: public, unique, and the same on every connection and node. Each anonymous client has a new one."
    )
    accessToken: str | None = Attribute("The secret that logs this client in, or None. It is sent to this client only.")

    def jsonSerialize() -> Any:
        """
        Make the client's public data.

        @return: anything that JSON can express; it is sent to the client at login, and most applications send it to others
        """


class IClientProvider(Interface):
    """
    Finds the clients of access tokens; a hub has one provider.

    If the methods return Deferreds, they may be called for several clients at the same time.
    """

    def findByAccessToken(accessToken: str) -> Any:
        """
        Find the client of a token.

        The token comes from a stranger: it may be any text but the empty one, as long as a message may be.
        Compare digests, or look the token up by its digest, so that the time taken reveals nothing.

        @return: gives an L{IClient}, or None for an invalid token

        If it raises, if the Deferred fails, or if it takes too long, the peer gets C{auth.unavailable} with C{retry}, never
        C{auth.invalid}.
        """

    def updateClient(client: Any) -> Any:
        """
        Store a client whose C{accessToken} has just been set.

        C{accessToken} is the token itself. A provider that stores clients should store its digest instead, and set
        C{accessToken} to None: the caller of C{issueAccessToken} still gets the token.

        @return: gives nothing, once a login with the token would succeed

        Its failures reach the caller of L{issueAccessToken<IHub.issueAccessToken>}.
        """


class IAnonymousClientProvider(Interface):
    """
    A client provider provides this too, if peers may use the hub without a login.

    Without it a connection is a stranger until it has logged in: its events are refused, and it gets no broadcasts.
    """

    def anonymousClient() -> Any:
        """
        Make the client of a connection that has just opened.

        @return: an L{IClient} with an C{id} of its own; not a Deferred, because the connection needs it at once
        """


class IApplication(Interface):
    """
    An application: the events that peers may send, and their handlers.

    An application is an adapter from a client and a connection, so the client decides which applications a connection has
    (see L{ratchet_tx.applications.registry.Applications}).
    """

    def subscribedEvents() -> Mapping[str, Callable[[Any], Any]]:
        """
        List the events and their handlers.

        This is the allow-list: an event that no application lists is never dispatched.
        An application may also list C{socket.open}, C{socket.close}, C{socket.error}, C{socket.message},
        C{socket.auth.success} and C{socket.auth.failure}; peers can't send these.

        @return: handlers by event name.
            A handler is called with one L{ConnectionEvent<ratchet_tx.applications.event.ConnectionEvent>}. Its result,
            awaited, is the reply if the peer asked for one.
            If its argument is annotated, C{event: ConnectionEvent[Point]}, the data is a C{Point}, other data is refused.
        """


class IHub(Interface):
    """
    One node, as applications see it: sends events to many connections, on every node.
    """

    applications: Any = Attribute("The registered applications: L{ratchet_tx.applications.registry.Applications}.")
    timers: Any = Attribute("The periodic timers: L{ratchet_tx.applications.timers.Timers}.")
    counters: Any = Attribute("The counters: L{ratchet_tx.monitoring.counters.Counters}.")
    connections: Collection["IConnection"] = Attribute("This node's open L{IConnection}s, as a snapshot.")

    def emit(event: str, data: Any = None, room: str | None = None, client: str | None = None) -> Any:
        """
        Send an event on every node: to every connection that is logged in, to a room, or to every connection of a client.

        @param room: only to connections in this room
        @param client: only to connections of the client with this C{id}; an event for one client in a room isn't added to
            the room's history
        @return: a Deferred of a L{Position<ratchet_tx.Position>} (C{epoch} and C{offset}; can be unpacked) if the room has
            a history, else of None. It fails as the backplane does; a failure that isn't handled is counted, not logged
        @raise UsageError: as in L{IConnection.emit}, and in any other thread than the reactor's: there
            L{publishFromThread} is for it
        """

    def publishFromThread(
        event: str, data: Any = None, room: str | None = None, client: str | None = None, timeout: float | None = 10
    ) -> Any:
        """
        Send an event as L{emit} does, from any thread but the reactor's, and block until it is sent.

        @param timeout: how long to wait; None for as long as it takes
        @return: the result of L{emit}'s Deferred: a Position, or None
        @raise UsageError: as in L{emit}, in the reactor's own thread, and if no reactor serves the hub
        @raise TimeoutError: after C{timeout}; it says whether the event may have been sent

        It fails as the backplane does.
        """

    def members(room: str) -> Any:
        """
        List the members of a room: those with presence on all nodes, and all others on this node.

        @return: a Deferred of a dict by client id, C{{"ada": {"metas": [{"ref": "c-9f2", "status": "away"}]}}}: each client
            once, with the metadata of each of its connections

        It fails as the backplane does.
        """

    def disconnect(clientId: str, code: int = 4503) -> None:
        """
        Close every connection of a client, on every node.

        @param code: after 4500 to 4999 our clients don't reconnect
        @raise UsageError: as in L{IConnection.close}
        """

    def leave(clientId: str, room: str) -> None:
        """
        Take every connection of a client out of a room, on every node.
        """

    def issueAccessToken(client: Any) -> Any:
        """
        Make a new access token for a client: a web login calls it, so that the page can log its WebSocket in.

        @param client: an L{IClient}; its C{accessToken} is set, and the provider's C{updateClient} called
        @return: gives the token

        It fails as the provider's C{updateClient} does.
        """

    def observe(observer: Callable[[Any], Any], happening: type) -> None:
        """
        Add an observer of what happens.

        @param observer: called with each happening; an exception is logged, and changes nothing else
        @param happening: one of the classes of L{ratchet_tx.happenings}
        """


class IPeers(Interface):
    """
    The peers of a node: a transport reports to it what happens to them. It is the other direction of L{ITransport}.
    """

    def permit(address: str) -> str | None:
        """
        Decide whether one more peer may connect.

        @param address: its IP address
        @return: None if it may; else the reason for the log: C{limit=} and the limit's name, or C{why=}
        """

    def opened(transport: "ITransport", request: "IRequest", remoteAddress: str) -> Any:
        """
        Open a connection whose handshake has been accepted.

        @param remoteAddress: the peer's IP address
        @return: the L{IConnection}, an argument of the other calls
        """

    def received(connection: Any, text: bytes, fragments: int = 0) -> None:
        """
        Handle a message. It never raises: if the message is wrong, the peer gets a refusal.

        @param text: the message, whose UTF-8 has not been checked
        @param fragments: how many frames it came in; 0 for a single one
        """

    def pinged(connection: Any) -> bool:
        """
        Charge the rate limit for a WebSocket ping, as for an event.

        @return: whether to answer it
        """

    def closed(connection: Any, code: int, reason: str, clean: bool) -> None:
        """
        End a connection whose peer is gone; its running handlers are cancelled.

        @param code: the close code; 1006 if the peer was lost without one
        @param reason: the close reason
        @param clean: whether the closing handshake was completed
        """

    def __len__() -> int:
        """
        Count the connections.
        """


class IPeriodicTimer(Interface):
    """
    Something that the hub calls periodically while it runs.
    """

    name: str = Attribute("The timer's name: unique among the hub's timers, and logged.")
    interval: float = Attribute("Seconds from one tick to the next, above 0; the first tick comes after one interval.")

    def callback() -> Any:
        """
        Run one tick.

        Ticks don't overlap: while the Deferred or coroutine of one waits, no other begins.

        @return: gives nothing

        A failure is logged, and the timer goes on.
        """


class IRoomPolicy(Interface):
    """
    Decides which clients may subscribe to a room, and what history the room keeps.

    Rooms into which only the server puts connections need no policy.
    """

    historySize: int = Attribute("How many of the last events the room keeps; 0 for none.")
    historySeconds: float = Attribute(
        "How long the room keeps each event, and its history once it has no members; 0 for none."
    )
    presence: bool = Attribute("Whether its members may see each other.")

    def mayJoin(client: Any, room: str) -> Any:
        """
        Decide whether a client may subscribe.

        @param client: an L{IClient}
        @return: gives a bool

        A failure is a refusal with C{retry}.
        """


class IBackplane(Interface):
    """
    Carries messages between the nodes of one system; each node is one hub.

    It also keeps the histories and the members of rooms, because all nodes must agree on them: appending to a history and
    publishing have to be one step, so that no other node comes between them.
    A message is one of the classes of L{ratchet_tx.backplane.messages}.
    """

    def start(receive: Callable[[Any], None], clock: Any) -> Any:
        """
        Start receiving messages.

        @param receive: called with each message of every node, also this one's own; messages of one node for one room come
            in the order in which they were published
        @param clock: the hub's clock, an C{IReactorTime}
        @return: gives nothing, once messages are received
        """

    def stop() -> Any:
        """
        Stop receiving messages; none comes after this call.

        @return: gives nothing, once all resources are released
        """

    def publish(message: Any) -> Any:
        """
        Send a message to all nodes, this one too. If it has C{keep}, append it to the room's history in the same step, and
        set its offset.

        @return: None, or a Deferred of (epoch, offset)
        """

    def read(room: str, since: Any, limit: int, keep: Any = None) -> Any:
        """
        Read a room's history.

        Messages of the room that this node receives after the result have higher offsets than the result.

        @param since: the (epoch, offset) of the last event that the reader has; None, or one of another epoch, for the whole
            history
        @param limit: how many events at most, the oldest of them first
        @param keep: a L{Keep<ratchet_tx.backplane.messages.Keep>}, what the room keeps: then a room to which nothing was
            published gives the epoch that its history will have; reading doesn't begin the history
        @return: gives (epoch, offset, events): the position of the last published event, and
            L{HistoryEvent<ratchet_tx.backplane.historyevents.HistoryEvent>}s; or None if the room has no history
        """

    def subscribe(room: str) -> None:
        """
        Note that this node has members in a room, and wants the room's messages; the epoch stays as long as a node has some.
        """

    def unsubscribe(room: str) -> None:
        """
        Note that this node's last member left the room; C{Keep.seconds} count from now.
        """

    def enter(room: str, member: str, meta: Mapping[str, Any], lease: float) -> Any:
        """
        Add a connection to a room's members, or renew its lease.

        @param member: the connection's id
        @param meta: its public data
        @param lease: after how many seconds it is removed, so that members of a node that died don't stay
        @return: gives nothing
        """

    def leave(room: str, member: str) -> Any:
        """
        Remove a member.

        @return: gives nothing
        """

    def members(room: str) -> Any:
        """
        List a room's members on all nodes.

        @return: gives a dict of their public data by connection id
        """


class IMemory(Interface):
    """
    A backplane provides this too, if it keeps the histories in this process's memory.
    """

    historyBytes: int = Attribute("About how many bytes the histories take.")

    def limitHistories(limit: int, changed: Callable[[int], None]) -> None:
        """
        Limit the bytes of the histories, until L{IBackplane.stop}: beyond the limit the room that was quiet for the longest
        loses its events. Of several nodes' limits the lowest counts.

        @param limit: how many bytes; 0 for any number
        @param changed: called with each change of the bytes
        """

    def forgetOldest() -> bool:
        """
        Forget the events of the room that was quiet for the longest.

        @return: whether there was something to forget
        """
