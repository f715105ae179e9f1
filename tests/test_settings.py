"""
The settings and limits, and errors in them.
"""

import re
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from ratchet_tx import Hub
from ratchet_tx.errors import UsageError
from ratchet_tx.settings import Limits, Settings, readShortcuts, readTOML
from tests.kit.processes import ROOT

SECONDS = [
    "dedupSeconds",
    "drainSeconds",
    "handlerSeconds",
    "headSeconds",
    "loginSeconds",
    "pingSeconds",
    "pongSeconds",
    "presenceSeconds",
]
COUNTS = [
    "connectionBytes",
    "connections",
    "connectionsPerAddress",
    "connectionsPerClient",
    "eventsBurst",
    "eventsPerSecond",
    "headBytes",
    "headCount",
    "logBytesPerMinute",
    "messageBytes",
    "processBytes",
    "receiveQueueEvents",
    "replayBytes",
    "rooms",
    "sendQueueBytes",
    "strangersPerAddress",
    "pagesPerAddress",
]


class TestLimits:
    """
    The limits.
    """

    def test_names(self) -> None:
        """C{names} lists every limit."""
        assert sorted(Limits.names()) == sorted(SECONDS + COUNTS)

    def test_documented(self) -> None:
        """The README names every limit, its default, and what happens above it."""
        document = publish_doctree((ROOT / "README.rst").read_text(), settings_overrides={"report_level": 3})
        tables = [
            [[cell.astext() for cell in row] for row in table.findall(nodes.row)] for table in document.findall(nodes.table)
        ]
        [(_, *rows)] = [table for table in tables if table[0][0] == "limit"]
        assert all(said for _, _, said in rows)
        told = {name: float(default.removesuffix(" (off)")) for name, default, _ in rows}
        assert told == {name: getattr(Limits(), name) for name in Limits.names()}

    def test_having(self) -> None:
        """Some limits can be changed, and the others keep their defaults."""
        assert Limits().having({"rooms": 3, "pingSeconds": 0.5}, "here") == Limits(rooms=3, pingSeconds=0.5)
        assert Limits().having({}, "here") == Limits()

    def test_room(self) -> None:
        """connectionBytes must be larger than the sum of a connection's other limits, unless it or one of them is off."""
        Limits().check()
        Limits(connectionBytes=0, messageBytes=2**30).check()
        Limits(connectionBytes=4_000_000, sendQueueBytes=0, replayBytes=0, messageBytes=3_999_999).check()
        for limits in ({"messageBytes": 3_000_000}, {"connectionBytes": 1}, {"sendQueueBytes": 4_194_304}):
            with pytest.raises(UsageError) as raised:
                Limits(**limits).check()
            for name in ("connectionBytes", "sendQueueBytes", "replayBytes", "messageBytes"):
                assert name in str(raised.value)
            with pytest.raises(UsageError):
                Hub(settings=Settings(limits=Limits(**limits)))

    @pytest.mark.parametrize("name", SECONDS + COUNTS)
    def test_off(self, name: str) -> None:
        """Each limit can be switched off by 0, and be very large."""
        assert getattr(Limits().having({name: 0}, "here"), name) == 0
        assert getattr(Limits().having({name: 2**31 - 1}, "here"), name) == 2**31 - 1

    @pytest.mark.parametrize("name", SECONDS)
    def test_partsOfSeconds(self, name: str) -> None:
        """Times may have fractions, whether or not the default has."""
        assert getattr(Limits().having({name: 1.5}, "here"), name) == 1.5
        assert getattr(Limits(**{name: 2.5}).having({name: 3}, "here"), name) == 3

    @pytest.mark.parametrize("name", COUNTS)
    @pytest.mark.parametrize("value", [1.5, 2.0, "5", None, True, -1, 2**31, [1], {}])
    def test_countsAreWhole(self, name: str, value: Any) -> None:
        """A limit of a number is an integer; another value is an error with the limit's name."""
        with pytest.raises(UsageError) as raised:
            Limits().having({name: value}, "ratchet.toml, [limits]")
        assert str(raised.value) == (f"ratchet.toml, [limits]: {name} is a whole number from 0 to 2147483647, not {value!r}")

    @pytest.mark.parametrize("value", ["5", None, False, -0.5, float("nan"), float("inf"), 2**31, [1]])
    def test_timesAreNumbers(self, value: Any) -> None:
        """A limit of a time is a number; another value is an error with the limit's name."""
        with pytest.raises(UsageError) as raised:
            Limits().having({"pingSeconds": value}, "here")
        assert str(raised.value) == f"here: pingSeconds is a number from 0 to 2147483647, not {value!r}"

    def test_unknown(self) -> None:
        """An unknown limit is an error that lists the limits."""
        with pytest.raises(UsageError, match=r"^here: there is no limit 'roms'; there are messageBytes, .*rooms"):
            Limits().having({"roms": 3}, "here")

    def test_frozen(self) -> None:
        """Limits don't change while the server runs."""
        limits: Any = Limits()
        with pytest.raises(FrozenInstanceError):
            limits.rooms = 5


