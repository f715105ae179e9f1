"""
Clients and the providers that know them: the anonymous ones that a hub has by itself, and the making of tokens.
"""

from collections import OrderedDict
from hashlib import blake2b
from secrets import token_hex, token_urlsafe
from typing import Any

from twisted.python.failure import Failure
from zope.interface import implementer

from ratchet_tx.coroutines import asDeferred
from ratchet_tx.interfaces import IAnonymousClientProvider, IClient, IClientProvider
from ratchet_tx.provided import requireProvided


@implementer(IClient)
class AnonymousClient:
    """
    Somebody who didn't say who he is.
    """

    __slots__ = ("accessToken", "id")

    def __init__(self, id: str | None = None) -> None:
        self.id = id or f"anonymous-{token_hex(8)}"
        self.accessToken: str | None = None

    def jsonSerialize(self) -> Any:
        return {"username": None, "anonymous": True}

    def __repr__(self) -> str:
        return f"<AnonymousClient {self.id}>"


@implementer(IClientProvider, IAnonymousClientProvider)
class AnonymousClientProvider:
    """
    Lets everybody in, as nobody.

    A token that was issued to an anonymous client brings that client's id back, so that a page may load again and be the
    same.

    @param remembered: how many such tokens are kept; the oldest is forgotten first
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._remembered = remembered
        self._ids: OrderedDict[bytes, str] = OrderedDict()

    def anonymousClient(self) -> Any:
        return AnonymousClient()

    def findByAccessToken(self, accessToken: str) -> Any:
        id = self._ids.get(digest(accessToken))
        return None if id is None else AnonymousClient(id)

    def updateClient(self, client: Any) -> Any:
        if client.accessToken is None:
            return
        self._ids[digest(client.accessToken)] = client.id
        if len(self._ids) > self._remembered:
            self._ids.popitem(last=False)


def digest(accessToken: str) -> bytes:
    """
    Make what a provider may keep of a token: nobody who reads it can log in with it.

    A token is 256 random bits, so nothing slower than a plain hash is needed.
    """
    return blake2b(accessToken.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def issueAccessToken(provider: IClientProvider, client: IClient) -> Any:
    """
    Give a client a new token, and have the provider remember it.

    @return: the token, or a Deferred of it, which fails as C{updateClient} does
    @raise UsageError: for what isn't a client
    """
    requireProvided(IClient, client)
    token, before = token_urlsafe(32), client.accessToken
    client.accessToken = token

    def failed(failure: Failure) -> Failure:
        # Nobody would know the token.
        client.accessToken = before
        return failure

    try:
        updated = asDeferred(provider.updateClient(client))
    except Exception:
        client.accessToken = before
        raise
    return token if updated is None else updated.addCallbacks(lambda _: token, failed)
