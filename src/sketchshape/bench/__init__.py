"""Compare methods: the same data, features, trainer and measures for all, one table."""

from sketchshape.bench.plan import Bench, Entry, load_bench
from sketchshape.bench.results import Results, read_results
from sketchshape.bench.run import run_bench
from sketchshape.bench.search import search
from sketchshape.bench.write import write_tables

__all__ = ["Bench", "Entry", "Results", "load_bench", "read_results", "run_bench", "search", "write_tables"]
