"""
The policies of rooms: who may join, and what history they keep.
"""

from typing import Any

import pytest
from zope.interface import implementer
from zope.interface.registry import Components

from ratchet_tx import Applications, IClient, IRoomPolicy, RoomPolicy, UsageError
from ratchet_tx.backplane.messages import Keep
from tests.kit.contracts import RoomPolicyContract
from tests.kit.fakes import FakeClient


class IModerator(IClient):
    """A client that may join more rooms."""


@implementer(IModerator)
class Moderator(FakeClient):
    pass


ADA = FakeClient("ada")


class TestRoomPolicy(RoomPolicyContract):
    """
    The policy that is made from arguments.
    """

    def make(self) -> RoomPolicy:
        return RoomPolicy()

    def test_default(self) -> None:
        """By default every client may join, and the room has no history and no presence."""
        policy = RoomPolicy()
        assert policy.mayJoin(ADA, "lobby") is True
        assert (policy.historySize, policy.historySeconds, policy.presence) == (0, 0, False)

    def test_mayJoin(self) -> None:
        """C{mayJoin} is called with the client and the room's name."""
        policy = RoomPolicy(mayJoin=lambda client, room: (client.id, room))
        assert policy.mayJoin(ADA, "lobby") == ("ada", "lobby")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"historySize": -1}, "historySize is a whole number of events, 0 or more, not -1"),
            ({"historySize": 1.5, "historySeconds": 1}, "historySize is a whole number"),
            ({"historySize": True, "historySeconds": 1}, "historySize is a whole number"),
            ({"historySeconds": float("inf")}, "historySeconds is a number of seconds, 0 or more, not inf"),
            ({"historySeconds": "1"}, "historySeconds is a number of seconds"),
            ({"historySeconds": False}, "historySeconds is a number of seconds"),
            ({"historySize": 1}, "has both, a historySize and historySeconds"),
            ({"historySeconds": 1}, "has both, a historySize and historySeconds"),
            ({"presence": 1}, "presence is True or False, not 1"),
            ({"mayJoin": True}, "mayJoin= is called with a client and a room's name, which True can't be"),
        ],
    )
    def test_refused(self, arguments: dict[str, Any], message: str) -> None:
        """Wrong arguments are an error that says what to give."""
        with pytest.raises(UsageError, match=message):
            RoomPolicy(**arguments)


class TestPatterns:
    def test_noneByDefault(self) -> None:
        """Without a policy no client may join a room, and no room has a history."""
        policies = Applications().policies
        assert policies.find("lobby", ADA) is None
        assert policies.keep("lobby") is None

    def test_longestPrefix(self) -> None:
        """Of several matching patterns the longest is used, and the whole name before all."""
        applications = Applications()
        registered = {pattern: RoomPolicy() for pattern in ("*", "user:*", "user:ada:*", "user:ada", "lobby*", "lobby")}
        for pattern, policy in registered.items():
            applications.registerRooms(pattern, policy)
        expected = {
            "lobby": "lobby",
            "lobby2": "lobby*",
            "user:": "user:*",
            "user:ada": "user:ada",
            "user:ada:mail": "user:ada:*",
            "user:adam": "user:*",
            "User:ada": "*",
            "user:*": "user:*",
            "*": "*",
        }
        for room, pattern in expected.items():
            assert applications.policies.find(room, ADA) is registered[pattern], room

    def test_exactName(self) -> None:
        """A pattern without a star matches one name only."""
        applications = Applications()
        applications.registerRooms("lobby", RoomPolicy())
        assert applications.policies.find("lobby2", ADA) is applications.policies.find("Lobby", ADA) is None

    def test_longestPatternDecidesAlone(self) -> None:
        """A client for which the longest pattern has no policy may not join, whatever a shorter one says."""
        applications = Applications()
        applications.registerRooms("*", RoomPolicy())
        applications.registerRooms("staff:*", RoomPolicy(), client=IModerator)
        assert applications.policies.find("staff:1", ADA) is None
        assert applications.policies.find("staff:1", Moderator("eve")) is not None

    def test_mostSpecificClient(self) -> None:
        """Of several policies of one pattern the one for the most specific interface decides."""
        applications = Applications()
        anybody, moderators = RoomPolicy(), RoomPolicy()
        applications.registerRooms("lobby", anybody)
        applications.registerRooms("lobby", moderators, client=IModerator)
        assert applications.policies.find("lobby", ADA) is anybody
        assert applications.policies.find("lobby", Moderator("eve")) is moderators

    def test_classesOfClients(self) -> None:
        """A policy may be for a class of clients."""
        applications = Applications()
        applications.registerRooms("lobby", RoomPolicy(), client=Moderator)
        assert applications.policies.find("lobby", ADA) is None
        assert applications.policies.find("lobby", Moderator("eve")) is not None

    def test_keep(self) -> None:
        """A room's history is its pattern's, for all clients; a pattern may have none."""
        applications = Applications()
        applications.registerRooms("news:*", RoomPolicy(historySize=10, historySeconds=60), client=IModerator)
        applications.registerRooms("*", RoomPolicy())
        assert applications.policies.keep("news:1") == Keep(10, 60)
        assert applications.policies.keep("lobby") is None

    def test_registeredLater(self) -> None:
        """A policy is used from its registration on, also in a base registry."""
        below = Applications()
        applications = Applications(bases=[below, Components()])
        assert applications.policies.keep("news") is None
        below.registerRooms("news", RoomPolicy(historySize=1, historySeconds=1))
        assert applications.policies.keep("news") == Keep(1, 1)
        assert applications.policies.find("news", ADA) is not None


