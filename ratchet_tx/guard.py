"""
How much peers may ask: who may come in, how fast events may come, and who is closed for it; what they ask it doesn't know.
"""

from ratchet_tx.addresses import Addresses
from ratchet_tx.answers import Answers
from ratchet_tx.connection import Connection
from ratchet_tx.counters import Counters
from ratchet_tx.errors import PeerError
from ratchet_tx.limits import Rate, Strikes
from ratchet_tx.payload import BadPayload, Payload
from ratchet_tx.settings import Settings

#: How many times the limit may wait where reading can't pause, because a reply is to be read.
_PATIENCE = 16


class Guard:
    """
    The limits of one hub, and what happens at them.

    @param guests: whether everybody may come in without logging in
    """

    def __init__(self, settings: Settings, counters: Counters, answers: Answers, guests: bool) -> None:
        limits = settings.limits
        self._limits = limits
        self._counters = counters
        self._answers = answers
        self._guests = guests
        self._rate = Rate(limits.eventsPerSecond, limits.eventsBurst)
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
            silent.close(4504, "Too many connections of this client")

    # What it sends

    def pays(self, connection: Connection, payload: Payload, now: float) -> bool:
        """
        Take an event's price from its sender; who can't pay is refused, and in the end closed.
        """
        lacking = self._rate.spend(connection, now)
        if not lacking:
            return True
        self._answers.refuse(connection, payload.event, payload.id, _tooFast(lacking))
        self._strike(connection, now)
        return False

    def isFree(self, connection: Connection, payload: Payload) -> bool:
        """
        Say whether an event costs nothing: replies don't, for it is us who asked, nor do the first subscribes of a client.
        """
        if payload.event == "socket.subscribe" and connection.freeSubscribes:
            connection.freeSubscribes -= 1
            return True
        return payload.event == "socket.reply"

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

    def mayWait(self, connection: Connection, payload: Payload) -> bool:
        """
        Decide whether one more event may stand in line; reading pauses long before, but for who is being asked something.
        """
        most = self._limits.receiveQueueEvents * _PATIENCE
        if not 0 < most <= connection.inbox.load:
            return True
        refusal = PeerError("rate.limited", "Too many events wait", retry=True, after=1)
        self._answers.refuse(connection, payload.event, payload.id, refusal)
        return False

    def paysForPing(self, connection: Connection, now: float) -> bool:
        """
        Take the price of one of WebSocket's own pings, which is an event's.

        @return: whether it may be answered
        """
        if not self._rate.spend(connection, now):
            return True
        self._counters.refused["rate.limited"] += 1
        self._strike(connection, now)
        return False

    def _strike(self, connection: Connection, now: float) -> None:
        connection.refusals = connection.refusals or Strikes()
        if connection.refusals.strike(now) >= self._limits.eventsBurst:
            connection.close(4009, "Too many events")

    def refuseBad(self, connection: Connection, error: BadPayload, now: float) -> None:
        """
        Refuse what isn't a message; it has its price, too, and who sends nothing else is closed.
        """
        self._rate.spend(connection, now)
        self._answers.refuse(connection, "", error.id, error)
        connection.badMessages = connection.badMessages or Strikes()
        if 0 < self._limits.eventsBurst <= connection.badMessages.strike(now):
            connection.close(4501, "Too many bad messages")


def _tooFast(lacking: float) -> PeerError:
    return PeerError("rate.limited", "Too many events", retry=True, after=round(lacking, 3))
