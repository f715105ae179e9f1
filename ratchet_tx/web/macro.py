"""
The template macro that puts the script tags of the browser client into a page.
"""

from html import escape

import msgspec

#: In a script element these are escaped as in JSON: the HTML parser could read them as markup, and old JavaScript reads the
#: last two as line ends.
_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&'\u2028\u2029"})


class Markup(str):
    """
    HTML that templates insert unescaped: Jinja2, Django, Chameleon and others call C{__html__}.
    """

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def websocketClient(token: str | None = "", debug: bool = False, src: str = "/ratchet.js", nonce: str = "") -> Markup:
    """
    Make the script tags that load the browser client and log it in with a token.

    @param token: what C{hub.issueAccessToken} gave for the page's user; blank or None for an anonymous one. Send a page with
        a token with C{Cache-Control: no-store}, because it is for one user only
    @param debug: whether the browser's console shows the messages
    @param src: the URL of the client
    @param nonce: the page's nonce, if its Content-Security-Policy needs one
    @return: HTML
    """
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    return Markup(
        f"<script{attribute}>"
        f"var p2_ratchet_access_token = {_literal(token or '')}, p2_ratchet_debug = {_literal(bool(debug))};"
        "</script>\n"
        f'<script{attribute} src="{escape(src)}"></script>'
    )


def _literal(value: str | bool) -> str:
    return msgspec.json.encode(value).decode().translate(_ESCAPES)
