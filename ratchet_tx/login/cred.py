"""
Logs clients in by name and password, with the checkers of twisted.cred.

The access token is C{name:password}, so connections should use TLS.
"""

from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernameHashedPassword, IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import inlineCallbacks, maybeDeferred
from zope.interface import implementer

from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IClientProvider
from ratchet_tx.login.clients import IssuedTokens, NamedClient

#: The credentials that a checker may take: with the password, or with a method that compares a password.
CREDENTIALS = (IUsernamePassword, IUsernameHashedPassword)


@implementer(IUsernamePassword, IUsernameHashedPassword)
class NameAndPassword:
    """
    The name and password of an access token.

    Twisted's own class compares with C{==}, whose time shows how much of the password is right.
    """

    __slots__ = ("password", "username")

    def __init__(self, username: bytes, password: bytes) -> None:
        self.username = username
        self.password = password

    def checkPassword(self, password: bytes) -> bool:
        """
        Compare a password, in a time that shows nothing.
        """
        return compare_digest(self.password, password)

    def __repr__(self) -> str:
        return "<NameAndPassword>"


@implementer(IClientProvider)
class CredClientProvider:
    """
    Finds clients by name and password, with checkers of twisted.cred::

        CredClientProvider([FilePasswordDB("passwd")])

    A client that has logged in can be issued a token, which is valid until this process ends.

    @param checkers: each an L{ICredentialsChecker} that takes names and passwords; they are called one after the other,
        until one accepts the password. If all refuse it, the token is invalid. If one fails otherwise, the login is
        unavailable, and the peer may try again
    @param makeClient: called with the avatar's id as a str, which for most checkers is the name; it gives an L{IClient}, or
        None to refuse the login. By default it makes a client with this C{id}, which is its public name too
    @param remembered: how many issued tokens are remembered; the oldest is forgotten first
    @raise UsageError: for an object that isn't such a checker
    """

    def __init__(
        self, checkers: Sequence[Any], makeClient: Callable[[str], Any] = NamedClient, remembered: int = 10_000
    ) -> None:
        if not checkers:
            raise UsageError("CredClientProvider needs a checker, or nobody could log in.")
        for each in checkers:
            _requireChecker(each)
        self._checkers = tuple(checkers)
        self._makeClient = makeClient
        self._issued = IssuedTokens(remembered)

    def findByAccessToken(self, accessToken: str) -> Any:
        issuedTo = self._issued.find(accessToken)
        name, colon, password = accessToken.partition(":")
        if issuedTo is not None or not colon:
            return issuedTo
        try:
            credentials = NameAndPassword(name.encode(), password.encode())
        except UnicodeEncodeError:
            # No name or password has a lone surrogate.
            return None
        return self._ask(credentials)

    @inlineCallbacks
    def _ask(self, credentials: NameAndPassword) -> Any:
        for checker in self._checkers:
            try:
                avatarId = yield maybeDeferred(checker.requestAvatarId, credentials)
            except UnauthorizedLogin:
                continue
            found = self._makeClient(avatarId.decode() if isinstance(avatarId, bytes) else str(avatarId))
            later = asDeferred(found)
            return found if later is None else (yield later)
        return None

    def updateClient(self, client: Any) -> Any:
        if client.accessToken is not None:
            self._issued.add(client.accessToken, client)
            client.accessToken = None


def _requireChecker(checker: Any) -> None:
    kind = type(checker).__name__
    if not ICredentialsChecker.providedBy(checker):
        raise UsageError(f"{kind} is no checker of twisted.cred's: it does not provide ICredentialsChecker.")
    if not set(CREDENTIALS) & set(checker.credentialInterfaces):
        raise UsageError(f"{kind} takes no names and passwords (IUsernamePassword).")
