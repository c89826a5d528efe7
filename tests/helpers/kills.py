"""Kill indexing at random moments, go on, and compare with a run that nobody disturbed.

Run: PYTHONPATH=tests/helpers python tests/helpers/kills.py --runs 200

With --workers a run is a command with its worker processes, which takes seconds to start; without, it is a
fork of this process that draws by itself, so that hundreds of runs take minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from search_library import box, library, projection

from sketchshape.errors import UsageError
from sketchshape.index import build_index
from sketchshape.index.catalogue import Catalogue
from sketchshape.index.contents import read_vectors
from sketchshape.render.workers import Crew
from sketchshape.search import Searcher

KINDS = ("first", "incremental", "pruning", "fresh")
WHOM = ("group", "parent")
CHILD = """
import sys
from pathlib import Path
from search_library import projection
from sketchshape.errors import UsageError
from sketchshape.index import build_index
folder, index, prune, fresh = sys.argv[1:]
bundle = projection()
print("go", flush=True)
build_index(folder, index, bundle=bundle, prune=prune == "1", fresh=fresh == "1", workers=2, quiet=True)
"""


class World:
    """A library in two states, an index of the first, and what an index of the second should hold."""

    def __init__(self, root: Path, kind: str, workers: bool) -> None:
        self.workers = workers
        self.root, self.kind, self.folder = root, kind, library(root / "library")
        (self.folder / "bad.off").write_text("no mesh")
        self.before = root / "before"
        self.first: dict[str, Any] = {"shape": [], "vectors": {}}
        if kind != "first":
            self.run(self.before, self.folder)
            self.first = content(self.before)
            self._change()
        self.part = self.folder / "tables" if kind == "pruning" else self.folder
        for name in ("drawn", "whole"):  # the first one draws what later ones take from the cache of views
            if kind != "first":
                shutil.copytree(self.before, root / name)
            begin = time.monotonic()
            self.start(root / name, "group", None)
            self.spent = time.monotonic() - begin
        self.expected = self.changed = content(root / "whole")
        assert content(root / "drawn") == self.expected
        if kind == "fresh":  # what a run without --fresh makes of an index that was not emptied yet
            shutil.copytree(self.before, root / "changed")
            self.run(root / "changed", self.folder)
            self.changed = content(root / "changed")

    def _change(self) -> None:
        for number in range(4):
            box(self.folder / f"tables/new{number}.off", (1, 3 + number, 1))
        box(self.folder / "a.off", (9, 1, 1))
        (self.folder / "b.off").unlink()
        (self.folder / "tables/low.off").rename(self.folder / "tables/lower.off")
        (self.folder / "copy.off").write_bytes((self.folder / "tables/new1.off").read_bytes())

    def run(self, index: Path, folder: Path, **options: Any) -> None:
        build_index(folder, index, bundle=projection(), quiet=True, workers=2, **options)

    def start(self, index: Path, whom: str, after: float | None) -> bool:
        """Index in a process of its own that is killed so many seconds after its start; True if it ended."""
        child = (self._command if self.workers else self._fork)(index)
        if after is not None:
            time.sleep(after)
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if whom == "group" else os.kill)(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code == 0 or (after is not None and code == -signal.SIGKILL), code
        return code == 0

    def once(self, number: int, whom: str, after: float) -> bool:
        """Kill one run, look at what it left, and go on; True if it was killed in time."""
        index = self.root / f"killed-{whom}-{number}"
        if self.kind != "first":
            shutil.copytree(self.before, index)
        done = self.start(index, whom, after)
        left = None
        if (index / "catalogue.sqlite").exists():
            with contextlib.suppress(UsageError):  # ended before it had written anything: there is no index
                left = content(index)
        assert left is not None or self.kind == "first"
        if left is not None:
            Searcher.open(index, projection()).search([[[0, 9, 9], [0, 0, 9]]], 5)
            known = self.expected["vectors"] | self.first["vectors"]
            assert all(known[key] == row for key, row in left["vectors"].items()), "a vector of nothing"
            assert not done or left == self.expected, "what was reported as done is there"
        again = self.kind == "fresh" and number % 2 == 1  # the same command; or one that goes on
        emptied = again or left is None or left["shape"] != self.first["shape"]
        expected = self.expected if emptied or self.kind != "fresh" else self.changed
        self.run(index, self.part, prune=self.kind == "pruning", fresh=again)
        found = content(index)
        assert found == expected, [name for name in found if found[name] != expected[name]]
        shutil.rmtree(index)
        return not done

    def _fork(self, index: Path) -> int:
        child = os.fork()
        if not child:
            try:
                os.setpgid(0, 0)
                self.run(index, self.part, prune=self.kind == "pruning", fresh=self.kind == "fresh")
                os._exit(0)
            finally:
                os._exit(1)
        with contextlib.suppress(OSError):
            os.setpgid(child, child)  # whoever comes first: it must lead a group before it is killed
        return child

    def _command(self, index: Path) -> int:
        flags = [str(int(self.kind == kind)) for kind in ("pruning", "fresh")]
        words = [sys.executable, "-c", CHILD, str(self.part), str(index), *flags]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True, env=environment())
        assert child.stdout is not None
        assert child.stdout.readline() == b"go\n"
        child.stdout.close()
        child.returncode = 0  # it is waited for by its id
        return child.pid


def environment() -> dict[str, str]:
    """That of a process that finds what this one finds."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}


def content(index: Path) -> dict[str, Any]:
    """All that an index holds, and the vector of each content."""
    with Catalogue(index) as catalogue:
        tables = {
            "shape": "SELECT id, path, size, mtime, hash, format, tags, grp FROM shape ORDER BY id",
            "stand": "SELECT * FROM stand ORDER BY shape, place",
            "content": "SELECT key, faces, width, height, depth, outline FROM content ORDER BY key",
            "reading": "SELECT * FROM reading ORDER BY hash",
            "failure": "SELECT path, reason FROM failure ORDER BY path",
            "twin": "SELECT * FROM twin ORDER BY a, b",
        }
        found: dict[str, Any] = {name: catalogue.rows(query) for name, query in tables.items()}
        vectors = read_vectors(catalogue, projection().numbers)
        rows = catalogue.rows("SELECT key, row FROM content ORDER BY key")
        found["vectors"] = {key: vectors[row].tobytes() for key, row in rows}
    return found


def kill(root: Path, kind: str, whom: str, runs: int, seed: int, *, workers: bool) -> int:
    """Kill so many runs of a kind; gives how many were not done before."""
    chance = random.Random(f"{kind} {whom} {seed}")
    world = World(root, kind, workers)
    return sum(world.once(number, whom, chance.uniform(0, world.spent)) for number in range(runs))


def call_here(crew: Crew, function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function in this process, in place of `Crew.call`."""
    return function(*args, **kwargs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", action="store_true")
    asked = parser.parse_args()
    if not asked.workers:
        Crew.call = call_here  # type: ignore[method-assign, assignment]
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["SKETCHSHAPE_CACHE"] = str(Path(scratch, "cache"))
        for kind in KINDS:
            for whom in WHOM:
                begin = time.monotonic()
                place = Path(scratch, kind, whom)
                killed = kill(place, kind, whom, asked.runs, asked.seed, workers=asked.workers)
                spent = time.monotonic() - begin
                print(
                    f"{kind}, {whom}: {asked.runs} runs, {killed} killed, all as unbroken, {spent:.0f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()
