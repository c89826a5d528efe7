"""The log of a training: one row per stage and epoch, as JSON lines and as a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sketchshape.files import atomic, write_text

Row = dict[str, str | float]


def write_log(folder: Path, stage: str, history: Sequence[Mapping[str, float]]) -> None:
    """Write `log.jsonl` and `log.csv` anew: this stage from `history`, other stages as they are.

    Writing all rows each time is what keeps an epoch that was logged, lost and trained again from being
    there twice.

    Args:
        folder: of the run.
        stage: name of the stage that the history is of.
        history: one row for each finished epoch.
    """
    rows = [row for row in read_log(folder) if row["stage"] != stage]
    rows += [{"stage": stage, **row} for row in history]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_text(folder / "log.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    with atomic(folder / "log.csv") as temporary, temporary.open("w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, columns)
        table.writeheader()
        table.writerows(rows)


def read_log(folder: Path) -> list[Row]:
    """Read the rows of `log.jsonl`; none where there is no such file.

    Args:
        folder: of the run.

    Returns:
        Rows with at least `stage`, `epoch` (from 1) and `loss`.
    """
    path = folder / "log.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
