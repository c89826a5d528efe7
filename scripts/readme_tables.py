"""Put the tables of comparisons into the README, between the marks with their names.

sketchshape bench configs/bench/psb76.toml --data DIR
python scripts/readme_tables.py runs/bench-psb76 [runs/bench-recipe ...]
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
HEAD = ("method", "NN", "FT", "ST", "E", "DCG", "mAP", "Δ mAP to CGN", "s")


def main() -> None:
    """Replace the table of each comparison that is named."""
    parser = argparse.ArgumentParser(description="Put the tables of comparisons into the README.")
    parser.add_argument("folder", nargs="+", type=Path, help="what `sketchshape bench` wrote")
    parser.add_argument("--readme", type=Path, default=README)
    arguments = parser.parse_args()
    text = arguments.readme.read_text(encoding="utf-8")
    for folder in arguments.folder:
        if not (folder / "table.csv").is_file():
            raise SystemExit(f"{folder} has no table.csv; run sketchshape bench first")
        name = json.loads((folder / "bench.json").read_text(encoding="utf-8"))["name"]
        with (folder / "table.csv").open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["source"].startswith("measured")]
        text = replaced(text, name, table(rows))
    arguments.readme.write_text(text, encoding="utf-8")


def table(rows: list[dict[str, str]]) -> str:
    """Write the measured rows of a table in Markdown, the best figures in bold."""
    lines = [HEAD, ("---", *["---:"] * (len(HEAD) - 1))]
    best = {name: max(float(row[name]) for row in rows) for name in HEAD[1:7]}
    for row in rows:
        figures = [figure(row, name, float(row[name]) == best[name]) for name in HEAD[1:7]]
        lines.append((row["method"], *figures, difference(row), f"{float(row['seconds']):.0f}"))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(row: dict[str, str], name: str, best: bool) -> str:
    """Give a measure, with its spread for the two that are looked at first."""
    spread = row[f"{name}_sd"] if name in ("NN", "mAP") else ""
    text = f"{float(row[name]):.1f}" + (f" ± {float(spread):.1f}" if spread else "")
    return f"**{text}**" if best else text


def difference(row: dict[str, str]) -> str:
    """Give the difference to the baseline with its interval."""
    if not row["delta_mAP"]:
        return ""
    mean, low, high = (float(row[f"delta_{part}"]) for part in ("mAP", "low", "high"))
    return f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]".replace("-", "−")


def replaced(text: str, name: str, block: str) -> str:
    """Replace what stands between the marks of a name.

    Raises:
        SystemExit: the text has no such marks.
    """
    start, end = f"<!-- bench {name} -->", f"<!-- end of bench {name} -->"
    marks = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not marks.search(text):
        raise SystemExit(f"README has no {start} ... {end}")
    return marks.sub(lambda _: f"{start}\n{block}\n{end}", text)


if __name__ == "__main__":
    main()
