"""The record of the judge that ships: what its network is, and what it was made for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sketchshape.errors import ArtefactError
from sketchshape.files import digest, file_digest, write_json
from sketchshape.upright.measures import CELLS, GRID, POINTS, SLICES, STEPS

FORMAT = 2
RECORD, NETWORK = "judge.json", "judge.npz"
_MEASURES = {"points": POINTS, "slices": SLICES, "steps": STEPS, "grid": GRID, "cells": CELLS}


def write_record(folder: Path, facts: dict[str, Any]) -> str:
    """Write `judge.json` beside the network, which makes the judge whole.

    Args:
        folder: with the network in it.
        facts: warmth, and more for people to read.

    Returns:
        The hash of the judge.
    """
    deciding = {"format": FORMAT, "measures": _MEASURES, "warmth": facts["warmth"]}
    whole = _hash(folder, deciding)
    write_json(folder / RECORD, {**deciding, "kind": "upright", "hash": whole, **facts})
    return whole


def read_record(folder: Path) -> dict[str, Any]:
    """Read `judge.json` and check the network beside it.

    Raises:
        ArtefactError: a file is missing or changed, or it was made for another version.
    """
    path, again = folder / RECORD, "install the package again, or make it with scripts/data/make_upright.py"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT or record["kind"] != "upright":
            raise ArtefactError(f"{path}: format {record['format']}, expected {FORMAT}; {again}")
        if record["measures"] != _MEASURES:
            raise ArtefactError(
                f"{path}: made for measures {record['measures']}, here are {_MEASURES}; {again}"
            )
        deciding = {name: record[name] for name in ("format", "measures", "warmth")}
        if record["hash"] != _hash(folder, deciding):
            raise ArtefactError(f"{folder}: {NETWORK} or {RECORD} changed since it was made; {again}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{path}: damaged ({error}); {again}") from None
    return record


def _hash(folder: Path, deciding: dict[str, Any]) -> str:
    return digest(deciding, file_digest(folder / NETWORK))
