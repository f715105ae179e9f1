"""
The checkers of --auth.
"""

from pathlib import Path
from typing import Any

import pytest
from twisted.cred.checkers import FilePasswordDB

from ratchet_tx import UsageError
from ratchet_tx.login.cred import NameAndPassword
from ratchet_tx.server.checkers import makeChecker
from tests.kit.fakes import succeeded


def test_file(tmp_path: Path) -> None:
    """C{file:} names a file of names and passwords; its path may have a colon."""
    path = tmp_path / "pass:wd"
    path.write_text("ada:sesame\n")
    checker = makeChecker(f"file:{path}")
    assert isinstance(checker, FilePasswordDB)
    assert succeeded(checker.requestAvatarId(NameAndPassword(b"ada", b"sesame"))) == b"ada"


def test_memory() -> None:
    """C{memory:} has the name and the password itself."""
    checker = makeChecker("memory:ada:sesame:bob:b")
    assert succeeded(checker.requestAvatarId(NameAndPassword(b"ada", b"sesame"))) == b"ada"
    assert succeeded(checker.requestAvatarId(NameAndPassword(b"bob", b"b"))) == b"bob"


def test_others() -> None:
    """Every installed kind of checker can be named, such as the system's users."""
    assert makeChecker("unix").credentialInterfaces


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("nonsense:sesame-2b7e", "auth nonsense: there is no such kind of checker; twistd ratchet --help-auth lists them"),
        ("", "auth : there is no such kind of checker; twistd ratchet --help-auth lists them"),
        ("file", "auth file: '' is not a file"),
        ("file:/nowhere", "auth file: '/nowhere' is not a file"),
        ("memory:ada:sesame-2b7e:bob", "auth memory: it takes A colon-separated list (name:password:...)"),
        ("anonymous", "auth anonymous: it takes no names and passwords"),
    ],
)
def test_wrong(description: str, said: str, capsys: Any) -> None:
    """A wrong description is an error of one line that shows nothing that may be a password."""
    with pytest.raises(UsageError) as raised:
        makeChecker(description)
    assert str(raised.value) == said
    assert capsys.readouterr() == ("", "")
