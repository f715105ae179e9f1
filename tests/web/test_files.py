"""
A folder of files.
"""

from pathlib import Path
from typing import cast

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.interfaces import IReactorTCP
from twisted.web.server import Site

from ratchet_tx.web.files import Files
from tests.kit.ends import fetched


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("home")
    (tmp_path / "odd").write_text("<script>")
    (tmp_path / ".env").write_text("secret")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("a")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("secret")
    return tmp_path


@ensureDeferred
async def test_files(folder: Path) -> None:
    """Files are served: no listings, no hidden files, nothing above the folder, and text isn't served as HTML."""
    port = cast(IReactorTCP, reactor).listenTCP(0, Site(Files(str(folder))), interface="127.0.0.1")
    url = f"http://127.0.0.1:{port.getHost().port}"
    try:
        assert (await fetched(f"{url}/"))[::2] == (200, b"home")
        assert (await fetched(f"{url}/sub/a.txt"))[::2] == (200, b"a")
        status, headers, _ = await fetched(f"{url}/odd")
        assert (status, headers["Content-Type"]) == (200, "application/octet-stream")
        for path in ("/sub/", "/.env", "/.git/config", "/%00", "/%ed%a0%80", "/sub/%2e%2e/%2e%2e/etc/passwd", "/nothing"):
            assert (await fetched(url + path))[0] == 404, path
        assert (await fetched(f"{url}/", Range="bytes=1-2"))[::2] == (206, b"om")
        many = ",".join(f"{at % 4}-{at % 4}" for at in range(2000))
        for odd in (f"bytes={many}", "bytes=\xff-", "bytes=" + "9" * 5000 + "-", "bytes=x-", "x"):
            assert (await fetched(f"{url}/", Range=odd))[::2] == (200, b"home")
    finally:
        await port.stopListening()
