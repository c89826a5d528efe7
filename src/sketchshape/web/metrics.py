"""Counts and times of the service in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server

from sketchshape.errors import UsageError

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """What one app counts; two apps in a process do not mix.

    Args:
        shapes: how many shapes the library has.
    """

    def __init__(self, shapes: int) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "sketchshape_requests",
            "Requests answered",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "sketchshape_request_seconds",
            "Time from a request to its answer",
            ("route",),
            buckets=_BOUNDS,
            registry=self._registry,
        )
        Gauge("sketchshape_shapes", "Shapes in the library", registry=self._registry).set(shapes)

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request.

        Args:
            route: the address with its variables unnamed, such as `/api/shapes/{id}`.
            method: of HTTP.
            status: of HTTP.
            seconds: that it took.
        """
        known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def serve(self, host: str, port: int) -> int:
        """Answer Prometheus at an address of its own, in a thread; give the port.

        Raises:
            UsageError: the address is taken, or none of this machine's.
        """
        try:
            server, _ = start_http_server(port, host, self._registry)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"cannot listen on --metrics {host}:{port}: {reason}; choose another") from error
        return int(server.server_port)

    def text(self) -> bytes:
        """Write everything in the exposition format."""
        return generate_latest(self._registry)
