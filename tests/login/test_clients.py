"""
Clients, the providers that know them, and their tokens.
"""

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IClientProvider
from ratchet_tx.login.clients import (
    AnonymousClient,
    AnonymousClientProvider,
    IssuedTokens,
    NamedClient,
    digest,
    issueAccessToken,
)
from tests.kit.contracts import AnonymousClientProviderContract, ClientContract, ClientProviderContract
from tests.kit.fakes import FakeClient, FakeProvider, Peer, failed, startedHub, succeeded


@implementer(IClientProvider)
class Database:
    """
    A provider that remembers nobody before the test says so.
    """

    def __init__(self, result: Any) -> None:
        self.result = result

    def findByAccessToken(self, accessToken: str) -> Any:
        raise NotImplementedError

    def updateClient(self, client: Any) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class TestAnonymousClient(ClientContract):
    """
    Somebody who didn't say who he is.
    """

    def make(self) -> AnonymousClient:
        return AnonymousClient()

    def test_nobody(self) -> None:
        """Everybody may know of an anonymous client that it is one, and nothing else."""
        assert AnonymousClient().jsonSerialize() == {"username": None, "anonymous": True}

    def test_noToken(self) -> None:
        """An anonymous client has no token until it is given one."""
        assert AnonymousClient().accessToken is None

    def test_knownAgain(self) -> None:
        """An anonymous client who comes again can have the id that it had."""
        client = AnonymousClient("anonymous-1")
        assert client.id == "anonymous-1"
        assert repr(client) == "<AnonymousClient anonymous-1>"


class TestFakeClient(ClientContract):
    """
    The tests' own client is one.
    """

    def make(self) -> FakeClient:
        self.made = getattr(self, "made", 0) + 1
        return FakeClient(f"client-{self.made}")


class TestAnonymousClientProvider(ClientProviderContract, AnonymousClientProviderContract):
    """
    Who lets everybody in.
    """

    def make(self) -> AnonymousClientProvider:
        return AnonymousClientProvider()

    def makeClient(self) -> AnonymousClient:
        return AnonymousClient()

    def test_sameAgain(self) -> None:
        """A page that loads again with the token that it was given is the same client."""
        provider = self.make()
        client = provider.anonymousClient()
        token = issueAccessToken(provider, client)
        assert provider.findByAccessToken(token).id == client.id
        assert provider.findByAccessToken(token + "x") is None

    def test_oldestForgotten(self) -> None:
        """So many tokens are remembered and no more; the oldest is forgotten first."""
        provider = AnonymousClientProvider(remembered=2)
        tokens = [issueAccessToken(provider, provider.anonymousClient()) for _ in range(3)]
        assert [provider.findByAccessToken(token) is not None for token in tokens] == [False, True, True]

    def test_clientWithoutToken(self) -> None:
        """A client without a token can't be found by one."""
        provider = self.make()
        provider.updateClient(AnonymousClient())
        assert provider.findByAccessToken("None") is None


class TestNamedClient(ClientContract):
    """
    Somebody of whom a name is known.
    """

    def make(self) -> NamedClient:
        self.made = getattr(self, "made", 0) + 1
        return NamedClient(f"client-{self.made}")

    def test_name(self) -> None:
        """Everybody may know the name, which is the id where there is no other."""
        assert NamedClient("u-1", "Ada").jsonSerialize() == {"username": "Ada"}
        assert NamedClient("ada").jsonSerialize() == {"username": "ada"}

    def test_neverExpires(self) -> None:
        """Its login doesn't end by itself, unless somebody says when."""
        assert NamedClient("ada").expires is None


class TestIssuedTokens:
    """
    Whom tokens were issued to.
    """

    def test_found(self) -> None:
        """Who has been issued tokens is found by each of them, and by no other."""
        issued = IssuedTokens(10)
        issued.add("one", "ada")
        issued.add("two", "ada")
        assert [issued.find(token) for token in ("one", "two", "three", "")] == ["ada", "ada", None, None]

    def test_tokensArentKept(self) -> None:
        """Nothing is kept that anybody could log in with."""
        provider = AnonymousClientProvider()
        token = issueAccessToken(provider, provider.anonymousClient())
        (issued,) = vars(provider).values()
        assert provider.findByAccessToken(token) is not None
        for kept in (f"{vars(provider)}", f"{vars(issued)}"):
            assert token not in kept
        known = [key for value in vars(issued).values() if isinstance(value, dict) for key in value]
        assert len(known) == 1
        assert token.encode() not in known


