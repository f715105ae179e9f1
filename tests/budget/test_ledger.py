"""
The ledger of bytes.
"""

from ratchet_tx.budget.ledger import OF_CONNECTIONS, Account, Ledger


def test_parts() -> None:
    """The ledger counts the bytes of each part and in all."""
    ledger = Ledger()
    one, other = Account(ledger), Account(ledger)
    one.keep("queue", 100)
    one.keep("metas", 20)
    other.keep("queue", 30)
    ledger.change("histories", 7)
    assert (one.bytes, other.bytes, ledger.bytes) == (120, 30, 157)
    assert {part: size for part, size in ledger.parts.items() if size} == {"queue": 130, "metas": 20, "histories": 7}


def test_changes() -> None:
    """C{keep} sets the bytes of a part, and says whether it has grown."""
    ledger = Ledger()
    account = Account(ledger)
    assert [account.keep("held", size) for size in (10, 10, 5, 6, 0)] == [True, False, False, True, False]
    assert (account.bytes, ledger.bytes) == (0, 0)


def test_closed() -> None:
    """A closed account has no bytes, and counts none later."""
    ledger = Ledger()
    account = Account(ledger)
    for part in OF_CONNECTIONS:
        account.keep(part, 1000)
    account.close()
    assert not account.keep("queue", 5)
    account.close()
    assert (account.bytes, ledger.bytes, set(ledger.parts.values())) == (0, 0, {0})


def test_limit() -> None:
    """The callback is called for each growth above the limit, and only then; 0 is no limit."""
    told: list[int] = []
    ledger = Ledger()
    ledger.whenFull(lambda: told.append(ledger.bytes))
    ledger.change("keys", 10**12)
    assert (told, ledger.isFull) == ([], False)
    ledger.limitTo(10**12)
    assert not ledger.isFull
    for by in (1, 5, -2, -4, 3):
        ledger.change("keys", by)
    assert (told, ledger.isFull) == ([10**12 + 1, 10**12 + 6, 10**12 + 3], True)
