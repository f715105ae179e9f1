"""
The stages of a connection, and what follows what.
"""

import pytest

from ratchet_tx.connections.connection import Connection
from ratchet_tx.connections.stages import NEXT, Stage, Staged
from ratchet_tx.transport.handshake.request import Request
from tests.kit.fakes import FakeClient, FakeProvider, FakeTransport, Peer, makeShared, startedHub


def test_table() -> None:
    """Each stage has those that may follow it; none comes back, and the last one is the end."""
    assert NEXT.keys() == set(Stage)
    order = list(Stage)
    for stage, following in NEXT.items():
        assert all(order.index(each) > order.index(stage) for each in following)
    assert NEXT[Stage.GONE] == set()


@pytest.mark.parametrize("stage", Stage)
def test_onlyOnwards(stage: Stage) -> None:
    """From a stage it goes to those that may follow it, and to no other."""
    for then in Stage:
        staged = Staged()
        staged.stage = stage
        if then in NEXT[stage]:
            staged._moveTo(then)
            assert staged.stage is then
            assert (staged.closing, staged.ended) == (then in (Stage.LEAVING, Stage.GONE), then is Stage.GONE)
        else:
            with pytest.raises(RuntimeError, match=f"from {stage.value} to {then.value}"):
                staged._moveTo(then)
            assert staged.stage is stage


def test_closedTwice() -> None:
    """What is being closed already is closed once, and what is gone stays gone."""
    staged = Staged()
    staged.closeBegan()
    staged.closeBegan()
    assert staged.stage is Stage.LEAVING
    staged._moveTo(Stage.GONE)
    staged.closeBegan()
    assert staged.stage is Stage.GONE


def test_connection() -> None:
    """A connection begins as nobody's; what happens to it moves it on."""
    connection = Connection(makeShared(), FakeTransport(), Request(), "192.0.2.1", 0)
    assert connection.stage is Stage.OPENING
    connection.awaitsLogin()
    assert connection.stage is Stage.STRANGER
    for name in ("ada", "bob"):
        connection.setClient(FakeClient(name))
        assert connection.stage is Stage.KNOWN
    connection.close()
    assert connection.stage is Stage.LEAVING
    connection.end()
    assert connection.stage is Stage.GONE


def test_hub() -> None:
    """A hub takes its peers through these stages."""
    stranger = Peer(startedHub(clientProvider=FakeProvider(sesame="ada")))
    assert stranger.connection.stage is Stage.STRANGER
    stranger.logIn("sesame")
    assert stranger.connection.stage is Stage.KNOWN
    stranger.leave()
    assert stranger.connection.stage is Stage.GONE
    assert Peer(startedHub()).connection.stage is Stage.KNOWN
