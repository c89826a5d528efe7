"""The table of a comparison, in all its formats, of results that were never trained."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_results import pretended
from PIL import Image
from rich.console import Console

from sketchshape.bench import write_tables
from sketchshape.bench.budget import Searched
from sketchshape.bench.tables.bootstrap import resampled_means
from sketchshape.bench.tables.differences import differences
from sketchshape.bench.tables.official import Official
from sketchshape.bench.tables.page import _tiles
from sketchshape.bench.tables.pictures import _curves, class_differences, draw_all
from sketchshape.bench.tables.rows import bench_table, to_json
from sketchshape.bench.tables.significance import holm, interval
from sketchshape.config.data import DataSettings
from sketchshape.config.run import RunSettings
from sketchshape.report.formats import head, to_csv
from sketchshape.report.table import Interval
from sketchshape.report.terminal import print_table


def csv_rows(path: Path) -> dict[str, dict[str, str]]:
    return {row["method"]: row for row in csv.DictReader(io.StringIO(path.read_text()))}


class TestBaselines:
    def test_each_has_differences_and_a_family_of_its_own(self) -> None:
        seeds = {"A": (0, 1, 2), "B": (5,)}
        results = pretended({"CGN": 0, "A": 0.01, "SL": 0.05, "B": 0.06}, ("CGN", "SL"), seeds=seeds)
        found = differences(results)
        rows = {one.entry.label: one.precision for one in results.methods}
        assert [one.shape for one in rows.values()] == [(2, 30), (3, 30), (2, 30), (1, 30)]
        drawn = resampled_means(
            list(rows.values()), [(0, 1), (0, 1, 2), (0, 1), (5,)], results.methods[0].labels
        )
        means = dict(zip(rows, drawn, strict=True))
        for base in ("CGN", "SL"):
            others = [label for label in rows if label != base]
            own = [interval(rows[one].mean() - rows[base].mean(), means[one] - means[base]) for one in others]
            for label, one, p in zip(others, own, holm([one.p for one in own]), strict=True):
                assert found[label][base] == replace(one, p=p)
        assert (list(found["CGN"]), list(found["SL"]), list(found["A"])) == (["SL"], ["CGN"], ["CGN", "SL"])
        assert found["CGN"]["SL"].mean == -found["SL"]["CGN"].mean

    def test_one_that_is_not_trained_has_no_column_of_figures(self) -> None:
        assert differences(pretended({"CGN": 0, "A": 0.1}, "lost")) == {}
        assert differences(pretended({"CGN": 0})) == {}
        found = differences(pretended({"CGN": 0, "A": 0.1}, ("lost", "CGN")))
        assert (list(found["A"]), found["CGN"]) == (["CGN"], {})

    def test_a_row_that_is_sure_by_itself_may_not_be_one_of_many(self) -> None:
        """The same row with the same interval, beside 1 and beside 15 others."""
        few = {"CGN": 0.0, "A": 0.053}
        many = {**few, **{f"other {number}": 0.0 for number in range(15)}}
        alone, beside = (differences(pretended(gains))["A"]["CGN"] for gains in (few, many))
        assert (alone.mean, alone.low, alone.high) == (beside.mean, beside.low, beside.high)
        assert alone.p < beside.p
        assert alone.low > 0
        assert (alone.sure, beside.sure) == (True, False)

    def test_they_are_in_all_formats(self, tmp_path: Path) -> None:
        results = pretended({"CGN": 0, "SL": 0.2, "A": 0.21}, ("CGN", "SL"))
        table = write_tables(results, tmp_path)
        (remark,) = [one for one in table.remarks if one.startswith("Δ mAP")]
        assert remark.startswith("Δ mAP is the difference to CGN, Δ mAP to SL that to SL, with its bootstrap")
        for name in ("table.md", "table.html"):
            assert "Δ mAP to SL" in (tmp_path / name).read_text()
        assert r"$\Delta$ mAP to SL" in (tmp_path / "table.tex").read_text()
        row, figures = csv_rows(tmp_path / "table.csv")["A"], to_json(results, table)
        assert figures["baseline"] == "CGN"
        for name, more in (("CGN", ""), ("SL", " to SL")):
            one = figures["methods"]["A"][f"delta_mAP{more}"]
            assert Interval(**one).times(100) == table.rows[2].deltas[name]
            mine = [float(row[f"delta_{key}{more}"]) for key in ("mAP", "low", "high", "p")]
            np.testing.assert_allclose(mine, [*(100 * one[key] for key in ("mean", "low", "high")), one["p"]])
        assert figures["methods"]["SL"]["delta_mAP to SL"] is None
        assert figures["methods"]["SL"]["delta_mAP"]["p"] == 2 * 2 / 10_001

    def test_one_alone_changes_no_column(self, tmp_path: Path) -> None:
        gains = {"CGN": 0, "A": 0.1}
        one, listed = (pretended(gains, baseline) for baseline in ("CGN", ("CGN",)))
        assert bench_table(one) == replace(bench_table(listed), title=bench_table(one).title)
        write_tables(one, tmp_path)
        head = (tmp_path / "table.md").read_text().splitlines()[2]
        assert head == (
            "| method | backbone | NN | FT | ST | E | DCG | mAP | Δ mAP | seconds | MB | source |"
        )
        assert "delta_mAP to" not in (tmp_path / "table.csv").read_text()


class TestSearched:
    def test_every_row_says_what_it_had(self, tmp_path: Path) -> None:
        had = {"CGN": {"searched": Searched(6, 209.6, 0.75)}, "A": {"searched": Searched(2, 1000)}}
        results = pretended({"CGN": 0, "A": 0.1, "hand": 0.2}, entries=had)
        table = write_tables(results, tmp_path)
        text = (tmp_path / "table.md").read_text().splitlines()
        assert [line.split(" | ")[-2:] for line in text if "measured, 2 seeds" in line] == [
            ["6 / 210 s", "measured, 2 seeds |"],
            ["2 / 1000 s", "measured, 2 seeds |"],
            ["not searched", "measured, 2 seeds |"],
        ]
        rows, figures = csv_rows(tmp_path / "table.csv"), to_json(results, table)["methods"]
        pairs = {
            label: (row["searched_settings"], row["searched_seconds"]) for label, row in rows.items() if row
        }
        assert [pairs[label] for label in ("CGN", "A", "hand")] == [("6", "209.6"), ("2", "1000"), ("", "")]
        assert figures["CGN"]["searched"] == {"settings": 6, "seconds": 209.6}
        assert "searched" not in figures["hand"]
        assert "6 / 210 s & measured" in (tmp_path / "table.tex").read_text()
        assert "not searched" in (tmp_path / "table.html").read_text()
        assert any(one.startswith("Searched: settings tried") for one in table.remarks)

    def test_without_a_search_there_is_no_column(self) -> None:
        table = bench_table(pretended({"CGN": 0, "A": 0.1}))
        assert "searched" not in head(table)
        assert "searched" not in to_csv(table)
        assert not any("earched" in one for one in table.remarks)


PAPER, MORE = {"group": "the paper's data"}, {"group": "more | drawings"}
GROUPS = {"SL+": MORE, "CGN": PAPER, "CGN+": MORE, "SL": PAPER, "TCL+": MORE}
GAINS = {"SL+": 0.3, "CGN": 0.0, "CGN+": 0.2, "SL": 0.1, "TCL+": 0.32}


class TestGroups:
    def test_rows_of_different_groups_are_never_compared(self) -> None:
        results = pretended(GAINS, ("CGN", "CGN+"), entries=GROUPS)
        found = differences(results)
        assert {label: list(own) for label, own in found.items()} == {
            "SL+": ["CGN+"],
            "TCL+": ["CGN+"],
            "SL": ["CGN"],
            "CGN": [],
            "CGN+": [],
        }
        alone = pretended(GAINS, ("CGN", "CGN+"))
        one, family = differences(alone), ("SL+", "TCL+")
        assert len(one["SL+"]) == 2
        for label in family:  # the same draws; p is corrected for 2 rows and not for 4
            assert found[label]["CGN+"] == replace(one[label]["CGN+"], p=found[label]["CGN+"].p)
            assert found[label]["CGN+"].p < one[label]["CGN+"].p

    def test_a_table_has_one_after_the_other_each_with_its_best(self) -> None:
        table = bench_table(pretended(GAINS, entries=GROUPS, run=RunSettings(data=DataSettings("shrec13"))))
        assert [row.method for row in table.rows[:6]] == ["SL+", "CGN+", "TCL+", "CGN", "SL", "CDMR"]
        blocks = dict(table.blocks)
        assert list(blocks) == ["more | drawings", "the paper's data", "published"]
        assert [blocks[name] for name in blocks][:2] == [[0, 1, 2], [3, 4]]
        assert table.best == [{2, 4}] * 6
        assert (
            "Differences, their correction and the best figures in bold are within a group." in table.remarks
        )

    def test_they_are_in_all_formats(self, tmp_path: Path) -> None:
        results = pretended(GAINS, ("CGN", "CGN+"), entries=GROUPS)
        results = replace(results, facts={**results.facts, "parts": {"held-out": {}}})
        for method in results.methods:
            for one in method.seeds.values():
                one.record["also"] = {"held-out": one.record["scores"]}
        table = write_tables(results, tmp_path)
        text = (tmp_path / "table.md").read_text()
        parts = text.split("\n### ")
        assert [part.splitlines()[0] for part in parts[1:]] == [r"more \| drawings", "the paper's data"]
        assert [part.splitlines()[2] for part in parts[1:]] == ["| " + " | ".join(head(table)) + " |"] * 2
        assert [part.count("measured, 2 seeds") for part in parts] == [0, 3, 2]
        assert "| method | group | all | the part of held-out shapes |\n| --- | --- | ---: | ---: |" in text
        rows, figures = csv_rows(tmp_path / "table.csv"), to_json(results, table)["methods"]
        assert {label: row["group"] for label, row in rows.items()} == {
            label: one["group"] for label, one in GROUPS.items()
        }
        assert {label: one["group"] for label, one in figures.items()} == {
            label: one["group"] for label, one in GROUPS.items()
        }
        latex = (tmp_path / "table.tex").read_text()
        assert latex.count(rf"\multicolumn{{{len(head(table))}}}{{l}}{{\textit{{") == 2
        assert latex.count(r"\midrule") == 2
        page = (tmp_path / "table.html").read_text()
        assert page.count('scope="rowgroup"') == 2
        assert page.index("more | drawings</th>") < page.index("<td>TCL+") < page.index("data</th>")
        assert "Precision and recall: the paper" in page
        stream = io.StringIO()
        print_table(table, Console(file=stream, width=90))
        titles = [line.strip() for line in stream.getvalue().splitlines() if "protocol closed" in line]
        assert [title.partition("closed: ")[2] for title in titles] == ["more | drawings", "the paper's data"]

    def test_pictures_and_tiles_do_not_mix_them(self, tmp_path: Path) -> None:
        results = pretended(GAINS, entries=GROUPS)
        curves = {group: [one.name for one in _curves(results, group, ())] for group in results.bench.groups}
        assert {group: [name.split("  ")[0] for name in names] for group, names in curves.items()} == {
            "more | drawings": ["TCL+", "SL+", "CGN+"],
            "the paper's data": ["SL", "CGN"],
        }
        drawn = draw_all(results, tmp_path)
        assert [one.name for one in drawn] == ["pr", "pr-2", "per_class"]
        assert [("thick blue" in one.caption) for one in drawn[:2]] == [False, True]
        assert class_differences(results)[1] == ["SL"]
        assert [label for label, *_ in _tiles(bench_table(results))] == ["SL, mAP %", "CGN, mAP %"]

    def test_without_groups_there_is_one_block_and_one_picture_of_curves(self, tmp_path: Path) -> None:
        results = pretended({"CGN": 0, "SL": 0.1})
        table = write_tables(results, tmp_path)
        assert [name for name, _ in table.blocks] == [""]
        assert "group" not in head(table) + to_csv(table).splitlines()[0].split(",")
        assert "###" not in (tmp_path / "table.md").read_text()
        assert "multicolumn" not in (tmp_path / "table.tex").read_text()
        assert not any("within a group" in one for one in table.remarks)
        assert {path.name for path in tmp_path.glob("pr*.png")} == {"pr.png"}


class TestLooks:
    @pytest.mark.parametrize(
        ("of_all", "of_rows", "said"),
        [
            (0, {}, []),
            (8, {}, ["Test sketches were looked at 8 times with this recipe."]),
            (1, {"SL": 1}, ["Test sketches were looked at once with this recipe."]),
            (
                8,
                {"SL": 2, "CGN": 8},
                [
                    "Test sketches were looked at 8 times with this recipe.",
                    "SL: Test sketches were looked at 2 times with this recipe.",
                ],
            ),
            (0, {"SL": 1}, ["SL: Test sketches were looked at once with this recipe."]),
        ],
    )
    def test_they_are_said_below_the_table(
        self, of_all: int, of_rows: dict[str, int], said: list[str]
    ) -> None:
        entries = {label: {"looks": looks} for label, looks in of_rows.items()}
        table = bench_table(pretended({"CGN": 0, "SL": 0.1}, entries=entries, looks=of_all))
        assert [one for one in table.remarks if "looked at" in one] == said


class TestOfficialCurves:
    def test_further_entries_have_a_light_curve_and_no_row(self, tmp_path: Path) -> None:
        stats = np.full((2700, 5), 0.25)
        track = [
            Official("CDMR", stats, np.linspace(0.9, 0.1, 20)),
            Official("Aono EFSD", stats, np.linspace(0.4, 0.1, 20), listed=False),
            Official("Pascoal HTD", stats, np.linspace(0.3, 0.1, 20), listed=False),
            Official("Li lost", stats[:0], stats[:0, 0], listed=False, problem="PR_test.txt: cannot be read"),
        ]
        results = pretended({"CGN": 0.3, "SL": 0.4})
        table = write_tables(results, tmp_path, track)
        assert [row.method for row in table.rows] == ["CGN", "SL", "CDMR"]
        assert table.problems == ["official curve of Li lost: PR_test.txt: cannot be read"]
        page = (tmp_path / "table.html").read_text()
        assert "Light grey: the best official entry of each other team, Aono EFSD, Pascoal HTD." in page
        assert "Li lost: PR_test.txt" in page
        curves = _curves(results, "", track)
        assert [(one.name, one.faint) for one in curves[2:]] == [
            ("CDMR (official)", False),
            ("other teams (official)", True),
            ("", True),
        ]
        with Image.open(tmp_path / "pr.png") as picture:
            light = (np.asarray(picture.convert("RGB")) == [0xB6, 0xBD, 0xC6]).all(axis=2)
        assert light.any(axis=0).mean() > 0.4  # over most of the width
        write_tables(results, tmp_path, track[:1])
        with Image.open(tmp_path / "pr.png") as picture:
            assert not (np.asarray(picture.convert("RGB")) == [0xB6, 0xBD, 0xC6]).all(axis=2).any()
