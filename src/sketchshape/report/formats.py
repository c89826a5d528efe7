"""The table as Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sketchshape.bench.results import NAMES
from sketchshape.bench.tables.table import MEASURED, PARTS, Row, best
from sketchshape.report.quoted import PR20

HEAD = ("method", "backbone", *NAMES, "Δ mAP", "seconds", "MB", "source")
_NUMBERS = range(2, len(HEAD) - 1)  # columns that are set to the right
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


def cells(row: Row, bold: Sequence[bool] = ()) -> list[tuple[str, bool]]:
    """Give the texts of a row, as in `HEAD`, and whether each is set in bold.

    Args:
        row: of the table.
        bold: whether the row has the best of each measure.

    Returns:
        (text, bold) of each column.
    """
    strong = list(bold) or [False] * len(NAMES)
    figures = [("–", False)] * len(NAMES)
    if row.percent:
        texts = [f"{value:.1f}" for value in row.percent]
        if row.spread:
            texts = [f"{text} ± {spread:.1f}" for text, spread in zip(texts, row.spread, strict=True)]
        if row.map_kind == PR20:
            texts[-1] += "*"
        figures = list(zip(texts, strong, strict=True))
    delta = ("", False)
    if row.delta:
        one = row.delta
        delta = (f"{_signed(one.mean)} [{_signed(one.low)}, {_signed(one.high)}]", one.sure)
    seconds = "" if row.seconds is None else f"{row.seconds:.0f}"
    peak = "" if row.peak_mb is None else f"{row.peak_mb:.0f}"
    plain = [(seconds, False), (peak, False), (row.source, False)]
    return [(row.label, row.kind == MEASURED), (row.backbone, False), *figures, delta, *plain]


def lines(rows: Sequence[Row]) -> list[list[tuple[str, bool]]]:
    """Give the cells of all rows, with the best measured figure of each measure in bold."""
    top = best(rows)
    return [cells(row, [place in column for column in top]) for place, row in enumerate(rows)]


def to_markdown(rows: Sequence[Row], remarks: Sequence[str], problems: Sequence[str]) -> str:
    """Write the table in Markdown, with what is to be known below it."""
    head = [" | ".join(HEAD), " | ".join("---:" if i in _NUMBERS else "---" for i in range(len(HEAD)))]
    body = [" | ".join(_marked(text, bold) for text, bold in line) for line in lines(rows)]
    table = "\n".join(f"| {line} |" for line in (*head, *body))
    parts = [table, *remarks]
    if parted := also_table(rows):
        title = "The same networks, asked only what other protocols ask (mAP; all of it was learned from)"
        inner = [" | ".join(parted[0]), " | ".join(["---", *["---:"] * (len(parted[0]) - 1)])]
        inner += [" | ".join(line) for line in parted[1:]]
        parts += [f"{title}:\n\n" + "\n".join(f"| {line} |" for line in inner)]
    if problems:
        parts.append("Not in these figures:\n\n" + "\n".join(f"* {problem}" for problem in problems))
    return "Percent.\n\n" + "\n\n".join(parts) + "\n"


def also_table(rows: Sequence[Row]) -> list[list[str]]:
    """Give the mAP of the parts that other protocols ask, with a head; empty where there is none."""
    names = list(dict.fromkeys(name for row in rows for name in row.also))
    if not names:
        return []
    head = ["method", "all", *(f"the part {PARTS[name]}" for name in names)]
    return [
        head,
        *(
            [row.label, f"{row.percent[-1]:.1f}", *(f"{row.also[name]:.1f}" for name in names)]
            for row in rows
            if row.also and row.percent
        ),
    ]


def to_csv(rows: Sequence[Row]) -> str:
    """Write the table as CSV: percent in full precision, each spread and bound in a column of its own."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    parts = list(dict.fromkeys(name for row in rows for name in row.also))
    writer.writerow(
        [
            *("method", "backbone", *NAMES, *(f"{name}_sd" for name in NAMES)),
            *("delta_mAP", "delta_low", "delta_high", "seconds", "peak_mb"),
            *(f"mAP_{part}" for part in parts),
            *("map_kind", "source"),
        ]
    )
    for row in rows:
        empty = [""] * len(NAMES)
        delta = [row.delta.mean, row.delta.low, row.delta.high] if row.delta else ["", "", ""]
        seconds, peak = ("" if value is None else value for value in (row.seconds, row.peak_mb))
        also = [row.also.get(part, "") for part in parts]
        figures = [*(row.percent or empty), *(row.spread or empty), *delta, seconds, peak, *also]
        writer.writerow([row.label, row.backbone, *figures, row.map_kind, row.source])
    return stream.getvalue()


def to_latex(rows: Sequence[Row], remarks: Sequence[str], problems: Sequence[str]) -> str:
    r"""Write the table in LaTeX; it needs `\usepackage{booktabs}`."""
    columns = "".join("r" if i in _NUMBERS else "l" for i in range(len(HEAD)))
    head = " & ".join(_tex(name) for name in HEAD)
    out = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    kind = MEASURED
    for row, line in zip(rows, lines(rows), strict=True):
        if row.kind != kind:
            out.append(r"\midrule")
            kind = row.kind
        texts = (rf"\textbf{{{_tex(text)}}}" if bold else _tex(text) for text, bold in line)
        out.append(" & ".join(texts) + r" \\")
    out += [r"\bottomrule", r"\end{tabular}"]
    below = [f"% {line}" for line in ("Percent.", *remarks, *problems)]
    return "\n".join([*below, *out]) + "\n"


def _signed(value: float) -> str:
    text = f"{value:+.1f}"
    return ("0.0" if float(text) == 0 else text).replace("-", "−")


def _marked(text: str, bold: bool) -> str:
    escaped = text.replace("|", r"\|").replace("*", r"\*")
    return f"**{escaped}**" if bold and text else escaped


def _tex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
