"""The parts of a comparison: its file, the bootstrap, official statistics, draws, and the table's formats."""

from __future__ import annotations

import csv
import io
import os
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from rich.console import Console

from sketchshape.bench.budget import Budget, Searched
from sketchshape.bench.cells import Cell
from sketchshape.bench.plan import Bench, Entry, flat, load_bench
from sketchshape.bench.tables.official import ENTRIES, read_entry, read_official
from sketchshape.bench.tuning import chosen_toml, draws, search_table, spent, within
from sketchshape.config import load_config, to_tree
from sketchshape.config.run import RunSettings
from sketchshape.errors import ConfigError, DatasetError, UsageError
from sketchshape.report.formats import also_table, cells, head, to_csv, to_latex, to_markdown
from sketchshape.report.quoted import SHREC13
from sketchshape.report.table import MEASURED, OFFICIAL, PR20, QUOTED, Interval, Row, Table
from sketchshape.report.terminal import print_table
from sketchshape.runs.identity import identity
from sketchshape.train.methods import checked, options_class, options_of

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SKETCHSHAPE_SHARED", ROOT.parent / "shared"))
OFFICIAL_FOLDER = SHARED / "data" / "shrec_lists" / "shrec13_official"
CGN = '[[methods]]\nlabel = "CGN"\nmethod = "cgn"\n'
TCL = 'baseline = "TCL"\n[[methods]]\nlabel = "TCL"\nmethod = "tcl"\n'


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


