"""
The chat's pages over HTTP: refusals, cookies, and security headers.
"""

from collections.abc import Callable

import pytest

from tests.whole.browser.conftest import Chat, Visitor

Visit = Callable[[], Visitor]


def test_cookie(visit: Visit) -> None:
    """The session's cookie is random, no script can read it, and no other site can make a browser send it."""
    cookies = []
    for name in ("Ada", "Grace"):
        visitor = visit()
        visitor.logIn(name)
        (cookie,) = visitor.cookies
        assert cookie.path == "/"
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert str(cookie.get_nonstandard_attr("SameSite")).lower() == "strict"
        cookies.append(cookie.value)
    assert len(set(cookies)) == 2
    assert all(len(str(value)) == 43 for value in cookies)


def test_headers(visit: Visit) -> None:
    """Pages aren't cached, run only their own scripts, and can't be framed; each has its own nonce."""
    visitor = visit()
    form = visitor.get()
    chats = [visitor.logIn("Ada"), visitor.get()]
    for page in (form, *chats):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
    nonces = [page.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0] for page in chats]
    assert len(set(nonces)) == 2
    for nonce, page in zip(nonces, chats, strict=True):
        assert page.text.count("<script") == page.text.count(f'nonce="{nonce}"') == 3


@pytest.mark.parametrize("path", ["login", "logout"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1"])
def test_otherSite(visit: Visit, path: str, origin: str) -> None:
    """A form on another site can neither log a user in nor out."""
    visitor = visit()
    if path == "logout":
        visitor.logIn("Ada")
    refused = visitor.post(path, {"Origin": origin}, name="Eve")
    assert refused.status == 403
    assert ("Log out" in visitor.get().text) == (path == "logout")


def test_ownSite(chat: Chat, visit: Visit) -> None:
    """A form of the chat's own site is accepted."""
    assert "Log out" in visit().post("login", {"Origin": chat.url.rstrip("/")}, name="Ada").text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ὑπατία", "Ὑπατία"),
        ("數學家", "數學家"),
        ("नन्दिनी", "नन्दिनी"),
        ("می‌خواهم", "می‌خواهم"),
        ("👩‍💻", "👩‍💻"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("x" * 24, "x" * 24),
    ],
)
def test_names(visit: Visit, typed: str, shown: str) -> None:
    """A name may be in any script; spaces around it are removed."""
    assert f'<bdi class="me">{shown}</bdi>' in visit().logIn(typed).text


@pytest.mark.parametrize("typed", ["", "   ", "x" * 25, "a\x00b", "\u200b", "\u202eadA", "\u3164", "\u200d\ufe0f"])
def test_noNames(visit: Visit, typed: str) -> None:
    """A name that is invisible, changes the text's direction, or is too long is refused."""
    refused = visit().logIn(typed)
    assert refused.status == 409
    assert "Please choose a name of 1 to 24 visible characters." in refused.text


@pytest.mark.parametrize("typed", ["Zoë", " ZOË ", "Zoe\u0308", "Ｚｏë", "Zo\u200dë", "Zoë\ufe0f"])
def test_sameLook(visit: Visit, typed: str) -> None:
    """A name that looks like another user's is refused, however it is spelled."""
    visit().logIn("Zoë")
    refused = visit().logIn(typed)
    assert refused.status == 409
    assert "already" in refused.text


def test_logInTwice(visit: Visit) -> None:
    """A second login of a logged-in user changes nothing."""
    visitor = visit()
    visitor.logIn("Ada")
    assert '<bdi class="me">Ada</bdi>' in visitor.logIn("Grace").text


def test_logOut(visit: Visit) -> None:
    """After a logout the browser has no session, and the old session is invalid."""
    visitor, thief = visit(), visit()
    visitor.logIn("Ada")
    (cookie,) = visitor.cookies
    thief.cookies.set_cookie(cookie)
    assert "Log out" in thief.get().text
    assert "Your name" in visitor.post("logout").text
    assert list(visitor.cookies) == []
    assert "Your name" in thief.get().text


def test_tooMuch(visit: Visit) -> None:
    """A form that is too large for a name is refused."""
    assert visit().logIn("x" * 2000).status == 413


@pytest.mark.parametrize("path", ["nothing", "static/", "chat.py", "../users.py", "login/more"])
def test_nothingElse(visit: Visit, path: str) -> None:
    """Other paths, and other methods, are refused."""
    assert visit().get(path).status in (404, 405)
