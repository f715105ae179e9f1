"""
A client that reconnects again and again, and checks everything that it is told against the protocol's promises.

It handles decoded messages only; the publisher tells it what was really published.
"""

from collections.abc import Mapping
from typing import Any

from ratchet_tx.backplane.historyevents import Position


class Published:
    """
    The events that were published to rooms with a history, as the publisher knows them.
    """

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], list[Any]] = {}

    def add(self, room: str, position: tuple[str, int], data: Any) -> None:
        """
        Record an event; the offsets of an epoch rise by one.
        """
        epoch, offset = position
        events = self._events.setdefault((room, epoch), [])
        events.append(data)
        assert offset == len(events), f"{data} of {room!r} is number {offset}, and should be {len(events)}"

    def check(self, room: str, position: tuple[str, int], data: Any) -> None:
        """
        Check that an event is the one with this offset.
        """
        epoch, offset = position
        events = self._events[room, epoch]
        assert data == events[offset - 1], f"{data} came as number {offset} of {room!r}, which is {events[offset - 1]}"


class Visit:
    """
    A room, as a client knows it on one connection.

    @ivar isIn: whether a reply said that the client is in the room
    @ivar members: the members by the state and the diffs: meta by ref, by client; None before the state
    @ivar last: the publisher's number of the last event
    """

    def __init__(self) -> None:
        self.isIn = False
        self.last = 0
        self.members: dict[str, dict[str, Any]] | None = None

    def leave(self) -> None:
        self.isIn, self.members = False, None


class Witness:
    """
    A client with one connection after the other.

    @param token: the token for the login
    @param published: the true events, for comparison
    @ivar wanted: the wanted rooms, each with the options of its subscribe
    @ivar positions: the last known position by room, also of rooms that were left
    @ivar visits: the rooms of this connection
    @ivar recoveries: how many replies had recovered: true, and how many false
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
        Whether each request has its reply.
        """
        return not self._asked

    # Sending

    def comes(self) -> list[dict[str, Any]]:
        """
        Begin a connection.

        @return: the first messages: the login, and the subscribes with the last positions
        """
        login = {"event": "socket.auth.request", "data": {"token": self._token, "v": 2}}
        return [login, *([self.subscribesToAll()] if self.wanted else [])]

    def subscribesToAll(self) -> dict[str, Any]:
        """
        Subscribe to all wanted rooms.
        """
        return self.asks("socket.subscribe", {"rooms": [self._wish(room) for room in self.wanted]})

    def subscribes(self, room: str, **how: Any) -> dict[str, Any]:
        """
        Subscribe to a room, and want it from now on.
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
        Unsubscribe from a room.
        """
        self.wanted.pop(room, None)
        return self.asks("socket.unsubscribe", {"room": room})

    def asks(self, event: str, data: Any) -> dict[str, Any]:
        """
        Make a request.
        """
        self._count += 1
        self._asked[self._count] = (event, data)
        return {"event": event, "data": data, "id": self._count}

    def isLost(self) -> None:
        """
        Forget the open requests of a lost connection.
        """
        self._asked.clear()
        self.visits.clear()

    # Receiving

    def hears(self, message: Mapping[str, Any]) -> None:
        """
        Check the next message.

        @raise AssertionError: if the message may not come now
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
            # A refusal with retry changes nothing.
            if not result["error"]["retry"]:
                self.wanted.pop(room, None)
                self._visit(room).leave()
            elif result["error"]["code"] == "replay.later":
                # The client is out of this room until it asks again.
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
        # A repeated subscribe may have got some of the events meanwhile, and never more than the reply has.
        assert since.offset <= self.positions[room].offset <= now.offset
        self.positions[room] = now

    def _item(self, room: str, offset: int | None, data: Any) -> None:
        visit = self._visit(room)
        assert visit.isIn, f"an event of {room!r} came outside of the room, or before the reply"
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
