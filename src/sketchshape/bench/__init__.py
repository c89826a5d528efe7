"""Compare methods: the same data, features, trainer and measures for all, one table."""

from sketchshape.bench.plan import Bench, Entry, load_bench
from sketchshape.bench.results import Results, read_results
from sketchshape.bench.run import run_bench
from sketchshape.bench.tables.write import write_tables
from sketchshape.bench.tuning import search

__all__ = ["Bench", "Entry", "Results", "load_bench", "read_results", "run_bench", "search", "write_tables"]
