"""Many mesh files, each judged by itself in a worker process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh, turn
from sketchshape.render.limits import MEMORY, TIMEOUT, Limits
from sketchshape.render.many import safely, stream, threads_for
from sketchshape.render.workers import Crew
from sketchshape.resources import UPRIGHT
from sketchshape.types import Mesh
from sketchshape.upright.choice import kept
from sketchshape.upright.folders import together
from sketchshape.upright.judge import Judge
from sketchshape.upright.record import read_record
from sketchshape.upright.told import kind_of, obeys


@dataclass(frozen=True)
class Judged:
    """What was found in a file.

    Args:
        scores: log-probabilities that an axis points up, in the order of AXES.
        warnings: what of the file was left out or guessed.
    """

    scores: tuple[float, ...]
    warnings: tuple[str, ...]


def judge_files(
    paths: Sequence[Path], *, workers: int | None = None, timeout: float = TIMEOUT, memory: float = MEMORY
) -> Iterator[tuple[int, Judged | MeshError]]:
    """Judge mesh files, each by itself; a bad one is reported and never stops the rest.

    Args:
        paths: the files.
        workers: files in work at once; None is one for each processor.
        timeout: seconds that a file may take in each step; one that takes more is a failure like others.
        memory: bytes that a file may take, on Linux; one that takes more is a failure like others.

    Yields:
        Index in `paths`, and what was found or the error; in the order in which they get ready.
    """
    threads = threads_for(len(paths), workers)
    crew = Crew(Limits(timeout, memory))

    def work(path: Path) -> Judged | MeshError:
        try:
            return safely(crew, "judged", judge_file, path)
        except MeshError as error:
            return error

    return stream(paths, work, threads, crew)


def ways_up(
    paths: Sequence[Path],
    up: str = "auto",
    *,
    workers: int | None = None,
    timeout: float = TIMEOUT,
    memory: float = MEMORY,
) -> list[tuple[str, ...]]:
    """Give the ways up of mesh files as an index keeps them, each judged in the light of those beside it.

    Args:
        paths: the files.
        up: auto, or the axis of all files but those whose format says another one, which are judged.
        workers: files in work at once; None is one for each processor.
        timeout: seconds that a file may take in each step; one that takes more is a failure like others.
        memory: bytes that a file may take, on Linux; one that takes more is a failure like others.

    Returns:
        The axes that may point up in each file, the likeliest first; y for one that cannot be read.
    """
    told = [up != "auto" and obeys(path.suffix, up) for path in paths]
    ways: list[tuple[str, ...]] = [(up if said else "y",) for said in told]
    asked = [number for number, said in enumerate(told) if not said]
    files = [paths[number] for number in asked]
    found = {
        asked[place]: said.scores
        for place, said in judge_files(files, workers=workers, timeout=timeout, memory=memory)
        if isinstance(said, Judged)
    }
    if found:
        numbers = sorted(found)
        alone = np.array([found[number] for number in numbers], np.float64)
        for number, row in zip(numbers, together(alone, [kind_of(paths[n]) for n in numbers]), strict=True):
            ways[number] = kept(row)
    return ways


def load_upright(path: str | Path) -> Mesh:
    """Read a mesh file and turn the shape as it looks upright, judged by itself.

    Args:
        path: see `load_mesh`, which takes the way up as it is told.

    Returns:
        Its triangles; what `load_mesh` gives, with the axis up that is the likeliest.

    Raises:
        MeshError: the file cannot be read or has nothing to draw.
    """
    mesh = load_mesh(path)
    return turn(mesh, kept(_judge().scores(mesh, Path(path).suffix.lower()))[0])


def judge_file(path: Path) -> Judged:
    """Judge one file by itself.

    Raises:
        MeshError: the file cannot be read.
    """
    mesh = load_mesh(path)
    scores = _judge().scores(mesh, path.suffix.lower())
    return Judged(tuple(float(one) for one in scores), mesh.warnings)


def judge_hash() -> str:
    """Give the hash of the judge that ships, by which its word is known."""
    return str(read_record(UPRIGHT)["hash"])


@lru_cache(1)
def _judge() -> Judge:
    return Judge.open()