class TestPlan:
    def test_overrides_reach_the_run_and_the_comparison(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.toml",
            f'name = "a"\n[run.head]\nwidth = 8\n{CGN}[methods.settings]\nstudent.lr = 0.1\n',
        )
        bench = load_bench(path, ["data.protocol=unseen", "seeds=[3, 4]", "search.budget=2"])
        assert (bench.run.data.protocol, bench.run.head.width) == ("unseen", 8)
        assert bench.seeds == bench.run.train.seeds == (3, 4)
        assert bench.search.budget == 2
        assert bench.run.name == "a"
        assert bench.entry("cgn") is bench.entry("CGN") is bench.methods[0]
        own = bench.methods[0].run(bench.run)
        assert (own.student.lr, own.method, own.options) == (0.1, "cgn", {})
        assert own == replace(bench.run, student=replace(bench.run.student, lr=0.1))
        with pytest.raises(UsageError, match="no method 'TCL'; expected one of: CGN"):
            bench.entry("TCL")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "no method, expected at least one table"),
            (CGN.replace('"cgn"', '"cng"'), r"method is 'cng'; did you mean 'cgn'.*one of: .*cgn.*"),
            (
                TCL + "[methods.options]\nepoch = 3",
                "TCL: method tcl has no option 'epoch'; did you mean 'epochs'",
            ),
            (
                TCL + "[methods.options]\nfoo = 3",
                "no option 'foo'; Its options are: .*dropout.*epochs.*margin",
            ),
            (TCL + "[methods.options]\nepochs = 1.5", "options.epochs is 1.5, expected an integer"),
            (TCL + "[methods.search]\nlr = 0.1", "search.lr of TCL is 0.1, expected a list"),
            (TCL + "[methods.search]\nlrr = [0.1]", "no option 'lrr'; did you mean 'lr'"),
            (TCL + "[methods.search]\nlr = [0.1, 'fast']", "options.lr is 'fast', expected a number"),
            (CGN + "[methods.options]\nlr = 0.1", "CGN: method cgn has no option 'lr'; .*none, but settings"),
            (CGN + "[methods.search]\nweight = [0.1]", "CGN: method cgn has no option 'weight'"),
            (CGN + "[methods.settings]\nstudent.epoch = 3", "unknown key 'student.epoch'; .*'epochs'"),
            (CGN + "[methods.settings.student]\nfoo = 3", "unknown key 'student.foo'"),
            (CGN + "[methods.settings]\nstudent.epochs = 1.5", "epochs is 1.5, expected an integer"),
            (CGN + "[methods.settings]\nstudent.away = 'median'", "away is 'median', expected one of: sum"),
            (CGN + "[methods.settings]\ntrain.augment = 9", "CGN: train.augment is the same for all methods"),
            (CGN + "[methods.settings]\nviews.count = 9", "CGN: views.count is the same for all methods"),
            (CGN + "[methods.search]\nbackbone.size = [9]", "CGN: backbone.size is the same for all methods"),
            (CGN + "[methods.search]\nstudent.lr = 0.1", "search.student.lr of CGN is 0.1, expected a list"),
            (CGN + "[methods.search]\nstudent.lrr = [0.1]", "unknown key 'student.lrr'; did you mean 'lr'"),
            (CGN + "[methods.search]\nstudent.lr = [0.1, 'fast']", "lr is 'fast', expected a number"),
            (CGN + CGN, "two methods have the label 'CGN'"),
            (CGN + CGN.replace("CGN", "cgn!"), "two methods have the label 'cgn'"),
            (CGN.replace("CGN", "!"), "label '!', expected letters or digits"),
            (CGN.replace("CGN", "A, B"), "label 'A, B' has a comma"),
            ('baseline = "TCL"\n' + CGN, "baseline is 'TCL', expected the label of one"),
            ('baseline = ["CGN", "TCL"]\n' + CGN, r"baseline is \['CGN', 'TCL'\], expected .* list of such"),
            ('baseline = ["CGN", "CGN"]\n' + CGN, "expected the label of one of the methods"),
            ("baseline = []\n" + CGN, r"baseline is \[\], expected the label"),
            ("baseline = 3\n" + CGN, "baseline is 3, expected a text or a list of such"),
            (CGN + 'group = "a"\n' + TCL.partition("\n")[2], "TCL has no group and other rows have"),
            ("looks = -1\n" + CGN, "looks is negative, expected how often"),
            (CGN + "looks = -1", "looks is negative, expected how often"),
            ("seeds = []\n" + CGN, "seeds is empty"),
            ('[run.train]\nbackbone = "finetune"\n' + CGN, "a comparison needs frozen"),
            ("[search]\nvalidation = 0.0\n" + CGN, "expected budget 1 or more"),
            ("[search]\nseconds = -1\n" + CGN, "expected budget 1 or more, seconds 0 or more"),
            ("[search]\nseconds = nan\n" + CGN, "expected budget 1 or more, seconds 0 or more"),
            (CGN + "[methods.searched]\nsettings = -1", "searched of CGN is .*expected settings and seconds"),
            (CGN + "[methods.searched]\nvalidation = 75.4", "expected .* validation from 0 to 1"),
            (CGN + "[methods.searched]\nsetings = 3", "unknown key 'methods.searched.setings'"),
            ("[run.student]\nlrr = 1\n" + CGN, "unknown key 'run.student.lrr'; did you mean 'lr'"),
        ],
    )
    def test_a_wrong_file_is_refused_before_anything_is_trained(
        self, tmp_path: Path, text: str, message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message) as caught:
            load_bench(write(tmp_path / "a.toml", text))
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        "path", sorted((ROOT / "configs/bench").glob("*.toml")), ids=lambda path: path.stem
    )
    def test_the_committed_comparisons_are_right(self, path: Path) -> None:
        bench = load_bench(path)
        assert bench.name == path.stem
        alike, more = {
            "psb76": (ROOT / "configs/psb76.toml", []),
            "recipe": (ROOT / "configs/psb76.toml", []),
            "sample": (ROOT / "src/sketchshape/cli/demo.toml", []),
            "shrec13": (ROOT / "configs/psb76.toml", ["data.layout=shrec13"]),
            "shrec13-choices": (ROOT / "configs/recipes/shrec13-photographs.toml", ["data.validation=0.2"]),
        }[path.stem]
        assert identity(bench.run) == identity(load_config(RunSettings, alike, more))
        for entry in bench.methods:
            if path.stem not in ("recipe", "shrec13-choices"):  # their rows are settings already
                assert len(draws(entry, bench.run, bench.search)) == bench.search.budget, entry.label

    def test_the_rows_on_shrec13_are_those_on_psb76_and_one_is_a_recipe(self) -> None:
        bench, other = (load_bench(ROOT / f"configs/bench/{name}.toml") for name in ("shrec13", "psb76"))
        assert bench.methods == other.methods
        recipe = load_config(RunSettings, ROOT / "configs/recipes/shrec13-photographs.toml")
        row = bench.entry("Center softmax on a simplex").run(bench.run)
        assert identity(row) == identity(checked(recipe))

    @pytest.mark.parametrize("name", ["psb76", "recipe", "sample"])
    def test_each_committed_row_is_the_run_that_it_was_before(self, name: str) -> None:
        """The options that the rows of CGN had are settings of the run, and all else is that of [run]."""
        bench = load_bench(ROOT / f"configs/bench/{name}.toml")
        simplex = {"teacher.classifier": "simplex", "teacher.centers": "classifier"}
        slow = {"student.lr": 0.1, "student.weight_decay": 3e-3}
        searched = {"student.lr": 0.6, "student.weight_decay": 3e-4, "student.dropout": 0.5}
        psb76, recipe = name == "psb76", name == "recipe"
        wanted = {
            "CGN": {},
            "margin 0.8": {"teacher.margin": 0.8},
            "no push": {"student.weight": 0.0},
            "no push + margin 0.8": {"student.weight": 0.0, "teacher.margin": 0.8},
            "simplex": simplex,
            "simplex + margin 0.8": {**simplex, "teacher.margin": 0.8},
            "simplex + margin 0.8 + no push": {**simplex, "teacher.margin": 0.8, "student.weight": 0.0},
            "simplex + margin 0.8 + line drawings": {
                **simplex,
                "teacher.margin": 0.8,
                "views.lines": 6,
                "views.line_weight": 0.0,
            },
            "simplex + margin 0.8 + AM-softmax": {**simplex, "teacher.margin": 0.8, "student.lr": 0.1},
            "CGN + slow": slow,
            "no push + slow": {"student.weight": 0.0, **slow},
            "simplex + margin 0.6 + slow": {**simplex, "teacher.margin": 0.6, **slow},
            "CGN (mean away)": {
                "student.away": "mean",
                **({**searched, "student.weight": 0.5} if psb76 else {}),
            },
            "CGN (no push)": {"student.weight": 0.0},
            "CGN on a simplex": {
                **simplex,
                "teacher.margin": 0.6,
                **({**slow, "student.dropout": 0.5} if psb76 else {}),
            },
            "CGN (sketch teaches shape)": {"teacher.modality": "sketch"},
            "CGN + classification": (
                {"student.classification": 0.2, **searched} if psb76 else {"student.classification": 0.5}
            ),
            "Center softmax": (
                {"student.lr": 0.1, "student.weight_decay": 3e-4, "student.dropout": 0.7} if psb76 else {}
            ),
            "Center softmax on a simplex": {
                **simplex,
                "teacher.margin": 0.8,
                "student.lr": 0.1,
                "student.weight_decay": 3e-4,
                "student.dropout": 0.7,
            },
        }
        options = {  # those that differ from their defaults, scale 15 and margin 0.2
            "Center softmax": {"margin": 0.35} if psb76 else {},
            "Center softmax on a simplex": {},
            "simplex + margin 0.8 + AM-softmax": {},
        }
        guided = [entry for entry in bench.methods if entry.method in ("cgn", "center_softmax")]
        assert len(guided) == (12 if recipe else 8 if psb76 else 7)
        assert [entry.method for entry in bench.methods if entry not in guided] == (
            [] if recipe else ["sl", "tcl", "siamese", "dcml", "dchml", "lwbr", "dca", "subspace"]
        )
        for entry in guided:
            own, base = flat(to_tree(entry.run(bench.run))), flat(to_tree(bench.run))
            given = {key: value for key, value in own.items() if key.startswith("options.")}
            soft = entry.label in options
            assert entry.method == ("center_softmax" if soft else "cgn"), entry.label
            assert given == flat({"options": options.get(entry.label, {})}), entry.label
            differing = {key: own[key] for key in base if own.get(key) != base[key] and key != "method"}
            changed = {key: value for key, value in wanted[entry.label].items() if base[key] != value}
            assert differing == changed, entry.label
            assert all(own[key] == value for key, value in wanted[entry.label].items()), entry.label
            assert entry.run(bench.run).words == RunSettings().words
        for entry in (one for one in bench.methods if one not in guided):
            own = entry.run(bench.run)
            kind = options_class(entry.method)
            assert own == replace(bench.run, method=entry.method, options=own.options)
            assert options_of(own) == replace(kind(), **entry.options), entry.label
        assert bench.prepared == replace(bench.run, views=replace(bench.run.views, lines=6 if recipe else 0))

    def test_settings_may_be_nested_and_changes_come_last(self) -> None:
        dotted = Entry("a", "cgn", settings={"student.weight": 0.5, "student.lr": 0.2, "head.width": 9})
        nested = Entry("a", "cgn", settings={"student": {"weight": 0.5, "lr": 0.2}, "head": {"width": 9}})
        assert flat(nested.settings) == dotted.settings
        assert dotted.run(RunSettings()) == nested.run(RunSettings())
        changed = nested.run(RunSettings(), {"student.lr": 0.7})
        assert (changed.student.lr, changed.student.weight, changed.head.width) == (0.7, 0.5, 9)
        other = Entry("b", "tcl", options={"lr": 0.2}).run(RunSettings(), {"lr": 0.3, "head.width": 7})
        assert (other.options["lr"], other.head.width, other.student) == (0.3, 7, RunSettings().student)


