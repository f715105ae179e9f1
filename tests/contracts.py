"""
What every implementation of an interface must do: mix-ins, each run on all of them.

A class that mixes one in says by C{make} what is to be tested.
"""

from typing import Any

from zope.interface.verify import verifyObject

from ratchet_tx.interfaces import (
    IAnonymousClientProvider,
    IBackplane,
    IClient,
    IClientProvider,
    IPeriodicTimer,
    IRoomPolicy,
    ITransport,
)
from ratchet_tx.messages import Disconnect


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
        one.start(lambda message: received.append(("one", message)))
        other.start(lambda message: received.append(("other", message)))
        message = Disconnect("ada", 4503)
        one.publish(message)
        assert sorted(received, key=lambda pair: pair[0]) == [("one", message), ("other", message)]

    def test_inOrder(self) -> None:
        """Messages arrive in the order in which they were published."""
        one, other = self.makeTwo()
        received: list[Any] = []
        one.start(lambda _: None)
        other.start(received.append)
        sent = [Disconnect("ada", 4500 + i) for i in range(10)]
        for message in sent:
            one.publish(message)
        assert received == sent

    def test_nothingAfterStop(self) -> None:
        """A node that has left receives nothing any more, and leaving twice is leaving once."""
        one, other = self.makeTwo()
        received: list[Any] = []
        one.start(lambda _: None)
        other.start(received.append)
        other.stop()
        other.stop()
        one.publish(Disconnect("ada", 4503))
        assert received == []

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
