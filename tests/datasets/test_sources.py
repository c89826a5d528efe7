"""psb76 without the sketches of a collection: what is left out, what stays, and what is said."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
from official_files import TEST, TRAIN, make, shared, touch

from sketchshape.cli.main import main
from sketchshape.datasets import load_dataset
from sketchshape.errors import ConfigError, DatasetError

FROM = {"31": "sketchy:n1_2-3", "32": "quickdraw:77", "41": "tuberlin:41", "42": "sketchy:n1_4-1"}
FROM |= {"43": "quickdraw:78", "35": "quickdraw:79", "1": "sketchy:n1_2-4", "47": "tuberlin:47"}


def archive(root: Path, sources: Mapping[str, str] = FROM) -> Path:
    make(root, "psb76")
    parts = {
        id: part for part, lists in (("train", TRAIN), ("test", TEST)) for ids in lists.values() for id in ids
    }
    rows = [f"{id},a class,{parts[id]},{source}" for id, source in sources.items()]
    (root / "sources.csv").write_text("\n".join(["sketch,class,part,source", *rows]) + "\n")
    return root


@pytest.mark.parametrize(
    ("names", "train", "test"),
    [
        ((), ["31", "32", "41", "42", "43"], ["35", "1", "47"]),
        (("quickdraw", "tuberlin"), ["32", "41", "43"], ["35", "47"]),
        (("tuberlin", "quickdraw"), ["32", "41", "43"], ["35", "47"]),
        (("sketchy",), ["31", "42"], ["1"]),
        (("quickdraw", "sketchy", "tuberlin"), ["31", "32", "41", "42", "43"], ["35", "1", "47"]),
    ],
)
def test_the_sketches_of_other_collections_are_left_out(
    tmp_path: Path, names: tuple[str, ...], train: list[str], test: list[str]
) -> None:
    whole = load_dataset("psb76", archive(tmp_path), strict=False)
    found = load_dataset("psb76", tmp_path, strict=False, sources=names)
    assert [item.id for item in found.train] == train
    assert [item.id for item in found.test] == test
    assert {*found.train} <= {*whole.train}
    assert {*found.test} <= {*whole.test}
    assert (found.shapes, found.classes, found.name) == (whole.shapes, whole.classes, whole.name)


def test_a_collection_that_is_not_there_is_named_beside_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"^data\.sources names 'sketch', expected some of: quickdraw, sketchy, tuberlin$"
    ):
        load_dataset("psb76", archive(tmp_path), strict=False, sources=("quickdraw", "sketch"))


@pytest.mark.parametrize("layout", ["folder", "shrec13", "shrec14"])
def test_a_layout_of_one_source_says_so(tmp_path: Path, layout: str) -> None:
    with pytest.raises(
        ConfigError, match=f"^data.sources is sketchy, but the layout {layout} has sketches of one"
    ):
        load_dataset(layout, tmp_path, sources=("sketchy",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "sources.csv: cannot be read: No such file or directory; data.sources needs it$"),
        ("a,b\n1,2\n", "sources.csv: expected the columns sketch and source"),
        ("sketch,source\n31,quickdraw\n", "the latter as quickdraw:<name>$"),
        ("sketch,source\n31\n", "expected the columns sketch and source"),
        ("sketch,source\n31,quickdraw:1\n", "sources.csv does not name sketch 32, expected a row for each"),
    ],
)
def test_bad_lists_of_sources_are_named(tmp_path: Path, text: str | None, message: str) -> None:
    path = archive(tmp_path) / "sources.csv"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        load_dataset("psb76", tmp_path, strict=False, sources=("quickdraw",))
    assert load_dataset("psb76", tmp_path, strict=False).problems == ()


def test_a_part_that_is_left_without_sketches_is_named(tmp_path: Path) -> None:
    archive(tmp_path, {**FROM, "1": "quickdraw:80"})
    with pytest.raises(
        DatasetError, match=r"has no test sketches of sketchy; name more in data\.sources: quickdraw"
    ):
        load_dataset("psb76", tmp_path, strict=False, sources=("sketchy",))


def test_a_run_takes_the_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the layout has no sources, the command says so in one line and takes no folder."""
    words = ["train", "configs/shrec13.toml", "--data", str(tmp_path), "--set", 'data.sources=["sketchy"]']
    assert main([*words, "--out", str(tmp_path / "run")]) != 0
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_psb76_without_sketchy(tmp_path: Path) -> None:
    """No photograph of a training sketch is behind a test sketch any more; it was behind 382 of 390."""
    root = shared() / "psb76"
    for name in ("Model.cla", "Sketch_Train.cla", "Sketch_Test.cla", "sources.csv", "sketches"):
        (tmp_path / name).symlink_to(root / name)
    touch(tmp_path / "models/m1.off")
    with (root / "sources.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"].startswith("sketchy:")]
    photographs = {row["source"].rpartition("-")[0] for row in rows if row["part"] == "train"}
    tested = [row["source"].rpartition("-")[0] for row in rows if row["part"] == "test"]
    assert (sum(photograph in photographs for photograph in tested), len(tested)) == (382, 390)
    found = load_dataset("psb76", tmp_path, sources=("quickdraw", "tuberlin"))
    assert (len(found.train), len(found.test)) == (1412, 717)
    assert len({item.label for item in found.train}) == len({item.label for item in found.test}) == 76
    assert {item.id for item in (*found.train, *found.test)}.isdisjoint(row["sketch"] for row in rows)
