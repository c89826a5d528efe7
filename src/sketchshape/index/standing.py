"""What has to be judged and encoded so that every shape stands as it should; stopped anywhere, it goes on."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from sketchshape.encoders.bundle import Bundle
from sketchshape.errors import FileError
from sketchshape.index.catalogue import Catalogue
from sketchshape.index.changes import Changes, Unknown, as_read
from sketchshape.index.contents import keep, write_reading
from sketchshape.index.ways import Job, decide, plan, to_judge
from sketchshape.progress import Steps
from sketchshape.render.limits import Limits
from sketchshape.render.many import in_order
from sketchshape.upright.many import Judged, judge_files, judge_hash

if TYPE_CHECKING:
    from sketchshape.index.encode import Encoded

T = TypeVar("T")
KEEP_EVERY = 2.0  # seconds between two moments from which an interrupted run goes on


class Standing:
    """Brings the shapes of an index to stand as they should.

    Args:
        catalogue: of the index.
        bundle: the encoders.
        changes: of this run.
        workers: files in work at once; None is one for each core.
        limits: of time and memory for each file.
        quiet: show no progress.
        told: called with the number of contents that are encoded and that of all, after each.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        bundle: Bundle,
        changes: Changes,
        *,
        workers: int | None,
        limits: Limits,
        quiet: bool,
        told: Callable[[int, int], object] = lambda done, total: None,
    ) -> None:
        self.catalogue, self.bundle, self.changes = catalogue, bundle, changes
        self.workers, self.limits, self.quiet, self.told = workers, limits, quiet, told

    def bring(self, unknown: Mapping[str, Unknown], paths: Collection[str]) -> None:
        """Judge, decide, and encode what is lacking.

        Args:
            unknown: what is new, by its hash.
            paths: of the shapes in the index that may be turned: their files are there and did not change.
        """
        judge = as_read(judge_hash())
        self._judge(unknown, paths, judge)
        self._encode(plan(self.catalogue, unknown, paths, decide(self.catalogue, unknown, judge)))

    def _judge(self, unknown: Mapping[str, Unknown], paths: Collection[str], judge: str) -> None:
        """Judge what is to be judged, and keep what was said every few seconds."""
        found = to_judge(self.catalogue, unknown, paths, judge)
        if not found:
            return
        hashes = list(found)

        def judged() -> Iterator[tuple[str, Judged | FileError]]:
            with Steps("judge", len(hashes), "shapes", quiet=self.quiet) as steps:
                paths = list(found.values())
                limits = asdict(self.limits)
                for number, said in judge_files(paths, workers=self.workers, **limits):
                    steps.advance()
                    yield hashes[number], said

        _now_and_then(judged(), lambda ready: self._note(ready, unknown, judge))

    def _note(
        self, ready: Sequence[tuple[str, Judged | FileError]], unknown: Mapping[str, Unknown], judge: str
    ) -> None:
        with self.catalogue.transaction() as base:
            for hash, said in ready:
                if isinstance(said, FileError):
                    self.changes.fail_all(base, unknown[hash].files if hash in unknown else (), said)
                    continue
                write_reading(base, hash, said.warnings)
                row = (json.dumps(said.scores), judge, hash)
                base.execute("UPDATE reading SET scores = ?, judge = ? WHERE hash = ?", row)

    def _encode(self, jobs: Sequence[Job]) -> None:
        """Render and encode the ways that are lacking, and keep what is ready every few seconds."""
        there: list[tuple[Job, dict[str, Encoded] | FileError]] = [
            (job, {}) for job in jobs if not job.missing
        ]
        made = self._made([job for job in jobs if job.missing])
        _now_and_then(
            chain(there, made), lambda ready: keep(self.catalogue, self.bundle, self.changes, ready)
        )

    def _made(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, dict[str, Encoded] | FileError]]:
        """Give each job with what was made of all the ways that it lacked, or with its error."""
        if not jobs:
            return
        from sketchshape.index.encode import encode

        wanted = [(place, up) for place, job in enumerate(jobs) for up in job.missing]
        parts: defaultdict[int, dict[str, Encoded | FileError]] = defaultdict(dict)
        with Steps("index", len(jobs), "shapes", quiet=self.quiet) as steps:
            paths, ups = [jobs[place].path for place, _ in wanted], [up for _, up in wanted]
            made = encode(paths, self.bundle, ups=ups, workers=self.workers, limits=self.limits)
            # In order, so that ids and rows do not depend on which file got ready first.
            for number, result in in_order(made):
                place, up = wanted[number]
                parts[place][up] = result
                if len(parts[place]) < len(jobs[place].missing):
                    continue
                errors = [one for one in parts[place].values() if isinstance(one, FileError)]
                good = {way: one for way, one in parts.pop(place).items() if not isinstance(one, FileError)}
                yield jobs[place], errors[0] if errors else good
                steps.advance()
                self.told(steps.done, len(jobs))


def _now_and_then(results: Iterable[T], note: Callable[[list[T]], None]) -> None:
    """Note what is ready every few seconds, and in the end the rest, also where it is stopped."""
    ready, noted = list[T](), time.monotonic()
    try:
        for result in results:
            ready.append(result)
            if time.monotonic() - noted > KEEP_EVERY:
                note(ready)
                ready, noted = [], time.monotonic()
    finally:
        if ready:
            note(ready)