class TestRefused:
    def test_anyPolicy(self) -> None:
        """A policy may be any object that provides IRoomPolicy; one that lacks a part is an error that names it."""

        @implementer(IRoomPolicy)
        class Own:
            historySize = 0
            historySeconds = 0
            presence = False

            def mayJoin(self, client: Any, room: str) -> Any:
                return room.endswith(client.id)

        @implementer(IRoomPolicy)
        class Half(Own):
            presence: Any = None

        applications = Applications()
        applications.registerRooms("user:*", Own())
        policy = applications.policies.find("user:ada", ADA)
        assert policy is not None
        assert policy.mayJoin(ADA, "user:ada")
        with pytest.raises(UsageError, match="presence is True or False"):
            applications.registerRooms("*", Half())
        with pytest.raises(UsageError, match="dict does not provide IRoomPolicy"):
            applications.registerRooms("*", {"historySize": 1})

    @pytest.mark.parametrize("differing", [RoomPolicy(), RoomPolicy(5, 60), RoomPolicy(10, 60, presence=True)])
    def test_oneHistoryForAPattern(self, differing: RoomPolicy) -> None:
        """History and presence belong to the pattern: another policy with different ones is an error."""
        applications = Applications()
        applications.registerRooms("news", RoomPolicy(10, 60))
        applications.registerRooms("news", RoomPolicy(10, 60, mayJoin=lambda *_: True), client=Moderator)
        with pytest.raises(UsageError, match="belong to the pattern, and client= chooses mayJoin only"):
            applications.registerRooms("news", differing, client=IModerator)

    def test_twice(self) -> None:
        """A second policy for the same clients is an error."""
        applications = Applications()
        applications.registerRooms("news", RoomPolicy())
        with pytest.raises(UsageError, match="'news' have a policy for these clients already"):
            applications.registerRooms("news", RoomPolicy())

    @pytest.mark.parametrize(
        ("pattern", "message"),
        [
            ("", "1 to 128 characters"),
            ("x" * 129, "1 to 128 characters"),
            (7, "is a text, not int"),
            ("user:*:mail", "has its \\* at its end"),
            ("**", "has its \\* at its end"),
        ],
    )
    def test_patterns(self, pattern: Any, message: str) -> None:
        """What isn't a pattern is an error that shows one."""
        with pytest.raises(UsageError, match=message):
            Applications().registerRooms(pattern, RoomPolicy())

    def test_clients(self) -> None:
        """C{client=} must be an interface or a class."""
        with pytest.raises(UsageError, match="client= takes an interface, a class or None, not 'ada'"):
            Applications().registerRooms("news", RoomPolicy(), client="ada")
