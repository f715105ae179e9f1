"""
The template macro: the script tags of the browser client, from Python and from Jinja2.
"""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import ChoiceLoader, DictLoader, Environment, PackageLoader

from ratchet_tx.web.macro import Markup, websocketClient

Macro = Callable[..., str]

BEFORE, BETWEEN, AFTER = "var p2_ratchet_access_token = ", ", p2_ratchet_debug = ", ";"

TOKENS = [
    *("", "sesame", "None", "null", "ü\U0001f600", "\x00\x1f\x7f", " \t\r\n", "{{ token }}", "{% raw %}", "&lt;/script&gt;"),
    *("</script>", "</SCRIPT >", "<!--", "-->", "<script>", "]]>", "</script><script>alert(1)</script>", "<!--<script>"),
    *('"', "'", "\\", '\\"', "\\u0022", '";alert(1);"', "&", "&quot;", "\u2028", "\u2029", "`${x}`", "\\u2028"),
]


def jinja(autoescape: bool) -> Macro:
    page = '{% from "ratchet.html" import websocket_client %}{{ websocket_client(**arguments) }}'
    loader = ChoiceLoader([DictLoader({"page.html": page}), PackageLoader("ratchet_tx.web")])
    template = Environment(loader=loader, autoescape=autoescape).get_template("page.html")
    return lambda **arguments: template.render(arguments=arguments)


fromJinja = jinja(autoescape=True)

MACROS = [
    pytest.param(websocketClient, id="python"),
    pytest.param(fromJinja, id="jinja"),
    pytest.param(jinja(autoescape=False), id="jinja without autoescape"),
]


class Page(HTMLParser):
    """
    A page as a browser parses it.

    @ivar scripts: its script elements, each with its attributes and its text
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.inside = False
        self.feed(f"<body>{html}<p>")
        self.close()
        assert not self.inside

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in ("body", "script", "p"), tag
        assert not self.inside
        if tag == "script":
            self.inside = True
            self.scripts.append((dict(attributes), ""))

    def handle_endtag(self, tag: str) -> None:
        assert tag == "script"
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            attributes, text = self.scripts.pop()
            self.scripts.append((attributes, text + data))
        else:
            assert not data.strip(), data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a page without comments has one")


def told(html: str) -> tuple[Any, Any]:
    """
    Read the token and the debug flag of a page.

    JSON is JavaScript except for U+2028 and U+2029, which older browsers read as line ends.
    """
    (_, script), (_, none) = Page(html).scripts
    assert none == ""
    assert not set("<>&'\u2028\u2029") & set(script)
    assert script.startswith(BEFORE)
    assert script.endswith(AFTER)
    token, _, debug = script.removeprefix(BEFORE).removesuffix(AFTER).rpartition(BETWEEN)
    return json.loads(token), json.loads(debug)


@pytest.mark.parametrize("macro", MACROS)
class TestPages:
    """
    The tags that either macro makes.
    """

    def test_nothingSaid(self, macro: Macro) -> None:
        """Without arguments the client is loaded from its default URL, without a token."""
        html = macro()
        assert told(html) == ("", False)
        assert [attributes for attributes, _ in Page(html).scripts] == [{}, {"src": "/ratchet.js"}]

    @pytest.mark.parametrize("token", TOKENS, ids=ascii)
    def test_anyToken(self, macro: Macro, token: str) -> None:
        """The browser client gets any token unchanged, and the page stays intact."""
        assert told(macro(token=token)) == (token, False)

    def test_noToken(self, macro: Macro) -> None:
        """None is a blank token."""
        assert told(macro(token=None)) == ("", False)

    @pytest.mark.parametrize("debug", [True, False, 1, 0, "yes", "", None])
    def test_debug(self, macro: Macro, debug: Any) -> None:
        """Any true or false value switches debugging."""
        assert told(macro(token="sesame", debug=debug)) == ("sesame", bool(debug))

    @pytest.mark.parametrize("value", ["/a/b.js?v=1&w=2", "\"'<>&", '"><script>alert(1)</script>', "' onload='x", "ü"])
    def test_attributes(self, macro: Macro, value: str) -> None:
        """Any nonce and source stay in their attributes."""
        (first, _), (second, _) = Page(macro(token="sesame", src=value, nonce=value)).scripts
        assert first == {"nonce": value}
        assert second == {"nonce": value, "src": value}


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("<>/!-\"'\\&script\u2028\u2029u0"))
@example("</script>")
def test_everyToken(token: str) -> None:
    """Both macros give the browser the same token."""
    for macro in (websocketClient, fromJinja):
        assert told(macro(token=token)) == (token, False)


def test_sameOnBothWays() -> None:
    """Both macros make the same tags, except for the escaping of quotes."""
    arguments = {"token": "se<s>ame", "debug": True, "src": "/client.js", "nonce": "r4nd0m"}
    assert str(websocketClient(**arguments)) == fromJinja(**arguments)


def test_markup() -> None:
    """Template engines don't escape the tags."""
    html = websocketClient("sesame")
    assert isinstance(html, Markup)
    assert type(html.__html__()) is str
    assert html.__html__() == html
    page = Environment(autoescape=True).from_string("{{ tags }}").render(tags=html)
    assert page == html
