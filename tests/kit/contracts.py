"""
Contracts: mix-ins of tests that run on every implementation of an interface.

A class that mixes one in makes the object to test in C{make}.
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
        """Neither a client's repr nor its public data has its token."""
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
        """An unknown token finds no client."""
        assert self.make().findByAccessToken("nobody's") is None

    def test_updatedClientIsFound(self) -> None:
        """A client is found by the token that it was given."""
        provider, client = self.make(), self.makeClient()
        client.accessToken = "sesame"
        provider.updateClient(client)
        assert provider.findByAccessToken("sesame").id == client.id

    def test_anyToken(self) -> None:
        """Any text may be asked for as a token, and finds no client."""
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
        """A provider of anonymous clients provides what IAnonymousClientProvider asks for."""
        verifyObject(IAnonymousClientProvider, self.make())

    def test_ownIds(self) -> None:
        """Two anonymous clients have different ids."""
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
        """A policy provides what IRoomPolicy asks for; its history has a size and a time, or neither."""
        policy = self.make()
        verifyObject(IRoomPolicy, policy)
        assert (policy.historySize > 0) is (policy.historySeconds > 0)


class TransportContract:
    """
    For L{ITransport}; each implementation tests the bytes that arrive.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def test_interface(self) -> None:
        """A transport provides what ITransport asks for."""
        verifyObject(ITransport, self.make())

    def test_sendAfterAbort(self) -> None:
        """Sending to a peer that is gone drops the data without an error."""
        transport = self.make()
        transport.abort()
        transport.sendText(b'{"event":"x"}')
        transport.send(b"\x81\x02{}")
        assert transport.queuedBytes == 0


class PeersContract:
    """
    For L{IPeers} without peers and with limits that accept everyone.
    """

    def make(self) -> Any:
        raise NotImplementedError

    def open(self, peers: Any) -> Any:
        return peers.opened(FakeTransport(), Request(), "192.0.2.1")

    def test_peersInterface(self) -> None:
        """A node's peers provide what IPeers asks for."""
        verifyObject(IPeers, self.make())

    def test_counted(self) -> None:
        """A peer is counted from its handshake to its end."""
        peers = self.make()
        assert peers.permit("192.0.2.1") is None
        connections = [self.open(peers) for _ in range(2)]
        assert len(peers) == 2
        for connection in connections:
            peers.closed(connection, 1006, "", False)
        assert len(peers) == 0

    @pytest.mark.parametrize("text", [b'{"event":"x"}', b"", b"\xff"])
    def test_anythingReceived(self, text: bytes) -> None:
        """Nothing that a peer sends raises an error, and the peer may ping."""
        peers = self.make()
        connection = self.open(peers)
        peers.received(connection, text)
        peers.received(connection, text, 2)
        assert peers.pinged(connection)
        assert not connection.closing


class BackplaneContract:
    """
    For L{IBackplane}s whose Deferreds have already fired.
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
        """A message reaches every node, its publisher too."""
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
        """A stopped node receives nothing, and stopping it again does nothing."""
        one, other = self.makeTwo()
        received: list[Any] = []
        one.start(lambda _: None, Clock())
        other.start(received.append, Clock())
        other.stop()
        other.stop()
        one.publish(Disconnect("ada", 4503))
        assert received == []

    def test_historyOfAllNodes(self) -> None:
        """A node reads from any position what other nodes published to a room with a history."""
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
        """A room without published events has a history only for a read that says what to keep."""
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
        """Every node receives a room's messages in the order of its history, with their offsets."""
        one, other = self.makeTwo()
        received: list[Any] = []
        one.start(received.append, Clock())
        other.start(received.append, Clock())
        for node in (one, other, one):
            self.publish(node, b"1")
        assert sorted(message.offset for message in received) == [1, 1, 2, 2, 3, 3]

    def test_nothingReadIsReceived(self) -> None:
        """A node never receives a message that it has already read in a history, even if it reads while it receives."""
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

    def test_historyLifetime(self) -> None:
        """A room keeps its epoch while a node has a member in it; long enough after the last one it gets another."""
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
        Advance the clock of both nodes.
        """
        raise NotImplementedError

    def test_stoppedNodeHasNoMembers(self) -> None:
        """A stopped node keeps no room's history alive."""
        one, other = self.makeTwo()
        one.start(lambda _: None, Clock())
        other.start(lambda _: None, Clock())
        other.subscribe("news")
        self.publish(one, b"1")
        other.stop()
        self.passTime(60)
        assert one.read("news", None, 10) is None

    def test_membersOfAllNodes(self) -> None:
        """A member that enters on one node is seen on the other until it leaves."""
        one, other = self.makeTwo()
        one.enter("lobby", "c-1", {"status": "here"}, 60)
        other.enter("lobby", "c-2", {}, 60)
        assert other.members("lobby") == {"c-1": {"status": "here"}, "c-2": {}}
        one.leave("lobby", "c-1")
        assert other.members("lobby") == {"c-2": {}}

    def test_leaveWithoutEntering(self) -> None:
        """Leaving a room without being in it does nothing."""
        one, _ = self.makeTwo()
        one.leave("lobby", "c-1")
        assert one.members("lobby") == {}

    def test_leases(self) -> None:
        """A member without a renewed lease is removed; one that enters again in time stays."""
        one, other = self.makeTwo()
        one.enter("lobby", "c-1", {}, 10)
        other.enter("lobby", "c-2", {}, 10)
        self.passTime(9)
        other.enter("lobby", "c-2", {"status": "here"}, 10)
        self.passTime(1)
        assert one.members("lobby") == {"c-2": {"status": "here"}}
        self.passTime(9)
        assert one.members("lobby") == {}
