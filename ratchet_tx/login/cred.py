"""
Logs clients in by name and password, with the checkers of twisted.cred.

The access token is C{name:password}, so who shows one over a line that others can read should use TLS.
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

#: What checkers may ask for: to compare the password themselves, or to have one compared that they know.
CREDENTIALS = (IUsernamePassword, IUsernameHashedPassword)


@implementer(IUsernamePassword, IUsernameHashedPassword)
class NameAndPassword:
    """
    What somebody says who wants to log in.

    Twisted's own compares by C{==}, which takes the longer, the more of it is right.
    """

    __slots__ = ("password", "username")

    def __init__(self, username: bytes, password: bytes) -> None:
        self.username = username
        self.password = password

    def checkPassword(self, password: bytes) -> bool:
        """
        Say whether it is the right one.
        """
        return compare_digest(self.password, password)

    def __repr__(self) -> str:
        return "<NameAndPassword>"


@implementer(IClientProvider)
class CredClientProvider:
    """
    Knows whoever a checker of twisted.cred's lets in::

        CredClientProvider([FilePasswordDB("passwd")])

    Who has logged in can be issued a token, which is good until this process ends.

    @param checkers: each an L{ICredentialsChecker} that takes names and passwords; they are asked one after the other, until
        one lets him in.  A checker that refuses says nobody's; one that fails otherwise, that nobody can say just now.
    @param makeClient: called with the avatar's id as a text, which for most checkers is the name; it gives an L{IClient}, or
        None for nobody.  By default the client's C{id} is this, and everybody may know it.
    @param remembered: how many issued tokens are kept; the oldest is forgotten first
    @raise UsageError: for what isn't such a checker
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
            # A lone surrogate is in no name.
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
