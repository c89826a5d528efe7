"""Time of a search by the number of shapes: embedding the sketch, exact cosine, filters, words.

Run: python benchmarks/search.py [--sizes 10000 100000]    (random unit vectors; the sketch is real)
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sketchshape.datasets import load_dataset
from sketchshape.encoders import Bundle
from sketchshape.images import prepare
from sketchshape.index import Catalogue
from sketchshape.index.catalogue import set_fact
from sketchshape.index.changes import key_of
from sketchshape.index.contents import open_vectors
from sketchshape.search import Searcher

ROUNDS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    asked = parser.parse_args()
    bundle = Bundle.open()
    sketch = load_dataset("folder", "sample").test[0].read()
    prepared = prepare(sketch, bundle.sketch_size)[None]
    print(f"load {os.getloadavg()[0]:.1f}; milliseconds: median, 95th percentile of {ROUNDS}")
    show("prepare a sketch", lambda: prepare(sketch, bundle.sketch_size))
    show("embed a sketch", lambda: bundle.embed_sketches(prepared))
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # inherited by the threads of encoders that are loaded from now on
    alone = Bundle.open()
    show("  on one core", lambda: alone.embed_sketches(prepared))
    os.sched_setaffinity(0, cores)
    for size in asked.sizes:
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), bundle, size)
            start = time.perf_counter()
            searcher = Searcher.open(folder, bundle)
            print(f"{size} shapes: opened in {time.perf_counter() - start:.2f} s")
            show("  by a shape", lambda: searcher.like(1))  # noqa: B023
            show("  by a sketch", lambda: searcher.search(sketch))  # noqa: B023
            show("  and filters", lambda: searcher.search(sketch, faces=(100, 900), formats=[".glb"]))  # noqa: B023
            start = time.perf_counter()
            searcher.search(None, words="chair")
            print(f"  first words in {time.perf_counter() - start:.2f} s")
            show("  and words", lambda: searcher.search(sketch, words="chair 17"))  # noqa: B023
            show("  words alone", lambda: searcher.search(None, words="sofa"))  # noqa: B023
            show("  of many words", lambda: searcher.search(None, words="animal"))  # noqa: B023
            start = time.perf_counter()
            searcher.library_map()
            print(f"  map in {time.perf_counter() - start:.2f} s")


def fill(folder: Path, bundle: Bundle, size: int) -> None:
    """Write an index of random vectors."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(size, bundle.width)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Catalogue(folder, create=True) as catalogue:
        open_vectors(catalogue, bundle.width).write(vectors)
        made_with = catalogue.made_with(bundle)
        with catalogue.transaction() as base:
            set_fact(base, "rows", size)
            base.executemany(
                "INSERT INTO content VALUES (?, ?, ?, 1, 1, 1, x'00', 1, ?, ?, ?)",
                ((key_of(str(n), "y"), n, n % 1000, *made_with) for n in range(size)),
            )
            base.executemany(
                "INSERT INTO shape (id, path, size, mtime, hash, format, tags, grp) "
                "VALUES (?, ?, 1, 1, ?, '.glb', '[\"chair\"]', ?)",
                ((n + 1, f"/library/chair/{n % 100}/chair_{n}.glb", str(n), n + 1) for n in range(size)),
            )
            base.executemany(
                "INSERT INTO stand VALUES (?, 0, 'y', ?)", ((n + 1, key_of(str(n), "y")) for n in range(size))
            )


def show(what: str, call: Callable[[], object]) -> None:
    """Print how long a call takes."""
    call()
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    print(f"{what:18} {1e3 * np.median(spent):7.2f} {1e3 * np.percentile(spent, 95):7.2f}")


if __name__ == "__main__":
    main()
