"""The record of a bundle: what its files are, and what it was made for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sketchshape.encoders.likeness import COSINE, likeness
from sketchshape.encoders.vocabulary import FILE as WORDS
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.files import digest, file_digest, write_json, write_text
from sketchshape.images import PREPROCESSING_VERSION

FORMAT, UNSEALED = 4, 3  # the older one is read too: there only what decides an embedding is checked
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
    head = {"format": FORMAT, "seal": "", "kind": "bundle", "hash": _hash(facts, files), "files": files}
    write_json(folder / RECORD, head | {name: facts[name] for name in facts if name not in head})
    seal(folder)
    return str(head["hash"])


def seal(folder: Path) -> None:
    """Write into `bundle.json` a hash of each of its bytes, and of the words beside it.

    To be called again after either was changed; a bundle of the older format gets a seal too.
    """
    text = (folder / RECORD).read_text(encoding="utf-8")
    if '"seal"' not in text:
        text = text.replace(f'"format": {UNSEALED},', f'"format": {FORMAT},\n  "seal": "",', 1)
    text = re.sub('"seal": "[^"]*"', '"seal": ""', text, count=1)
    write_text(folder / RECORD, text.replace('"seal": ""', f'"seal": "{_seal(folder, text)}"', 1))


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
        text = path.read_bytes().decode("utf-8")
        record: dict[str, Any] = json.loads(text)
        if record["format"] not in (FORMAT, UNSEALED) or record["kind"] != "bundle":
            raise ArtefactError(f"{path}: format {record['format']}, expected {FORMAT}; {again}")
        found = {name: file_digest(folder / name) for name in FILES}
        if record["hash"] != _hash(record, found):
            changed = [name for name in FILES if found[name] != record["files"][name]] or [RECORD]
            raise ArtefactError(f"{folder}: {', '.join(changed)} changed since the export; {again}")
        if record["format"] == FORMAT and record["seal"] != _seal(
            folder, text.replace(record["seal"], "", 1)
        ):
            raise ArtefactError(
                f"{folder}: {RECORD} or {WORDS} changed since the export; {again}, or, if that was you, "
                f"python scripts/data/seal_bundle.py {folder}"
            )
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


def _seal(folder: Path, text: str) -> str:
    words = folder / WORDS
    return digest(text, file_digest(words) if words.is_file() else "")


def _likeness(facts: dict[str, Any]) -> str:
    return str(facts.get("likeness", COSINE.name))
