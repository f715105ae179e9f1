"""
What every implementation of an interface must do: mix-ins, each run on all of them.

A class that mixes one in says by C{make} what is to be tested.
"""

from typing import Any

import pytest
from msgspec import Raw
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from ratchet_tx.backplane.messages import Deliver, Disconnect, Keep
from ratchet_tx.interfaces import (
    IAnonymousClientProvider,
    IBackplane,
    IClient,
    IClientProvider,
    IPeers,
    IPeriodicTimer,
    IRoomPolicy,
    ITransport,
)
from ratchet_tx.transport.handshake.request import Request
from tests.kit.fakes import FakeTransport, succeeded


class ClientContract:
    """
    For L{IClient}.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def test_interface(self) -> None:
        """A client provides what IClient asks for."""
        verifyObject(IClient, self.make())

    def test_ownId(self) -> None:
        """Two clients have two ids, which are texts."""
        one, other = self.make(), self.make()
        assert isinstance(one.id, str)
        assert one.id
        assert one.id != other.id

    def test_tokenStaysSecret(self) -> None:
        """A client's token stands neither in its repr nor in what everybody may know."""
        client = self.make()
        client.accessToken = "sesame-5f2c"
        assert "sesame-5f2c" not in repr(client)
        assert "sesame-5f2c" not in str(client.jsonSerialize())


class ClientProviderContract:
    """
    For L{IClientProvider}s that answer at once.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def makeClient(self) -> Any:
        raise NotImplementedError

    def test_interface(self) -> None:
        """A provider provides what IClientProvider asks for."""
        verifyObject(IClientProvider, self.make())

    def test_unknownToken(self) -> None:
        """A token that nobody was given is nobody's."""
        assert self.make().findByAccessToken("nobody's") is None

    def test_updatedClientIsFound(self) -> None:
        """Who has been given a token is found by it."""
        provider, client = self.make(), self.makeClient()
        client.accessToken = "sesame"
        provider.updateClient(client)
        assert provider.findByAccessToken("sesame").id == client.id

    def test_anyToken(self) -> None:
        """A token can be any text at all, and is still nobody's."""
        provider = self.make()
        for token in ("\x00", "ü\U0001f600", "x" * 60_000, "' OR 1=1 --"):
            assert provider.findByAccessToken(token) is None


class AnonymousClientProviderContract:
    """
    For L{IAnonymousClientProvider}.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def test_anonymousInterface(self) -> None:
        """A provider that lets strangers in provides what IAnonymousClientProvider asks for."""
        verifyObject(IAnonymousClientProvider, self.make())

    def test_everybodyIsSomebodyElse(self) -> None:
        """Two strangers get two clients with ids of their own."""
        provider = self.make()
        one, other = provider.anonymousClient(), provider.anonymousClient()
        assert IClient.providedBy(one)
        assert one.id != other.id


class PeriodicTimerContract:
    """
    For L{IPeriodicTimer}.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def test_interface(self) -> None:
        """A timer provides what IPeriodicTimer asks for, and its interval is above 0."""
        timer = self.make()
        verifyObject(IPeriodicTimer, timer)
        assert timer.interval > 0


class RoomPolicyContract:
    """
    For L{IRoomPolicy}.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def test_interface(self) -> None:
        """A policy provides what IRoomPolicy asks for, and remembers something for some time or nothing at all."""
        policy = self.make()
        verifyObject(IRoomPolicy, policy)
        assert (policy.historySize > 0) is (policy.historySeconds > 0)


class TransportContract:
    """
    For L{ITransport}; what comes out at the other end is each implementation's own test.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def test_interface(self) -> None:
        """A transport provides what ITransport asks for."""
        verifyObject(ITransport, self.make())

    def test_nothingRaisesForAPeerThatHasGone(self) -> None:
        """What is sent to a peer that has gone is lost, and nobody is bothered."""
        transport = self.make()
        transport.abort()
        transport.sendText(b'{"event":"x"}')
        transport.send(b"\x81\x02{}")
        assert transport.queuedBytes == 0


