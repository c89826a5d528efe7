"""The file in which FAISS keeps what it holds, with a record of what it is: both are whole or not there."""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

from sketchshape.engines.engine import Rows, Where, hold_again
from sketchshape.errors import ArtefactError, SketchshapeError
from sketchshape.files import atomic, write_json

FORMAT = 1
BLOCK = 1 << 22


class Altered(ArtefactError):
    """There is no such file, or it is not as it was written: it can be made anew."""


def held_file(name: str, rows: Rows, where: Where) -> Path:
    """Give the file of an engine, checked.

    Args:
        name: of the engine.
        rows: that it is to be used with.
        where: the folder of the index.

    Raises:
        Altered: there is none, or it is not as it was written.
        ArtefactError: another network made it.
    """
    path = where.index / f"{name}.json"
    again = hold_again(name, where)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        file, said = where.index / Path(record["file"]).name, (record["format"], record["crc"])
        made_with, width = str(record["made_with"]), int(record["width"])
        data = said == (FORMAT, _crc(file))
    except FileNotFoundError:
        raise Altered(f"{where.index}: nothing is kept for the engine {name}; {again}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Altered(f"{path}: not readable ({error}); {again}") from None
    if not data:
        raise Altered(f"{file}: altered since it was written, or of another format; {again}")
    if (made_with, width) != (rows.made_with, rows.width):
        raise ArtefactError(
            f"{path}: made with another network ({made_with[:12]}, not {rows.made_with[:12]}); "
            f"remove it, and {again}"
        )
    return file


def write_file(index: Any, name: str, rows: Rows, where: Where) -> None:
    """Write what an engine holds under a new name, and then the record that speaks of it.

    Raises:
        SketchshapeError: the disk is full, or fails.
    """
    before = list(where.index.glob(f"{name}-[0-9]*.index"))
    number = 1 + max((int(path.stem.rpartition("-")[2]) for path in before), default=0)
    path = where.index / f"{name}-{number}.index"
    try:
        with atomic(path) as temporary:
            import_module("faiss").write_index(index, str(temporary))
        record = {"format": FORMAT, "made_with": rows.made_with, "width": rows.width}
        write_json(where.index / f"{name}.json", {**record, "file": path.name, "crc": _crc(path)})
    except (OSError, RuntimeError) as error:
        raise SketchshapeError(
            f"{path}: cannot be written ({error}); make room, and give the same command again"
        ) from error
    for old in before:
        with contextlib.suppress(OSError):  # another process reads it; the next run removes it
            os.unlink(old)


def _crc(path: Path) -> int:
    total = 0
    with path.open("rb") as stream:
        while data := stream.read(BLOCK):
            total = zlib.crc32(data, total)
    return total