def write_entry(folder: Path, stats: Sequence[str], curve: Sequence[str]) -> Path:
    folder.mkdir(parents=True)
    body = "".join(f"No.{number}: {line}\n" for number, line in enumerate(stats, 1))
    (folder / "Stats_test.txt").write_text(
        f"  NN FT ST E DCG\n{body}NN FT ST E DCG\n0.9\t0.9\t0.9\t0.9\t0.9\n"
    )
    (folder / "PR_test.txt").write_text("Recall Precision\n" + "".join(f"{line}\n" for line in curve))
    return folder


class TestOfficial:
    STATS = ("1.000\t 0.500\t 0.750\t 0.250\t 0.907", "0.000\t 0.250\t 0.250\t 0.111\t 0.747")
    CURVE = tuple(f"{level / 20:.6f}\t{1 - level / 40:.6f}" for level in range(1, 21))

    def test_an_entry_is_read_query_by_query(self, tmp_path: Path) -> None:
        found = read_entry(write_entry(tmp_path / "entry", self.STATS, self.CURVE), "X", queries=2)
        assert found.per_query.tolist() == [[1, 0.5, 0.75, 0.25, 0.907], [0, 0.25, 0.25, 0.111, 0.747]]
        np.testing.assert_allclose(found.pr, 1 - np.arange(1, 21) / 40)

    @pytest.mark.parametrize(
        ("stats", "curve", "message"),
        [
            (STATS[:1], CURVE, r"numbers \(1, 5\), expected \(2, 5\)"),
            ((STATS[0], "0.1 0.2"), CURVE, "expected 5 numbers in each"),
            ((STATS[0], "7 0 0 0 0"), CURVE, "from 0 to 1"),
            (STATS, CURVE[:7], r"numbers \(7, 2\), expected \(20, 2\)"),
            (STATS, CURVE[::-1], "recall goes from 1.0 to 0.05"),
        ],
    )
    def test_a_damaged_entry_is_refused(
        self, tmp_path: Path, stats: Sequence[str], curve: Sequence[str], message: str
    ) -> None:
        with pytest.raises(DatasetError, match=message):
            read_entry(write_entry(tmp_path / "entry", stats, curve), "X", queries=2)

    def test_they_are_printed_beside_shrec13_only_and_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="layout is 'psb76'; leave it out"):
            read_official(tmp_path, "psb76")
        with pytest.raises(DatasetError, match=r"Stats_test\.txt: cannot be read .* Li__SBR-VC_NUM_100_"):
            read_official(tmp_path, "shrec13")

    def test_a_curve_may_have_no_head(self, tmp_path: Path) -> None:
        folder = write_entry(tmp_path / "entry", self.STATS, self.CURVE)
        (folder / "PR_test.txt").write_text("".join(f"{line}\r\n" for line in self.CURVE))
        np.testing.assert_allclose(read_entry(folder, "X", queries=2).pr, 1 - np.arange(1, 21) / 40)

    def test_of_each_other_team_there_is_the_best_and_what_is_damaged_is_named(self, tmp_path: Path) -> None:
        def entry(name: str, height: float, lines: int = 2700) -> None:
            curve = [f"{level / 20}\t{height}" for level in range(1, 21)]
            write_entry(tmp_path / name, self.STATS[:1] * lines, curve)

        entry(ENTRIES["CDMR"], 0.5)
        entry("Furuya__worse_", 0.4)
        entry(ENTRIES["SBR-VC"], 0.3)
        entry("Li__better_one_", 0.35)
        for name, height in (("A__a_", 0.1), ("A__b_c_", 0.3), ("A__d_", 0.2), ("B__x", 0.2)):
            entry(name, height)
        entry("A__short_", 0.9, lines=2)
        (tmp_path / "C__empty_").mkdir()
        (tmp_path / "Readme.txt").write_text("not an entry")
        found = read_official(tmp_path, "shrec13")
        assert [(one.name, one.listed) for one in found] == [
            ("CDMR", True),
            ("SBR-VC", True),
            ("A b c", False),
            ("B x", False),
            ("Li better one", False),
            ("A short", False),
            ("C empty", False),
        ]
        assert [one.pr.mean() for one in found[:5]] == pytest.approx([0.5, 0.3, 0.3, 0.2, 0.35])
        assert [bool(one.problem) for one in found] == [False] * 5 + [True] * 2
        assert "numbers (2, 5), expected (2700, 5)" in found[5].problem
        assert "cannot be read" in found[6].problem
        assert found[6].pr.size == 0

    @pytest.mark.skipif(not OFFICIAL_FOLDER.is_dir(), reason="the official SHREC statistics are not here")
    def test_the_published_ones_give_the_rows_of_the_paper(self) -> None:
        quoted = {row.method: row.percent for row in SHREC13}
        found = read_official(OFFICIAL_FOLDER, "shrec13")
        assert [one.name for one in found[2:]] == ["Aono EFSD", "Pascoal HTD", "Saavedra HOG-SIL"]
        assert not any(one.listed or one.problem for one in found[2:])
        for one in found[:2]:
            assert one.name in ENTRIES
            mine = [*(100 * one.per_query.mean(axis=0)), 100 * one.pr.mean()]
            assert mine == pytest.approx(quoted[one.name], abs=0.051)


