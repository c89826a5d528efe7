"""Train and measure many methods on the same features, and write one table of all.

Resumes after an interruption; a method that fails is named in the table and the rest goes on.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from sketchshape.cli.options import add_json, add_set, add_workers, existing_folder, positive
from sketchshape.errors import UsageError
from sketchshape.say import say, say_json

MOST = 4  # trainings at a time, unless asked for; heads on features gain little from a second core


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `bench`."""
    parser.add_argument(
        "config", type=Path, metavar="CONFIG", help="TOML file, such as configs/bench/psb76.toml"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="root of the data set (data.path)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results (runs/bench-NAME)")
    parser.add_argument("--seeds", metavar="N,N", help="seeds, such as 0,1,2 (seeds)")
    parser.add_argument("--only", metavar="LABEL,LABEL", help="train these methods only")
    parser.add_argument(
        "--jobs", type=positive, metavar="N", help="trainings at a time (default: one a core, up to 4)"
    )
    add_set(parser, "data.protocol=unseen")
    parser.add_argument(
        "--official", type=Path, metavar="DIR", help="statistics of the SHREC'13 track, to print beside"
    )
    parser.add_argument(
        "--validate",
        action="store_true",
        help="ask with the validation sketches that data.validation holds out, never with test sketches",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--table", action="store_true", help="write the tables again, train nothing")
    what.add_argument("--search", action="store_true", help="search options on validation sketches instead")
    add_workers(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train what is not done, write the tables, print one."""
    from sketchshape.bench import load_bench, read_results, run_bench, search, write_tables
    from sketchshape.bench.plan import TEST
    from sketchshape.bench.runner import cores
    from sketchshape.bench.tables.official import read_official

    bench = load_bench(arguments.config, _overrides(arguments))
    bench = bench.validating() if arguments.validate else bench
    if not bench.run.data.path and not arguments.table:
        raise UsageError("no data set: give its root folder with --data DIR")
    protocol = bench.run.data.protocol
    suffix = "" if protocol == "closed" else f"-{protocol}"
    suffix += "" if bench.asks == TEST else f"-{bench.asks}"
    out = arguments.out or Path("runs") / f"bench-{bench.name}{suffix}"
    only = [label.strip() for label in arguments.only.split(",")] if arguments.only else []
    jobs = arguments.jobs or min(cores(), MOST)
    common: dict[str, Any] = {"only": only, "jobs": jobs, "workers": arguments.workers, "say": _say}
    if arguments.search:
        failed = search(bench, out, **common)
        _print(arguments, f"search: {out / 'search.csv'}   chosen: {out / 'chosen.toml'}")
        return int(failed > 0)
    official = []
    if arguments.official is not None and bench.asks == TEST:
        folder = existing_folder(arguments.official, "the published statistics of the SHREC'13 track")
        official = read_official(folder, bench.run.data.layout)
    failed = 0
    if not arguments.table:
        command = shlex.join(["sketchshape", *sys.argv[1:]])
        failed = run_bench(bench, out, command=command, **common)
    results = read_results(bench, out)
    table = write_tables(results, out, official)
    _show(arguments, results, table, out)
    return int(failed > 0)


def _overrides(arguments: argparse.Namespace) -> list[str]:
    found = list(arguments.set)
    if arguments.data is not None:
        found.append(f"data.path={json.dumps(str(arguments.data))}")
    if arguments.seeds is not None:
        try:
            found.append(f"seeds={[int(text) for text in arguments.seeds.split(',')]}")
        except ValueError:
            raise UsageError(f"--seeds {arguments.seeds}: expected whole numbers, such as 0,1,2") from None
    return found


def _show(arguments: argparse.Namespace, results: Any, table: Any, out: Path) -> None:
    from sketchshape.bench.tables.rows import to_json
    from sketchshape.report.terminal import print_table

    if arguments.json:
        say_json(to_json(results, table))
    else:
        print_table(table)
        say(f"table: {out / 'table.md'}   page: {out / 'table.html'}")


def _print(arguments: argparse.Namespace, text: str) -> None:
    say(text, error=arguments.json)


def _say(line: str) -> None:
    say(line, error=True)
