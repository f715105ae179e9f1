"""
The token in a file.
"""

from pathlib import Path

import pytest

from ratchet_tx import UsageError
from ratchet_tx.web.bearer import BearerToken
from tests.kit.fakes import logged


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("sesame-2b7e\n")
    path.chmod(0o600)
    return path


def test_permits(path: Path) -> None:
    """Only a request with the token is permitted, in the form of RFC 6750."""
    token = BearerToken(str(path))
    for good in (b"Bearer sesame-2b7e", b"bearer  sesame-2b7e "):
        assert token.permits(good)
    for bad in (
        None,
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer x",
        b"Basic sesame-2b7e",
        b"sesame-2b7e",
        b"Bearer sesame-2b7",
        b"\xff",
    ):
        assert not token.permits(bad)


def test_reload(path: Path) -> None:
    """The file can be read again; where that fails, the token stays."""
    token = BearerToken(str(path))
    path.write_text("open")
    token.reload()
    assert token.permits(b"Bearer open")
    assert not token.permits(b"Bearer sesame-2b7e")
    path.write_text("\n")
    with pytest.raises(UsageError, match=r"^admin-token-file .*/token: it is blank$"):
        token.reload()
    path.unlink()
    with pytest.raises(UsageError, match=r"^admin-token-file .*/token: No such file or directory$"):
        token.reload()
    assert token.permits(b"Bearer open")


def test_readByOthers(path: Path) -> None:
    """A warning names a file that all users may read; a private one has none."""
    with logged() as lines:
        BearerToken(str(path))
        assert lines == []
        path.chmod(0o644)
        BearerToken(str(path))
    assert lines == [f'All users may read the token file: path={path} hint="chmod o-r {path}"']


def test_repr(path: Path) -> None:
    """Its repr doesn't show the token."""
    assert "sesame-2b7e" not in repr(BearerToken(str(path)))