class TestSettings:
    """
    The settings.
    """

    def test_having(self) -> None:
        """Settings take values of their types, and keep their defaults."""
        changed = Settings().having({"port": 0, "address": "::1", "verbose": True, "static": "htdocs"}, "here")
        assert changed == Settings(port=0, address="::1", verbose=True, static="htdocs")

    @pytest.mark.parametrize("name", ["listen", "application", "auth", "timer", "origin", "adminListen"])
    @pytest.mark.parametrize("value", [["a", "b"], ("a", "b"), [], "a"])
    def test_lists(self, name: str, value: Any) -> None:
        """A setting of several values accepts a single value."""
        key = "admin-listen" if name == "adminListen" else name
        assert getattr(Settings().having({key: value}, "here"), name) == (("a",) if value == "a" else tuple(value))

    @pytest.mark.parametrize(
        ("name", "value", "kind"),
        [
            *(("port", value, "a number from 0 to 65535") for value in ("80", True, -1, 65536, 1.0, None)),
            *(("verbose", value, "true or false") for value in (1, "yes", None)),
            *(
                (name, value, "a text")
                for name in ("address", "provider", "static", "admin-token-file")
                for value in (1, None, ["x"])
            ),
            *(
                (name, value, "a list of texts")
                for name in ("listen", "auth", "origin", "admin-listen")
                for value in (1, None, [1], {"a": 1}, ["a", None])
            ),
        ],
    )
    def test_wrongKind(self, name: str, value: Any, kind: str) -> None:
        """A wrong value is an error of one sentence with the setting's name and place."""
        with pytest.raises(UsageError) as raised:
            Settings().having({name: value}, "here")
        assert str(raised.value) == f"here: {name} is {kind}, not {value!r}"

    @pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "::", "2001:db8::1", "fe80::1%eth0"])
    def test_addresses(self, address: str) -> None:
        """An address is an IP address of either kind."""
        assert Settings().having({"address": address}, "here").address == address

    @pytest.mark.parametrize(
        "address", ["", "localhost", "127.0.0.1:80", "1.2.3", "[::1]", "::1%lo", "fe80::1%a b", "fe80::1%lo\n"]
    )
    def test_noAddress(self, address: str) -> None:
        """What isn't an IP address is an error that shows two addresses."""
        with pytest.raises(UsageError, match=r"^here: address: .* is not an IP address, such as 127\.0\.0\.1 or ::$"):
            Settings().having({"address": address}, "here")

    @pytest.mark.parametrize("name", ["prot", "limits", "without", ""])
    def test_unknown(self, name: str) -> None:
        """An unknown setting is an error that lists the settings."""
        with pytest.raises(UsageError, match=f"^here: there is no setting '{name}'; there are port, address, .*verbose$"):
            Settings().having({name: 1}, "here")

    def test_documented(self) -> None:
        """The README names every setting, as on the command line."""
        text = (ROOT / "README.rst").read_text()
        names = [re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", each.name) for each in fields(Settings)]
        assert [name for name in names if name not in ("limits", "without") and f"``--{name}``" not in text] == []

    def test_frozen(self) -> None:
        """Settings don't change while the server runs."""
        settings: Any = Settings()
        with pytest.raises(FrozenInstanceError):
            settings.port = 5


def test_shortcuts() -> None:
    """Optimizations are switched off by their names; an unknown name is an error."""
    assert readShortcuts("", "HERE") == readShortcuts(" ,", "HERE") == ()
    assert readShortcuts("fast-path, direct-writes", "HERE") == ("fast-path", "direct-writes")
    with pytest.raises(UsageError, match=r"^HERE: there is no 'fast'; there are fast-path, nested-epoll, direct-writes$"):
        readShortcuts("fast-path,fast", "HERE")


class TestFile:
    """
    The configuration file.
    """

    def test_empty(self) -> None:
        """A file may be empty."""
        assert readTOML("", "ratchet.toml") == Settings()

    def test_bothTables(self) -> None:
        """A file has a table of settings and one of limits."""
        text = '[ratchet]\nport = 8081\norigin = ["https://example.org"]\napplication = "chat.Chat"\n[limits]\nrooms = 3\n'
        assert readTOML(text, "ratchet.toml") == Settings(
            port=8081, origin=("https://example.org",), application=("chat.Chat",), limits=Limits(rooms=3)
        )

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("port = 8081", "there is no table [port]; there are [ratchet] and [limits]"),
            ("[ratchets]", "there is no table [ratchets]; there are [ratchet] and [limits]"),
            ("ratchet = 5", "ratchet is a table, written [ratchet]"),
            ("[[limits]]", "limits is a table, written [limits]"),
            ("[limits]\nrooms = -1", "[limits]: rooms is "),
            ("[ratchet]\nport = 'x'", "[ratchet]: port is a number from 0 to 65535, not 'x'"),
            ("[ratchet.limits]\nrooms = 3", "[ratchet]: there is no setting 'limits'"),
            ("[ratchet", ""),
            ("[ratchet]\nport = 1\nport = 2", ""),
            ("[ratchet]\nport = " + "9" * 5000, ""),
            ("[ratchet]\nport = " + "[" * 5000, ""),
        ],
        ids=lambda text: text[:20],
    )
    def test_oneClearLine(self, text: str, complaint: str) -> None:
        """An error in a file is one line that begins with the file's name."""
        with pytest.raises(UsageError) as raised:
            readTOML(text, "etc/ratchet.toml")
        assert str(raised.value).startswith("etc/ratchet.toml")
        assert complaint in str(raised.value)
        assert "\n" not in str(raised.value)


def test_differing() -> None:
    """Settings differ by their values, not by the order of several values, nor by a list for a tuple."""
    names: Any = ["b.example", "a.example"]
    assert Settings(host=("a.example", "b.example"), port=1).differing(Settings(host=names)) == []
    assert Settings(host=("a.example",), trustForwarded=1).differing(Settings(host=names)) == ["host", "trust-forwarded"]
