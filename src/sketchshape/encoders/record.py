"""The record of a bundle: what its files are, and what it was made for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sketchshape.encoders.likeness import COSINE, likeness
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.files import digest, file_digest, write_json
from sketchshape.images import PREPROCESSING_VERSION

FORMAT = 3
RECORD = "bundle.json"
SKETCHES, SHAPES, WEIGHTS, CENTERS = "sketches.onnx", "shapes.onnx", "weights.bin", "centers.npy"
FILES = (SKETCHES, SHAPES, WEIGHTS, CENTERS)


def write_record(folder: Path, facts: dict[str, Any]) -> str:
    """Write `bundle.json` beside the files of a bundle, which makes it whole.

    Args:
        folder: with all of `FILES`.
        facts: size, sketch_size, views, lines, preprocessing, renderer, classes and confidence; likeness,
            row (shape of the embedding of one shape) and width (length of that of a sketch), which may be
            left out where likeness is cosine; and more for people to read.

    Returns:
        The hash of the bundle.
    """
    files = {name: file_digest(folder / name) for name in FILES}
    record = {"format": FORMAT, "kind": "bundle", "hash": _hash(facts, files), "files": files, **facts}
    write_json(folder / RECORD, record)
    return str(record["hash"])


def read_record(folder: Path) -> dict[str, Any]:
    """Read `bundle.json` and check the files beside it.

    Args:
        folder: of a bundle.

    Returns:
        All facts, with format, kind, hash and the hashes of the files; likeness is there in any case.

    Raises:
        UsageError: the folder holds no bundle.
        ArtefactError: a file is missing or changed, or it was made for another version.
    """
    path = folder / RECORD
    if not path.is_file():
        raise UsageError(f"{folder}: no {RECORD} in it; expected a folder that `sketchshape export` wrote")
    again = "export it again from its run"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT or record["kind"] != "bundle":
            raise ArtefactError(f"{path}: format {record['format']}, expected {FORMAT}; {again}")
        found = {name: file_digest(folder / name) for name in FILES}
        if record["hash"] != _hash(record, found):
            changed = [name for name in FILES if found[name] != record["files"][name]] or [RECORD]
            raise ArtefactError(f"{folder}: {', '.join(changed)} changed since the export; {again}")
        if record["preprocessing"] != PREPROCESSING_VERSION:
            raise ArtefactError(
                f"{folder}: made for preprocessing {record['preprocessing']}, this is sketchshape with "
                f"{PREPROCESSING_VERSION}; train and {again}"
            )
        likeness(_likeness(record))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{folder}: damaged bundle ({error}); {again}") from None
    return {**record, "likeness": _likeness(record)}


def _hash(facts: dict[str, Any], files: dict[str, str]) -> str:
    deciding = ["size", "sketch_size", "views", "lines", "preprocessing", "renderer", "classes"]
    if _likeness(facts) != COSINE.name:  # came later: the hash of a bundle that has the cosine is as it was
        deciding += ["likeness", "row", "width"]
    return digest(*[facts[name] for name in deciding], files)


def _likeness(facts: dict[str, Any]) -> str:
    return str(facts.get("likeness", COSINE.name))
