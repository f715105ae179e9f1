"""
The request that opened a connection, as applications see it.
"""

import gc
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from ratchet_tx.interfaces import IRequest
from ratchet_tx.transport.handshake.request import Request, parseCookies

names = st.text("abcXYZ019!#$%&'*+-.^_`|~[]", min_size=1, max_size=8)
values = st.text("abcXYZ019!#$%&'()*+-./:<=>?@[]^_`{|}~ ,").map(str.strip)


def test_interface() -> None:
    """A request provides what IRequest asks for."""
    verifyObject(IRequest, Request())


def test_empty() -> None:
    """An unknown request is one for the root."""
    request = Request()
    assert (request.path, request.query, request.headers, request.cookies) == ("/", {}, {}, {})


def test_parts() -> None:
    """A request has its path, its query, its headers by lower-case names, and its cookies."""
    request = Request("/a%20b", {"room": ["1", "2"]}, {"User-Agent": "Netscape", "COOKIE": "a=1; b=2"})
    assert request.path == "/a%20b"
    assert request.query["room"] == ("1", "2")
    assert request.headers == {"user-agent": "Netscape", "cookie": "a=1; b=2"}
    assert request.cookies == {"a": "1", "b": "2"}
    assert request.cookies is request.cookies


@pytest.mark.parametrize("name", ["path", "query", "headers", "cookies", "other"])
def test_fixed(name: str) -> None:
    """A request's attributes can't be replaced."""
    request: Any = Request()
    with pytest.raises(AttributeError):
        setattr(request, name, {})


@pytest.mark.parametrize("name", ["query", "headers", "cookies"])
def test_readOnly(name: str) -> None:
    """A request's mappings can't be changed."""
    mapping: Any = getattr(Request(), name)
    with pytest.raises(TypeError):
        mapping["x"] = "1"


def test_readOnlyQuery() -> None:
    """An application can't change a query field that the next application reads."""
    request = Request("/", {"room": ["lobby"]})
    with suppress(AttributeError, TypeError):
        request.query["room"].append("vault")
    assert list(request.query["room"]) == ["lobby"]


def test_target() -> None:
    """The query may be part of the request's target; an empty value is a value."""
    request = Request("/a%20b?room=1&room=2&c%C3%A4=&&x")
    assert request.path == "/a%20b"
    assert request.query == {"room": ("1", "2"), "cä": ("",), "x": ("",)}
    assert (Request("/a").query, Request("/a?").query) == ({}, {})


QUERY = "&".join(f"{number}" for number in range(3000))
MANY = "&".join("a" for _ in range(7000))
COOKIES = ";".join(f"{number}=1" for number in range(2000))


@pytest.mark.parametrize("query", [QUERY, MANY])
def test_long(query: str) -> None:
    """
    A request takes as much memory as its text, however many fields its query and cookies have, even after they are read.
    """
    tracemalloc.start()
    try:
        request = Request(f"/?{query}".encode().decode(), headers={"Cookie": COOKIES})
        counts = (sum(len(values) for values in request.query.values()), len(request.cookies))
        # Python keeps some freed tuples for later ones.
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert counts == (query.count("&") + 1, 2000)
    assert kept < request.size + 10_000
    assert len(query) + len(COOKIES) < request.size < len(query) + len(COOKIES) + 1000


def test_reprShowsThePathAlone() -> None:
    """A request's repr has only its path: no query, headers or cookies."""
    request = Request("/chat", {"token": ["sesame"]}, {"Cookie": "token=sesame"})
    assert request.cookies["token"] == "sesame"
    assert repr(request) == str(request) == "<Request /chat>"


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        (";;", {}),
        ("a", {}),
        ("a=1", {"a": "1"}),
        (" a = 1 ;b=2;", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("a=b=c==", {"a": "b=c=="}),
        ('a="1"; b=2', {"a": "1", "b": "2"}),
        ("cart[1]=x; ok=2", {"cart[1]": "x", "ok": "2"}),
        ("a=first; a=second", {"a": "first"}),
        ("a=ü", {"a": "ü"}),
    ],
)
def test_cookies(header: str, cookies: dict[str, str]) -> None:
    """Cookies are read as browsers send them; a malformed one doesn't affect the others."""
    assert parseCookies(header) == cookies


@given(st.text())
def test_anyCookieHeader(header: str) -> None:
    """Any Cookie header is read as texts by name."""
    for name, value in parseCookies(header).items():
        assert ";" not in name + value
        assert "=" not in name


@given(st.dictionaries(names, values))
def test_cookiesRoundTrip(cookies: dict[str, str]) -> None:
    """The cookies that a browser got are those that it sends back."""
    assert parseCookies("; ".join(f"{name}={value}" for name, value in cookies.items())) == cookies
