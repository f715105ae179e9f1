"""
Stand-ins for what a test doesn't want to be real: small, and strict, so that a test can't pass by a call that fails in life.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import eventAsText, globalLogPublisher
from zope.interface import implementer

from ratchet_tx import Applications, Hub, Settings
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.budget.ledger import Ledger
from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.shared import Shared
from ratchet_tx.deferreds.threads import OwnThread
from ratchet_tx.deferreds.timeouts import Patience
from ratchet_tx.interfaces import IClient, IClientProvider, IPeriodicTimer, ITransport
from ratchet_tx.monitoring.counters import Counters
from ratchet_tx.monitoring.peerlog import PeerLog
from ratchet_tx.transport.handshake.request import Request
from ratchet_tx.wire.frames import Spare, textOf
from tests.kit.wire import PLANTED


@implementer(ITransport)
class FakeTransport:
    """
    A peer that reads everything at once, and keeps it.

    @ivar texts: what was sent to it, in order
    @ivar spares: what each of the last frames was marked as, where it may be left out
    @ivar closedWith: the code and reason of the close that was begun
    @ivar aborted: whether it was dropped
    @ivar reading: whether we read from it
    """

    queuedBytes = 0

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.spares: list[Spare | None] = []
        self.closedWith: tuple[int, str] | None = None
        self.aborted = False
        self.reading = True

    def send(self, frame: bytes, spare: Spare | None = None) -> None:
        assert isinstance(frame, bytes)
        self.sendText(textOf(frame), spare)

    def sendText(self, text: bytes, spare: Spare | None = None) -> None:
        assert isinstance(text, bytes)
        assert self.closedWith is None, "nothing is sent after the close"
        self.texts.append(text)
        self.spares.append(spare)

    def close(self, code: int, reason: str) -> None:
        assert self.closedWith is None, "a close is begun once"
        self.closedWith = (code, reason)

    def abort(self) -> None:
        self.aborted = True

    def pauseReading(self) -> None:
        assert self.reading, "reading is paused once"
        self.reading = False

    def resumeReading(self) -> None:
        assert not self.reading, "reading is resumed once"
        self.reading = True


class Peer:
    """
    Somebody at the other end of a connection, who speaks JSON.

    @ivar connection: the hub's connection with the peer
    """

    def __init__(self, hub: Hub, request: Request | None = None, address: str = "192.0.2.1") -> None:
        self._hub = hub
        self.asked = 0
        self.transport = FakeTransport()
        request = request or Request("/", {"token": [PLANTED]}, {"cookie": f"session={PLANTED}"})
        self.connection: Connection = hub.peers.opened(self.transport, request, address)

    def emit(self, event: str, data: Any = None, **keys: Any) -> None:
        """
        Send an event to the hub.
        """
        self.sendText(json.dumps({"event": event, "data": data, "planted": PLANTED, **keys}).encode())

    def sendText(self, text: bytes) -> None:
        """
        Send whatever it is.
        """
        self._hub.peers.received(self.connection, text)

    def logIn(self, token: str, **data: Any) -> None:
        """
        Ask to be logged in.
        """
        self.emit("socket.auth.request", {"token": token, **data})

    def read(self) -> list[dict[str, Any]]:
        """
        Take what has come since the last time.
        """
        texts, self.transport.texts = self.transport.texts, []
        return [json.loads(text) for text in texts]

    def ask(self, event: str, data: Any = None) -> Any:
        """
        Send an event that wants a reply, which comes at once.

        @return: the reply's result, or its error
        """
        self.asked += 1
        self.emit(event, data, id=self.asked)
        frames = [json.loads(text) for text in self.transport.texts]
        [position] = [position for position, frame in enumerate(frames) if frame.get("re") == self.asked]
        del self.transport.texts[position]
        reply = frames[position]["data"]
        return reply["result" if reply["ok"] else "error"]

    def leave(self, code: int = 1000, reason: str = "", clean: bool = True) -> None:
        """
        Go away.
        """
        self._hub.peers.closed(self.connection, code, reason, clean)


@implementer(IClient)
class FakeClient:
    """
    A user with a name.

    @ivar expires: when the login ends; only where a test says so
    """

    expires: Any

    def __init__(self, id: str) -> None:
        self.id = id
        self.accessToken: str | None = None

    def jsonSerialize(self) -> Any:
        return {"username": self.id}


@implementer(IClientProvider)
class FakeProvider:
    """
    Knows users by tokens that are told to it; where C{later} is set, says so only when the test fires it.

    @ivar asked: the Deferreds that wait for the test
    @ivar updated: the clients whose tokens were set
    """

    def __init__(self, later: bool = False, **clients: str) -> None:
        self.clients = {token: FakeClient(id) for token, id in clients.items()}
        self.later = later
        self.asked: list[Deferred[Any]] = []
        self.updated: list[Any] = []

    def findByAccessToken(self, accessToken: str) -> Any:
        assert accessToken, "nobody is asked for the empty token"
        if not self.later:
            return self.clients.get(accessToken)
        asked: Deferred[Any] = Deferred()
        self.asked.append(asked)
        return asked

    def updateClient(self, client: Any) -> Any:
        assert client.accessToken
        self.updated.append(client)


class Question:
    """
    What waits for an answer, which is found at one time, and told at another.
    """

    def __init__(self, find: Callable[[], Any]) -> None:
        self.answered: Deferred[Any] = Deferred()
        self._find = find

    def find(self) -> None:
        """
        Find the answer now, and tell it later.
        """
        found = self._find()
        self._find = lambda: found

    def answer(self) -> None:
        """
        Tell the answer.
        """
        self.answered.callback(self._find())


class LateBackplane(MemoryBackplane):
    """
    One that takes its time to answer, as one over a network does.

    @ivar questions: what waits for the test
    """

    def __init__(self, beside: MemoryBackplane | None = None) -> None:
        super().__init__(beside)
        self.questions: list[Question] = []

    def read(self, room: str, since: Any, limit: int, keep: Any = None) -> Any:
        return self._later(lambda: super(LateBackplane, self).read(room, since, limit, keep))

    def members(self, room: str) -> Any:
        return self._later(lambda: super(LateBackplane, self).members(room))

    def _later(self, find: Callable[[], Any]) -> Deferred[Any]:
        self.questions.append(Question(find))
        return self.questions[-1].answered

    def answer(self) -> None:
        """
        Answer what was asked first.
        """
        self.questions.pop(0).answer()


@implementer(IPeriodicTimer)
class FakeTimer:
    """
    A timer that counts its ticks, and gives what the test wants it to.
    """

    def __init__(self, name: str = "timer", interval: float = 1, result: Any = None) -> None:
        self.name = name
        self.interval = interval
        self.result = result
        self.ticks = 0

    def callback(self) -> Any:
        self.ticks += 1
        result = self.result
        return result() if callable(result) else result


def startedHub(*applications: Any, **arguments: Any) -> Hub:
    """
    Make a hub that runs on a clock of its own, with some applications.

    @param arguments: the hub's; and C{limits}, a dict of limits
    """
    limits = arguments.pop("limits", {})
    settings = Settings(limits=Settings().limits.having(limits, "test"))
    hub = Hub(**{"clock": Clock(), "settings": settings, "applications": Applications(), **arguments})
    for application in applications:
        hub.applications.add(application)
    hub.startService()
    return hub


def clockOf(owner: Any) -> Clock:
    """
    Give the clock of a hub or a site whose time is the test's.
    """
    clock = owner.clock
    assert isinstance(clock, Clock)
    return clock


def override(it: object, **attributes: Any) -> None:
    """
    Put others in the place of an object's methods or attributes, for as long as it lives.
    """
    for name, value in attributes.items():
        setattr(it, name, value)


def makeShared(limits: dict[str, Any] | None = None, broadcast: Any = None) -> Shared:
    """
    Make what connections share, without a hub.
    """
    clock = Clock()
    made = Settings().limits.having(limits or {}, "test")
    log = PeerLog(clock)
    return Shared(made, Counters(), Ledger(), log, OwnThread(), Patience(clock), broadcast, _noTurn)


def _noTurn(connection: Connection, text: bytes) -> None:
    raise AssertionError("nothing has its turn without a hub")


@contextmanager
def logged() -> Iterator[list[str]]:
    """
    Collect what is logged meanwhile, each event as one text with its traceback.
    """
    lines: list[str] = []

    def observe(event: Any) -> None:
        lines.append(eventAsText(event, includeTimestamp=False, includeSystem=False))

    globalLogPublisher.addObserver(observe)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(observe)


def succeeded(deferred: Deferred[Any]) -> Any:
    """
    Take the result of a Deferred that has fired.
    """
    results: list[Any] = []
    deferred.addCallback(results.append)
    assert results, "the Deferred has not fired, or it failed"
    return results[0]


def failed(deferred: Deferred[Any]) -> Any:
    """
    Take the exception of a Deferred that has failed.
    """
    failures: list[Any] = []
    deferred.addErrback(failures.append)
    assert failures, "the Deferred has not failed"
    return failures[0].value
