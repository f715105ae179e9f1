"""
What all connections of a node share.
"""

from dataclasses import FrozenInstanceError
from threading import Thread

import pytest
from twisted.internet.task import Clock

from ratchet_tx import UsageError
from ratchet_tx.connections.shared import Shared
from tests.kit.fakes import makeShared


def elsewhere(shared: Shared, call: str) -> list[UsageError]:
    """
    Use a connection in another thread.

    @return: how that is refused
    """
    errors: list[UsageError] = []

    def use() -> None:
        try:
            shared.requireThread(call)
        except UsageError as error:
            errors.append(error)

    thread = Thread(target=use)
    thread.start()
    thread.join()
    return errors


@pytest.mark.parametrize("call", ["emit", "join"])
def test_otherThreads(call: str) -> None:
    """A connection is used in the hub's thread only; elsewhere the error names the method, and what to call instead."""
    shared = makeShared()
    shared.thread.started(Clock())
    shared.requireThread(call)
    (error,) = elsewhere(shared, call)
    assert str(error) == (
        f"connection.{call} is called in the reactor's thread, and this is another one: use "
        f"reactor.callFromThread(connection.{call}, ...), or hub.publishFromThread(event, data, client=...)."
    )


def test_beforeTheStart() -> None:
    """Before the hub was started a connection may be used in any thread."""
    assert elsewhere(makeShared(), "emit") == []


def test_isWhatItIs() -> None:
    """What is shared stays what it is: a connection can't change it for the others."""
    with pytest.raises(FrozenInstanceError):
        makeShared().limits = None  # type: ignore[misc, assignment]
