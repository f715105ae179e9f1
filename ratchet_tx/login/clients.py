"""
Anonymous clients with their provider, clients with a name, and access tokens.
"""

from collections import OrderedDict
from hashlib import blake2b
from secrets import token_hex, token_urlsafe
from typing import Any

from twisted.python.failure import Failure
from zope.interface import implementer

from ratchet_tx.applications.verify import requireProvided
from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.interfaces import IAnonymousClientProvider, IClient, IClientProvider


@implementer(IClient)
class AnonymousClient:
    """
    A client that hasn't logged in.
    """

    __slots__ = ("accessToken", "id")

    def __init__(self, id: str | None = None) -> None:
        self.id = id or f"anonymous-{token_hex(8)}"
        self.accessToken: str | None = None

    def jsonSerialize(self) -> Any:
        return {"username": None, "anonymous": True}

    def __repr__(self) -> str:
        return f"<AnonymousClient {self.id}>"


@implementer(IClient)
class NamedClient:
    """
    A client with nothing but a name.

    @param username: the public name; by default the id
    """

    __slots__ = ("accessToken", "expires", "id", "username")

    def __init__(self, id: str, username: str | None = None) -> None:
        self.id = id
        self.username = id if username is None else username
        self.accessToken: str | None = None
        self.expires: float | None = None

    def jsonSerialize(self) -> Any:
        return {"username": self.username}

    def __repr__(self) -> str:
        return f"<NamedClient {self.id}>"


class IssuedTokens:
    """
    Remembers to whom access tokens were issued, by the tokens' digests.

    @param remembered: how many tokens are remembered; the oldest is forgotten first
    """

    def __init__(self, remembered: int) -> None:
        self._remembered = remembered
        self._known: OrderedDict[bytes, Any] = OrderedDict()

    def add(self, accessToken: str, who: Any) -> None:
        """
        Remember to whom a token is issued.
        """
        self._known[digest(accessToken)] = who
        if len(self._known) > self._remembered:
            self._known.popitem(last=False)

    def find(self, accessToken: str) -> Any:
        """
        Look a token up.

        @return: what was given to L{add}, or None
        """
        return self._known.get(digest(accessToken))


@implementer(IClientProvider, IAnonymousClientProvider)
class AnonymousClientProvider:
    """
    Gives each connection an anonymous client.

    A token that was issued to an anonymous client gives back a client with the same id, so that a page that is reloaded can
    stay the same client.

    @param remembered: how many such tokens are remembered; the oldest is forgotten first
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._issued = IssuedTokens(remembered)

    def anonymousClient(self) -> Any:
        return AnonymousClient()

    def findByAccessToken(self, accessToken: str) -> Any:
        id = self._issued.find(accessToken)
        return None if id is None else AnonymousClient(id)

    def updateClient(self, client: Any) -> Any:
        if client.accessToken is not None:
            self._issued.add(client.accessToken, client.id)


def digest(accessToken: str) -> bytes:
    """
    Hash a token, so that a provider needn't keep the token itself.

    A token has 256 random bits, so a fast hash is enough.
    """
    return blake2b(accessToken.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def issueAccessToken(provider: IClientProvider, client: IClient) -> Any:
    """
    Make a new token for a client, and have the provider remember it.

    @return: the token, or a Deferred of it, which fails as C{updateClient} does
    @raise UsageError: for an object that isn't a client
    """
    requireProvided(IClient, client)
    token, before = token_urlsafe(32), client.accessToken
    client.accessToken = token

    def failed(failure: Failure) -> Failure:
        # The provider doesn't know the token. Another call may have set another one meanwhile.
        if client.accessToken == token:
            client.accessToken = before
        return failure

    try:
        updated = asDeferred(provider.updateClient(client))
    except Exception:
        client.accessToken = before
        raise
    return token if updated is None else updated.addCallbacks(lambda _: token, failed)
