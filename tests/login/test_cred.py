"""
Logging in by name and password, with real checkers.
"""

from pathlib import Path
from typing import Any

import pytest
from twisted.cred.checkers import (
    AllowAnonymousAccess,
    FilePasswordDB,
    ICredentialsChecker,
    InMemoryUsernamePasswordDatabaseDontUse,
)
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from ratchet_tx import UsageError, on
from ratchet_tx.login.clients import NamedClient
from ratchet_tx.login.cred import CredClientProvider, NameAndPassword
from tests.kit.contracts import ClientProviderContract
from tests.kit.fakes import FakeClient, Peer, failed, logged, startedHub, succeeded


def memory(**users: bytes) -> InMemoryUsernamePasswordDatabaseDontUse:
    return InMemoryUsernamePasswordDatabaseDontUse(**users)


@implementer(ICredentialsChecker)
class Answers:
    """
    A checker that answers what the test wants it to.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    def requestAvatarId(self, credentials: Any) -> Any:
        self.asked.append((credentials.username, credentials.password))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Who:
    @on("who")
    def who(self, event: Any) -> Any:
        return event.connection.client.id


class TestCredClientProvider(ClientProviderContract):
    def make(self) -> CredClientProvider:
        return CredClientProvider([memory(ada=b"sesame")])

    def makeClient(self) -> Any:
        return NamedClient("ada")

    def test_password(self) -> None:
        """A name and its password are somebody's; any other password, and any other name, are nobody's."""
        provider = self.make()
        client = succeeded(provider.findByAccessToken("ada:sesame"))
        assert (client.id, client.jsonSerialize()) == ("ada", {"username": "ada"})
        for token in ("ada:Sesame", "ada:", "bob:sesame", ":", "ada:\x00", "\u00fc:\U0001f600"):
            assert succeeded(provider.findByAccessToken(token)) is None
        for token in ("ada", "", "ada:\ud800", "\ud800:x"):
            assert provider.findByAccessToken(token) is None

    def test_anyCharacters(self) -> None:
        """A password may have colons, and both any characters at all."""
        checker = memory()
        checker.addUser("Ad\u00e4".encode(), "a:b:\u00fc".encode())
        assert succeeded(CredClientProvider([checker]).findByAccessToken("Ad\u00e4:a:b:\u00fc")).id == "Ad\u00e4"

    def test_file(self, tmp_path: Path) -> None:
        """The checker of password files works, with and without hashed passwords, and sees what changes in the file."""
        path = tmp_path / "passwd"
        path.write_text("ada:sesame\n")
        plain = CredClientProvider([FilePasswordDB(str(path))])
        hashed = CredClientProvider([FilePasswordDB(str(path), hash=lambda name, password, stored: password[::-1])])
        assert succeeded(plain.findByAccessToken("ada:sesame")).id == "ada"
        assert succeeded(hashed.findByAccessToken("ada:emases")).id == "ada"
        path.write_text("bob:sesame\n")
        assert succeeded(plain.findByAccessToken("ada:sesame")) is None
        assert succeeded(plain.findByAccessToken("bob:sesame")).id == "bob"

    def test_several(self) -> None:
        """Of several checkers one has to let him in; the next is asked only when the one before has refused."""
        second = Answers(succeed(b"bob"))
        provider = CredClientProvider([memory(ada=b"sesame"), second])
        assert succeeded(provider.findByAccessToken("ada:sesame")).id == "ada"
        assert second.asked == []
        assert succeeded(provider.findByAccessToken("bob:x")).id == "bob"
        assert second.asked == [(b"bob", b"x")]

    def test_later(self) -> None:
        """A checker may take its time."""
        answer: Deferred[Any] = Deferred()
        found = CredClientProvider([Answers(answer)]).findByAccessToken("ada:x")
        assert not found.called
        answer.callback("ada")
        assert succeeded(found).id == "ada"

    def test_makeClient(self) -> None:
        """An application may make its own clients of the names, and may take its time for it."""
        asked: Deferred[Any] = Deferred()
        for made in (FakeClient("u-7"), asked):
            found = CredClientProvider([memory(ada=b"x")], lambda name, made=made: made).findByAccessToken("ada:x")
            if made is asked:
                asked.callback(FakeClient("u-7"))
            assert succeeded(found).id == "u-7"
        assert succeeded(CredClientProvider([memory(ada=b"x")], lambda name: None).findByAccessToken("ada:x")) is None

    @pytest.mark.parametrize("later", [True, False])
    def test_failing(self, later: bool) -> None:
        """A checker that fails, instead of refusing, makes the login unavailable; no password gets into the log."""
        error = OSError("no directory")
        with logged() as lines:
            peer = Peer(startedHub(clientProvider=CredClientProvider([Answers(fail(error) if later else error)])))
            peer.logIn("ada:sesame-2b7e")
        assert peer.read()[0]["data"]["code"] == "auth.unavailable"
        assert any("no directory" in line for line in lines)
        assert "sesame-2b7e" not in "".join(lines)

    def test_refusing(self) -> None:
        """A checker that refuses says that it is nobody's."""
        for answer in (UnauthorizedLogin("no"), fail(UnauthorizedLogin("no"))):
            peer = Peer(startedHub(clientProvider=CredClientProvider([Answers(answer)])))
            peer.logIn("ada:x")
            assert peer.read()[0]["data"] == {"errors": ["Invalid access token."]}

    def test_issued(self) -> None:
        """Who has logged in can be issued a token, as for a page; of it nothing but a digest is kept."""
        provider = self.make()
        hub = startedHub(Who(), clientProvider=provider)
        peer, page = Peer(hub), Peer(hub)
        peer.logIn("ada:sesame")
        token = hub.issueAccessToken(peer.connection.client)
        page.logIn(token)
        page.emit("who", id=1)
        assert page.read()[-1]["data"]["result"] == "ada"
        assert peer.connection.client is not None
        assert peer.connection.client.accessToken is None

    def test_withoutToken(self) -> None:
        """A client that has no token can't be found by one."""
        provider = self.make()
        provider.updateClient(self.makeClient())
        assert provider.findByAccessToken("None") is None

    @pytest.mark.parametrize(
        ("checkers", "said"),
        [
            ([], "needs a checker"),
            ([object()], "object is no checker of twisted.cred's"),
            ([AllowAnonymousAccess()], r"AllowAnonymousAccess takes no names and passwords \(IUsernamePassword\)"),
        ],
    )
    def test_noChecker(self, checkers: Any, said: str) -> None:
        """What checks no names and passwords is an error that says so."""
        with pytest.raises(UsageError, match=said):
            CredClientProvider(checkers)


class TestNameAndPassword:
    def test_silent(self) -> None:
        """It shows nothing of itself."""
        assert repr(NameAndPassword(b"ada", b"sesame")) == "<NameAndPassword>"

    def test_failuresOfMakeClient(self) -> None:
        """What makeClient raises reaches who asked."""

        def refuse(name: str) -> Any:
            raise OSError("no database")

        assert str(failed(CredClientProvider([memory(ada=b"x")], refuse).findByAccessToken("ada:x"))) == "no database"
