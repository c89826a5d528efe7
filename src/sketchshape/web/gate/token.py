"""The token that strangers do not have."""

from __future__ import annotations

import hmac
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sketchshape.errors import UsageError
from sketchshape.web.gate.clients import Clients
from sketchshape.web.problems import problem

DAYS = 90  # that a browser keeps it
PAGES = {"/": "./", "/docs": "docs"}  # what a link with a token may lead to, and where each is from itself
OPEN = ("/static/", "/favicon.ico")  # the page without anybody's shapes: its code is public
LOCKED = Path(__file__).parents[1] / "static" / "locked.html"


class Token:
    """Let nobody in without the token: a program sends it, a browser keeps it as a cookie.

    `/?token=...` gives a browser the cookie and leads to the page without it in its address. The cookie is
    not the token but a hash of it, is not shown to scripts, and is sent from the service's own pages only.

    Args:
        app: what answers.
        token: that programs send as `Authorization: Bearer`.
        root: path under which a proxy has the service.
        clients: tells whether a browser came over HTTPS.
    """

    def __init__(self, app: ASGIApp, token: str, root: str, clients: Clients) -> None:
        self._app, self._path, self._clients = app, f"{root}/", clients
        self._digest = _digest(token)
        self._cookie = sha256(b"cookie" + self._digest).hexdigest()
        self._name = f"sketchshape-{self._cookie[:8]}"  # of its own: the ports of a machine share cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = "/" + scope["path"].removeprefix(self._path)
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        answer: Response | None = None
        if path in PAGES and given:
            right = self._is_token(given[-1])
            answer = self._let_in(scope, PAGES[path]) if right else _refuse(scope, path)
        elif not self._knows(scope) and not path.startswith(OPEN):
            answer = JSONResponse({"status": "ok"}) if path == "/healthz" else _refuse(scope, path)
        await (answer or self._app)(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is_token(given.strip()):
            return True
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._name)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(_digest(found.value), _digest(self._cookie))

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(_digest(given), self._digest)

    def _let_in(self, scope: Scope, target: str) -> Response:
        answer: Response = RedirectResponse(target, 303)
        if Headers(scope=scope).get("sec-fetch-site") in ("cross-site", "same-site"):
            # A redirect that another site began would not bring the cookie; what this page begins does.
            answer = HTMLResponse(f'<meta http-equiv="refresh" content="0;url={target}">')
        answer.headers["cache-control"] = "no-store"
        answer.set_cookie(
            self._name,
            self._cookie,
            max_age=DAYS * 86400,
            path=self._path,
            secure=self._clients.secure(scope),
            httponly=True,
            samesite="strict",
        )
        return answer


def check_token(text: str) -> str:
    """Give a token as it is compared.

    Raises:
        UsageError: it is empty, or has what no header and no link can carry.
    """
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or set(token) & set(' "&#%+?/\\;,='):
        raise UsageError(
            "the token is empty or has other signs than letters, digits, - . _ and ~; make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe())"'
        )
    return token


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()


def _refuse(scope: Scope, path: str) -> Response:
    if path in PAGES and "text/html" in Headers(scope=scope).get("accept", ""):
        return FileResponse(LOCKED, 401, {"cache-control": "no-store", "www-authenticate": "Bearer"})
    return problem(
        401,
        "token",
        "This service asks for its token: open its page with the link that has ?token=... in it, or send "
        "Authorization: Bearer TOKEN.",
        {"WWW-Authenticate": "Bearer"},
    )
