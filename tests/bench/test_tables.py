"""The table of a comparison, in all its formats, of results that were never trained."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench_results import pretended

from sketchshape.bench import write_tables
from sketchshape.bench.plan import Searched
from sketchshape.bench.tables.bootstrap import resampled_means
from sketchshape.bench.tables.differences import differences
from sketchshape.bench.tables.rows import bench_table, to_json
from sketchshape.bench.tables.significance import holm, interval
from sketchshape.report.formats import head, to_csv
from sketchshape.report.table import Interval


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
        assert any(one.startswith("Searched: settings that were tried") for one in table.remarks)

    def test_without_a_search_there_is_no_column(self) -> None:
        table = bench_table(pretended({"CGN": 0, "A": 0.1}))
        assert "searched" not in head(table)
        assert "searched" not in to_csv(table)
        assert not any("earched" in one for one in table.remarks)
