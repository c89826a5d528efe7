"""How much one client may ask for."""

from __future__ import annotations

import os
from dataclasses import dataclass

WORDS = 200  # letters of the words that count beside a drawing


@dataclass(frozen=True)
class Limits:
    """Bounds that keep one request, or many at once, from exhausting the server.

    Args:
        body: bytes of a request.
        text: bytes of JSON in a request: a drawing with `points` in it is shorter.
        bodies: bytes of all requests that are read or answered at once; further ones are answered 503.
        answers: bytes of all answers that are sent at once, where it is more than one.
        pixels: of a picture, width times height.
        strokes: of a drawing.
        points: of a drawing, over all its strokes.
        results: shapes in one answer.
        faces: of a shape that is turned into a GLB.
        workers: threads that compute.
        waiting: requests that compute or wait for it; further ones are answered 503.
    """

    body: int = 12_000_000
    text: int = 1_000_000
    bodies: int = 256_000_000
    answers: int = 512_000_000
    pixels: int = 24_000_000
    strokes: int = 1_000
    points: int = 10_000
    results: int = 200
    faces: int = 5_000_000
    workers: int = max(2, min(8, os.cpu_count() or 2))
    waiting: int = 256
