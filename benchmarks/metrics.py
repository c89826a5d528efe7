"""Time and memory of `evaluate` at the size of SHREC'14, beside a literal transcription of the definitions.

Run: python benchmarks/metrics.py [--queries 5130 --gallery 8987]
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from collections.abc import Sequence

import numpy as np

from sketchshape.metrics import evaluate

SLICE = 20  # queries that the slow version is timed on


def literal(scores: Sequence[float], label: int, gallery: Sequence[int]) -> tuple[float, ...]:
    """NN, FT, ST, E, DCG and AP of one query, as one would write them down."""
    order = sorted(range(len(gallery)), key=lambda shape: -scores[shape])
    hits = [gallery[shape] == label for shape in order]
    size = sum(hits)
    gain = sum(1 / math.log2(max(rank, 2)) for rank, hit in enumerate(hits, 1) if hit)
    best = sum(1 / math.log2(max(rank, 2)) for rank in range(1, size + 1))
    found, precisions = 0, []
    for rank, hit in enumerate(hits, 1):
        if hit:
            found += 1
            precisions.append(found / rank)
    return (
        float(hits[0]),
        sum(hits[:size]) / size,
        sum(hits[: 2 * size]) / size,
        2 * sum(hits[:32]) / (32 + size),
        gain / best,
        sum(precisions) / size,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=5130)
    parser.add_argument("--gallery", type=int, default=8987)
    parser.add_argument("--classes", type=int, default=171)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    similarity = rng.random((asked.queries, asked.gallery), dtype=np.float32)
    queries = rng.integers(asked.classes, size=asked.queries)
    gallery = rng.integers(asked.classes, size=asked.gallery)

    before = _peak()
    start = time.perf_counter()
    scores = evaluate(similarity, queries, gallery)
    fast = time.perf_counter() - start
    print(
        f"evaluate {asked.queries} x {asked.gallery} float32 ({similarity.nbytes / 1e6:.0f} MB): {fast:.2f} s"
    )
    print(f"peak memory of the process {_peak():.0f} MB, {before:.0f} MB of it before the call")

    start = time.perf_counter()
    names = gallery.tolist()
    rows = [literal(similarity[row].tolist(), queries[row], names) for row in range(SLICE)]
    slow = (time.perf_counter() - start) / SLICE * asked.queries
    exact = np.array([[getattr(scores.per_query, m)[:SLICE]] for m in ("nn", "ft", "st", "e", "dcg", "map")])
    apart = np.abs(exact.squeeze(1).T - np.array(rows)).max()
    print(f"literal version, from {SLICE} queries: {slow:.1f} s, {slow / fast:.1f} x the time")
    print(f"largest difference of a value {apart:.1e}")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
