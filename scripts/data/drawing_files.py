"""Drawings in files, as Quick, Draw! gives them out: <word>.ndjson, a drawing on each line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sketchshape.images import Strokes


def drawing_line(word: str, key: str, strokes: Strokes) -> str:
    """Write a drawing as a line of a file; `sketchshape pretrain` knows it by its key."""
    return json.dumps({"word": word, "key_id": key, "recognized": True, "drawing": strokes})


def write_beside(folder: Path, drawn: Mapping[str, Sequence[str]], out: Path) -> None:
    """Write the drawings of a folder again, with further lines at the end of each word.

    Args:
        folder: of <word>.ndjson.
        drawn: further lines of each word; one without a file there is left out.
        out: folder for both, made where it is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.glob("*.ndjson")):
        lines = [path.read_text(encoding="utf-8").rstrip("\n"), *drawn.get(path.stem, [])]
        (out / path.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
