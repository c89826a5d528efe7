"""Put the tables of comparisons into docs/results.md, between the marks with their names.

sketchshape bench configs/bench/psb76.toml --data DIR
python scripts/docs/results_tables.py runs/bench-psb76 [runs/bench-recipe ...]
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/results.md"
DELTA = "Δ mAP"
COLUMNS = ("method", "NN", "FT", "ST", "E", "DCG", "mAP", DELTA, "seconds")
SPREAD = ("NN", "mAP")  # the others have none here, for the width


def main() -> None:
    """Replace the table of each comparison that is named."""
    parser = argparse.ArgumentParser(description="Put the tables of comparisons into docs/results.md.")
    parser.add_argument("folder", nargs="+", type=Path, help="what `sketchshape bench` wrote")
    parser.add_argument("--page", type=Path, default=PAGE, help="Markdown file that has the marks")
    arguments = parser.parse_args()
    text = arguments.page.read_text(encoding="utf-8")
    for folder in arguments.folder:
        if not (folder / "table.md").is_file():
            raise SystemExit(f"{folder} has no table.md; run sketchshape bench first")
        name = json.loads((folder / "bench.json").read_text(encoding="utf-8"))["name"]
        text = replaced(text, name, narrowed((folder / "table.md").read_text(encoding="utf-8")))
    arguments.page.write_text(text, encoding="utf-8")


def narrowed(text: str) -> str:
    """Keep the measured rows of a table.md, and of their columns those that the page has."""
    head, _, *rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    names = [cell.strip() for cell in head]
    columns = [name for name in names if name in COLUMNS or name.startswith(f"{DELTA} to ")]
    places = [names.index(name) for name in columns]
    lines = [tuple(columns), ("---", *["---:"] * (len(columns) - 1))]
    for row in rows:
        if row[-1].strip().startswith("measured"):
            method, *cells = (row[place].strip() for place in places)
            figures = [short(name, cell) for name, cell in zip(columns[1:], cells, strict=True)]
            lines.append((method.strip("*"), *figures))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short(name: str, cell: str) -> str:
    """Leave out the spread where it is not shown."""
    return cell if name in SPREAD else re.sub(r" ± [\d.]+", "", cell)


def replaced(text: str, name: str, block: str) -> str:
    """Replace what stands between the marks of a name.

    Raises:
        SystemExit: the text has no such marks.
    """
    start, end = f"<!-- bench {name} -->", f"<!-- end of bench {name} -->"
    marks = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not marks.search(text):
        raise SystemExit(f"the page has no {start} ... {end}")
    return marks.sub(lambda _: f"{start}\n{block}\n{end}", text)


if __name__ == "__main__":
    main()
