"""
Enforces the limits on peers: how many may connect, and how fast they may send.
"""

from math import ceil

from ratchet_tx.budget.rate import Rate
from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.inbox import QUEUED_EVENT_BYTES
from ratchet_tx.errors import PeerError
from ratchet_tx.limits.addresses import Addresses
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.settings import Settings
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.closecodes import BAD_MESSAGES, ONE_TOO_MANY, TOO_FAST
from ratchet_tx.wire.errorcodes import RATE_LIMITED
from ratchet_tx.wire.payload import Head, Payload

#: A login as another client makes the next subscribes free, at most once in so many seconds.
_FREE_AGAIN = 30

#: How many times C{receiveQueueEvents} may wait while reading can't pause, because an C{ask} waits for its reply.
_UNPAUSED_FACTOR = 16


class Guard:
    """
    The limits of one hub, and what happens when a peer reaches one.

    @param guests: whether peers may use the hub without logging in
    @ivar slack: a bucket that is full within so many seconds has the price of a short event
    @ivar price: L{Rate.price<ratchet_tx.budget.rate.Rate.price>}: the price of a message that isn't free
    @ivar canPay: L{Rate.has<ratchet_tx.budget.rate.Rate.has>}: whether a peer has enough tokens for a price
    """

    def __init__(self, settings: Settings, counters: Counters, answers: Answers, guests: bool) -> None:
        limits = settings.limits
        self._limits = limits
        self._counters = counters
        self._answers = answers
        self._guests = guests
        rate = self._rate = Rate(limits.eventsPerSecond, limits.eventsBurst)
        # As attributes: each message uses them.
        self.slack, self.price, self.canPay = rate.slack, rate.price, rate.has
        everywhere = settings.trustForwarded > 0
        self._addresses = Addresses(limits.connectionsPerAddress, limits.strangersPerAddress, everywhere)

    # Connections

    def reached(self, address: str, already: int) -> str:
        """
        Name the limit that refuses one more peer; blank where it may connect.

        @param address: its IP address
        @param already: how many connections there are
        """
        if 0 < self._limits.connections <= already:
            return "connections"
        return self._addresses.reached(address, stranger=not self._guests)

    def add(self, connection: Connection) -> None:
        """
        Count a new connection, as a stranger's.
        """
        self._addresses.add(connection.remoteAddress, stranger=True)

    def openedAsGuest(self, connection: Connection) -> None:
        """
        Make the first subscribes free, for a connection that gets an anonymous client at open.
        """
        connection.allowance.giveFree(self._limits.rooms)

    def loggedIn(self, connection: Connection) -> None:
        """
        Count a connection as a stranger's no longer.
        """
        self._addresses.loggedIn(connection.remoteAddress)

    def remove(self, connection: Connection) -> None:
        """
        Count a connection no longer.
        """
        self._addresses.remove(connection.remoteAddress, stranger=connection.client is None)

    def closeOneTooMany(self, connections: list[Connection]) -> None:
        """
        Close the connection of a client that has been silent for the longest, where the client has too many.
        """
        if 0 < self._limits.connectionsPerClient < len(connections):
            silent = min(connections, key=lambda each: each.allowance.heard)
            silent.close(ONE_TOO_MANY, "Too many connections of this client")

    # Messages

    def pays(self, connection: Connection, payload: Payload | Head, now: float, price: int = 1) -> bool:
        """
        Take an event's price out of its sender's bucket; a sender who can't pay is refused, and in the end closed.
        """
        allowance = connection.allowance
        allowance.heard = now
        lacking = self._rate.spend(allowance, now, price)
        if not lacking:
            return True
        self._answers.refuse(connection, payload.event, payload.id, _tooFast(lacking))
        self._strike(connection, now)
        return False

    def discount(self, connection: Connection, payload: Payload | Head) -> int:
        """
        Say how many tokens less a C{socket.*} event costs: 1 for replies to an C{ask}, and for a client's first subscribes.
        """
        if payload.event == "socket.subscribe":
            return connection.allowance.takeFree(1)
        return 1 if payload.event == "socket.reply" and connection.isAsked(payload.re) else 0

    def giveSubscribes(self, connection: Connection, now: float) -> None:
        """
        Make the next subscribes free, after a login as another client: at the first login, and then at most once per 30 s.
        """
        connection.allowance.giveFree(self._limits.rooms, now, _FREE_AGAIN)

    def chargeForRooms(self, connection: Connection, count: int, now: float) -> None:
        """
        Charge the rate limit for each further room of one subscribe; the event itself paid for the first.

        @raise PeerError: C{rate.limited}, where the peer can't pay for all of them
        """
        allowance = connection.allowance
        for _ in range(count - allowance.takeFree(count)):
            lacking = self._rate.spend(allowance, now)
            if lacking:
                self._strike(connection, now)
                raise _tooFast(lacking)

    def mayWait(self, connection: Connection, payload: Payload | Head) -> bool:
        """
        Decide whether one more event may wait for its turn.

        Reading pauses long before this limit, except while an C{ask} waits for the peer's reply.
        """
        most, inbox = self._limits.receiveQueueEvents * _UNPAUSED_FACTOR, connection.inbox
        if most == 0 or (inbox.load < most and inbox.bytes < most * QUEUED_EVENT_BYTES):
            return True
        refusal = PeerError(RATE_LIMITED, "Too many events wait", retry=True, after=1)
        self._answers.refuse(connection, payload.event, payload.id, refusal)
        return False

    def paysForPing(self, connection: Connection, now: float) -> bool:
        """
        Take the price of a WebSocket ping, the same as an event's.

        @return: whether to answer the ping
        """
        allowance = connection.allowance
        allowance.heard = now
        if not self._rate.spend(allowance, now):
            return True
        self._counters.refused[RATE_LIMITED] += 1
        self._strike(connection, now)
        return False

    def _strike(self, connection: Connection, now: float) -> None:
        if connection.allowance.refused(now) >= self._limits.eventsBurst:
            connection.close(TOO_FAST, "Too many events")

    def refuseBad(self, connection: Connection, error: BadPayload, now: float, price: int) -> None:
        """
        Refuse a message that can't be decoded; a peer that sends too many of them is closed.

        @param price: what it costs; 0 where it has been paid
        """
        allowance = connection.allowance
        allowance.heard = now
        self._rate.spend(allowance, now, price)
        self._answers.refuse(connection, "", error.id, error)
        if 0 < self._limits.eventsBurst <= allowance.sentBad(now):
            connection.close(BAD_MESSAGES, "Too many bad messages")


def _tooFast(lacking: float) -> PeerError:
    # Rounded up: a peer that retries too early is refused again. 1e-6 ms covers what floats don't add up by.
    return PeerError(RATE_LIMITED, "Too many events", retry=True, after=ceil(lacking * 1000 - 1e-6) / 1000)
