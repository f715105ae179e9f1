"""
The limit on log lines that peers cause.
"""

from random import Random

from ratchet_tx.monitoring.logbudget import NAMED, OTHERS, LogBudget

MINUTE = 1_000_000


def fill(budget: LogBudget, address: str, now: float, size: int = 200) -> int:
    """
    Log until the limit is reached.

    @return: the number of logged bytes
    """
    taken = 0
    while budget.take(address, size, now):
        taken += size
    return taken


def test_ordinary() -> None:
    """Hundreds of peers that leave one address at once each have a line, and so have thousands of addresses in a minute."""
    budget = LogBudget(MINUTE)
    assert all(budget.take("192.0.2.1", 200, 0) for _ in range(600))
    budget = LogBudget(MINUTE)
    assert all(budget.take(f"192.0.2.{number % 250}", 200, number / 50) for number in range(3000))


def test_oneAddress() -> None:
    """One address may use an eighth of a minute's bytes at once, and leaves room for others."""
    budget = LogBudget(MINUTE)
    assert MINUTE / 8 - 200 < fill(budget, "192.0.2.1", 0) <= MINUTE / 8
    assert budget.take("192.0.2.2", 200, 0)


def test_quiet() -> None:
    """A quiet address has room, however much a few others log, and for however long."""
    budget = LogBudget(MINUTE)
    for second in range(120):
        for number in range(600):
            budget.take(f"192.0.2.{number % 3}", 200, second + number / 600)
        assert all(budget.take("198.51.100.1", 200, second + 0.99) for _ in range(20))


def test_again() -> None:
    """With time there is room again."""
    budget = LogBudget(MINUTE)
    fill(budget, "192.0.2.1", 0)
    assert not budget.take("192.0.2.1", 200, 0.001)
    assert budget.take("192.0.2.1", 200, 1)
    assert fill(budget, "192.0.2.1", 1000) >= MINUTE / 8 - 200


def test_anyMinute() -> None:
    """No minute exceeds its bytes, however many addresses log, and however long the lines are."""
    random, budget, taken = Random(7), LogBudget(MINUTE), []
    for step in range(12_000):
        now = step / 100
        for _ in range(3):
            address = f"2001:db8:{random.randrange(2000):x}::1" if random.random() < 0.7 else "192.0.2.1"
            size = random.choice((80, 200, 2000, 17_000))
            if budget.take(address, size, now):
                taken.append((now, size))
    for begin in range(61):
        assert sum(size for now, size in taken if begin <= now < begin + 60) < MINUTE


def test_networks() -> None:
    """The addresses of one IPv6 network count as one."""
    budget = LogBudget(MINUTE)
    fill(budget, "2001:db8::1", 0)
    assert not budget.take("2001:db8::2", 200, 0)
    assert budget.take("2001:db8:0:1::1", 200, 0)


def test_reserve() -> None:
    """Entries with a reserve stop while there is room for others."""
    budget = LogBudget(MINUTE)
    while budget.take("192.0.2.1", 2000, 0, reserve=0.5):
        pass
    assert not budget.has("192.0.2.1", 2000, 0, reserve=0.5)
    assert MINUTE / 16 <= fill(budget, "192.0.2.1", 0) <= MINUTE / 16 + 2000


def test_larger() -> None:
    """An entry longer than the burst is logged once, and delays the next ones."""
    budget = LogBudget(1000)
    assert budget.take("192.0.2.1", 5000, 0)
    assert not budget.take("192.0.2.1", 1, 300)
    assert budget.take("192.0.2.1", 5000, 1000)


def test_leftOut() -> None:
    """Left out entries are reported once, by address, with their number and since when."""
    budget = LogBudget(MINUTE)
    for now in (3, 4, 5):
        budget.leaveOut("192.0.2.1", now)
    budget.leaveOut("2001:db8::1", 7)
    assert budget.takeLeftOut() == [("192.0.2.1", 3, 3), ("2001:db8::/64", 1, 7)]
    assert budget.takeLeftOut() == []


def test_manyLeftOut() -> None:
    """Of many addresses those with most entries are named, and the rest is summed up."""
    budget = LogBudget(MINUTE)
    for number in range(4000):
        for _ in range(3 if number < NAMED else 1):
            budget.leaveOut(f"2001:db8:a{number:03x}::1", number)
    told = budget.takeLeftOut()
    assert [(each.address, each.lines) for each in told[:NAMED]] == [(f"2001:db8:a{n:03x}::/64", 3) for n in range(NAMED)]
    assert told[NAMED:] == [(OTHERS, 4000 - NAMED, NAMED)]


def test_bounded() -> None:
    """Only so many addresses are remembered; further ones share the bucket of all, and with time there is room again."""
    budget = LogBudget(MINUTE)
    for number in range(20_000):
        budget.take(f"2001:db8:{number:x}::1", 1, 0)
        budget.leaveOut(f"2001:db8:{number:x}::1", 0)
    assert len(budget) <= 2049
    assert budget.take("192.0.2.1", 200, 100)
    assert len(budget) <= 2049
    budget.takeLeftOut()
    assert len(budget) == 1
