"""
Counting connections that are not WebSockets.
"""

from typing import Any

from ratchet_tx.limits.visits import Visits
from ratchet_tx.settings import Settings

PUBLIC, OTHER, HERE = "8.8.4.4", "8.8.8.8", "127.0.0.1"


def visits(everywhere: bool = False, sockets: int = 0, **limits: Any) -> Visits:
    return Visits(Settings().limits.having(limits, "test"), everywhere, lambda: sockets)


def test_perAddress() -> None:
    """Above the limit an address may have no more visits, and other addresses may."""
    some = visits(pagesPerAddress=2)
    first, second, third = (some.enter(PUBLIC) for _ in range(3))
    assert (first.refused, second.refused, third.refused) == ("", "", "limit=pagesPerAddress of=2")
    assert some.enter(OTHER).refused == ""
    third.leave()
    first.leave()
    first.leave()
    assert len(some) == 2
    assert some.enter(PUBLIC).refused == ""


def test_private() -> None:
    """Loopback and private addresses have no limit, unless proxies are trusted that forward for others."""
    assert {visits(pagesPerAddress=1).enter(HERE).refused for _ in range(5)} == {""}
    some = visits(everywhere=True, pagesPerAddress=1)
    assert some.enter(HERE).refused == ""
    assert some.enter(HERE).refused


def test_inAll() -> None:
    """WebSockets and visits are counted together."""
    some = visits(sockets=8, connections=10)
    assert some.enter(HERE).refused == some.enter(PUBLIC).refused == ""
    assert some.enter(OTHER).refused == "limit=connections of=10"


def test_off() -> None:
    """Each limit can be switched off."""
    some = visits(True, 1_000_000, connections=0, pagesPerAddress=0)
    assert {some.enter(PUBLIC).refused for _ in range(1000)} == {""}


def test_farAbove() -> None:
    """Up to a tenth above a limit a visit is told why it is refused; above that it isn't."""
    some = visits(pagesPerAddress=20)
    assert [some.enter(PUBLIC).isFar for _ in range(23)] == [False] * 22 + [True]
    some = visits(connections=20)
    assert [some.enter(PUBLIC).isFar for _ in range(23)] == [False] * 22 + [True]


def test_proxiedAddress() -> None:
    """A connection counts for the address that a proxy tells, as soon as it does, and is refused by that address's limit."""
    some = visits(True, pagesPerAddress=1)
    first, second = some.enter(HERE), some.enter(HERE)
    assert first.move(PUBLIC) == ""
    assert second.refused
    assert second.move(OTHER) == second.refused
    third = some.enter(HERE)
    assert third.move(PUBLIC) == "limit=pagesPerAddress of=1"
    for each in (first, second, third):
        each.leave()
    assert first.move(OTHER) == ""
    assert len(some) == 0
    assert some.enter(HERE).move(PUBLIC) == ""
