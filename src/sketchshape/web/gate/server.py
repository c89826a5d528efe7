"""The server: patient with people, not with who keeps a connection open for its own sake."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sketchshape.errors import UsageError

HEAD = 10.0  # seconds in which the head of a request must be there
BODY, SPEED = 20.0, 20_000  # seconds for a body, and one more for each of these bytes of it
REST = 5.0  # seconds in which who was refused in the middle of a body may end it
STUCK = 30.0  # seconds in which the next piece of an answer must be taken
IDLE = 30  # seconds that a connection is kept between two requests
GRACE = 8  # seconds for the requests that are at work when the service ends
MOST = 500  # connections at once
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Connection(H11Protocol):
    """A connection that is closed where nothing goes on; `check` is called every second."""

    most = MOST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; where there are too many, the one goes that has kept the service waiting longest."""
        super().connection_made(transport)
        self._since, self._taken, self._stuck = time.monotonic(), 0, 0.0
        if len(self.connections) > self.most:
            every = [one for one in self.connections if isinstance(one, Connection)]
            min(every, key=lambda one: one._since if one._owes() else float("inf")).transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes; the time of a request begins with its first one."""
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            self._since, self._taken = time.monotonic(), 0
        self._taken += len(data)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of a body that was refused."""
        self._since, self._taken = time.monotonic(), 0
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Note since when the client takes nothing."""
        self._stuck = time.monotonic()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that it went on."""
        self._stuck = 0.0
        super().resume_writing()

    def check(self, now: float) -> None:
        """Close the connection where the client took too long."""
        waited = now - self._since
        if self._stuck and now - self._stuck > STUCK:
            self.transport.abort()
        elif self.conn.their_state is h11.IDLE and waited > HEAD:
            if self._taken or self.cycle is None:  # else nothing is begun, and it is kept for IDLE
                self._give_up()
        elif self.conn.their_state is h11.SEND_BODY:
            if self.cycle.response_complete:
                if waited > REST:
                    self.transport.abort()
            elif waited > BODY + self._taken / SPEED:
                self._give_up()

    def _give_up(self) -> None:
        if not self.transport.is_closing() and (self.cycle is None or not self._answering()):
            self.transport.write(TIMEOUT)
        self.transport.close()

    def _owes(self) -> bool:
        """Whether it is the client's turn."""
        turn = self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and not self._answering()
        return turn and not self.transport.is_closing()

    def _answering(self) -> bool:
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete


class Server(uvicorn.Server):
    """Ends with code 0 when it is told to, after what is at work was answered."""

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections once a second."""
        if counter % 10 == 0:
            now = time.monotonic()
            for one in list(self.server_state.connections):
                if isinstance(one, Connection):
                    one.check(now)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that ask for the end, and do not raise them again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def settings(app: Any) -> uvicorn.Config:
    """Give the settings under which an app is served: nothing in the log but what fails."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_level="error",
        access_log=False,  # it would have the words that were searched for, and tokens
        server_header=False,
        proxy_headers=False,  # anybody can write them; `Clients` reads those of trusted proxies
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=GRACE,
    )


def run(app: Any, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM."""
    Connection.most = most_connections()
    Server(settings(app)).run(sockets=[listening])


def most_connections() -> int:
    """Give how many connections there may be at once: files have to be opened too."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return MOST
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if files == resource.RLIM_INFINITY else min(MOST, files // 2)


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address.

    Raises:
        UsageError: it is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once only where the protocol is named; else each waits 40 ms for more
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        reason = error.strerror or error
        raise UsageError(
            f"cannot listen on {host}:{port}: {reason}; choose another --port or --host"
        ) from error
    listening.listen(1024)
    return listening
