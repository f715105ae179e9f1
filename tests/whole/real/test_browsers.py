"""
Browsers: a page and its sockets over plain TCP and over TLS, and the chat over https.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.kit.processes import ROOT, node, serving, twistd
from tests.whole.browser.conftest import CHROMIUM_SWITCHES, PATIENCE
from tests.whole.real.conftest import Served
from tests.whole.real.parts import CHROMIUM, FIREFOX, NODE_MODULES, PLAIN_AND_TLS, program, runs


@pytest.fixture(scope="module")
def firefox(served: Served) -> Any:
    """
    Firefox's results by the URL of each page; it takes some seconds to start, so it runs once for all.
    """
    pages = [served.page(way) for way in PLAIN_AND_TLS]
    newer = str(NODE_MODULES / ".bin" / "node")
    return json.loads(node("tests/whole/firefox.mjs", program("firefox-esr"), *pages, command=newer))


@runs(FIREFOX, *PLAIN_AND_TLS)
def test_firefox(served: Served, firefox: Any, way: str) -> None:
    """A page in Firefox is shown, and its sockets talk."""
    assert firefox[served.page(way)] == "talked"


# Not for the whole session: Playwright runs an asyncio loop, which would disturb other tests.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=CHROMIUM_SWITCHES)
        yield browser
        browser.close()


@runs(CHROMIUM, *PLAIN_AND_TLS)
def test_chromium(served: Served, chromium: Browser, way: str) -> None:
    """A page in Chromium is shown, and its sockets talk."""
    with chromium.new_context(ignore_https_errors=True) as context:
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.goto(served.page(way))
        assert page.evaluate("talk()") == "talked"


@pytest.fixture
def secureChat(tmp_path: Path, certificates: Path) -> Iterator[str]:
    """
    The chat over TLS.
    """
    words = ("env", f"CERTIFICATE={certificates / 'cert.pem'}", f"KEY={certificates / 'key.pem'}")
    command = [*words, *twistd("-n", "--pidfile=", "--python", str(ROOT / "examples" / "chat" / "server.py"))]
    with serving(command, cwd=tmp_path) as server:
        yield f"https://localhost:{server.port}/"
        assert "Traceback" not in server.stop()


def test_chat(secureChat: str, chromium: Browser) -> None:
    """Two users chat over https, with cookies and sockets."""
    with ExitStack() as contexts:

        def enter(name: str) -> Page:
            context = contexts.enter_context(chromium.new_context(ignore_https_errors=True))
            context.set_default_timeout(PATIENCE * 1000)
            page = context.new_page()
            page.goto(secureChat)
            page.fill("#name", name)
            page.press("#name", "Enter")
            page.locator("#members").get_by_text(name).wait_for()
            return page

        ada, bob = enter("ada"), enter("bob")
        ada.fill("#message", "hello over https")
        ada.press("#message", "Enter")
        bob.get_by_text("hello over https").wait_for()