class TestSearch:
    ENTRY = Entry(
        "TCL", "tcl", options={"margin": 2.0}, search={"margin": [1.0, 2.0, 5.0], "lr": [0.1, 0.01]}
    )

    def test_all_get_the_same_number_and_their_own_first(self) -> None:
        found = draws(self.ENTRY, RunSettings(), Budget(budget=4))
        assert found[0] == {}
        assert len({tuple(one.items()) for one in found}) == len(found) == 4
        assert all(one["margin"] in (1, 2, 5) and one["lr"] in (0.1, 0.01) for one in found[1:])
        assert draws(self.ENTRY, RunSettings(), Budget(budget=4)) == found
        assert draws(self.ENTRY, RunSettings(), Budget(budget=4, seed=1)) != found

    def test_the_own_setting_is_never_drawn_again(self) -> None:
        lr = options_class("tcl")().lr
        entry = Entry("TCL", "tcl", search={"lr": [lr, 7.0]})
        assert draws(entry, RunSettings(), Budget()) == [{}, {"lr": 7.0}]
        guided = Entry(
            "CGN", "cgn", search={"student": {"lr": [RunSettings().student.lr, 7.0], "weight": [0.4]}}
        )
        drawn = draws(replace(guided, settings={"student.weight": 0.4}), RunSettings(), Budget())
        assert drawn == [{}, {"student.lr": 7.0, "student.weight": 0.4}]
        of_all = replace(RunSettings(), student=replace(RunSettings().student, lr=7.0, weight=0.4))
        own = {"student.lr": RunSettings().student.lr, "student.weight": 0.4}
        assert draws(guided, of_all, Budget()) == [{}, own]

    def test_the_best_is_written_as_it_can_be_read(self, tmp_path: Path) -> None:
        tried = {"TCL": [{}, {"lr": 0.5}, {"margin": 5.0, "lr": 0.1}]}
        records = {
            "TCL": [
                {"status": "done", "scores": {"mAP": 0.5, "NN": 0.4}, "seconds": 3.0},
                {"status": "diverged", "reason": "nan", "wall_seconds": 2.5},
                {"status": "done", "scores": {"mAP": 0.7, "NN": 0.4}, "seconds": 4.0},
            ]
        }
        text = chosen_toml([self.ENTRY], tried, records)
        bench = load_bench(write(tmp_path / "chosen.toml", 'baseline = "TCL"\n' + text))
        assert bench.methods[0].options == {"margin": 5.0, "lr": 0.1}
        assert bench.methods[0].search == self.ENTRY.search
        assert bench.methods[0].searched == Searched(3, 9.5, 0.7)
        assert "setting 2 of 3: validation mAP 70.0" in text
        rows = list(csv.DictReader(io.StringIO(search_table(tried, records))))
        assert [(row["setting"], row["seconds"]) for row in rows] == [
            ("2", "4.0"),
            ("0", "3.0"),
            ("1", "2.5"),
        ]
        assert rows[2]["status"] == "diverged"

    def test_the_best_settings_of_a_run_are_written_as_they_can_be_read(self, tmp_path: Path) -> None:
        entry = Entry(
            "CGN",
            "cgn",
            group="more drawings",
            looks=3,
            settings={"student": {"weight": 0.5, "lr": 0.3}, "teacher.classifier": "simplex"},
            search={"student.lr": [0.1, 0.3], "student.dropout": [0.5]},
        )
        tried = {"CGN": [{}, {"student.lr": 0.1, "student.dropout": 0.5}]}
        records = {"CGN": [{"status": "done", "scores": {"mAP": mean, "NN": 0.4}} for mean in (0.5, 0.7)]}
        bench = load_bench(write(tmp_path / "chosen.toml", chosen_toml([entry], tried, records)))
        (found,) = bench.methods
        assert found.run(bench.run) == entry.run(bench.run, tried["CGN"][1])
        assert (found.options, found.values) == ({}, entry.values)
        assert (found.group, found.looks) == ("more drawings", 3)

    def test_where_nothing_could_be_trained_the_options_stay(self) -> None:
        text = chosen_toml([self.ENTRY], {"TCL": [{}, {"lr": 0.5}]}, {"TCL": [{"status": "failed"}] * 2})
        (found,) = tomllib.loads(text)["methods"]
        assert found["options"] == {"margin": 2.0}
        assert found["searched"] == {"settings": 2, "seconds": 0.0}


