"""What a run folder holds, and how it is written and read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from sketchshape.config import from_tree, to_tree
from sketchshape.config.run import RunSettings
from sketchshape.errors import ArtefactError, UsageError
from sketchshape.files import sweep, write_json

FORMAT = 3
FORMER = 2  # it differs in one word: the centers that are called unit-mean were called mean


def seed_folder(run: Path, seed: int) -> Path:
    """Name the folder of one seed's networks."""
    return run / f"seed-{seed}"


def claim(folder: Path, run: RunSettings, identity: str, *, fresh: bool) -> None:
    """Take a folder for a run; one that holds a run of other settings is not touched.

    Args:
        folder: of the run.
        run: its settings.
        identity: their hash.
        fresh: remove a run that is there first.

    Raises:
        ArtefactError: it holds something else.
    """
    path = folder / "settings.json"
    if fresh and path.is_file():
        shutil.rmtree(folder)
    for place in (folder, *folder.glob("seed-*")) if path.is_file() else ():
        sweep(place)
    sweep(folder, "settings")
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.get("hash") != identity:
            known = found.get("format") in (FORMER, FORMAT)
            of = "other settings" if known else "an older version of sketchshape"
            raise ArtefactError(
                f"{folder} holds a run of {of}; choose another folder with --out, "
                "or add --fresh to replace it"
            )
    elif folder.is_dir() and any(folder.iterdir()):
        raise ArtefactError(f"{folder} is not empty and holds no run; choose another folder with --out")
    write_json(path, {"format": FORMAT, "kind": "settings", "hash": identity, "settings": to_tree(run)})


def write_run(run: Path, record: dict[str, Any]) -> None:
    """Write `run.json`, the record of a run."""
    write_json(run / "run.json", {"format": FORMAT, "kind": "run", **record})


def of_today(record: Any) -> Any:
    """Give the record of a run of the former format in the words of this one.

    Its class centers are what is called unit-mean now; mean has another meaning.

    Args:
        record: what `run.json` holds.

    Returns:
        The same in today's format; anything else as it is.
    """
    if not isinstance(record, dict) or record.get("format") != FORMER:
        return record
    settings = record.get("settings", {})
    teacher = settings.get("teacher", {})
    if teacher.get("centers") == "mean":
        settings = {**settings, "teacher": {**teacher, "centers": "unit-mean"}}
    return {**record, "format": FORMAT, "settings": settings}


def read_run(run: Path) -> tuple[RunSettings, dict[str, Any]]:
    """Read the record of a run.

    Args:
        run: the folder.

    Returns:
        Its settings, and the whole record.

    Raises:
        UsageError: the folder is not there, or is not of a run.
        ArtefactError: the record is damaged or of another format.
    """
    path = run / "run.json"
    if not path.is_file():
        raise UsageError(
            f"{run}: no run.json in it; expected the folder of a run, as `sketchshape train` writes"
        )
    try:
        record = of_today(json.loads(path.read_text(encoding="utf-8")))
        if record["format"] != FORMAT or record["kind"] != "run":
            raise ArtefactError(
                f"{path}: format {record['format']}, expected {FORMAT}; train again with --fresh"
            )
        return from_tree(RunSettings, record["settings"], str(path)), record
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{path}: damaged ({error}); train again with --fresh") from None
