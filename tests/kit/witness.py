"""
A client that comes back again and again, and checks all the time that it is told what the protocol promises.

It speaks in messages, and knows neither bytes nor who carries them; what was really published, it is told by who published.
"""

from collections.abc import Mapping
from typing import Any

from ratchet_tx.backplane.historyevents import Position


class Published:
    """
    What was published to rooms with a history, as the publisher knows it.
    """

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], list[Any]] = {}

    def add(self, room: str, position: tuple[str, int], data: Any) -> None:
        """
        Remember an event; the numbers of an epoch rise by one.
        """
        epoch, offset = position
        events = self._events.setdefault((room, epoch), [])
        events.append(data)
        assert offset == len(events), f"{data} of {room!r} is number {offset}, and should be {len(events)}"

    def check(self, room: str, position: tuple[str, int], data: Any) -> None:
        """
        See that an event is the one that has this number.
        """
        epoch, offset = position
        events = self._events[room, epoch]
        assert data == events[offset - 1], f"{data} came as number {offset} of {room!r}, which is {events[offset - 1]}"


class Visit:
    """
    A room, as somebody knows it on one connection.

    @ivar isIn: whether he has been told that he is in
    @ivar members: who is shown there, as state and diffs say it: meta by ref, by client; None before the state
    @ivar last: the number that the publisher gave to what came last
    """

    def __init__(self) -> None:
        self.isIn = False
        self.last = 0
        self.members: dict[str, dict[str, Any]] | None = None

    def leave(self) -> None:
        self.isIn, self.members = False, None


