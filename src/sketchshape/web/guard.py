"""What holds for every request: the size of its body, the headers of its answer, and the count of both."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sketchshape.web.metrics import Metrics
from sketchshape.web.problems import problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


class TooLarge(Exception):
    """A body went over the limit while it was read."""


class Guard:
    """Refuse bodies that are too large, add the security headers, count and time.

    Args:
        app: what answers.
        body: largest body of a request in bytes.
        metrics: what counts.
    """

    def __init__(self, app: ASGIApp, body: int, metrics: Metrics) -> None:
        self._app, self._body, self._metrics = app, body, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status, taken = time.perf_counter(), 500, 0
        asked = scope["method"]
        if asked == "HEAD":  # every GET is also a HEAD [RFC 9110 9.3.2]; the server leaves the body out
            scope = {**scope, "method": "GET"}

        async def guarded_receive() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._body:
                raise TooLarge
            return message

        async def guarded_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), *_RAW]}
            await send(message)

        try:
            if _announced(scope) > self._body:
                raise TooLarge
            await self._app(scope, guarded_receive, guarded_send)
        except TooLarge:
            answer = problem(
                413,
                "too-large",
                f"The request is larger than {self._body / 1e6:g} MB; send a smaller picture.",
            )
            await answer(scope, receive, guarded_send)
        finally:
            self._metrics.count(_route(scope), asked, status, time.perf_counter() - start)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _route(scope: Scope) -> str:
    """The address with its variables unnamed: the number of labels must not grow with the library."""
    path = getattr(scope.get("route"), "path", None)
    return str(path) if path else "other"