class TestSeconds:
    """Which settings of each method are begun when each has the same seconds."""

    COST: ClassVar = {"fast": [1.0, 2.0, 3.0, 4.0, 5.0], "slow": [40.0, 1.0, 1.0], "exact": [5.0, 5.0, 5.0]}

    def cells(self, folder: Path) -> dict[str, list[Cell]]:
        run = RunSettings(method="tcl")
        return {
            label: [Cell(folder / label / str(place), label, run, 0, "data") for place in range(len(costs))]
            for label, costs in self.COST.items()
        }

    def train(self, cells: Sequence[Cell]) -> list[dict[str, Any]]:
        """Do what the runner does: leave alone what is done, and try again what is not."""
        for cell in cells:
            if (cell.record() or {"status": ""})["status"] != "done":
                self.begun.append((cell.label, int(cell.folder.name)))
                cost = self.COST[cell.label][int(cell.folder.name)]
                failed = cell.folder.name == "1"
                cell.write(
                    "failed" if failed else "done",
                    **{"wall_seconds": cost} if failed else {"seconds": cost, "wall_seconds": 99.0},
                )
        return [cell.record() or {} for cell in cells]

    @pytest.mark.parametrize(
        ("seconds", "wanted"),
        [
            (0.0, {"fast": 5, "slow": 3, "exact": 3}),
            (0.5, {"fast": 1, "slow": 1, "exact": 1}),
            (6.0, {"fast": 3, "slow": 1, "exact": 2}),
            (10.0, {"fast": 4, "slow": 1, "exact": 2}),
            (10.1, {"fast": 5, "slow": 1, "exact": 3}),
            (1e9, {"fast": 5, "slow": 3, "exact": 3}),
        ],
    )
    def test_no_setting_is_begun_once_they_are_used_up(
        self, tmp_path: Path, seconds: float, wanted: dict[str, int]
    ) -> None:
        self.begun: list[tuple[str, int]] = []
        found = within(self.cells(tmp_path), seconds, self.train)
        assert {label: len(own) for label, own in found.items()} == wanted
        first = {(label, place) for label, count in wanted.items() for place in range(count)}
        assert set(self.begun) == first
        assert len(self.begun) == len(first)
        for label, own in found.items():
            assert spent(own) == sum(self.COST[label][: len(own)])

    def test_recorded_seconds_count_in_the_next_call(self, tmp_path: Path) -> None:
        self.begun = []
        within(self.cells(tmp_path), 3.0, self.train)
        assert sorted(self.begun) == [("exact", 0), ("fast", 0), ("fast", 1), ("slow", 0)]
        self.begun = []
        found = within(self.cells(tmp_path), 6.0, self.train)
        assert sorted(self.begun) == [("exact", 1), ("fast", 1), ("fast", 2)]  # what failed is tried again
        assert found == within(self.cells(tmp_path), 6.0, self.train)
        less = within(self.cells(tmp_path), 3.0, self.train)
        assert less == {
            label: found[label][:count] for label, count in (("fast", 2), ("slow", 1), ("exact", 1))
        }

    def test_without_a_limit_all_are_trained_in_one_call(self, tmp_path: Path) -> None:
        self.begun, calls = [], []

        def train(cells: Sequence[Cell]) -> list[dict[str, Any]]:
            calls.append(len(cells))
            return self.train(cells)

        within(self.cells(tmp_path), 0.0, train)
        assert calls == [11]
        assert within({}, 0.0, train) == {}


