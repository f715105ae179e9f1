"""
The hub: how it is made, served, and observed.
"""

from typing import Any

import pytest
from twisted.application.service import MultiService
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.verify import verifyObject

from ratchet_tx import Applications, Hub, UsageError
from ratchet_tx.happenings import Closed, Dispatched, LoggedIn, LoginFailed, Opened, Refused
from ratchet_tx.interfaces import IClientProvider, IHub
from tests.kit.applications import Echo
from tests.kit.fakes import FakeProvider, Peer, startedHub


class TestBeginning:
    def test_interface(self) -> None:
        """A hub provides what IHub asks for."""
        verifyObject(IHub, Hub())

    def test_providersAreChecked(self) -> None:
        """A provider that lacks a method is refused when the hub is made, by a message that names it."""

        @implementer(IClientProvider)
        class Half:
            def findByAccessToken(self, accessToken: str) -> None:
                pass

        with pytest.raises(UsageError, match=r"Half does not provide all of IClientProvider: it has no updateClient"):
            Hub(clientProvider=Half())

    def test_noClockYet(self) -> None:
        """A hub that nobody serves says how to have it served."""
        with pytest.raises(UsageError, match="RatchetServerFactory"):
            Hub().startService()

    def test_theFirstServerStartsAndTheLastStops(self) -> None:
        """Two servers may serve one hub: it runs from the first one's start to the last one's stop."""
        hub = Hub()
        hub.attach("one", Clock())
        hub.attach("other", Clock())
        hub.detach("one")
        assert hub.running
        hub.detach("other")
        assert not hub.running

    def test_emptyProviders(self) -> None:
        """A provider that knows nobody yet is one all the same: nobody comes in anonymously for that."""

        class Store(FakeProvider):
            def __len__(self) -> int:
                return 0

        store = Store()
        assert Hub(clientProvider=store).clientProvider is store

    def test_aHubOfAService(self) -> None:
        """A hub that belongs to a service goes on when a server of its own leaves."""
        parent = MultiService()
        hub = Hub(clock=Clock())
        hub.setServiceParent(parent)
        parent.startService()
        hub.attach("server", Clock())
        hub.detach("server")
        assert hub.running
        parent.stopService()
        assert not hub.running

    def test_theFirstClockCounts(self) -> None:
        """A hub keeps the clock that it was made with."""
        clock = Clock()
        hub = Hub(clock=clock)
        hub.attach("server", Clock())
        assert hub.clock is clock


class TestObserving:
    def test_whatIsObserved(self) -> None:
        """Who observes a hub is told who comes and goes, and what is dispatched and refused."""
        hub = startedHub(Echo(), clientProvider=FakeProvider(a="ada"))
        seen: list[Any] = []
        for happening in (Opened, Closed, LoggedIn, LoginFailed, Dispatched, Refused):
            hub.observe(seen.append, happening)
        peer = Peer(hub)
        peer.logIn("wrong")
        peer.logIn("a")
        peer.emit("echo", 1)
        peer.emit("unheard.of")
        hub.clock.advance(3)
        peer.leave(1001, "bye")
        assert seen == [
            Opened(peer.connection),
            LoginFailed(peer.connection, "auth.invalid"),
            LoggedIn(peer.connection),
            Dispatched(peer.connection, "echo"),
            Refused(peer.connection, "unheard.of", "event.unknown"),
            Closed(peer.connection, 1001, "bye", True, 3.0),
        ]

    def test_onlyHappenings(self) -> None:
        """Only what happens can be observed."""
        with pytest.raises(UsageError, match="happenings"):
            Hub().observe(print, Applications)
