"""
The chat's users: the interfaces that the hub needs, and when users are forgotten.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.kit.contracts import ClientContract, ClientProviderContract, PeriodicTimerContract
from tests.whole.browser.conftest import moduleOf

users = moduleOf("users")


class TestUser(ClientContract):
    def make(self) -> Any:
        return users.User("Ada", 0)


class TestUsers(ClientProviderContract):
    def make(self) -> Any:
        return users.Users()

    def makeClient(self) -> Any:
        return users.User("Ada", 0)

    def test_tokensOfManyWindows(self) -> None:
        """A user may have many windows; above the limit the oldest token is forgotten."""
        everybody, ada = self.make(), self.makeClient()
        for number in range(users.MOST_TOKENS + 1):
            ada.accessToken = f"token {number}"
            everybody.updateClient(ada)
        assert everybody.findByAccessToken("token 0") is None
        assert everybody.findByAccessToken("token 1") is ada
        assert everybody.findByAccessToken(f"token {users.MOST_TOKENS}") is ada

    def test_nothingToSteal(self) -> None:
        """Neither a token nor a session is stored in readable form."""
        everybody = self.make()
        session = everybody.logIn("Ada")
        ada = everybody.find(session)
        ada.accessToken = "sesame"
        everybody.updateClient(ada)
        kept = repr((vars(everybody), vars(ada)))
        assert "sesame" not in kept
        assert session not in kept

    def test_crowd(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Above the limit no new user is accepted, and existing users stay."""
        monkeypatch.setitem(users.Users.logIn.__globals__, "MOST_PEOPLE", 2)
        everybody = self.make()
        sessions = [everybody.logIn("Ada"), everybody.logIn("Grace")]
        with pytest.raises(users.NameRefused, match="crowded"):
            everybody.logIn("Eve")
        assert all(everybody.find(session) for session in sessions)


class TestHousekeeping(PeriodicTimerContract):
    def make(self) -> Any:
        return users.Housekeeping(None, users.Users())

    def test_sessionIsOver(self) -> None:
        """When a session expires its windows are closed, its tokens are forgotten, and its name is free."""
        clock = Clock()
        everybody = users.Users(clock.seconds)
        disconnected: list[str] = []
        housekeeping = users.Housekeeping(SimpleNamespace(disconnect=disconnected.append), everybody)
        session = everybody.logIn("Ada")
        ada = everybody.find(session)
        ada.accessToken = "sesame"
        everybody.updateClient(ada)
        clock.advance(users.SESSION_SECONDS / 2)
        later = everybody.logIn("Grace")
        housekeeping.callback()
        assert everybody.find(session) is ada
        clock.advance(users.SESSION_SECONDS / 2)
        housekeeping.callback()
        assert disconnected == [ada.id]
        assert everybody.find(session) is None
        assert everybody.findByAccessToken("sesame") is None
        assert everybody.find(later)
        everybody.logIn("Ada")