SPREAD = (0.5, 0.4, 0.3, 0.2, 0.1, 0.6)
ROWS = [
    Row(
        *("CGN", "tiny", "measured, 3 seeds", MEASURED, (80.0, 70.0, 60.0, 40.0, 50.04, 82.0), SPREAD),
        seconds=12.4,
        peak_mb=500.0,
        also={"held-out": 70.0},
    ),
    Row(
        *("50% | a_b", "tiny", "measured, 3 seeds", MEASURED, (79.0, 71.0, 59.0, 39.0, 49.96, 81.0), SPREAD),
        deltas={"CGN": Interval(-1.0, -1.5, -0.5, 0.03)},
        seconds=1.0,
        peak_mb=400.0,
        also={"held-out": 60.0},
    ),
    Row("lost", "tiny", "diverged", MEASURED, None),
    Row("CDMR", "-", "official statistics, 2700 queries", OFFICIAL, (99.0,) * 6, map_kind=PR20),
    Row(
        "Siamese",
        "3-layer CNN",
        "quoted, Table 1",
        QUOTED,
        (40.5, 40.3, 54.8, 28.7, 60.7, 46.9),
        map_kind=PR20,
    ),
]
TABLE = Table("small", ROWS, "CGN", ["a note"], ["lost, seed 0: diverged: nan"], ["CGN"])
ONE = {"CGN": "Δ mAP"}


