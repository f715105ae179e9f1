"""
Rooms with every failure: connections are cut at any byte, and the cuts are noticed at any time; witnesses check everything
that clients are told, against a model of who is there.
"""

import json
from collections import Counter
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from twisted.internet.error import ConnectionLost

from ratchet_tx import Applications, Hub, RatchetServerFactory, RoomPolicy, Settings, on
from ratchet_tx.backplane.historyevents import Position
from tests.kit.ends import MemoryReactor, Wire
from tests.kit.examples import examples
from tests.kit.fakes import FakeProvider, LateBackplane, succeeded
from tests.kit.wire import CLOSE, TEXT, Stream, frame
from tests.kit.witness import Published, Witness

#: Rooms with a history, with presence, with both, and with neither.
HISTORY = {"news", "club"}
SHOWN = {"cafe", "club"}
ALL = ["news", "club", "cafe", "lobby"]
ROOMS = st.sampled_from(ALL)
CLIENTS = ["ada", "bob"]
SIZES = st.sampled_from([0, 0, 3000])

#: How many events a room keeps, and for how many seconds.
SIZE, SECONDS = 4, 30
TIMES = st.integers(0, SIZE)
GRACE = 5

OFF = ["eventsPerSecond", "connectionsPerClient", "pingSeconds", "loginSeconds", "handlerSeconds"]
LIMITS = {"presenceSeconds": GRACE, "sendQueueBytes": 6000, **dict.fromkeys(OFF, 0)}


class Echo:
    @on("echo")
    def echo(self, event: Any) -> Any:
        return event.payload.data


class Shown:
    """
    The members that each room should show.

    @ivar members: by room and ref: the client, its metadata, and until when it may come back, if it was lost
    @ivar changes: the joins and leaves, by room
    """

    def __init__(self) -> None:
        self.members: dict[str, dict[str, tuple[str, Any, float | None]]] = {room: {} for room in SHOWN}
        self.changes: dict[str, list[Any]] = {room: [] for room in SHOWN}

    def show(self, room: str, ref: str, client: str, meta: Any) -> None:
        before = self.members[room].get(ref)
        self.members[room][ref] = (client, meta, None)
        if before is None or before[1] != meta:
            self.changes[room].append(("joins", client, ref, json.dumps(meta)))

    def lose(self, room: str, ref: str, until: float) -> None:
        client, meta, _ = self.members[room][ref]
        self.members[room][ref] = (client, meta, until)

    def hide(self, room: str, ref: str) -> None:
        client, meta, _ = self.members[room].pop(ref)
        self.changes[room].append(("leaves", client, ref, json.dumps(meta)))

    def lost(self, room: str, client: str) -> set[str]:
        return {ref for ref, (each, _, until) in self.members[room].items() if each == client and until is not None}

    def passed(self, now: float) -> None:
        for room, members in self.members.items():
            for ref in [ref for ref, (_, _, until) in members.items() if until is not None and until <= now]:
                self.hide(room, ref)

    def state(self, room: str) -> dict[str, dict[str, Any]]:
        shown: dict[str, dict[str, Any]] = {}
        for ref, (client, meta, _) in self.members[room].items():
            shown.setdefault(client, {})[ref] = meta
        return shown


class Event(NamedTuple):
    """
    A published event: its position, its time, and its approximate size.
    """

    epoch: str
    offset: int
    at: float
    size: int


class Line:
    """
    One connection: the client has read as much of the server's bytes as the test lets it.

    @ivar client: its client
    @ivar connection: the server's side
    @ivar written: the bytes that the client hasn't read yet
    @ivar asked: the client's open room requests, by id, to check the server's replies
    @ivar metas: its wanted metadata, by room
    @ivar refs: its ref, by room
    @ivar told: the changes that the server told since the state, by room
    @ivar since: the number of changes before the state, by room
    @ivar unrecovered: the rooms that should have been recovered, and weren't
    """

    def __init__(self, factory: Any, client: str, journal: "list[tuple[Line, bytes]]") -> None:
        self.client = client
        self.wire = Wire(factory).open()
        self.wire.transport.write = lambda data: journal.append((self, data))
        self.connection = self.wire.protocol.connection
        self.written = b""
        self.asked: dict[int, Any] = {}
        self.metas: dict[str, Any] = {}
        self.refs: dict[str, str] = {}
        self.told: dict[str, list[Any]] = {}
        self.since: dict[str, int] = {}
        self.unrecovered: set[str] = set()
        self.atServer = Stream()
        self.atClient = Stream()

    def send(self, message: Any, size: int | None = None) -> None:
        """
        Send a message, or only its first bytes.
        """
        if message["event"] in ("socket.subscribe", "socket.unsubscribe", "socket.presence.update"):
            self.asked[message["id"]] = message
        self.wire.send(frame(json.dumps(message))[:size])


