"""The statistics that the SHREC'13 track published of its entries, one line for each query [SHREC13]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sketchshape.errors import DatasetError, UsageError
from sketchshape.types import F64

# The entries that [CGN] Table 1 calls so: their means are its rows.
ENTRIES = {"CDMR": "Furuya__CDMR-BF-fGALIF_CDMR-BF-fDSIFT_", "SBR-VC": "Li__SBR-VC_NUM_100_"}
QUERIES = 2700
LAYOUT = "shrec13"


@dataclass(frozen=True, eq=False)
class Official:
    """What an entry reached on the test sketches.

    Args:
        name: of the method, or of team and method.
        per_query: (2700, 5) NN, FT, ST, E, DCG of each test sketch, 0..1, three decimals.
        pr: (20,) precision at recall 1/20 ... 20/20. Its mean is what [CGN] prints as the mAP of this entry.
        listed: whether the table has it; the others are for the curves only.
        problem: why it could not be read; its arrays are empty then.
    """

    name: str
    per_query: F64
    pr: F64
    listed: bool = True
    problem: str = ""


def read_official(folder: Path, layout: str) -> list[Official]:
    """Read the entries that the paper's table has, and the best one of each other team.

    Args:
        folder: with a folder for each entry, as the organisers give it out.
        layout: of the data set that they are printed beside.

    Returns:
        One for each of `ENTRIES`; for each team the entry with the highest mean of its curve, where that is
        not one of `ENTRIES`; those that could not be read.

    Raises:
        UsageError: the data set is not SHREC'13, whose test sketches these numbers are of.
        DatasetError: a file of `ENTRIES` is missing or not as expected.
    """
    if layout != LAYOUT:
        raise UsageError(
            f"--official: the statistics are of SHREC'13's test sketches, and data.layout is {layout!r}; "
            "leave it out"
        )
    own = {entry: read_entry(folder / entry, name) for name, entry in ENTRIES.items()}
    return [*own.values(), *_others(folder, own)]


def read_entry(folder: Path, name: str, queries: int = QUERIES) -> Official:
    """Read the two files of an entry.

    Args:
        folder: with Stats_test.txt and PR_test.txt.
        name: of the method.
        queries: lines that there must be.

    Returns:
        Its statistics.

    Raises:
        DatasetError: a file is missing or not as expected.
    """
    stats, curve = folder / "Stats_test.txt", folder / "PR_test.txt"
    rows = [line.partition(":")[2].split() for line in _lines(stats) if line.startswith("No.")]
    points = [line.split() for line in _lines(curve) if line.strip()]
    points = points[1:] if points and points[0][0] == "Recall" else points  # not all have a head
    per_query, pr = _numbers(stats, rows, (queries, 5)), _numbers(curve, points, (20, 2))
    if not np.allclose(pr[:, 0], np.arange(1, 21) / 20):
        raise DatasetError(f"{curve}: recall goes from {pr[0, 0]} to {pr[-1, 0]}, expected 0.05 to 1")
    return Official(name, per_query, pr[:, 1])


def _others(folder: Path, own: Mapping[str, Official]) -> list[Official]:
    """Find the best entry of each team, if the table has it not; a folder is called TEAM__METHOD."""
    best: dict[str, Official] = {}
    damaged = []
    for path in sorted(folder.glob("*__*")):
        team, _, method = path.name.partition("__")
        name = f"{team} {method.strip('_').replace('_', ' ')}"
        try:
            one = own.get(path.name) or replace(read_entry(path, name), listed=False)
        except DatasetError as error:
            damaged.append(Official(name, np.empty((0, 5)), np.empty(0), listed=False, problem=str(error)))
            continue
        if team not in best or one.pr.mean() > best[team].pr.mean():
            best[team] = one
    return [*(one for one in best.values() if not one.listed), *damaged]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read ({error.strerror}); --official expects the folder with the entries of "
            f"the SHREC'13 track, such as {ENTRIES['SBR-VC']}/Stats_test.txt"
        ) from None


def _numbers(path: Path, rows: list[list[str]], shape: tuple[int, int]) -> F64:
    try:
        values = np.array(rows, np.float64)
    except ValueError as error:
        raise DatasetError(f"{path}: {error}; expected {shape[1]} numbers in each of its rows") from None
    if values.shape != shape or not ((values >= 0) & (values <= 1)).all():
        raise DatasetError(f"{path}: numbers {values.shape}, expected {shape} from 0 to 1")
    return values
