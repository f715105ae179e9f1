"""
An author's applications, and objects that aren't applications.
"""

import msgspec

from ratchet_tx import ConnectionEvent, on

print("imported")


class Point(msgspec.Struct):
    x: int


class Drawing:
    @on("point")
    def point(self, event: ConnectionEvent[Point]) -> list[Point]:
        """Draws größer."""

    @on("any")
    def any(self, event): ...


class Other:
    @on("other")
    def other(self, event: ConnectionEvent[str]) -> None: ...


drawing = Drawing()


def several(applications):
    applications.add(drawing)
    applications.register(lambda client, connection: None, name="unseen")


class Wrong:
    @on("wrong")
    def wrong(self, event: "ConnectionEvent[Nothing]"): ...  # noqa: F821


class Fails:
    def __init__(self):
        raise ValueError("no good")


number = 5
