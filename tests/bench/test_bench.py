"""A whole comparison on a small world: trained in processes, one diverging, one failing, resumed, written."""

from __future__ import annotations

import csv
import json
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_world import SETTINGS, make_world

from sketchshape.bench import load_bench, read_results, write_tables
from sketchshape.bench.cells import DONE, QUERIES, RECORD, TASK, WORK, Cell, load_queries
from sketchshape.bench.features_folder import TEACHERS, load_inputs, save_inputs, to_learn_from, without_lines
from sketchshape.bench.plan import Entry
from sketchshape.bench.run import claim
from sketchshape.bench.runner import ERRORS, Runner
from sketchshape.bench.tables.differences import differences
from sketchshape.bench.tables.official import Official
from sketchshape.bench.tables.pictures import class_differences
from sketchshape.bench.worker import peak_mb, work
from sketchshape.cli.main import main
from sketchshape.config import from_tree, to_tree
from sketchshape.config.run import RunSettings
from sketchshape.datasets import divide, load_dataset
from sketchshape.datasets.parts import Inputs
from sketchshape.encoders.likeness import likeness
from sketchshape.errors import ArtefactError
from sketchshape.files import write_json
from sketchshape.metrics import evaluate
from sketchshape.runs.embeddings import load_embeddings
from sketchshape.runs.identity import identity
from sketchshape.runs.log import read_log
from sketchshape.train.data.inputs import prepare_inputs
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.engine.fit import fit
from sketchshape.train.engine.task import Task
from sketchshape.train.methods import available
from sketchshape.train.run import train_run, train_seed

GUIDED = ("cgn", "center_softmax", "word_space")

METHODS = {
    "CGN": 'method = "cgn"\nnote = "the <paper>"\n[methods.settings]\nstudent.epochs = 3\n'
    "[methods.search]\nstudent.lr = [0.01]",
    "TCL & co": 'method = "tcl"\n[methods.options]\nepochs = 2\nbatch = 4',
    "Wild": 'method = "cgn"\n[methods.settings]\nstudent.lr = 1e30',
    "Wrong": 'method = "lwbr"\n[methods.options]\nblur = 0.001',  # only the barycenter knows what it can take
}


def write_bench(path: Path) -> Path:
    sections: dict[str, list[str]] = {}
    for setting in [*SETTINGS, "teacher.epochs=2"]:
        key, value = setting.split("=")
        section, name = key.split(".")
        quoted = value if value[0].isdigit() else f'"{value}"'
        sections.setdefault(section, []).append(f"{name} = {quoted}")
    sections["teacher"] = [line for line in sections["teacher"] if line != "epochs = 6"]
    run = "\n".join(f"[run.{name}]\n" + "\n".join(lines) for name, lines in sections.items())
    methods = "\n".join(f'[[methods]]\nlabel = "{label}"\n{text}' for label, text in METHODS.items())
    path.write_text(f'name = "{path.stem}"\nseeds = [0, 1]\n[search]\nbudget = 2\n{run}\n{methods}\n')
    return path


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path_factory.getbasetemp() / "bench-cache"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"), shapes=10, sketches=5)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bench(tmp_path_factory.mktemp("configs") / "small.toml")


