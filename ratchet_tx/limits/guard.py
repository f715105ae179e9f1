"""
Limits what peers ask: who may connect, how fast events may come, and who is closed for it.
"""

from math import ceil

from ratchet_tx.budget.allowance import Strikes
from ratchet_tx.budget.rate import Rate
from ratchet_tx.connections.answers import Answers
from ratchet_tx.connections.connection import QUEUED_EVENT_BYTES, Connection
from ratchet_tx.errors import PeerError
from ratchet_tx.limits.addresses import Addresses
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.settings import Settings
from ratchet_tx.wire.badpayload import BadPayload
from ratchet_tx.wire.closecodes import BAD_MESSAGES, ONE_TOO_MANY, TOO_FAST
from ratchet_tx.wire.errorcodes import RATE_LIMITED
from ratchet_tx.wire.payload import Head, Payload

#: How often, in seconds, a login as another client makes its first subscribes free.
_FREE_AGAIN = 30

#: How many times the limit may wait where reading can't pause, because a reply is to be read.
_PATIENCE = 16


class Guard:
    """
    The limits of one hub, and what happens at them.

    @param guests: whether everybody may come in without logging in
    @ivar slack: a peer whose bucket will be full within so many seconds has the price of a short event
    @ivar price: says what a message costs that isn't free, as L{Rate.price<ratchet_tx.budget.rate.Rate.price>}
    @ivar canPay: says whether a peer could pay a price now, as L{Rate.has<ratchet_tx.budget.rate.Rate.has>}
    """

    def __init__(self, settings: Settings, counters: Counters, answers: Answers, guests: bool) -> None:
        limits = settings.limits
        self._limits = limits
        self._counters = counters
        self._answers = answers
        self._guests = guests
        rate = self._rate = Rate(limits.eventsPerSecond, limits.eventsBurst)
        # As attributes, for each message asks.
        self.slack, self.price, self.canPay = rate.slack, rate.price, rate.has
        everywhere = settings.trustForwarded > 0
        self._addresses = Addresses(limits.connectionsPerAddress, limits.strangersPerAddress, everywhere)

    # Who comes in

    def permit(self, address: str, already: int) -> bool:
        """
        Decide whether one more peer may come in.

        @param address: its IP address
        @param already: how many are there
        """
        return not self.reached(address, already)

    def reached(self, address: str, already: int) -> str:
        """
        Name the limit by which no more peers may come in; blank where one more may.

        @param address: its IP address
        @param already: how many are there
        """
        if 0 < self._limits.connections <= already:
            return "connections"
        return self._addresses.reached(address, stranger=not self._guests)

    def add(self, connection: Connection) -> None:
        """
        Count a connection, of a stranger so far.
        """
        self._addresses.add(connection.remoteAddress, stranger=True)

    def know(self, connection: Connection) -> None:
        """
        Count a connection as a stranger's no more.
        """
        self._addresses.know(connection.remoteAddress)

    def remove(self, connection: Connection) -> None:
        """
        Count a connection no more.
        """
        self._addresses.remove(connection.remoteAddress, stranger=connection.client is None)

    def closeOneTooMany(self, connections: list[Connection]) -> None:
        """
        Close one of a client's connections where there are too many: the one that has been silent for the longest.
        """
        if 0 < self._limits.connectionsPerClient < len(connections):
            silent = min(connections, key=lambda each: each.heard)
            silent.close(ONE_TOO_MANY, "Too many connections of this client")

    # What it sends

    def pays(self, connection: Connection, payload: Payload | Head, now: float, price: int = 1) -> bool:
        """
        Take an event's price from its sender; who can't pay is refused, and in the end closed.
        """
        lacking = self._rate.spend(connection, now, price)
        if not lacking:
            return True
        self._answers.refuse(connection, payload.event, payload.id, _tooFast(lacking))
        self._strike(connection, now)
        return False

    def discount(self, connection: Connection, payload: Payload | Head) -> int:
        """
        Say what an event of the protocol's own costs less: 1 where it is free, and its price is only what is above that.

        Free are replies to open questions, for it is us who asked, and the first subscribes of a client, which are counted.
        """
        if payload.event == "socket.subscribe" and connection.freeSubscribes:
            connection.freeSubscribes -= 1
            return 1
        return 1 if payload.event == "socket.reply" and connection.isAsked(payload.re) else 0

    def giveSubscribes(self, connection: Connection, now: float) -> None:
        """
        Make the first subscribes free of who has just logged in as another client than before: at the first login, and after
        that once per 30 s.
        """
        if now < connection.subscribesFreeAt:
            return
        connection.subscribesFreeAt = now + _FREE_AGAIN
        connection.freeSubscribes = self._limits.rooms

    def chargeForRooms(self, connection: Connection, count: int, now: float) -> None:
        """
        Take the price of some more rooms out of a peer's bucket, than of the one that the event itself was for.

        @raise PeerError: C{rate.limited}, where it can't pay all of it
        """
        free = min(count, connection.freeSubscribes)
        connection.freeSubscribes -= free
        for _ in range(count - free):
            lacking = self._rate.spend(connection, now)
            if lacking:
                self._strike(connection, now)
                raise _tooFast(lacking)

    def mayWait(self, connection: Connection, payload: Payload | Head) -> bool:
        """
        Decide whether one more event may stand in line; reading pauses long before, but for who is being asked something.
        """
        most, inbox = self._limits.receiveQueueEvents * _PATIENCE, connection.inbox
        if most == 0 or (inbox.load < most and inbox.bytes < most * QUEUED_EVENT_BYTES):
            return True
        refusal = PeerError(RATE_LIMITED, "Too many events wait", retry=True, after=1)
        self._answers.refuse(connection, payload.event, payload.id, refusal)
        return False

    def paysForPing(self, connection: Connection, now: float) -> bool:
        """
        Take the price of one of WebSocket's own pings, which is an event's.

        @return: whether it may be answered
        """
        if not self._rate.spend(connection, now):
            return True
        self._counters.refused[RATE_LIMITED] += 1
        self._strike(connection, now)
        return False

    def _strike(self, connection: Connection, now: float) -> None:
        connection.refusals = connection.refusals or Strikes()
        if connection.refusals.strike(now) >= self._limits.eventsBurst:
            connection.close(TOO_FAST, "Too many events")

    def refuseBad(self, connection: Connection, error: BadPayload, now: float, price: int) -> None:
        """
        Refuse what isn't a message; it has its price, too, and who sends nothing else is closed.

        @param price: 0 for one whose price has been paid
        """
        self._rate.spend(connection, now, price)
        self._answers.refuse(connection, "", error.id, error)
        connection.badMessages = connection.badMessages or Strikes()
        if 0 < self._limits.eventsBurst <= connection.badMessages.strike(now):
            connection.close(BAD_MESSAGES, "Too many bad messages")


def _tooFast(lacking: float) -> PeerError:
    # Rounded up, for who comes back a moment too early is refused once more; but not for what times don't add up by.
    return PeerError(RATE_LIMITED, "Too many events", retry=True, after=ceil(lacking * 1000 - 1e-6) / 1000)