class User:
    """
    A client with one connection after the other.
    """

    def __init__(self, client: str, published: Published) -> None:
        self.client = client
        self.witness = Witness(client, published)
        self.line: Line | None = None
        self.meta: Any = {"at": 0}

    def how(self, room: str) -> dict[str, Any]:
        return {"presence": True, "meta": self.meta} if room in SHOWN else {}


def isAnybodyHere(machine: Any) -> bool:
    return any(who.line is not None for who in machine.users)


class Recovery(RuleBasedStateMachine):
    """
    Two nodes of one system, with two connections of ada and one of bob.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reactor = MemoryReactor()
        self.backplanes = [LateBackplane()]
        self.backplanes.append(LateBackplane(self.backplanes[0]))
        self.factories = [RatchetServerFactory(self._hub(each), self.reactor) for each in self.backplanes]
        for factory in self.factories:
            factory.doStart()
        self.hubs: list[Hub] = [factory.hub for factory in self.factories]
        self.published = Published()
        self.users = [User(client, self.published) for client in ("ada", "ada", "bob")]
        self.lingering: list[Line] = []
        # The server's writes to all connections, in order.
        self.journal: list[tuple[Line, bytes]] = []
        self.shown = Shown()
        self.count = 0
        self.events: dict[str, list[Event]] = {room: [] for room in HISTORY}
        # How many bytes of events may be held back or replayed, together.
        self.mayWait = 0

    def _hub(self, backplane: Any) -> Hub:
        applications = Applications()
        for room in ALL:
            history = (SIZE, SECONDS) if room in HISTORY else (0, 0)
            applications.registerRooms(room, RoomPolicy(*history, presence=room in SHOWN))
        applications.add(Echo())
        provider = FakeProvider(**{client: client for client in CLIENTS})
        limits = Settings().limits.having(LIMITS, "test")
        return Hub(provider, applications, backplane, self.reactor, Settings(limits=limits))

    @initialize()
    def begins(self) -> None:
        for number, who in enumerate(self.users):
            who.witness.wanted = {room: who.how(room) for room in ALL}
            self._connect(who, number % 2)
        self._answer()

    # Connections

    def _connected(self, user: int) -> User:
        connected = [who for who in self.users if who.line is not None]
        return connected[user % len(connected)]

    @precondition(lambda self: any(who.line is None for who in self.users))
    @rule(user=st.integers(0, 2), node=st.integers(0, 1), more=st.sets(ROOMS), isLate=st.booleans())
    def comes(self, user: int, node: int, more: set[str], isLate: bool) -> None:
        away = [who for who in self.users if who.line is None]
        who = away[user % len(away)]
        who.witness.wanted |= {room: {} for room in more}
        self._connect(who, node)
        self._answer(isLate)

    def _connect(self, who: User, node: int) -> None:
        who.witness.wanted = {room: who.how(room) for room in who.witness.wanted}
        who.line = Line(self.factories[node], who.client, self.journal)
        for message in who.witness.comes():
            who.line.send(message)
        self._watch()

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), size=st.integers(0, 5000))
    def reads(self, user: int, size: int) -> None:
        self._read(self._connected(user), size)

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), size=st.integers(0, 3000), sent=st.integers(0, 80), isNoticed=st.booleans(), room=ROOMS)
    def isCut(self, user: int, size: int, sent: int, isNoticed: bool, room: str) -> None:
        """
        Cut a connection anywhere within its last bytes, in both directions.
        """
        who = self._connected(user)
        assert who.line is not None
        wanted = dict(who.witness.wanted)
        who.line.send(who.witness.unsubscribes(room), sent)
        who.witness.wanted = wanted
        self._watch()
        self._read(who, size)
        self._lose(who, isNoticed)

    def _lose(self, who: User, isNoticed: bool) -> None:
        line, who.line = who.line, None
        assert line is not None
        who.witness.isLost()
        self.lingering.append(line)
        if isNoticed:
            self.cutIsNoticed(len(self.lingering) - 1)

    @precondition(lambda self: self.lingering)
    @rule(which=st.integers(0, 5))
    def cutIsNoticed(self, which: int) -> None:
        """
        The server notices a cut.
        """
        line = self.lingering.pop(which % len(self.lingering))
        line.wire.lose(ConnectionLost())
        for room, ref in line.refs.items():
            self.shown.lose(room, ref, self.reactor.seconds() + GRACE)
        self._watch()

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), node=st.integers(0, 1), size=st.integers(0, 3000), isNoticed=st.booleans(), times=TIMES)
    def comesBack(self, user: int, node: int, size: int, isNoticed: bool, times: int) -> None:
        """
        A client is cut off, and reconnects at once.
        """
        who = self._connected(user)
        self._read(who, size)
        self._lose(who, isNoticed)
        for room in ALL:
            self.publishes(node, room, times, 0)
        self._connect(who, node)
        self._answer()

    @rule(steps=st.lists(st.tuples(TIMES, st.sampled_from([0.5, SECONDS * 2 / 3, SECONDS])), min_size=1, max_size=3))
    def everybodyIsAway(self, steps: list[tuple[int, float]]) -> None:
        """
        All clients are away for a while, in which events may be published; then they reconnect.
        """
        self._loseAll()
        for times, seconds in steps:
            self.publishes(0, "news", times, 0)
            self.passes(seconds)
        for number, who in enumerate(self.users):
            self._connect(who, number % 2)
        self._answer()

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), isNew=st.booleans())
    def isRefusedForNow(self, user: int, isNew: bool) -> None:
        """
        A client asks on a new connection or on its own, and the histories can't be read.
        """
        who = self._connected(user)
        if isNew:
            self._lose(who, isNoticed=True)
            self._connect(who, 0)
        elif who.witness.wanted:
            self._send(who, who.witness.subscribesToAll())
        for backplane in self.backplanes:
            asked, backplane.questions = backplane.questions, []
            for question in asked:
                question.answered.errback(OSError("no answer"))
                self._watch()
        self._answer()

    def _loseAll(self) -> None:
        for who in self.users:
            if who.line is not None:
                self._lose(who, isNoticed=True)
        while self.lingering:
            self.cutIsNoticed(0)

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2))
    def closes(self, user: int) -> None:
        who = self._connected(user)
        line, who.line = who.line, None
        assert line is not None
        who.witness.isLost()
        line.wire.send(frame((1000).to_bytes(2, "big"), CLOSE))
        line.wire.lose()
        for room, ref in line.refs.items():
            self.shown.hide(room, ref)
        self._watch()

    # Requests of clients

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), room=ROOMS, isLate=st.booleans())
    def subscribes(self, user: int, room: str, isLate: bool) -> None:
        who = self._connected(user)
        self._send(who, who.witness.subscribes(room, **who.how(room)))
        self._answer(isLate)

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), times=TIMES, size=SIZES, isFound=st.booleans(), out=st.none() | ROOMS)
    def subscribesMeanwhile(self, user: int, times: int, size: int, isFound: bool, out: str | None) -> None:
        """
        While a client subscribes to all rooms, events are published, and it may be removed from a room; the backplane finds
        the answers before that, or after.
        """
        who = self._connected(user)
        who.witness.wanted = {each: who.how(each) for each in ALL}
        self._send(who, who.witness.subscribesToAll())
        for backplane in self.backplanes if isFound else ():
            for question in backplane.questions:
                question.find()
        self.publishes(0, "news", times, size)
        if out is not None:
            self.removes(1, who.client, out)
        self._answer()

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), room=ROOMS)
    def unsubscribes(self, user: int, room: str) -> None:
        who = self._connected(user)
        self._send(who, who.witness.unsubscribes(room))

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), room=st.sampled_from(sorted(SHOWN)), at=st.integers(0, 1))
    def updatesPresence(self, user: int, room: str, at: int) -> None:
        who = self._connected(user)
        who.meta = {"at": at}
        self._send(who, who.witness.asks("socket.presence.update", {"room": room, "meta": who.meta}))

    @precondition(isAnybodyHere)
    @rule(user=st.integers(0, 2), data=st.integers(0, 9))
    def echoes(self, user: int, data: int) -> None:
        who = self._connected(user)
        self._send(who, who.witness.asks("echo", data))

    def _send(self, who: User, message: Any) -> None:
        assert who.line is not None
        who.line.send(message)
        self._watch()

    # Actions of the server

    @rule(node=st.integers(0, 1), room=ROOMS, times=TIMES, size=SIZES)
    def publishes(self, node: int, room: str, times: int, size: int) -> None:
        for _ in range(times):
            self._publish(node, room, size)
        self._watch()

    def _publish(self, node: int, room: str, size: int = 0) -> Any:
        self.count += 1
        data = {"n": self.count, "x": "x" * size}
        self.mayWait += 100 + size
        position = self.hubs[node].emit("item", data, room=room)
        found = succeeded(position)
        if room not in HISTORY:
            assert found is None
            return None
        found = Position(*found)
        self.published.add(room, found, data)
        self.events[room].append(Event(*found, self.reactor.seconds(), 100 + size))
        return found

    @rule(node=st.integers(0, 1), client=st.sampled_from(CLIENTS), room=ROOMS)
    def removes(self, node: int, client: str, room: str) -> None:
        self.hubs[node].leave(client, room)
        # A lost member that is removed isn't waited for any more.
        for ref in self.shown.lost(room, client) if room in SHOWN else ():
            self.shown.hide(room, ref)
        for line in self._lines():
            if line.client == client and room in line.refs:
                self.shown.hide(room, line.refs.pop(room))
        self._watch()

    @rule(seconds=st.sampled_from([0.5, 2, 4, 6, SECONDS * 2 / 3, SECONDS]))
    def passes(self, seconds: float) -> None:
        end = self.reactor.seconds() + seconds
        while self.reactor.seconds() < end:
            self.reactor.advance(min(1, end - self.reactor.seconds()))
            self.shown.passed(self.reactor.seconds())
        self._watch()

    @precondition(lambda self: any(each.questions for each in self.backplanes))
    @rule(node=st.integers(0, 1), which=st.integers(0, 3), outcome=st.sampled_from(["found", "told", "failed"]))
    def backplaneAnswers(self, node: int, which: int, outcome: str) -> None:
        """
        The backplane finds an answer, which the client gets at once or later; or it fails.
        """
        questions = self.backplanes[node].questions
        if not questions:
            return
        question = questions[which % len(questions)]
        if outcome == "failed":
            question.answered.errback(OSError("no answer"))
        else:
            question.find()
        if outcome == "told":
            question.answer()
        if outcome != "found":
            questions.remove(question)
        self._watch()

    def _answer(self, isLate: bool = False) -> None:
        """
        Answer all questions to the backplanes, and those that follow, unless the answers are to be late.
        """
        while not isLate and any(each.questions for each in self.backplanes):
            for backplane in self.backplanes:
                while backplane.questions:
                    backplane.answer()
                    self._watch()

    # Checks of the server

    def _lines(self) -> list[Line]:
        return [who.line for who in self.users if who.line is not None] + self.lingering

    def _watch(self) -> None:
        """
        Check what the server has written, on every connection.
        """
        journal, self.journal[:] = tuple(self.journal), ()
        for line, data in journal:
            line.written += data
            for each in line.atServer.feed(data):
                if each.opcode == TEXT:
                    self._saw(line, each.json)
                else:
                    assert (each.opcode, each.code) == (CLOSE, 1000), "only a client that closes is closed"

    def _saw(self, line: Line, message: Any) -> None:
        event, data = message["event"], message["data"]
        if event == "socket.presence.state":
            room = data["room"]
            self._came(line, room, data["members"])
            line.told[room], line.since[room] = [], len(self.shown.changes[room])
        elif event == "socket.presence.diff":
            told = line.told[data["room"]]
            for kind in ("leaves", "joins"):
                for client, each in data[kind].items():
                    for meta in each["metas"]:
                        told.append((kind, client, meta.pop("ref"), json.dumps(meta)))
        elif event == "socket.resync":
            line.unrecovered.discard(data["room"])
        elif event == "socket.reply" and message["re"] in line.asked:
            self._sawReply(line, line.asked.pop(message["re"]), data)

    def _sawReply(self, line: Line, request: Any, reply: Any) -> None:
        event, data = request["event"], request["data"]
        if event == "socket.subscribe":
            wishes = data.get("rooms", [data])
            results = reply["result"] if "rooms" in data else [reply.get("result", {"error": reply})]
            for wish, result in zip(wishes, results, strict=True):
                if "error" in result:
                    if result["error"].get("code") == "replay.later" and wish["room"] in line.refs:
                        self.shown.hide(wish["room"], line.refs.pop(wish["room"]))
                    continue
                line.metas[wish["room"]] = wish.get("meta")
                if wish["room"] in HISTORY:
                    self._sawPosition(line, wish, result)
        elif event == "socket.unsubscribe" and data["room"] in line.refs:
            self.shown.hide(data["room"], line.refs.pop(data["room"]))
        elif event == "socket.presence.update":
            assert reply["ok"] is (data["room"] in line.refs)
            if reply["ok"]:
                self.shown.show(data["room"], line.refs[data["room"]], line.client, data["meta"])

    def _sawPosition(self, line: Line, wish: Any, result: Any) -> None:
        """
        Check that the server forgot nothing that it has to remember.
        """
        events, now = self.events[wish["room"]], self.reactor.seconds()
        if events and now - events[-1].at < SECONDS:
            assert result["epoch"] == events[-1].epoch, "the room keeps its epoch"
        since = wish.get("recover")
        if since is None or since["epoch"] != result["epoch"] or result["recovered"]:
            return
        missed = [each for each in events if each.epoch == since["epoch"] and each.offset > since["offset"]]
        isRemembered = len(missed) <= SIZE and all(now - each.at < SECONDS for each in missed)
        if isRemembered and 2 * self.mayWait < LIMITS["sendQueueBytes"]:
            line.unrecovered.add(wish["room"])

    def _came(self, line: Line, room: str, shown: Any) -> None:
        """
        Check a member that joins: it is the last of those in its own state.
        """
        ref = shown[line.client]["metas"][-1]["ref"]
        if room not in line.refs:
            # The member takes up the ref of any of its lost connections.
            assert ref in (self.shown.lost(room, line.client) or {line.connection.id})
            line.refs[room] = ref
        assert ref == line.refs[room]
        self.shown.show(room, ref, line.client, line.metas[room])

    def _read(self, who: User, size: int | None = None) -> None:
        line = who.line
        assert line is not None
        taken, line.written = line.written[:size], b"" if size is None else line.written[size:]
        for each in line.atClient.feed(taken):
            who.witness.hears(each.json)

    # Checks when everything is done

    @rule()
    def rests(self) -> None:
        """
        Everything is answered and read, and an event that is published then reaches every member.
        """
        self._answer()
        for who in self.users:
            if who.line is not None:
                self._read(who)
                assert who.witness.isAnswered, "every id gets a reply"
        for room in ALL:
            self._probe(room, self._publish(self.count % 2, room))
        self._checkPresence()
        assert all(not line.unrecovered for line in self._lines())
        self.mayWait = sum(each.size for events in self.events.values() for each in events[-SIZE:])

    def _probe(self, room: str, position: Any) -> None:
        self._watch()
        for who in self.users:
            if who.line is None:
                continue
            self._read(who)
            visit = who.witness.visits.get(room)
            assert (room in who.line.connection.rooms) is bool(visit and visit.isIn)
            if visit and visit.isIn:
                assert visit.last == self.count
                assert position is None or who.witness.positions[room] == position

    def _checkPresence(self) -> None:
        for room in SHOWN:
            state = self.shown.state(room)
            for who in self.users:
                if who.line is not None and room in who.line.refs:
                    assert who.witness.visits[room].members == state
                    assert Counter(who.line.told[room]) == Counter(self.shown.changes[room][who.line.since[room] :])
            for hub in self.hubs:
                asked = hub.members(room)
                self._answer()
                members = succeeded(asked)
                assert {client: len(each["metas"]) for client, each in members.items()} == {
                    client: len(refs) for client, refs in state.items()
                }

    def teardown(self) -> None:
        self.rests()
        self._loseAll()
        self.passes(GRACE)
        for factory in self.factories:
            factory.doStop()
        self.reactor.advance(1000)
        assert self.reactor.getDelayedCalls() == []


Recovery.TestCase.settings = examples(250, stateful_step_count=50)
TestRecovery = Recovery.TestCase
TestRecovery.__doc__ = (
    "After any cut at any time, a client that reconnects knows the events and the members, or that it lost some."
)