class TestFakeProvider(ClientProviderContract):
    """
    The tests' own provider is one.
    """

    def make(self) -> FakeProvider:
        return FakeProvider()

    def makeClient(self) -> FakeClient:
        return FakeClient("ada")

    def test_updatedClientIsFound(self) -> None:
        """The tests' provider remembers whom it was told of, for the test to look at."""
        provider, client = self.make(), self.makeClient()
        issueAccessToken(provider, client)
        assert provider.updated == [client]


class TestDigest:
    """
    What may be kept of a token.
    """

    def test_sameForSame(self) -> None:
        """One token has one digest, and another has another."""
        assert digest("sesame") == digest("sesame")
        assert digest("sesame") != digest("Sesame")
        assert len(digest("sesame")) == len(digest("")) == 32

    def test_anyText(self) -> None:
        """Any text has a digest, also one that is no Unicode."""
        assert len({digest(text) for text in ("", "\x00", "ü", "\ud800", "\udfff", "?", "x" * 60_000)}) == 7


class TestIssuing:
    """
    Giving tokens.
    """

    def test_unguessable(self) -> None:
        """Each token is 256 random bits, in characters that need no escaping anywhere."""
        provider, client = AnonymousClientProvider(), AnonymousClient()
        tokens = {issueAccessToken(provider, client) for _ in range(100)}
        assert len(tokens) == 100
        for token in tokens:
            assert len(token) == 43
            assert all(character.isascii() and (character.isalnum() or character in "-_") for character in token)

    def test_clientHasIt(self) -> None:
        """The client has the token that was issued last."""
        client = AnonymousClient()
        assert issueAccessToken(AnonymousClientProvider(), client) == client.accessToken

    def test_later(self) -> None:
        """Where the provider takes its time, the token comes when a login with it would succeed."""
        remembered: Deferred[None] = Deferred()
        client = FakeClient("ada")
        issued = issueAccessToken(Database(remembered), client)
        assert not issued.called
        remembered.callback(None)
        assert succeeded(issued) == client.accessToken

    def test_coroutine(self) -> None:
        """A provider may be written with async and await."""

        async def remember() -> None:
            pass

        client = FakeClient("ada")
        assert succeeded(issueAccessToken(Database(remember()), client)) == client.accessToken

    def test_failing(self) -> None:
        """Where the provider fails, whoever wanted the token is told how, now or later."""
        with pytest.raises(OSError, match="full"):
            issueAccessToken(Database(OSError("full")), FakeClient("ada"))
        remembered: Deferred[None] = Deferred()
        issued = issueAccessToken(Database(remembered), FakeClient("ada"))
        remembered.errback(OSError("full"))
        assert str(failed(issued)) == "full"

    def test_noClient(self) -> None:
        """What doesn't provide IClient gets no token, and the message says what is missing."""
        user: Any = object()
        with pytest.raises(UsageError, match=r"^object does not provide IClient: put @implementer\(IClient\) above"):
            issueAccessToken(AnonymousClientProvider(), user)


class TestTokens:
    def test_issueAccessToken(self) -> None:
        """A web login gives a client a token, by which the socket can log in."""
        provider = FakeProvider()
        hub = startedHub(clientProvider=provider)
        client = FakeClient("ada")
        token = hub.issueAccessToken(client)
        assert provider.updated == [client]
        assert client.accessToken == token
        assert len(token) >= 43

    def test_theDefaultProviderKnowsItsTokens(self) -> None:
        """With no provider of one's own, a token that was issued brings the same anonymous client back."""
        hub = startedHub()
        first = Peer(hub)
        assert first.connection.client is not None
        token = hub.issueAccessToken(first.connection.client)
        second = Peer(hub)
        second.logIn(token)
        assert second.connection.client is not None
        assert second.connection.client.id == first.connection.client.id


def test_tokensIssuedAtOnce() -> None:
    """A token that the provider didn't take is taken back, but not one that came after it."""
    updates: list[Deferred[Any]] = []

    class Slow(FakeProvider):
        def updateClient(self, client: Any) -> Any:
            updates.append(Deferred())
            return updates[-1]

    hub = startedHub(clientProvider=Slow())
    ada = FakeClient("ada")
    first = hub.issueAccessToken(ada)
    second = hub.issueAccessToken(ada)
    updates[1].callback(None)
    updates[0].errback(OSError("down"))
    first.addErrback(lambda _: None)
    tokens: list[str] = []
    second.addCallback(tokens.append)
    assert tokens == [ada.accessToken]