class Witness:
    """
    Somebody with one connection after the other.

    @param token: by which he logs in
    @param published: what he compares with what he is told
    @ivar wanted: the rooms that he wants to be in; each with how he asks for it
    @ivar positions: up to where he knows what was published, by room, also where he isn't any more
    @ivar visits: the rooms of this connection
    @ivar recoveries: how often he was told that he missed nothing, and how often that he did
    """

    def __init__(self, token: str, published: Published) -> None:
        self._token = token
        self._published = published
        self._count = 0
        self._asked: dict[int, tuple[str, Any]] = {}
        self.wanted: dict[str, dict[str, Any]] = {}
        self.positions: dict[str, Position] = {}
        self.visits: dict[str, Visit] = {}
        self.recoveries = {True: 0, False: 0}
        self.echoed = 0

    @property
    def isAnswered(self) -> bool:
        """
        Whether each of his requests has had its reply.
        """
        return not self._asked

    # What he says

    def comes(self) -> list[dict[str, Any]]:
        """
        Begin a connection.

        @return: what he says at once: who he is, and where he wants to go on
        """
        login = {"event": "socket.auth.request", "data": {"token": self._token, "v": 2}}
        return [login, *([self.subscribesToAll()] if self.wanted else [])]

    def subscribesToAll(self) -> dict[str, Any]:
        """
        Ask for all rooms that are wanted.
        """
        return self.asks("socket.subscribe", {"rooms": [self._wish(room) for room in self.wanted]})

    def subscribes(self, room: str, **how: Any) -> dict[str, Any]:
        """
        Want to be in a room.
        """
        self.wanted[room] = how
        return self.asks("socket.subscribe", self._wish(room))

    def _wish(self, room: str) -> dict[str, Any]:
        wish = {"room": room, **self.wanted[room]}
        if room in self.positions:
            wish["recover"] = self.positions[room]._asdict()
        return wish

    def unsubscribes(self, room: str) -> dict[str, Any]:
        """
        Want to be in a room no longer.
        """
        self.wanted.pop(room, None)
        return self.asks("socket.unsubscribe", {"room": room})

    def asks(self, event: str, data: Any) -> dict[str, Any]:
        """
        Ask for anything.
        """
        self._count += 1
        self._asked[self._count] = (event, data)
        return {"event": event, "data": data, "id": self._count}

    def isLost(self) -> None:
        """
        Have no connection any more: nothing is known of what was asked there.
        """
        self._asked.clear()
        self.visits.clear()

    # What he is told

    def hears(self, message: Mapping[str, Any]) -> None:
        """
        Take in a message, in the order in which they come.

        @raise AssertionError: where it isn't what may come now
        """
        event, data = message["event"], message["data"]
        if event == "socket.reply":
            self._reply(message["re"], data)
        elif event == "socket.presence.state":
            self._state(data)
        elif event == "socket.presence.diff":
            self._diff(data)
        elif event == "socket.unsubscribed":
            self.wanted.pop(data["room"], None)
            self._visit(data["room"]).leave()
        elif event == "item":
            self._item(message["room"], message.get("offset"), data)
        else:
            assert event in ("socket.auth.success", "socket.resync"), f"{message} isn't expected"

    def _visit(self, room: str) -> Visit:
        return self.visits.setdefault(room, Visit())

    def _reply(self, id: int, reply: Mapping[str, Any]) -> None:
        assert id in self._asked, f"{id} wasn't asked, or has its reply"
        event, data = self._asked.pop(id)
        if event == "socket.subscribe" and "rooms" in data:
            assert [each["room"] for each in reply["result"]] == [each["room"] for each in data["rooms"]]
            for wish, result in zip(data["rooms"], reply["result"], strict=True):
                self._subscribed(wish, result)
        elif event == "socket.subscribe":
            self._subscribed(data, reply.get("result", reply))
        elif event == "socket.unsubscribe":
            assert reply["ok"]
            self._visit(data["room"]).leave()
        elif event == "echo":
            assert reply == {"ok": True, "result": data}
            self.echoed += 1

    def _subscribed(self, wish: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        room = wish["room"]
        if "error" in result:
            # Where it only can't be said just now, he is where he was.
            if not result["error"]["retry"]:
                self.wanted.pop(room, None)
                self._visit(room).leave()
            elif result["error"]["code"] == "replay.later":
                # They aren't in it until they have asked again.
                self._visit(room).leave()
            return
        self._visit(room).isIn = True
        if "epoch" not in result:
            return
        now = Position(result["epoch"], result["offset"])
        if "recover" not in wish:
            assert result["recoverable"]
            self.positions[room] = now
            return
        self.recoveries[result["recovered"]] += 1
        if result["recovered"]:
            self._recovered(room, Position(**wish["recover"]), now, result["events"])
        else:
            assert result["events"] == [], "nothing is replayed in part"
            self.positions[room] = now

    def _recovered(self, room: str, since: Position, now: Position, events: list[Any]) -> None:
        assert since.epoch == now.epoch
        assert [each["offset"] for each in events] == list(range(since.offset + 1, now.offset + 1)), "no gap, no repeat"
        for each in events:
            self._published.check(room, (now.epoch, each["offset"]), each["data"])
        # Who asks anew where he is may have been told some of it meanwhile, and never more than the reply.
        assert since.offset <= self.positions[room].offset <= now.offset
        self.positions[room] = now

    def _item(self, room: str, offset: int | None, data: Any) -> None:
        visit = self._visit(room)
        assert visit.isIn, f"an event of {room!r} came where he isn't, or before the reply"
        assert data["n"] > visit.last, "in the order in which they were published, and once"
        visit.last = data["n"]
        if offset is None:
            return
        position = self.positions[room]
        assert offset == position.offset + 1, f"{offset} came after {position.offset} in {room!r}"
        self.positions[room] = position._replace(offset=offset)
        self._published.check(room, self.positions[room], data)

    def _state(self, data: Mapping[str, Any]) -> None:
        visit = self._visit(data["room"])
        assert visit.isIn, "the reply comes before the state"
        members = {client: _byRef(each) for client, each in data["members"].items()}
        assert visit.members in (None, members), f"{members} is shown, and was to be {visit.members}"
        visit.members = members

    def _diff(self, data: Mapping[str, Any]) -> None:
        members = self._visit(data["room"]).members
        assert members is not None, "the state comes before changes"
        for client, each in data["leaves"].items():
            for ref in _byRef(each):
                del members[client][ref]
            if not members[client]:
                del members[client]
        for client, each in data["joins"].items():
            members.setdefault(client, {}).update(_byRef(each))


def _byRef(shown: Mapping[str, Any]) -> dict[str, Any]:
    byRef = {meta["ref"]: {key: value for key, value in meta.items() if key != "ref"} for meta in shown["metas"]}
    assert len(byRef) == len(shown["metas"]) > 0
    return byRef