class PeersContract:
    """
    For L{IPeers}, which are new, and let everybody in.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def open(self, peers: Any) -> Any:
        return peers.opened(FakeTransport(), Request(), "192.0.2.1")

    def test_peersInterface(self) -> None:
        """A node's peers provide what IPeers asks for."""
        verifyObject(IPeers, self.make())

    def test_theyAreCounted(self) -> None:
        """A peer is there from its handshake to its end."""
        peers = self.make()
        assert peers.permit("192.0.2.1") is None
        connections = [self.open(peers) for _ in range(2)]
        assert len(peers) == 2
        for connection in connections:
            peers.closed(connection, 1006, "", False)
        assert len(peers) == 0

    @pytest.mark.parametrize("text", [b'{"event":"x"}', b"", b"\xff"])
    def test_whatIsReceived(self, text: bytes) -> None:
        """Whatever a peer sends nothing is raised, and it may ping."""
        peers = self.make()
        connection = self.open(peers)
        peers.received(connection, text)
        peers.received(connection, text, 2)
        assert peers.pinged(connection)
        assert not connection.closing


class BackplaneContract:
    """
    For L{IBackplane}s whose Deferreds have fired already.
    """

    def makeTwo(self) -> tuple[Any, Any]:
        """
        Make the backplanes of two nodes of one system.
        """
        raise NotImplementedError

    def test_interface(self) -> None:
        """A backplane provides what IBackplane asks for."""
        verifyObject(IBackplane, self.makeTwo()[0])

    def test_everyNodeReceives(self) -> None:
        """A message reaches every node, the one that published it too."""
        one, other = self.makeTwo()
        received: list[Any] = []
        one.start(lambda message: received.append(("one", message)), Clock())
        other.start(lambda message: received.append(("other", message)), Clock())
        message = Disconnect("ada", 4503)
        one.publish(message)
        assert sorted(received, key=lambda pair: pair[0]) == [("one", message), ("other", message)]

    def test_inOrder(self) -> None:
        """Messages arrive in the order in which they were published."""
        one, other = self.makeTwo()
        received: list[Any] = []
        one.start(lambda _: None, Clock())
        other.start(received.append, Clock())
        sent = [Disconnect("ada", 4500 + i) for i in range(10)]
        for message in sent:
            one.publish(message)
        assert received == sent

    def test_nothingAfterStop(self) -> None:
        """A node that has left receives nothing any more, and leaving twice is leaving once."""
        one, other = self.makeTwo()
        received: list[Any] = []
        one.start(lambda _: None, Clock())
        other.start(received.append, Clock())
        other.stop()
        other.stop()
        one.publish(Disconnect("ada", 4503))
        assert received == []

    def test_historyOfAllNodes(self) -> None:
        """What was published to a room with a history on one node is read on the other, from where one likes."""
        one, other = self.makeTwo()
        one.start(lambda _: None, Clock())
        other.start(lambda _: None, Clock())
        epoch, offset = self.publish(one, b"1")
        assert self.publish(other, b"2") == (epoch, offset + 1)
        _, end, events = one.read("news", None, 10)
        assert (end, [(event.event, bytes(event.data), event.offset) for event in events]) == (
            offset + 1,
            [("item", b"1", offset), ("item", b"2", offset + 1)],
        )
        assert other.read("news", (epoch, offset), 10)[2] == events[1:]
        assert other.read("news", None, 1)[2] == events[:1]
        assert other.read("news", ("another", offset), 10) == (epoch, offset + 1, events)

    def publish(self, node: Any, data: bytes) -> Any:
        return succeeded(node.publish(Deliver("item", Raw(data), room="news", keep=Keep(10, 60))))

    def test_noHistory(self) -> None:
        """A room to which nothing was published has a history only for who says what it keeps."""
        one, other = self.makeTwo()
        one.start(lambda _: None, Clock())
        assert one.publish(Deliver("item", Raw(b"1"), room="lobby")) is None
        assert one.read("lobby", None, 10) is None
        epoch, offset, events = one.read("news", None, 10, Keep(10, 60))
        assert (offset, events) == (0, [])
        assert other.read("news", None, 10) is None
        assert other.read("news", None, 10, Keep(10, 60)) == (epoch, 0, [])
        assert self.publish(one, b"1") == (epoch, 1)
        assert other.read("news", (epoch, 0), 10)[1] == 1

    def test_numberedAsAppended(self) -> None:
        """Every node receives a room's messages with the numbers that they have in its history, in that order."""
        one, other = self.makeTwo()
        received: list[Any] = []
        one.start(received.append, Clock())
        other.start(received.append, Clock())
        for node in (one, other, one):
            self.publish(node, b"1")
        assert sorted(message.offset for message in received) == [1, 1, 2, 2, 3, 3]

    def test_nothingReadIsReceived(self) -> None:
        """Whatever a node receives after it has read a history isn't in it, also where it reads while it receives."""
        one, other = self.makeTwo()
        seen: list[tuple[str, int]] = []

        def receive(message: Any) -> None:
            seen.append(("received", message.offset))
            if message.offset == 1:
                one.publish(Deliver("item", Raw(b"2"), room="news", keep=Keep(10, 60)))
            seen.append(("read", one.read("news", None, 10)[1]))

        one.start(receive, Clock())
        other.start(lambda _: None, Clock())
        self.publish(other, b"1")
        for position, (what, offset) in enumerate(seen):
            if what == "read":
                assert all(later > offset for kind, later in seen[position:] if kind == "received")

    def test_aLifeWhileSomebodyIsIn(self) -> None:
        """A room's epoch stays while a node has a member in it, and is another when they have been gone for long enough."""
        one, other = self.makeTwo()
        one.start(lambda _: None, Clock())
        other.start(lambda _: None, Clock())
        epoch, _ = self.publish(one, b"1")
        other.subscribe("news")
        self.passTime(61)
        assert one.read("news", None, 10) == (epoch, 1, [])
        other.unsubscribe("news")
        self.passTime(59)
        assert one.read("news", None, 10)[0] == epoch
        self.passTime(1)
        assert one.read("news", None, 10) is None
        other.subscribe("news")
        assert self.publish(one, b"1")[0] != epoch

    def passTime(self, seconds: float) -> None:
        """
        Let the time of both nodes go on.
        """
        raise NotImplementedError

    def test_aNodeThatStopsHasNoMembers(self) -> None:
        """A node that has left keeps no room's history alive."""
        one, other = self.makeTwo()
        one.start(lambda _: None, Clock())
        other.start(lambda _: None, Clock())
        other.subscribe("news")
        self.publish(one, b"1")
        other.stop()
        self.passTime(60)
        assert one.read("news", None, 10) is None

    def test_membersOfAllNodes(self) -> None:
        """Who entered on one node is seen on the other, until he leaves."""
        one, other = self.makeTwo()
        one.enter("lobby", "c-1", {"status": "here"}, 60)
        other.enter("lobby", "c-2", {}, 60)
        assert other.members("lobby") == {"c-1": {"status": "here"}, "c-2": {}}
        one.leave("lobby", "c-1")
        assert other.members("lobby") == {"c-2": {}}

    def test_leavingWhereOneIsNot(self) -> None:
        """Leaving a room that one is not in does nothing."""
        one, _ = self.makeTwo()
        one.leave("lobby", "c-1")
        assert one.members("lobby") == {}

    def test_leases(self) -> None:
        """A member whose lease has run out is no member, and one who enters again before that stays."""
        one, other = self.makeTwo()
        one.enter("lobby", "c-1", {}, 10)
        other.enter("lobby", "c-2", {}, 10)
        self.passTime(9)
        other.enter("lobby", "c-2", {"status": "here"}, 10)
        self.passTime(1)
        assert one.members("lobby") == {"c-2": {"status": "here"}}
        self.passTime(9)
        assert one.members("lobby") == {}
