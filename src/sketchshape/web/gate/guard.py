"""What holds for every request: the size of its body, the headers of its answer, and the count of both."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sketchshape.web.limits import Limits
from sketchshape.web.metrics import Metrics
from sketchshape.web.problems import Problem, problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"  # no text becomes a part of the page
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PIECE = 1_000_000  # bytes of an answer that are handed on at once
HUNG_UP = 499  # a status that nobody sees: the client went away before it had asked
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_log = logging.getLogger("sketchshape.web")


class HungUp(Exception):
    """The client went away in the middle of its request."""


class Broken(Exception):
    """An answer broke off."""


class Guard:
    """Refuse bodies that are too large, add the security headers, count and time.

    What fails is answered here too, so that those answers have the headers, and the log has no word of what
    was asked: neither a drawing nor the words beside it.

    Args:
        app: what answers.
        limits: of the service.
        metrics: what counts.
    """

    def __init__(self, app: ASGIApp, limits: Limits, metrics: Metrics) -> None:
        self._app, self._limits, self._metrics = app, limits, metrics
        self._held = self._given = 0  # bytes of bodies and of answers that are in memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status, taken, whole, given = time.perf_counter(), 0, 0, False, 0
        asked = scope["method"]
        if asked == "HEAD":  # every GET is also a HEAD [RFC 9110 9.3.2]; the server leaves the body out
            scope = {**scope, "method": "GET"}

        async def guarded_receive() -> Message:
            nonlocal taken, whole
            message = await receive()
            if message["type"] == "http.disconnect" and not whole:
                raise HungUp
            got = len(message.get("body", b""))
            taken, self._held = taken + got, self._held + got
            whole = not message.get("more_body", False)
            self._check(taken)
            return message

        async def guarded_send(message: Message) -> None:
            nonlocal status, given
            if message["type"] == "http.response.start":
                size = _announced(message)
                if size > PIECE and self._given and self._given + size > self._limits.answers:
                    raise Problem(503, "busy", "Too many large answers at once; try again in a second.")
                status, given = message["status"], size
                self._given += given
                message = {**message, "headers": [*message.get("headers", []), *_RAW]}
            for piece in _pieces(message):
                await send(piece)

        try:
            self._check(_announced(scope))
            await self._app(scope, guarded_receive, guarded_send)
        except HungUp:
            status = HUNG_UP
        except asyncio.CancelledError:  # the service ends, and this took longer than it waits
            if not status:
                await problem(503, "ending", "The service ends; ask again when it is back.")(
                    scope, receive, guarded_send
                )
        except Exception as error:
            answer = _answer(error)
            if status:
                status = 500
                raise Broken("half an answer cannot be taken back") from None
            await answer(scope, receive, guarded_send)
        finally:
            self._held, self._given = self._held - taken, self._given - given
            self._metrics.count(_route(scope), asked, status, time.perf_counter() - start)

    def _check(self, size: int) -> None:
        if size > self._limits.body:
            limit = f"{self._limits.body / 1e6:g} MB"
            raise Problem(413, "too-large", f"The request is larger than {limit}; send a smaller picture.")
        if self._held > self._limits.bodies:
            raise Problem(503, "busy", "Too many large requests at once; try again in a second.")


def _answer(error: Exception) -> Response:
    """Say what went wrong; what nobody expected is logged without its words, which may be the client's."""
    if isinstance(error, Problem):
        return problem(error.status, error.code, error.detail)
    lines = "".join(traceback.format_tb(error.__traceback__))
    _log.error("a request failed: %s\n%s", type(error).__name__, lines.rstrip())
    return problem(500, "failed", "The cause is in the server's log. Other requests are not affected.")


def _pieces(message: Message) -> Iterator[Message]:
    """Part a long body: between its pieces the server waits for a client that takes its time."""
    body = message.get("body", b"")
    last = max(0, (len(body) - 1) // PIECE * PIECE)
    for at in range(0, last, PIECE):
        yield {**message, "body": body[at : at + PIECE], "more_body": True}
    yield {**message, "body": body[last:]} if last else message


def _announced(message: Mapping[str, Any]) -> int:
    for name, value in message.get("headers", ()):
        if name == b"content-length":
            return int(value[:20]) if value.isdigit() else 0
    return 0


def _route(scope: Scope) -> str:
    """The address with its variables unnamed: the number of labels must not grow with the library."""
    path = getattr(scope.get("route"), "path", None)
    return str(path) if path else "other"