class TestFormats:
    def test_the_best_is_the_best_of_what_is_measured(self) -> None:
        assert TABLE.best == [{0}, {1}, {0}, {0}, {0, 1}, {0}]  # 50.04 and 49.96 are both shown as 50.0

    def test_the_cells_of_each_kind(self) -> None:
        assert [text for text, _ in cells(ROWS[1], ONE).values()] == [
            *("50% | a_b", "tiny", "79.0 ± 0.5", "71.0 ± 0.4", "59.0 ± 0.3", "39.0 ± 0.2", "50.0 ± 0.1"),
            *("81.0 ± 0.6", "−1.0 [−1.5, −0.5]", "1", "400", "not searched", "measured, 3 seeds"),
        ]
        assert [text for text, _ in cells(ROWS[2], ONE).values()] == [
            "lost",
            "tiny",
            *["–"] * 6,
            *["", "", "", "not searched", "diverged"],
        ]
        assert cells(ROWS[4], ONE)["mAP"] == ("46.9*", False)
        assert cells(ROWS[1], ONE)["Δ mAP"][1]

    @pytest.mark.parametrize(
        ("low", "high", "p", "sure"),
        [
            (-0.1, 0.5, 0.01, False),
            (0.1, 0.5, 0.051, False),
            (0.1, 0.5, 0.05, True),
            (-0.5, -0.1, 0.0, True),
            (0.0, 0.5, 0.0, False),
        ],
    )
    def test_bold_needs_an_interval_without_0_and_a_corrected_p(
        self, low: float, high: float, p: float, sure: bool
    ) -> None:
        row = Row("a", "b", "c", MEASURED, (1.0,) * 6, deltas={"CGN": Interval(0.3, low, high, p)})
        assert cells(row, ONE)["Δ mAP"][1] == sure

    def test_each_baseline_has_a_column_of_its_own(self) -> None:
        deltas = {"CGN": Interval(2.0, 1.0, 3.0, 0.01), "S|L": Interval(-0.04, -0.5, 0.4, 1.0)}
        table = replace(TABLE, rows=[ROWS[0], replace(ROWS[1], deltas=deltas)], baselines=["CGN", "S|L"])
        assert head(table)[8:10] == ["Δ mAP", "Δ mAP to S|L"]
        assert r"| **+2.0 [+1.0, +3.0]** | 0.0 [−0.5, +0.4] | 1 |" in to_markdown(table)
        assert r"\textbf{+2.0 [+1.0, +3.0]} & 0.0 [$-$0.5, +0.4] & 1 &" in to_latex(table)
        first, row = csv.DictReader(io.StringIO(to_csv(table)))
        names = ("delta_mAP", "delta_low", "delta_high", "delta_p")
        assert [row[name] for name in names] == ["2.0", "1.0", "3.0", "0.01"]
        assert [row[f"{name} to S|L"] for name in names] == ["-0.04", "-0.5", "0.4", "1.0"]
        assert {first[f"{name}{more}"] for name in names for more in ("", " to S|L")} == {""}
        stream = io.StringIO()
        print_table(table, Console(file=stream, width=120))
        lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
        assert "50% | a_b 79.0 71.0 59.0 39.0 50.0 81.0 0.6 +2.0 -0.0 ? 1" in lines
        assert lines[1].endswith("± Δ mAP Δ mAP to S|L s")

    def test_markdown_has_the_same_columns_everywhere_and_names_what_is_missing(self) -> None:
        text = to_markdown(TABLE)
        table = text.split("\n\n")[1].splitlines()
        assert len(table) == 2 + len(ROWS)
        assert {line.replace(r"\|", "").count("|") for line in table} == {13}
        assert r"**50% \| a_b**" in text
        assert r"| 46.9\* |" in text
        assert "* lost, seed 0: diverged: nan" in text
        assert also_table(TABLE) == [
            ["method", "all", "the part of held-out shapes"],
            ["CGN", "82.0", "70.0"],
            ["50% | a_b", "81.0", "60.0"],
        ]

    def test_a_run_has_no_columns_of_a_comparison(self) -> None:
        run = Table("run", ROWS[2:], "lost")
        assert head(TABLE) == [name for name in cells(ROWS[0], ONE) if name != "searched"]
        assert head(run) == [name for name in head(TABLE) if name not in ("Δ mAP", "seconds", "MB")]
        assert {line.count("|") for line in to_markdown(run).splitlines() if "|" in line} == {10}
        assert to_csv(run).splitlines()[0].endswith(",mAP_sd,map_kind,source")

    def test_csv_keeps_all_digits(self) -> None:
        rows = list(csv.DictReader(io.StringIO(to_csv(TABLE))))
        assert [row["method"] for row in rows] == [row.method for row in ROWS]
        assert rows[0]["DCG"] == "50.04"
        assert (rows[1]["delta_low"], rows[1]["delta_p"]) == ("-1.5", "0.03")
        assert (rows[1]["mAP_held-out"], rows[1]["mAP_sd"]) == ("60.0", "0.6")
        assert (rows[2]["mAP"], rows[2]["seconds"]) == ("", "")
        assert rows[3]["map_kind"] == PR20

    def test_the_terminal_is_narrow_and_marks_what_is_not_sure_or_not_measured(self) -> None:
        stream = io.StringIO()
        unsure = replace(ROWS[1], deltas={"CGN": Interval(0.3, -0.1, 0.5, 0.4)})
        print_table(replace(TABLE, rows=[*ROWS, unsure]), Console(file=stream, width=80))
        lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
        assert "CGN 80.0 70.0 60.0 40.0 50.0 82.0 0.6 12" in lines
        assert "50% | a_b 79.0 71.0 59.0 39.0 50.0 81.0 0.6 -1.0 1" in lines
        assert "50% | a_b 79.0 71.0 59.0 39.0 50.0 81.0 0.6 +0.3 ? 1" in lines
        assert "CDMR (official) 99.0 99.0 99.0 99.0 99.0 99.0*" in lines
        assert "lost – – – – – – diverged" in lines
        assert "lost, seed 0: diverged: nan" in lines
        assert "a note" not in stream.getvalue()

    def test_latex_escapes_and_separates_the_sources(self) -> None:
        text = to_latex(TABLE)
        assert r"\textbf{50\% | a\_b} & tiny & 79.0 $\pm$ 0.5 & \textbf{71.0 $\pm$ 0.4}" in text
        assert text.count(r"\midrule") == 3
        body = [line for line in text.splitlines() if line.endswith(r"\\")]
        assert {line.count(" & ") for line in body} == {11}
        assert all(ord(letter) < 128 for line in body for letter in line)


def test_a_label_is_a_folder_name() -> None:
    assert Entry("CGN, mean away!").slug == "cgn-mean-away"
    assert to_tree(Bench())["search"] == {"budget": 8, "seconds": 0.0, "seed": 0, "validation": 0.2}
