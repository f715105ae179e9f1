"""
Who may chat: people with a name, for as long as their session lasts; it knows neither HTTP nor the chat.

A person has one session, whose secret is the browser's cookie, and a token for each window, which logs its socket in.
Of both only digests are kept: nobody who reads them here can be somebody else with them.
"""

import time
from collections import deque
from collections.abc import Callable
from secrets import token_hex, token_urlsafe
from typing import Any

from names import NameRefused, look, tidy
from zope.interface import implementer

from ratchet_tx import IClient, IClientProvider, IHub, IPeriodicTimer, digest

SESSION_SECONDS = 12 * 60 * 60
MOST_PEOPLE = 1000

MOST_TOKENS = 16  # of one person; the oldest is forgotten first


@implementer(IClient)
class User:
    """
    Somebody with a name.

    @ivar id: the name, and after a C{#} what makes it this session's alone: who is shown in a room is shown by this
    @ivar ends: when the session does
    @ivar tokens: the digests of the windows' tokens, oldest first
    """

    def __init__(self, name: str, ends: float) -> None:
        self.id = f"{name}#{token_hex(8)}"
        self.name = name
        self.ends = ends
        self.accessToken: str | None = None
        self.tokens: deque[bytes] = deque()

    def jsonSerialize(self) -> Any:
        return {"username": self.name}


@implementer(IClientProvider)
class Users:
    """
    Everybody with a session; nobody comes in without one.

    @param now: tells the time in seconds
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._bySession: dict[bytes, User] = {}
        self._byToken: dict[bytes, User] = {}

    def findByAccessToken(self, accessToken: str) -> Any:
        return self._byToken.get(digest(accessToken))

    def updateClient(self, client: Any) -> Any:
        token = digest(client.accessToken)
        client.accessToken = None  # the window has it, and nobody else needs to
        client.tokens.append(token)
        self._byToken[token] = client
        if len(client.tokens) > MOST_TOKENS:
            del self._byToken[client.tokens.popleft()]

    def logIn(self, name: str) -> str:
        """
        Begin a session.

        @param name: as somebody typed it
        @return: the session's secret
        @raise NameRefused: where it isn't a name, or is somebody's
        """
        name = tidy(name)
        if any(look(name) == look(user.name) for user in self._bySession.values()):
            raise NameRefused(f"Somebody here is called {name} already. What else may we call you?")
        if len(self._bySession) >= MOST_PEOPLE:
            raise NameRefused("It is too crowded in here just now. Please come back later.")
        session = token_urlsafe(32)
        self._bySession[digest(session)] = User(name, self._now() + SESSION_SECONDS)
        return session

    def find(self, session: str) -> User | None:
        """
        Say whose session it is.
        """
        return self._bySession.get(digest(session))

    def logOut(self, session: str) -> User | None:
        """
        End a session.

        @return: whose it was
        """
        return self._end(digest(session))

    def expire(self) -> list[User]:
        """
        End the sessions that have lasted long enough, so that their names are free again.

        @return: whose they were
        """
        now = self._now()
        over = [session for session, user in self._bySession.items() if user.ends <= now]
        return [user for session in over if (user := self._end(session))]

    def _end(self, session: bytes) -> User | None:
        user = self._bySession.pop(session, None)
        for token in user.tokens if user else ():
            del self._byToken[token]
        return user


@implementer(IPeriodicTimer)
class Housekeeping:
    """
    Closes the windows of those whose session is over.
    """

    name = "chat.housekeeping"
    interval = 60

    def __init__(self, hub: IHub, users: Users) -> None:
        self._hub = hub
        self._users = users

    def callback(self) -> None:
        for user in self._users.expire():
            self._hub.disconnect(user.id)
