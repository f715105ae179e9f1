"""
The template macro of the seed: the script tags that load the browser client.
"""

from html import escape

import msgspec

#: Inside of a script element, what the HTML parser could take for markup, and what JavaScript once took for a line's end,
#: is written as JSON's escapes.
_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&'\u2028\u2029"})


class Markup(str):
    """
    HTML that templates put in as it is: Jinja2, Django, Chameleon and others ask for C{__html__}.
    """

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def websocketClient(token: str | None = "", debug: bool = False, src: str = "/ratchet.js", nonce: str = "") -> Markup:
    """
    Bring the browser client into a page, which logs in with a token by itself.

    @param token: what C{hub.issueAccessToken} gave for the page's user; blank or None for an anonymous one.
        A page that shows a token is nobody else's: send it with C{Cache-Control: no-store}.
    @param debug: whether the browser's console shows what is sent and received
    @param src: where the client is served
    @param nonce: the page's nonce, where its Content-Security-Policy asks for one
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
