"""
A hub, put together from its parts.
"""

from collections.abc import Iterator
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import pytest
from twisted.internet.task import Clock

from ratchet_tx import Applications, Hub, Settings, UsageError
from ratchet_tx.applications.timers import Timers
from ratchet_tx.backplane.memory import MemoryBackplane
from ratchet_tx.deferreds.lateclock import LateClock
from ratchet_tx.hub.basis import Basis
from ratchet_tx.hub.parts import Parts
from tests.kit.fakes import FakeProvider, Peer

#: The folders whose classes there is one object of in each hub.
FOLDERS = ("ratchet_tx.hub.", "ratchet_tx.limits.", "ratchet_tx.login.", "ratchet_tx.rooms.", "ratchet_tx.connections.")

#: Classes of these folders of which a hub has several.
SEVERAL = {"Control", "Handlers", "Rooms"}


def settings(**limits: Any) -> Settings:
    return Settings(limits=Settings().limits.having(limits, "test"))


def makeParts(basis: Basis, **limits: Any) -> Parts:
    applications = Applications()
    timers = Timers(applications.registry, basis.clock, basis.thread)
    return Parts(basis, FakeProvider(), applications, timers, settings(**limits))


def owned(it: Any) -> Iterator[Any]:
    """
    Give what an object holds: the attributes of one of ours, the object of a bound method, the variables of a function.
    """
    if isinstance(it, MethodType):
        yield it.__self__
    elif isinstance(it, partial):
        yield from (it.func, *it.args)
    elif isinstance(it, dict):
        yield from it.values()
    elif isinstance(it, tuple):
        yield from it
    elif isinstance(it, FunctionType):
        yield from (cell.cell_contents for cell in it.__closure__ or ())
    if type(it).__module__.startswith("ratchet_tx."):
        slots = [name for cls in type(it).__mro__ for name in getattr(cls, "__slots__", ())]
        yield from (getattr(it, name) for name in slots if hasattr(it, name))
        yield from getattr(it, "__dict__", {}).values()


def everything(root: Any) -> list[Any]:
    """
    Give all objects that can be come to from one.
    """
    found: dict[int, Any] = {}
    waiting = [root]
    while waiting:
        it = waiting.pop()
        if id(it) not in found:
            found[id(it)] = it
            waiting.extend(owned(it))
    return list(found.values())


class TestTogether:
    def test_eachOnce(self) -> None:
        """Each part is there once: those that need it are given the same one."""
        names: dict[str, int] = {}
        for each in everything(makeParts(Basis(LateClock(Clock()), MemoryBackplane()))):
            cls = type(each)
            if f"{cls.__module__}.".startswith(FOLDERS) and cls.__name__ not in SEVERAL:
                names[cls.__name__] = names.get(cls.__name__, 0) + 1
        assert {"Guard", "Presence", "Directory", "Login", "ClientFinder", "Incoming", "Shared"} <= names.keys()
        assert {name: count for name, count in names.items() if count > 1} == {}

    def test_stayingOnTheBasis(self) -> None:
        """What is made for other settings stands on the same basis: nobody who is here is forgotten."""
        basis = Basis(LateClock(Clock()), MemoryBackplane())
        first, second = makeParts(basis), makeParts(basis)
        assert first.directory is second.directory is basis.directory
        assert first.shared.counters is second.shared.counters is basis.counters
        assert first.guard is not second.guard

    def test_limits(self) -> None:
        """What stays goes by the limits of the last settings."""
        basis = Basis(LateClock(Clock()), MemoryBackplane())
        for size in (1_000_000, 2_000_000):
            makeParts(basis, processBytes=size)
            assert basis.ledger.limit == size


class TestSettings:
    def test_others(self) -> None:
        """A hub that was made without settings goes by those that it is given before its start."""
        hub = Hub(clock=Clock())
        before = hub.parts
        hub.provideSettings(settings(connections=1))
        assert hub.parts is not before
        assert hub.peers is hub.parts.peers
        hub.startService()
        assert before.lifecycle.isRunning is False
        Peer(hub)
        assert hub.peers.permit("192.0.2.7") == "limit=connections of=1"

    def test_none(self) -> None:
        """Where none are given, the hub's own count from then on."""
        hub = Hub(clock=Clock())
        before = hub.parts
        hub.provideSettings()
        assert hub.parts is before
        with pytest.raises(UsageError, match="other settings than makeService was given: connections"):
            hub.provideSettings(settings(connections=1))

    def test_afterTheStart(self) -> None:
        """A hub that was started takes no others, and says which differ; the same ones it takes."""
        hub = Hub(clock=Clock())
        hub.startService()
        before = hub.parts
        hub.provideSettings(Settings())
        with pytest.raises(UsageError, match="other settings than makeService was given: rooms, connections"):
            hub.provideSettings(settings(connections=1, rooms=2))
        assert hub.parts is before
        assert hub.limits == Settings().limits

    def test_afterAFailedStart(self) -> None:
        """A hub that couldn't start, because it has no clock yet, still takes others."""
        hub = Hub()
        with pytest.raises(UsageError, match="no clock yet"):
            hub.startService()
        hub.provideSettings(settings(rooms=3))
        assert (hub.limits.rooms, hub.running) == (3, False)

    def test_thatCantBe(self) -> None:
        """Limits that can't be are refused, and nothing has changed."""
        hub = Hub(clock=Clock())
        before = hub.parts
        with pytest.raises(UsageError):
            hub.provideSettings(settings(connections=-1))
        assert hub.parts is before
