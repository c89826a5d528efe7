"""In which ways up each shape of an index is searched: as chosen, else as judged with the files beside it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sketchshape.index.catalogue import UPS, Catalogue
from sketchshape.index.changes import Unknown, key_of
from sketchshape.index.choices import Choices
from sketchshape.index.library import File
from sketchshape.upright import kept, together
from sketchshape.upright.told import kind_of


@dataclass
class Job:
    """A content, and what has to be done for the shapes that have it.

    Args:
        hash: of the content.
        path: a file that has it.
        ways: the axes that may point up, for the path of each shape.
        missing: axes in which the index does not have it yet.
        files: whose rows are to be written.
        turned: paths of shapes that are in the index and stand otherwise now.
    """

    hash: str
    path: Path
    ways: dict[str, tuple[str, ...]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    turned: list[str] = field(default_factory=list)


def to_judge(
    catalogue: Catalogue, unknown: Mapping[str, Unknown], paths: Collection[str], judge: str
) -> dict[str, Path]:
    """Find what has to be judged: nothing that was judged before, and nothing that a choice decides.

    Args:
        catalogue: of the index.
        unknown: what is new, by its hash.
        paths: of the shapes in the index that may be turned.
        judge: the hash of the judge; what another one said does not count.

    Returns:
        Hash to a file that has it.
    """
    choices, done = Choices(catalogue), {hash for hash, _ in _judged(catalogue, judge)}
    found: dict[str, Path] = {}
    for path, hash in (_present(catalogue, paths) | _new(unknown)).items():
        if hash not in done and choices.of(path, hash) is None:
            found.setdefault(hash, Path(path))
    return found


def decide(catalogue: Catalogue, unknown: Mapping[str, Unknown], judge: str) -> dict[str, tuple[str, ...]]:
    """Give the ways of all shapes of an index and of what is new; files of a folder tell about each other.

    Args:
        catalogue: of the index.
        unknown: what is new, by its hash.
        judge: the hash of the judge.

    Returns:
        Path to axes that may point up, the likeliest first; without those that are neither chosen nor judged.
    """
    choices, scores = Choices(catalogue), dict(_judged(catalogue, judge))
    ways: dict[str, tuple[str, ...]] = {}
    judged: list[tuple[str, str]] = []
    for path, hash in (dict(catalogue.rows("SELECT path, hash FROM shape")) | _new(unknown)).items():
        if up := choices.of(path, hash):
            ways[path] = (up,)
        elif hash in scores:
            judged.append((path, hash))
    if judged:
        alone = np.array([json.loads(scores[hash]) for _, hash in judged], np.float64)
        for (path, _), row in zip(
            judged, together(alone, [kind_of(path) for path, _ in judged]), strict=True
        ):
            ways[path] = kept(row)
    return ways


def plan(
    catalogue: Catalogue,
    unknown: Mapping[str, Unknown],
    paths: Collection[str],
    ways: Mapping[str, tuple[str, ...]],
) -> list[Job]:
    """Say what has to be done so that all shapes stand in their ways.

    Args:
        catalogue: of the index.
        unknown: what is new, by its hash.
        paths: of the shapes in the index that may be turned.
        ways: of the path of each shape.

    Returns:
        A job for each content, with the ways that the index lacks.
    """
    jobs: dict[str, Job] = {}
    for hash, one in unknown.items():
        files = [file for file in one.files if str(file.path) in ways]
        if files:
            jobs[hash] = Job(hash, files[0].path, files=files)
            jobs[hash].ways = {str(file.path): ways[str(file.path)] for file in files}
    for path, hash, ups in _standing(catalogue, paths):
        if path in ways and ups != ways[path]:
            job = jobs.setdefault(hash, Job(hash, Path(path)))
            job.turned.append(path)
            job.ways[path] = ways[path]
    there = {key for (key,) in catalogue.rows("SELECT key FROM content")} if jobs else set()
    for job in jobs.values():
        wanted = dict.fromkeys(up for ups in job.ways.values() for up in ups)
        job.missing = [up for up in wanted if key_of(job.hash, up) not in there]
    return list(jobs.values())


def _new(unknown: Mapping[str, Unknown]) -> dict[str, str]:
    return {str(file.path): hash for hash, one in unknown.items() for file in one.files}


def _present(catalogue: Catalogue, paths: Collection[str]) -> dict[str, str]:
    return {path: hash for path, hash in catalogue.rows("SELECT path, hash FROM shape") if path in paths}


def _judged(catalogue: Catalogue, judge: str) -> list[tuple[str, str]]:
    return catalogue.rows("SELECT hash, scores FROM reading WHERE scores IS NOT NULL AND judge = ?", judge)


def _standing(catalogue: Catalogue, paths: Collection[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for path, hash, ups in catalogue.rows(f"SELECT path, hash, {UPS} FROM shape"):
        if path in paths:
            yield path, hash, tuple((ups or "").split())
