"""A table as Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from sketchshape.metrics import NAMES
from sketchshape.report.table import MEASURED, Interval, Row, Table

TEXTS = ("method", "backbone", "source")  # the other columns are numbers and set to the right
PARTS = {"held-out": "of held-out shapes", "unseen": "of unseen classes"}
_DELTA = ("delta_mAP", "delta_low", "delta_high", "delta_p")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "Δ": r"$\Delta$",
    "±": r"$\pm$",
    "–": "--",
    "−": "$-$",
    **{one: f"\\{one}" for one in "&%$#_{}"},
}


def head(table: Table) -> list[str]:
    """Name the columns."""
    more = [*deltas(table).values(), "seconds", "MB"] if table.compared else []
    more += ["searched"] if table.searched else []
    return ["method", "backbone", *NAMES, *more, "source"]


def numbers(table: Table) -> list[str]:
    """Name the columns that are set to the right."""
    return [name for name in head(table) if name not in TEXTS]


def deltas(table: Table) -> dict[str, str]:
    """Name the columns of differences: baseline -> column; the first of them needs no name."""
    return {one: f"Δ mAP to {one}" if place else "Δ mAP" for place, one in enumerate(table.baselines)}


def cells(
    row: Row, columns: Mapping[str, str], bold: Sequence[bool] = (False,) * len(NAMES)
) -> dict[str, tuple[str, bool]]:
    """Give the text of every column that there can be, and whether it is set in bold.

    Args:
        row: of the table.
        columns: of differences, what `deltas` gives.
        bold: whether the row has the best of each measure.

    Returns:
        Column -> (text, bold).
    """
    return {
        "method": (row.method, row.kind == MEASURED),
        "backbone": (row.backbone, False),
        **dict(zip(NAMES, zip(row.figures(), bold, strict=True), strict=True)),
        **{column: _difference(row.deltas.get(one)) for one, column in columns.items()},
        "seconds": ("" if row.seconds is None else f"{row.seconds:.0f}", False),
        "MB": ("" if row.peak_mb is None else f"{row.peak_mb:.0f}", False),
        "searched": (_budget(row), False),
        "source": (row.source, False),
    }


def lines(table: Table) -> list[list[tuple[str, bool]]]:
    """Give the cells below `head`, with the best measured figure of each measure in bold."""
    top, names, columns = table.best, head(table), deltas(table) if table.compared else {}
    found = [cells(row, columns, [place in column for column in top]) for place, row in enumerate(table.rows)]
    return [[line[name] for name in names] for line in found]


def to_markdown(table: Table) -> str:
    """Write the table in Markdown, with what is to be known below it."""
    body = [[_marked(text, bold) for text, bold in line] for line in lines(table)]
    blocks = ["Percent."]
    for name, places in table.blocks:
        blocks += [f"### {_marked(name)}"] if name else []
        blocks.append(_grid(head(table), [body[place] for place in places], numbers(table)))
    blocks += [_marked(text) for text in table.remarks]
    if parted := also_table(table):
        title = "The same networks, asked only what other protocols ask (mAP; all of it was learned from):"
        blocks += [title, _grid(parted[0], parted[1:], parted[0][-len(table.parts) - 1 :])]
    if table.problems:
        blocks += ["Not in these figures:", "\n".join(f"* {problem}" for problem in table.problems)]
    return "\n\n".join(blocks) + "\n"


def also_table(table: Table) -> list[list[str]]:
    """Give the mAP of the parts that other protocols ask, with a head; empty where there is none."""
    if not table.parts:
        return []
    body = []
    for row in table.rows:
        if not row.also or not row.percent:
            continue
        named = [row.method, row.group] if table.grouped else [row.method]
        parts = [row.percent[-1], *(row.also[part] for part in table.parts)]
        body.append([*named, *(f"{value:.1f}" for value in parts)])
    names = ["method", "group"] if table.grouped else ["method"]
    return [[*names, "all", *(f"the part {PARTS[part]}" for part in table.parts)], *body]


def to_csv(table: Table) -> str:
    """Write the table as CSV: percent in full precision, each spread and bound in a column of its own."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    bases = list(deltas(table).items()) if table.compared else []
    more = [f"{name}{column.removeprefix('Δ mAP')}" for _, column in bases for name in _DELTA]
    more += ["seconds", "peak_mb"] if table.compared else []
    more += ["searched_settings", "searched_seconds"] if table.searched else []
    spreads, parts = [f"{name}_sd" for name in NAMES], [f"mAP_{part}" for part in table.parts]
    group = ["group"] if table.grouped else []
    writer.writerow(["method", *group, "backbone", *NAMES, *spreads, *more, *parts, "map_kind", "source"])
    for row in table.rows:
        figures = [*(row.percent or [""] * len(NAMES)), *(row.spread or [""] * len(NAMES))]
        for base, _ in bases:
            delta = row.deltas.get(base)
            figures += [delta.mean, delta.low, delta.high, delta.p] if delta else [""] * len(_DELTA)
        cost = ["" if value is None else value for value in (row.seconds, row.peak_mb)]
        figures += cost if table.compared else []
        figures += (row.searched or ("", "")) if table.searched else ()
        figures += [row.also.get(part, "") for part in table.parts]
        named = [row.method, row.group] if table.grouped else [row.method]
        writer.writerow([*named, row.backbone, *figures, row.map_kind, row.source])
    return stream.getvalue()


def to_latex(table: Table) -> str:
    r"""Write the table in LaTeX; it needs `\usepackage{booktabs}`."""
    names = head(table)
    columns = "".join("l" if name in TEXTS else "r" for name in names)
    titles = " & ".join(_tex(name) for name in names)
    out = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", rf"{titles} \\", r"\midrule"]
    body = lines(table)
    for number, (name, places) in enumerate(table.blocks):
        out += [r"\midrule"] if number else []
        out += [rf"\multicolumn{{{len(names)}}}{{l}}{{\textit{{{_tex(name)}}}}} \\"] if name else []
        kind = table.rows[places[0]].kind if name else MEASURED
        for place in places:
            out += [r"\midrule"] if table.rows[place].kind != kind else []
            kind = table.rows[place].kind
            texts = (rf"\textbf{{{_tex(text)}}}" if bold else _tex(text) for text, bold in body[place])
            out.append(" & ".join(texts) + r" \\")
    out += [r"\bottomrule", r"\end{tabular}"]
    below = [f"% {line}" for line in ("Percent.", *table.remarks, *table.problems)]
    return "\n".join([*below, *out]) + "\n"


def _budget(row: Row) -> str:
    if row.kind != MEASURED:
        return ""
    return f"{row.searched[0]} / {row.searched[1]:.0f} s" if row.searched else "not searched"


def _difference(one: Interval | None) -> tuple[str, bool]:
    if one is None:
        return "", False
    return f"{_signed(one.mean)} [{_signed(one.low)}, {_signed(one.high)}]", one.sure


def _signed(value: float) -> str:
    text = f"{value:+.1f}"
    return ("0.0" if float(text) == 0 else text).replace("-", "−")


def _grid(names: Sequence[str], body: Sequence[Sequence[str]], right: Sequence[str]) -> str:
    rule = ["---:" if name in right else "---" for name in names]
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, rule, *body))


def _marked(text: str, bold: bool = False) -> str:
    escaped = text.replace("|", r"\|").replace("*", r"\*")
    return f"**{escaped}**" if bold and text else escaped


def _tex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
