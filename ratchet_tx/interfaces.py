"""
Every interface of ratchet_tx, in the order in which a message meets them; no implementation and no Twisted.

A message comes in from a peer's socket and may go out to many::

    socket <-> ITransport <-> IConnection <-> IHub -> IApplication's handlers
                                               |
                    IClientProvider (who is this?)   IBackplane (all other nodes)

    beside the way: IPeriodicTimer (what happens without a message), IRoomPolicy (who may enter a room)

Where a method is said to I{give} something, it may return it or a L{Deferred<twisted.internet.defer.Deferred>} of it.
All times are seconds.
All names of events and rooms are 1 to 128 characters long.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from zope.interface import Attribute, Interface


class ITransport(Interface):
    """
    The way to one peer, as the connection sees it: it knows frames and nothing of events.

    This is the seam between what decides and what does I/O: everything that needs a socket is behind it, so everything
    before it is tested without one.
    No method raises for a peer that has gone; what is sent to it then is lost, as it would be on the way.
    """

    queuedBytes: int = Attribute("How many bytes wait here because the peer doesn't read as fast as we write.")

    def send(frame: bytes, spare: Any = None) -> None:
        """
        Send a whole WebSocket frame that was made once for many peers.

        @param frame: an unmasked text frame, as L{ratchet_tx.wire.frames.makeText} gives it
        @param spare: a L{Spare<ratchet_tx.wire.frames.Spare>}, for what may be left out if the peer is slow
        """

    def sendText(text: bytes, spare: Any = None) -> None:
        """
        Send one text message to this peer alone, compressed where that was agreed on.

        @param text: UTF-8, not checked here
        @param spare: as in L{send}
        """

    def close(code: int, reason: str) -> None:
        """
        Begin the closing handshake; what was sent before arrives before it, what is sent later is dropped.

        A peer that doesn't answer in time is dropped.

        @param code: as in RFC 6455 section 7.4, or one of PROTOCOL's own, 4000 to 4999
        @param reason: for a person who debugs; cut to the 123 bytes of UTF-8 that fit in a frame
        """

    def abort() -> None:
        """
        Drop the peer at once, with whatever is still queued for it.
        """

    def pauseReading() -> None:
        """
        Stop taking bytes from the peer until L{resumeReading}; done twice it is done once.

        Messages that were already read may still arrive.
        """

    def resumeReading() -> None:
        """
        Take bytes from the peer again.
        """


class IRequest(Interface):
    """
    The HTTP request that opened a connection; read only, and never logged, for it may carry secrets.
    """

    path: str = Attribute("The path, still percent-encoded, without the query.")
    query: Mapping[str, Sequence[str]] = Attribute("The query's fields, decoded; each may stand there several times.")
    headers: Mapping[str, str] = Attribute("The headers, their names in lower case.")
    cookies: Mapping[str, str] = Attribute("The cookies by name, as the browser sent them.")
    size: int = Attribute("About how many bytes are kept of it.")


class IConnection(Interface):
    """
    One peer, from the accepted handshake to its end, as applications see it.

    It outlives neither the socket nor the login: a client who comes back has a new connection, and one connection may
    change its client by a second login.
    Every method may be called at any time.
    On a connection that has ended, what was for its peer is lost and counted, so that no handler needs to ask first; a
    broadcast still reaches all others.
    """

    id: str = Attribute("Names the connection, unique over all nodes; it is public, and stands in the logs.")
    remoteAddress: str = Attribute("The peer's IP address, or C{unix} behind a UNIX socket.")
    request: "IRequest" = Attribute("The handshake's L{IRequest}.")
    client: "IClient | None" = Attribute("Who is logged in, an L{IClient}; None for a stranger.")
    state: dict[str, Any] = Attribute("The applications' own dict; nothing of ours is in it. It ends with the connection.")
    rooms: Collection[str] = Attribute("The names of the rooms that it is in.")

    def emit(event: str, data: Any = None) -> None:
        """
        Send an event to this peer.

        @param event: its name, not one of the protocol's own (C{socket.*})
        @param data: whatever JSON can say, dataclasses and msgspec's Structs among it
        @raise UsageError: for a name that can't be sent, and for data that isn't JSON
        """

    def broadcast(event: str, data: Any = None, room: str | None = None) -> None:
        """
        Send an event to all others: every other connection that is logged in, on every node.

        @param room: only those in this room
        @raise UsageError: as in L{emit}, and for a room with a history, of which the sender would miss this event: there is
            L{IHub.emit} for that
        """

    def ask(event: str, data: Any = None, timeout: float = 10) -> Any:
        """
        Send an event that wants a reply, and wait for it.

        A handler may ask its own peer: replies don't stand in line behind the events that wait for the handler.

        @param timeout: for how long to wait
        @return: a Deferred of the reply's result
        @raise UsageError: as in L{emit}

        The Deferred fails with:
          - L{AskRefused<ratchet_tx.errors.AskRefused>}, its code C{reply.timeout} where no reply came in time,
            C{reply.lost} where the connection ended first, and else the peer's own code
        """

    def join(room: str) -> None:
        """
        Put this connection into a room; nobody is asked, for it is the application that wants it.

        @raise UsageError: for a name that no room can have, and for a stranger, whom no broadcast reaches
        @raise PeerError: C{room.limit} above the limit C{rooms}, so that a handler that lets it pass has refused
        """

    def leave(room: str) -> None:
        """
        Take this connection out of a room; nothing happens where it isn't in it.
        """

    def close(code: int = 1000, reason: str = "") -> None:
        """
        End the connection; what was emitted before arrives first.

        @param code: 1000 to 1014 but for those that are never sent (RFC 6455 section 7.4.1), or 3000 to 4999;
            PROTOCOL says after which of them our clients come again
        @raise UsageError: for any other code
        """


class IClient(Interface):
    """
    Somebody who may log in: the application's own user class provides it.

    Let more special users provide an interface of their own that extends this one, and register what only they may do
    for it: the registry then does what would else be an C{if} in each handler.

    A client may have C{expires}, too: when its login ends, in seconds since 1970 as C{time.time()} gives it, or None for
    never.
    Its peer is told shortly before (C{socket.auth.expiring}), can renew the login by another token of the same client
    (C{socket.auth.refresh}), and is closed with 4003 if it doesn't.
    The hub asks for it at each login, and takes whoever has expired by then for nobody.
    """

    id: str = Attribute(
        "Who this is: public, the same on every connection and node, and nobody else's. An anonymous client has a fresh one."
    )
    accessToken: str | None = Attribute(
        "The secret that logs this client in; None where it has none. Never shown to anybody else."
    )

    def jsonSerialize() -> Any:
        """
        Say what everybody may know of this client.

        @return: whatever JSON can say; it is sent to the client at login, and by most applications to others
        """


class IClientProvider(Interface):
    """
    Who knows the clients: the place where an access token becomes somebody.

    There is one for a hub.
    Both methods may be asked for several clients at once, where they give Deferreds.
    """

    def findByAccessToken(accessToken: str) -> Any:
        """
        Find who may log in with a token.

        The token comes from a stranger: it can be any text at all but the empty one, as long as a message may be.
        Compare digests, or look it up by its digest, so that the time taken tells nothing.

        @return: gives an L{IClient}, or None where it is nobody's (or no longer)

        Whatever is raised, and whatever the Deferred fails with, is told to the peer as C{auth.unavailable}, "come again",
        never as a wrong token; so is an answer that takes too long.
        """

    def updateClient(client: Any) -> Any:
        """
        Remember a client whose C{accessToken} has just been set.

        The client has it as it is. Where clients are kept, keep a digest of it instead, and set C{accessToken} to None: who
        asked for it gets it all the same.

        @return: gives nothing, once a login with that token would succeed

        Whatever is raised, and whatever the Deferred fails with, reaches who called
        L{issueAccessToken<IHub.issueAccessToken>}.
        """


class IAnonymousClientProvider(Interface):
    """
    What a client provider provides besides, where one may come in without saying who one is.

    Without it, a connection is a stranger until it has logged in: its events are refused, and no broadcast reaches it.
    """

    def anonymousClient() -> Any:
        """
        Make the client of a connection that has just opened.

        @return: an L{IClient} with an C{id} of its own; never a Deferred, for the connection can't be without it
        """


class IApplication(Interface):
    """
    What an author writes: which events there are, and what happens then.

    An application is an adapter from a client and a connection, so that which client it is decides which applications
    there are (see L{ratchet_tx.applications.registry.Applications}).
    """

    def subscribedEvents() -> Mapping[str, Callable[[Any], Any]]:
        """
        Name the events and their handlers.

        This is the allow-list: an event that no application names is never dispatched.
        Of the protocol's own events there can be subscribed to: C{socket.open}, C{socket.close}, C{socket.error},
        C{socket.message}, C{socket.auth.success} and C{socket.auth.failure}; none of them can be sent by a peer.

        @return: handlers by event name.
            A handler is called with one L{ConnectionEvent<ratchet_tx.applications.event.ConnectionEvent>}; what it gives, a
            coroutine's result among it, is the reply where the peer asked for one.
            Where it is annotated, C{event: ConnectionEvent[Point]}, the data is a C{Point}: other data is refused.
        """


class IHub(Interface):
    """
    Where connections, applications and nodes meet, as an application sees it.
    """

    applications: Any = Attribute("What is registered: L{ratchet_tx.applications.registry.Applications}.")
    timers: Any = Attribute("The periodic timers: L{ratchet_tx.applications.timers.Timers}.")
    counters: Any = Attribute("What has been counted: L{ratchet_tx.monitoring.counters.Counters}.")
    connections: Collection["IConnection"] = Attribute("A snapshot of this node's open L{IConnection}s.")

    def emit(event: str, data: Any = None, room: str | None = None, client: str | None = None) -> Any:
        """
        Send an event to many, on every node: to everyone who is logged in, to a room, or to every connection of a client.

        @param room: only those in this room
        @param client: only the connections of the client of this C{id}; what is for one client in a room is no part of the
            room's history
        @return: a Deferred, which fails as the backplane does, and whose failure is counted and not logged where nobody
            waits for it. It gives a L{Position<ratchet_tx.Position>} where the room has a history (C{epoch} and
            C{offset}; it can be unpacked), and None otherwise
        @raise UsageError: as in L{IConnection.emit}, and in any other thread than the reactor's: there
            L{publishFromThread} is for it
        """

    def publishFromThread(
        event: str, data: Any = None, room: str | None = None, client: str | None = None, timeout: float | None = 10
    ) -> Any:
        """
        Send an event as L{emit} does, from any thread but the reactor's, and wait until that is done.

        @param timeout: for how long to wait; None for as long as it takes
        @return: what L{emit}'s Deferred gives: a Position, or None
        @raise UsageError: as in L{emit}, in the reactor's own thread, and where no reactor serves the hub
        @raise TimeoutError: where it took longer; it says whether the event may have been sent

        It fails as the backplane does.
        """

    def members(room: str) -> Any:
        """
        Say who is in a room: who is shown there as present, on all nodes, and of this node whoever else is.

        @return: a Deferred of a dict by client id, C{{"ada": {"metas": [{"ref": "c-9f2", "status": "away"}]}}}: each client
            once, with its connections, and what these show of themselves

        It fails as the backplane does.
        """

    def disconnect(clientId: str, code: int = 4503) -> None:
        """
        Close every connection of a client, on every node.

        @param code: 4500 to 4999 keep our clients from coming again
        @raise UsageError: as in L{IConnection.close}
        """

    def leave(clientId: str, room: str) -> None:
        """
        Take every connection of a client out of a room, on every node.
        """

    def issueAccessToken(client: Any) -> Any:
        """
        Give a client a new access token: what a web login calls, so that the page can log its socket in.

        @param client: an L{IClient}; its C{accessToken} is set, and the provider's C{updateClient} told
        @return: gives the token

        It fails as the provider's C{updateClient} does.
        """

    def observe(observer: Callable[[Any], Any], happening: type) -> None:
        """
        Be told of what happens, without standing in its way.

        @param observer: called with the happening; what it raises is logged, and stops nobody
        @param happening: one of the classes of L{ratchet_tx.happenings}
        """


class IPeers(Interface):
    """
    The peers of a node, as a transport sees them: the other direction of L{ITransport}.
    """

    def permit(address: str) -> str | None:
        """
        Decide whether one more peer may come in.

        @param address: its IP address
        @return: None where it may; else why it may not, in the log's words: C{limit=} and the limit's name, or C{why=}
        """

    def opened(transport: "ITransport", request: "IRequest", remoteAddress: str) -> Any:
        """
        Take in a peer whose handshake has been accepted.

        @param remoteAddress: its IP address
        @return: what to name in the other calls, an L{IConnection}
        """

    def received(connection: Any, text: bytes, fragments: int = 0) -> None:
        """
        Take in a message. It never raises: what is wrong with the message, the peer is told.

        @param text: the message, whose UTF-8 has not been checked
        @param fragments: in how many frames it came, where it was in several
        """

    def pinged(connection: Any) -> bool:
        """
        Take in a ping of WebSocket's own, which costs what an event costs.

        @return: whether it may be answered
        """

    def closed(connection: Any, code: int, reason: str, clean: bool) -> None:
        """
        Part with a peer that is gone; what went on for it is cancelled.

        @param code: the close code; 1006 where there was none because the peer was lost
        @param reason: what was said with it
        @param clean: whether both sides took leave
        """

    def __len__() -> int:
        """
        Say how many there are.
        """


class IPeriodicTimer(Interface):
    """
    Something that is to happen again and again while the hub runs.
    """

    name: str = Attribute("Unique among the hub's timers; it stands in the logs.")
    interval: float = Attribute("Seconds from one tick to the next, above 0; the first tick comes after one interval.")

    def callback() -> Any:
        """
        Do it once.

        A tick never overlaps itself: while this one's Deferred or coroutine is waiting, no other begins.

        @return: gives nothing

        Whatever is raised, and whatever the Deferred fails with, is logged, and the timer goes on.
        """


class IRoomPolicy(Interface):
    """
    Who may subscribe to a room by himself, and what the room remembers.

    Rooms that only the server puts connections into need none.
    """

    historySize: int = Attribute("How many of the last events the room keeps; 0 for none.")
    historySeconds: float = Attribute(
        "For how long it keeps each of them, and itself after the last of them while nobody is in it; 0 where it keeps none."
    )
    presence: bool = Attribute("Whether its members may be told of each other.")

    def mayJoin(client: Any, room: str) -> Any:
        """
        Decide whether a client may subscribe.

        @param client: an L{IClient}
        @return: gives a bool

        A failure is a refusal that says "come again".
        """


class IBackplane(Interface):
    """
    What carries messages between the nodes of one system; a node is one hub.

    It keeps what all nodes must agree on, the histories of rooms and who is in them, because appending to a history and
    publishing have to be one step: no other node may come between them.
    A message is one of the classes of L{ratchet_tx.backplane.messages}.
    """

    def start(receive: Callable[[Any], None], clock: Any) -> Any:
        """
        Join the other nodes.

        @param receive: called with each message of every node, this one's own among them; messages of one node for one
            room come in the order in which they were published
        @param clock: an C{IReactorTime}: the hub's clock, for all that takes time
        @return: gives nothing, once messages flow
        """

    def stop() -> Any:
        """
        Leave the other nodes; nothing is received after it.

        @return: gives nothing, once everything is given back
        """

    def publish(message: Any) -> Any:
        """
        Send a message to all nodes, this one too; where it says what its room keeps, append it to the room's history in the
        same step, and give it its offset.

        @return: None, or a Deferred of (epoch, offset)
        """

    def read(room: str, since: Any, limit: int, keep: Any = None) -> Any:
        """
        Read a room's history.

        What this node receives of the room's messages after it was given the history has offsets above that of the history.

        @param since: the (epoch, offset) of the last event that the reader has, or None for the whole history; one of
            another epoch is as good as None
        @param limit: how many events at most, of which the oldest come first
        @param keep: what the room keeps, a L{Keep<ratchet_tx.backplane.messages.Keep>}, so that one to which nothing was
            published has an epoch, too, which its life will have; asking begins none
        @return: gives (epoch, offset, events): the position of the last event that was published, and
            L{HistoryEvent<ratchet_tx.backplane.historyevents.HistoryEvent>}s; or None where the room has no history
        """

    def subscribe(room: str) -> None:
        """
        Say that this node has a member in a room, and wants its messages; while a node has one, the room's epoch stays.
        """

    def unsubscribe(room: str) -> None:
        """
        Say that this node's last member left; from then on counts how long the room's history stays.
        """

    def enter(room: str, member: str, meta: Mapping[str, Any], lease: float) -> Any:
        """
        Name a connection among a room's members, or name it anew, before the lease runs out.

        @param member: the connection's id
        @param meta: what the others may know of it
        @param lease: after how many seconds it is forgotten, so that a node which died leaves no ghosts
        @return: gives nothing
        """

    def leave(room: str, member: str) -> Any:
        """
        Forget a member.

        @return: gives nothing
        """

    def members(room: str) -> Any:
        """
        Name a room's members on all nodes.

        @return: gives a dict of their metas by connection id
        """


class IMemory(Interface):
    """
    What a backplane offers besides that keeps the histories in this process's memory.
    """

    historyBytes: int = Attribute("About how many bytes the histories take.")

    def limitHistories(limit: int, changed: Callable[[int], None]) -> None:
        """
        Keep the histories within a number of bytes, until L{IBackplane.stop}: beyond it the room that was quiet for the
        longest forgets its events. Of several nodes' limits the least counts.

        @param limit: how many bytes; 0 for any number
        @param changed: called with how many bytes more, or less, there are
        """

    def forgetOldest() -> bool:
        """
        Forget the events of the room that was quiet for the longest.

        @return: whether there was something to forget
        """
