"""
The pages beside the sockets: a form that asks for a name, and the chat for who has one; plain twisted.web.
"""

from collections.abc import Callable
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader
from names import LONGEST_NAME, NameRefused
from twisted.web.pages import errorPage, forbidden
from twisted.web.resource import Resource
from twisted.web.server import Request
from twisted.web.static import File
from users import SESSION_SECONDS, User, Users

from ratchet_tx import Hub, Origins

HERE = Path(__file__).parent

COOKIE = b"chat-session"

#: A name is all that is ever posted.
LONGEST_FORM = 1024

HEADERS = {
    b"cache-control": b"no-store",  # a page that shows a token is nobody else's
    b"cross-origin-opener-policy": b"same-origin",
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Pages(Resource):
    """
    All pages.

    @param hub: what issues the tokens, and whose sockets a logout closes
    @param users: what the hub knows its clients by
    """

    def __init__(self, hub: Hub, users: Users) -> None:
        super().__init__()
        self._hub = hub
        self._users = users
        # Its loaders: our templates, and ratchet_tx's, which has the macro websocket_client.
        loader = ChoiceLoader([FileSystemLoader(HERE / "templates"), PackageLoader("ratchet_tx.web")])
        self._templates = Environment(loader=loader, autoescape=True)
        self.putChild(b"", self)
        self.putChild(b"login", Action(hub, self.logIn))
        self.putChild(b"logout", Action(hub, self.logOut))
        for name in ("chat.css", "chat.js", "icon.svg"):
            self.putChild(name.encode(), File(str(HERE / "static" / name)))

    def getChildWithDefault(self, path: bytes, request: Request) -> Any:
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        return super().getChildWithDefault(path, request)

    def render_GET(self, request: Request) -> bytes:
        """
        Show the chat, with a new token for this window's socket; or the form, to who has no session.
        """
        user = self._user(request)
        if user is None:
            return self._show(request, "login.html")
        return self._show(request, "chat.html", username=user.name, token=self._hub.issueAccessToken(user))

    def logIn(self, request: Request) -> bytes:
        """
        Begin a session; who has one keeps it.
        """
        name = request.args.get(b"name", [b""])[0].decode("utf-8", "replace")
        if self._user(request) is None:
            try:
                session = self._users.logIn(name)
            except NameRefused as refusal:
                request.setResponseCode(409)
                return self._show(request, "login.html", name=name[:LONGEST_NAME], refusal=refusal)
            _setCookie(request, session, SESSION_SECONDS)
        return _seeHome(request)

    def logOut(self, request: Request) -> bytes:
        """
        End the session, and the connections of all its windows.
        """
        user = self._users.logOut(_session(request))
        if user is not None:
            self._hub.disconnect(user.id)
        _setCookie(request, "", 0)
        return _seeHome(request)

    def _user(self, request: Request) -> User | None:
        return self._users.find(_session(request))

    def _show(self, request: Request, template: str, **facts: Any) -> bytes:
        nonce = token_urlsafe(16)
        request.setHeader(b"content-type", b"text/html; charset=utf-8")
        request.setHeader(b"content-security-policy", CONTENT_SECURITY_POLICY.format(nonce=nonce).encode())
        return self._templates.get_template(template).render(nonce=nonce, **facts).encode()


class Action(Resource):
    """
    Takes a form from our own pages only: SameSite=Strict keeps the cookie from other sites' requests, but a login has no
    cookie yet, so the Origin must be right too, by the rule that counts for sockets.
    """

    isLeaf = True

    def __init__(self, hub: Hub, act: Callable[[Request], bytes]) -> None:
        super().__init__()
        self._origins = Origins(hub.settings.origin)
        self._act = act

    def render_POST(self, request: Request) -> Any:
        if not self._origins.permit(request.getHeader("origin"), request.getHeader("host") or "", request.isSecure()):
            return forbidden("This form is on another site.").render(request)
        if request.content.seek(0, 2) > LONGEST_FORM:
            return errorPage(413, "Too much", "A name is shorter than that.").render(request)
        return self._act(request)


def _session(request: Request) -> str:
    return (request.getCookie(COOKIE) or b"").decode("utf-8", "replace")


def _setCookie(request: Request, session: str, seconds: int) -> None:
    secure = request.isSecure()
    request.addCookie(COOKIE, session, path="/", max_age=str(seconds), httpOnly=True, secure=secure, sameSite="strict")


def _seeHome(request: Request) -> bytes:
    request.setResponseCode(303)
    request.setHeader(b"location", b"/")
    return b""
