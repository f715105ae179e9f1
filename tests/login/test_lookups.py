"""
Lookups of tokens, and who was disconnected meanwhile.
"""

from ratchet_tx.login.lookups import Lookups


def test_meanwhile() -> None:
    """Only the disconnects that came while a token was looked up count for it, the last of them."""
    lookups = Lookups()
    lookups.disconnected("ada", 4503)
    first = lookups.begin()
    assert lookups.closedWith(first, "ada") is None
    lookups.disconnected("ada", 4503)
    second = lookups.begin()
    assert (lookups.closedWith(first, "ada"), lookups.closedWith(second, "ada")) == (4503, None)
    lookups.disconnected("ada", 4000)
    assert (lookups.closedWith(first, "ada"), lookups.closedWith(second, "ada")) == (4000, 4000)
    assert lookups.closedWith(first, "bob") is None


def test_forgotten() -> None:
    """A disconnect is forgotten with the last lookup that was under way, however many come after it."""
    lookups = Lookups()
    first = lookups.begin()
    for number in range(100):
        lookups.disconnected(f"client {number}", 4503)
    later = [lookups.begin() for _ in range(10)]
    assert len(lookups) == 100
    lookups.end(first)
    assert len(lookups) == 0
    lookups.disconnected("ada", 4503)
    for each in later[:-1]:
        lookups.end(each)
    assert len(lookups) == 1
    lookups.end(later[-1])
    lookups.end(later[-1])
    assert len(lookups) == 0
    lookups.disconnected("ada", 4503)
    assert len(lookups) == 0