@pytest.fixture(scope="module")
def out(world: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKETCHSHAPE_CACHE", str(tmp_path_factory.getbasetemp() / "bench-cache"))
        words = ["bench", str(config), "--data", str(world), "--out", str(folder), "--jobs", "2"]
        assert main([*words, "--workers", "1"]) == 1  # two methods cannot be trained
    return folder


@pytest.fixture(scope="module")
def inputs(world: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    run = load_bench(config, [f"data.path={json.dumps(str(world))}"]).prepared
    preparer = Preparer(run, cache=tmp_path_factory.getbasetemp() / "bench-cache", workers=1, quiet=True)
    return prepare_inputs(load_dataset("folder", str(world)), preparer)


def test_a_cell_is_what_training_and_measuring_in_this_process_gives(
    out: Path, world: Path, config: Path, inputs: Inputs, tmp_path: Path
) -> None:
    bench = load_bench(config)
    run = bench.entry("TCL & co").run(bench.run)
    assert (run.method, run.options["epochs"], run.options["batch"]) == ("tcl", 2, 4)
    cpu = torch.device("cpu")
    trained = train_seed(Task(to_learn_from(inputs), run, 1, "key", tmp_path, cpu, quiet=True))
    rows = trained.embed_sketches(inputs.test.data), trained.embed_shapes(inputs.gallery.data)
    similarity = likeness(trained.likeness).between(*rows)
    scores = evaluate(similarity, inputs.test.labels, inputs.gallery.labels)
    folder = out / "cells/tcl-co/seed-1"
    record = json.loads((folder / RECORD).read_text())
    assert record["status"] == DONE
    assert record["scores"]["mAP"] == pytest.approx(scores.map, abs=1e-6)
    per_query, labels = load_queries(folder, record["key"])
    np.testing.assert_allclose(per_query.map, scores.per_query.map, atol=1e-6)
    assert labels.tolist() == inputs.test.labels.tolist()
    held = divide(load_dataset("folder", str(world)), replace(bench.run.data, protocol="held-out"))
    columns = [item.id in {one.id for one in held.gallery} for item in inputs.gallery.items]
    part = evaluate(similarity[:, columns], inputs.test.labels, inputs.gallery.labels[columns])
    assert record["also"]["held-out"]["gallery"] == sum(columns) == 6
    assert record["also"]["held-out"]["mAP"] == pytest.approx(part.map, abs=1e-6)
    assert record["also"]["unseen"]["mAP"] == 1  # one class among itself


def test_the_table_has_means_spreads_and_paired_differences(out: Path, config: Path) -> None:
    results = read_results(load_bench(config), out)
    table = (out / "table.md").read_text()
    base, other = (results.trained[number] for number in (0, 1))
    maps = [100 * base.seeds[seed].record["scores"]["mAP"] for seed in (0, 1)]
    assert f"{np.mean(maps):.1f} ± {np.std(maps, ddof=1):.1f}" in table
    one = differences(results)["TCL & co"]["CGN"]
    mine = [100 * other.seeds[seed].record["scores"]["mAP"] for seed in (0, 1)]
    assert 100 * one.mean == pytest.approx(np.mean(mine) - np.mean(maps), abs=1e-9)
    assert one.low <= one.mean <= one.high
    shown = f"{100 * one.mean:+.1f} [{100 * one.low:+.1f}, {100 * one.high:+.1f}]".replace("-", "−")
    assert shown.replace("+0.0", "0.0").replace("−0.0", "0.0") in table
    assert results.baseline is base
    assert {path.name for path in out.iterdir()} == {
        *("bench.json", "cells", "table.md", "table.csv", "table.tex", "table.html"),
        *("per_class.csv", "pr.png", "per_class.png", TEACHERS),
    }


def test_what_diverged_or_failed_is_kept_apart_and_named(out: Path, config: Path) -> None:
    results = read_results(load_bench(config), out)
    assert [method.entry.label for method in results.trained] == ["CGN", "TCL & co"]
    wild, wrong = results.methods[2:]
    assert {record["status"] for record in wild.failures.values()} == {"diverged"}
    assert {record["status"] for record in wrong.failures.values()} == {"failed"}
    text = (out / "table.md").read_text()
    assert re.search(r"\| \*\*Wild\*\* \| tiny \| – .*\| diverged \|", text)
    assert re.search(r"\* Wild, seed 1: diverged: .*(not finite|loss is)", text)
    assert re.search(r"\* Wrong, seed 0: failed: ValueError: blur is 0\.001 at a largest cost of 1", text)
    for slug in ("cgn", "tcl-co", "wild", "wrong"):
        assert not (out / "cells" / slug / "seed-0" / WORK).exists()  # checkpoints


def test_rows_with_the_same_teacher_share_it(out: Path) -> None:
    """CGN and Wild differ in the student alone: four trainings, and of each seed one teacher."""
    assert len(list((out / TEACHERS).glob("*.safetensors"))) == 2
    stages = {
        slug: [row["stage"] for row in read_log(out / "cells" / slug / "seed-1")]
        for slug in ("cgn", "tcl-co")
    }
    assert stages == {"cgn": ["teacher"] * 2 + ["student"] * 3, "tcl-co": ["tcl"] * 2}


ROWS = {  # label -> changes of a run, and of which rows the teacher is
    "cgn": ({}, "mean"),
    "no push": ({"student.weight": 0.0}, "mean"),
    "its weights": ({"teacher.centers": "classifier"}, "centers"),
    "wide margin": ({"teacher.margin": 0.6}, "margin"),
    "simplex": ({"teacher.classifier": "simplex", "teacher.centers": "classifier"}, "simplex"),
    "swapped": ({"teacher.modality": "sketch"}, "swapped"),
    "softmax": ({"method": "center_softmax", "student.epochs": 2}, "mean"),
    "word_space": ({"method": "word_space"}, ""),
    **{name: ({"method": name, "epochs": 1}, "") for name in available() if name not in GUIDED},
}


def row_of(run: RunSettings, changes: dict[str, Any]) -> RunSettings:
    settings = {key: value for key, value in changes.items() if "." in key}
    options = {key: value for key, value in changes.items() if key not in ("method", *settings)}
    method = changes.get("method", "cgn")
    return Entry("row", method, settings=settings, options=options).run(run)


def test_a_row_is_what_training_it_alone_gives_and_equal_teachers_are_trained_once(
    world: Path, config: Path, inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = load_bench(config, [f"data.path={json.dumps(str(world))}"]).run
    common = replace(common, train=replace(common.train, seeds=(3,)))
    (tmp_path / "bench/.inputs").mkdir(parents=True)
    save_inputs(inputs, tmp_path / "bench/.inputs")
    write_json(tmp_path / "bench/.inputs/parts.json", {})
    trained: list[str] = []
    measured: list[np.ndarray] = []

    def counted(*args: Any, name: str, **rest: Any) -> Any:
        trained.append(name)
        return fit(*args, name=name, **rest)

    def kept(similarity: np.ndarray, *labels: Any) -> Any:
        measured.append(similarity)
        return evaluate(similarity, *labels)

    monkeypatch.setattr("sketchshape.train.engine.task.fit", counted)
    monkeypatch.setattr("sketchshape.bench.worker.evaluate", kept)
    for label, (changes, _) in ROWS.items():
        run = row_of(common, changes)
        one = Cell(tmp_path / "bench" / label, label, run, 3, inputs.digest)
        one.write_task(tmp_path / "bench/.inputs")
        assert work(one.folder) == 0, one.record()
    teachers = {teacher for _, teacher in ROWS.values() if teacher}
    kept_files = list((tmp_path / "bench" / TEACHERS).glob("*.safetensors"))
    assert len(kept_files) == trained.count("teacher") == len(teachers)
    assert trained.count("student") == sum(bool(teacher) for _, teacher in ROWS.values())
    for (label, (changes, teacher)), similarity in zip(ROWS.items(), measured, strict=True):
        alone = train_run(row_of(common, changes), tmp_path / "alone" / label, workers=1, quiet=True)
        stored = load_embeddings(tmp_path / "alone" / label / "seed-3/embeddings.npz")
        np.testing.assert_allclose(similarity, stored.similarity(), atol=1e-6, err_msg=label)
        record = json.loads((tmp_path / "bench" / label / RECORD).read_text())
        scores = [dict(one["scores"]) for one in (record, alone["seeds"]["3"])]
        curves = [one.pop("PR") for one in scores]
        assert scores[0] == pytest.approx(scores[1], abs=1e-6), label
        assert curves[0][1:] == pytest.approx(curves[1][1:], abs=1e-6), label
        logs = [
            [(row["epoch"], row["loss"]) for row in read_log(folder) if row["stage"] == "teacher"]
            for folder in (tmp_path / "bench" / label, tmp_path / "alone" / label / "seed-3")
        ]
        assert logs[0] == logs[1]
        assert len(logs[0]) == (2 if teacher else 0)


def test_time_and_memory_are_of_one_process(out: Path) -> None:
    record = json.loads((out / "cells/cgn/seed-0" / RECORD).read_text())
    assert 0 < record["seconds"] < record["wall_seconds"]
    assert 50 < record["peak_mb"] < 4000
    before = peak_mb()
    held = np.ones(int((before + 50) * 2**17))
    assert before + 50 < peak_mb() < before + 50 + held.nbytes / 2**20


def test_the_same_call_trains_nothing_again(
    out: Path, world: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob(RECORD)}
    words = ["bench", str(config), "--data", str(world), "--out", str(out), "--only", "CGN,tcl-co", "--json"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "4 of 4 trainings are done already" in said.err
    assert {path: path.stat().st_mtime_ns for path in out.rglob(RECORD)} == before
    figures = json.loads(said.out)
    record = json.loads((out / "cells/cgn/seed-0" / RECORD).read_text())
    assert figures["methods"].keys() == {"CGN", "TCL & co"}
    other = json.loads((out / "cells/cgn/seed-1" / RECORD).read_text())
    mean = (record["scores"]["mAP"] + other["scores"]["mAP"]) / 2
    assert figures["methods"]["CGN"]["mAP"] == pytest.approx(mean)
    assert figures["methods"]["CGN"]["delta_mAP"] is None
    assert len(figures["problems"]) == 4


def test_the_tables_are_written_again_without_data(out: Path, config: Path) -> None:
    before = {
        name: (out / name).read_text() for name in ("table.md", "table.csv", "table.tex", "per_class.csv")
    }
    for name in before:
        (out / name).unlink()
    assert main(["bench", str(config), "--out", str(out), "--table"]) == 0
    assert {name: (out / name).read_text() for name in before} == before


class Links(HTMLParser):
    """Collect what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.ids: set[str] = set()
        self.inner: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert tag not in ("script", "link", "iframe")
        self.sources += [values[name] or "" for name in ("src", "href") if name in values]
        self.ids |= {values["id"] or ""} if "id" in values else set()


def test_the_page_needs_nothing_beside_it(out: Path) -> None:
    text = (out / "table.html").read_text()
    page = Links()
    page.feed(text)
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in page.sources)
    assert {source[1:] for source in page.sources if source.startswith("#")} <= page.ids
    assert sum(source.startswith("data:") for source in page.sources) == 2
    for words in (
        "TCL &amp; co",
        "the &lt;paper&gt;",
        "Wild, seed 0: diverged",
        "prefers-color-scheme: dark",
    ):
        assert words in text
    assert "sketchshape" in json.loads((out / "bench.json").read_text())["command"]
    assert "url(" not in text
    assert "http" not in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "head.width=9"], "comparison with other settings; choose another with --out"),
        (["--set", "data.protocol=held-out"], "comparison with other settings"),
        (["--only", "SBR"], "has no method 'SBR'; expected one of: CGN, TCL & co, Wild, Wrong"),
        (["--official", "."], "the statistics are of SHREC'13"),
        (["--seeds", "a"], "--seeds a: expected whole numbers"),
        (["--set", "methods.lr=1"], "methods is a value, not a section"),
    ],
)
def test_wrong_use_is_one_line_before_anything_is_trained(
    out: Path,
    world: Path,
    config: Path,
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert main(["bench", str(config), "--data", str(world), "--out", str(out), *words]) in (1, 2)
    said = capsys.readouterr().err.strip()
    assert message in said
    assert len(said.splitlines()) == 1
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_a_folder_of_something_else_is_never_touched(world: Path, config: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    assert main(["bench", str(config), "--data", str(world), "--out", str(tmp_path)]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_settings_are_searched_on_validation_sketches(
    world: Path, config: Path, tmp_path: Path, inputs: Inputs
) -> None:
    words = ["bench", str(config), "--data", str(world), "--out", str(tmp_path), "--only", "CGN", "--search"]
    assert main([*words, "--jobs", "2", "--workers", "1"]) == 0
    records, tasks = (
        [json.loads((tmp_path / f"search/cgn/setting-{number}" / name).read_text()) for number in (0, 1)]
        for name in (RECORD, TASK)
    )
    assert [task["run"]["student"]["lr"] for task in tasks] == [0.05, 0.01]
    assert [task["run"]["student"]["epochs"] for task in tasks] == [3, 3]
    for record, task in zip(records, tasks, strict=True):
        assert record["key"] == task["key"]
        assert record["settings"] == identity(from_tree(RunSettings, task["run"]))
    assert {record["scores"]["queries"] for record in records} == {3}  # a fifth of 15 training sketches
    chosen = (tmp_path / "chosen.toml").read_text()
    better = max((0, 1), key=lambda number: (records[number]["scores"]["mAP"], -number))
    assert f"setting {better} of 2" in chosen
    (found,) = load_bench(tmp_path / "chosen.toml").methods
    assert found.searched.settings == 2
    assert found.searched.seconds == pytest.approx(sum(one["seconds"] for one in records), abs=0.06)
    assert found.searched.validation == pytest.approx(records[better]["scores"]["mAP"], abs=6e-5)
    assert ("student.lr = 0.01" in chosen.split("[methods.search]")[0]) == (better == 1)
    assert len((tmp_path / "search.csv").read_text().splitlines()) == 3
    claim(load_bench(config), tmp_path)  # the comparison may follow in the same folder
    assert main([*words, "--set", "search.seconds=0.001"]) == 0  # the first setting has used them up
    assert len((tmp_path / "search.csv").read_text().splitlines()) == 2
    assert load_bench(tmp_path / "chosen.toml").methods[0].searched.settings == 1
    assert not (tmp_path / ".inputs").exists()


def test_rows_can_be_asked_with_validation_sketches_alone(
    world: Path, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["bench", str(config), "--data", str(world), "--only", "CGN", "--workers", "1"]
    assert main([*common, "--seeds", "0", "--out", str(tmp_path / "chosen"), "--validate"]) == 0
    assert main([*common, "--out", str(tmp_path / "search"), "--search", "--set", "search.budget=1"]) == 0
    asked, searched = (
        json.loads((tmp_path / name / RECORD).read_text())
        for name in ("chosen/cells/cgn/seed-0", "search/search/cgn/setting-0")
    )
    assert asked["scores"] == searched["scores"]  # the first setting of a search is the row itself
    assert asked["scores"]["queries"] == 3
    table = (tmp_path / "chosen/table.md").read_text()
    assert "; 3 validation sketches rank 30 shapes; learned from 12 sketches" in table
    assert "No test sketch was looked at" in table
    assert "quoted" not in table
    capsys.readouterr()
    assert main([*common, "--seeds", "0", "--out", str(tmp_path / "chosen")]) == 1
    assert "holds a comparison with other settings" in capsys.readouterr().err


def test_inputs_survive_the_way_through_files(inputs: Inputs, tmp_path: Path) -> None:
    empty = replace(inputs, validation=to_learn_from(inputs).validation)
    drawn = replace(inputs.shapes, lines=inputs.shapes.data[:, :2, None])
    lined = replace(inputs, shapes=drawn, gallery=drawn)
    chosen = replace(lined, gallery=inputs.gallery, validation_shapes=drawn)
    for given in (lined, inputs, chosen, empty, replace(inputs, gallery=inputs.test, unseen=("new",))):
        save_inputs(given, tmp_path)
        found = load_inputs(tmp_path)
        assert (found.names, found.digest) == (given.names, given.digest)
        assert (found.gallery is found.shapes) == (given.gallery is given.shapes)
        assert (found.validation_shapes is None) == (given.validation_shapes is None)
        own = () if given.validation_shapes is None else ("validation_shapes",)
        for name in ("shapes", "gallery", "train", "validation", "test", *own):
            mine, theirs = getattr(given, name), getattr(found, name)
            assert np.array_equal(mine.data, theirs.data)
            assert (mine.lines is None) == (theirs.lines is None)
            assert mine.lines is None or np.array_equal(mine.lines, theirs.lines)
            assert mine.labels.tolist() == theirs.labels.tolist()
            assert [item.id for item in mine.items] == [item.id for item in theirs.items]
    (tmp_path / "train.npy").unlink()
    with pytest.raises(ArtefactError, match="run the bench again"):
        load_inputs(tmp_path)


def test_line_drawings_are_left_out_of_all_shapes(inputs: Inputs) -> None:
    drawn = replace(inputs.shapes, lines=inputs.shapes.data[:, :2, None])
    found = without_lines(replace(inputs, shapes=drawn, gallery=drawn, validation_shapes=drawn))
    for part in (found.shapes, found.gallery, found.validation_gallery):
        assert part.lines is None
        assert part.data is inputs.shapes.data
    assert without_lines(inputs).validation_shapes is None


def test_what_a_method_learns_from_holds_no_other_shape_or_sketch(inputs: Inputs) -> None:
    found = to_learn_from(replace(inputs, gallery=inputs.test, validation_shapes=inputs.test))
    assert found.gallery is found.shapes is found.validation_gallery is inputs.shapes
    assert (len(found.test), len(found.validation)) == (0, 0)
    assert found.train is inputs.train


def cell(folder: Path, **changes: object) -> Cell:
    own = Cell(folder, "TCL", RunSettings(method="tcl", options={"lr": 0.1}), 0, "data")
    return replace(own, **changes)  # type: ignore[arg-type]


def test_all_that_decides_a_result_is_in_its_key(tmp_path: Path) -> None:
    own = cell(tmp_path)
    run = own.run
    others = [
        cell(tmp_path, run=replace(run, method="sl")),
        cell(tmp_path, run=replace(run, options={"lr": 0.2})),
        cell(tmp_path, seed=1),
        cell(tmp_path, data="other"),
        cell(tmp_path, part="validation"),
        cell(tmp_path, run=replace(run, head=replace(run.head, width=9))),
        cell(tmp_path, run=replace(run, student=replace(run.student, lr=9.0))),
        cell(tmp_path, run=replace(run, teacher=replace(run.teacher, margin=0.9))),
    ]
    assert len({one.key for one in (own, *others)}) == 9
    assert cell(tmp_path / "b", label="another", run=replace(run, name="x")).key == own.key
    own.write(DONE, scores={})
    assert own.record() is not None
    assert all(one.record() is None for one in others)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a shell script, whose last argument is the folder of a cell, in the place of the worker."""

    def use(script: str) -> None:
        path = tmp_path / "program"
        path.write_text(f'#!/bin/sh\nfor folder; do :; done\ncd "$folder"\n{script}\n')
        path.chmod(0o755)
        monkeypatch.setattr("sys.executable", str(path))

    return use


def test_a_worker_that_dies_is_a_failure_with_its_last_word(
    tmp_path: Path, program: Callable[[str], None]
) -> None:
    program("echo a traceback; echo MemoryError: 5 GB >&2; kill -9 $$")
    said: list[str] = []
    (record,) = Runner(tmp_path, 1, said.append).run([cell(tmp_path / "one")])
    assert record["status"] == "failed"
    assert record["reason"] == "killed by SIGKILL: out of memory?; MemoryError: 5 GB"
    assert said[-1].startswith("[1/1] TCL, seed 0: failed: killed by SIGKILL")


def test_only_so_many_run_at_a_time_and_what_is_done_is_left_alone(
    tmp_path: Path, program: Callable[[str], None]
) -> None:
    program("echo + >> ../log; sleep 0.15; echo - >> ../log; exit 3")
    cells = [cell(tmp_path / f"c{number}", seed=number) for number in range(6)]
    cells[0].folder.mkdir()
    cells[0].write(DONE, scores={"mAP": 1})
    (cells[0].folder / QUERIES).touch()
    (cells[1].folder / WORK).mkdir(parents=True)
    cells[1].write_task(tmp_path)
    (cells[2].folder / WORK).mkdir(parents=True)
    said: list[str] = []
    records = Runner(tmp_path, 2, said.append).run(cells)
    assert [record["status"] for record in records] == ["done", *["failed"] * 5]
    assert records[1]["reason"] == "ended with exit code 3"
    assert all(0.15 < record["wall_seconds"] < 60 for record in records[1:])
    steps = [1 if line == "+" else -1 for line in (tmp_path / "log").read_text().split()]
    assert len(steps) == 10
    assert max(np.cumsum(steps)) == 2
    assert "min left" in said[1] or "s left" in said[1]
    assert (cells[0].folder / ERRORS).exists() is False


def test_checkpoints_of_another_task_are_forgotten(tmp_path: Path) -> None:
    own = cell(tmp_path)
    own.write_task(tmp_path)
    (tmp_path / WORK).mkdir()
    own.write_task(tmp_path)
    assert (tmp_path / WORK).is_dir()
    cell(tmp_path, seed=5).write_task(tmp_path)
    assert not (tmp_path / WORK).exists()
    assert json.loads((tmp_path / "task.json").read_text())["run"] == to_tree(own.run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_passed_on_and_waited_for(
    tmp_path: Path, program: Callable[[str], None], number: int
) -> None:
    # A shell cannot trap what is ignored when it starts, as Ctrl-C is where tests run in the background.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    program('trap "sleep 0.1; echo yes > saved; exit 130" INT; touch begun; sleep 60 & wait')
    cells = [cell(tmp_path / name) for name in ("one", "two")]
    runner = Runner(tmp_path, 1, lambda line: None)
    start = runner._start

    def interrupted(one: Cell, running: list) -> None:
        start(one, running)
        while not (one.folder / "begun").exists():
            assert running[0].process.poll() is None
        signal.raise_signal(number)

    runner._start = interrupted  # type: ignore[method-assign]
    try:
        with pytest.raises(KeyboardInterrupt):
            runner.run(cells)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "one/saved").read_text() == "yes\n"
    assert not cells[1].folder.exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_classes_are_compared_query_by_query(out: Path, config: Path) -> None:
    results = read_results(load_bench(config), out)
    labels, methods, own, table = class_differences(results)
    assert methods == ["TCL & co"]
    sums: dict[tuple[str, int], list[float]] = {}
    for slug in ("cgn", "tcl-co"):
        for seed in (0, 1):
            folder = out / "cells" / slug / f"seed-{seed}"
            per_query, asked = load_queries(folder, json.loads((folder / RECORD).read_text())["key"])
            for label, precision in zip(asked, per_query.map, strict=True):
                sums.setdefault((slug, int(label)), []).append(float(precision))
    means = {key: sum(values) / len(values) for key, values in sums.items()}
    assert own.tolist() == pytest.approx([means["cgn", label] for label in labels])
    assert own.tolist() == sorted(own)
    differences = [means["tcl-co", label] - means["cgn", label] for label in labels]
    assert table[:, 0].tolist() == pytest.approx(differences)
    rows = {row["class"]: row for row in csv.DictReader((out / "per_class.csv").read_text().splitlines())}
    assert rows.keys() == {"box", "plate", "rod"}
    for label, value in zip(labels, own, strict=True):
        assert float(rows[results.classes[label]]["CGN"]) == pytest.approx(100 * value)


def test_official_statistics_stand_beside_under_their_own_name(
    out: Path, config: Path, tmp_path: Path
) -> None:
    results = read_results(load_bench(config), out)
    track = Official("SBR-VC", np.full((2700, 5), 0.25), np.linspace(0.9, 0.1, 20))
    table = write_tables(results, tmp_path, [track])
    assert table.rows[-1].percent == pytest.approx((25, 25, 25, 25, 25, 50))
    figures = " | ".join(["25.0"] * 5)
    line = f"| SBR-VC | - | {figures} | 50.0\\* |  |  |  | official statistics, 2700 queries |"
    text = (tmp_path / "table.md").read_text()
    assert line in text
    assert "Official: published statistics of the SHREC'13 track, not measured here." in text
    assert "official statistics" in (tmp_path / "table.html").read_text()
    assert (tmp_path / "pr.png").read_bytes() != (out / "pr.png").read_bytes()
    assert (tmp_path / "per_class.png").read_bytes() == (out / "per_class.png").read_bytes()
