"""How often one client may ask."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from sketchshape.web.gate.clients import Clients, bucket
from sketchshape.web.problems import problem

BURST = 10  # seconds whose requests may come at once: a page asks for many pictures when it opens
KEPT = 10_000  # clients that are remembered; who was away longest is forgotten


class Buckets:
    """A bucket of tokens for each client: a request takes one, and they come back with time.

    Args:
        rate: tokens per second, above 0; a bucket holds those of `BURST` seconds.
        clock: in seconds.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._most, self._clock = rate, max(1.0, rate * BURST), clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take a token; give 0, or the seconds until there is one."""
        now = self._clock()
        level, then = self._levels.get(client, (self._most, now))
        level = min(self._most, level + (now - then) * self._rate)
        missing = max(0.0, 1 - level)
        self._levels[client] = (level if missing else level - 1, now)
        self._levels.move_to_end(client)
        if len(self._levels) > KEPT:
            self._levels.popitem(last=False)
        return missing / self._rate


class Pace:
    """Refuse who asks too often, and say when to come again.

    Args:
        app: what answers.
        rate: requests per second of one client.
        clients: tells them apart.
        own: whether this holds for programs of this machine too.
    """

    def __init__(self, app: ASGIApp, rate: float, clients: Clients, *, own: bool) -> None:
        self._app, self._buckets, self._clients, self._own = app, Buckets(rate), clients, own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        address = self._clients.address(scope) if scope["type"] == "http" else None
        free = scope["type"] != "http" or (address is not None and address.is_loopback and not self._own)
        wait = 0.0 if free else self._buckets.take(bucket(address))
        if not wait:
            await self._app(scope, receive, send)
            return
        seconds = math.ceil(wait)
        answer = problem(
            429,
            "too-often",
            f"Too many requests from one place; try again in {seconds} s.",
            {"Retry-After": str(seconds)},
        )
        await answer(scope, receive, send)
