"""Files of strokes: JSON as Quick, Draw!, Excalidraw, tldraw and others write it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from sketchshape.errors import SketchError
from sketchshape.images.files import excalidraw, tldraw
from sketchshape.images.files.lists import as_strokes
from sketchshape.images.strokes import Strokes, to_lines

LINES = (".ndjson", ".jsonl")  # a drawing on each line
STROKES = (".json", *LINES, ".excalidraw", ".tldr")
KEYS = ("drawing", "strokes", "lines", "paths", "image", "points")
MAX_BYTES = 32_000_000  # of a drawing; in memory JSON is twenty times as large
EXPECTED = "expected strokes [[xs, ys], ...], an object with a `drawing`, or a file of Excalidraw or tldraw"


def read_strokes(path: str | Path, line: int | None = None) -> Strokes:
    """Read one drawing: a file of strokes, or a line of an .ndjson or .jsonl file of Quick, Draw!

    Args:
        path: the file; a drawing is the list of strokes itself, an object with a `drawing`, or what
            Excalidraw and tldraw save.
        line: 1-based line of the drawing; None takes the whole file, of .ndjson and .jsonl the first line.

    Returns:
        [[xs, ys], ...], checked: finite numbers, as many xs as ys, at least one point.

    Raises:
        SketchError: the file or the line is not there, or does not hold a drawing.
    """
    path = Path(path)
    if path.suffix.lower() in LINES:
        line = line or 1
    try:
        text = path.read_bytes() if line is None else _line(path, line)
    except OSError as error:
        raise SketchError(path, f"cannot be read: {error.strerror or error}") from error
    return parse_strokes(text, path, line)


def parse_strokes(text: bytes, name: str | Path, line: int | None = None) -> Strokes:
    """Read the drawing in the bytes of a file of strokes, or in the first of its lines.

    Args:
        text: JSON, or a line of JSON for each drawing.
        name: what errors call the drawing.
        line: 1-based line that errors name.

    Returns:
        [[xs, ys], ...], checked as those of `read_strokes`.

    Raises:
        SketchError: it does not hold a drawing.
    """
    if len(text) > MAX_BYTES:
        cause = f"has {len(text)} bytes, expected at most {MAX_BYTES} for one drawing; simplify it"
        raise SketchError(name, cause, line=line)
    value = _json(text, name, line)
    try:
        strokes = _strokes(value)
    except ValueError as error:
        raise SketchError(name, str(error), line=line) from None
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise SketchError(name, f"is damaged ({error!r}); save it again", line=line) from None
    return [points.tolist() for points in (p.T for p in to_lines(strokes, name, line))]


def _json(text: bytes, name: str | Path, line: int | None) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        first, _, rest = text.strip().partition(b"\n")
        if rest and line is None:
            try:
                return json.loads(first)
            except (ValueError, RecursionError):
                pass
        deep = isinstance(error, RecursionError)
        raise SketchError(name, f"is not JSON: {'nested too deep' if deep else error}", line=line) from error


def _strokes(value: Any) -> Any:
    """Give the strokes of any of the forms that are known, still unchecked."""
    if isinstance(value, list):
        return as_strokes(value)
    if not isinstance(value, dict):
        raise ValueError(f"is a {type(value).__name__}, {EXPECTED}")
    if excalidraw.is_scene(value):
        return [line.T.tolist() for line in excalidraw.strokes(value)]
    if tldraw.is_store(value):
        return [line.T.tolist() for line in tldraw.strokes(value)]
    for key in KEYS:
        if isinstance(value.get(key), list):
            return as_strokes(value[key], known=key == "drawing")
    if "drawing" in value:
        raise ValueError(f"its `drawing` is a {type(value['drawing']).__name__}, {EXPECTED}")
    raise ValueError(
        f"is an object with {', '.join(map(repr, list(value)[:5])) or 'nothing in it'}, {EXPECTED}"
    )


def _line(path: Path, line: int) -> bytes:
    state = path.stat()
    offsets = _offsets(path, state.st_mtime_ns, state.st_size)
    if not 1 <= line < len(offsets):
        raise SketchError(path, f"has {len(offsets) - 1} lines, expected a drawing there", line=line)
    with path.open("rb") as file:
        file.seek(offsets[line - 1])
        return file.read(offsets[line] - offsets[line - 1])


@lru_cache(maxsize=64)
def _offsets(path: Path, changed: int, size: int) -> tuple[int, ...]:
    """Where each line starts; time and size are part of the key so that a changed file is read again."""
    offsets = [0]
    with path.open("rb") as file:
        for line in file:
            offsets.append(offsets[-1] + len(line))
    return tuple(offsets)
