"""A run is asked with the sketches of one collection of psb76: by other hands, over its own gallery."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from official_files import cla
from PIL import Image
from small_world import SETTINGS

from sketchshape.cli.main import main
from sketchshape.datasets import load_dataset, sample_root

pytest.importorskip("torch")
SCRIPT = Path(__file__).parents[2] / "scripts/data/other_hands.py"
CLASSES = ("axe", "chair")
FIGURES = ("NN", "FT", "ST", "E", "DCG", "mAP")
MORE = ["data.validation=0.0", "teacher.epochs=1", "student.epochs=1", "views.count=2", "train.seeds=[0, 1]"]


def small_sample(root: Path, classes: tuple[str, ...]) -> Path:
    """Link a few classes of the bundled sample."""
    for folder, end in (("shapes", ""), ("sketches/train", ".ndjson"), ("sketches/test", ".ndjson")):
        (root / folder).mkdir(parents=True)
        for name in classes:
            (root / folder / f"{name}{end}").symlink_to(sample_root() / folder / f"{name}{end}")
    return root


def psb76(root: Path, sample: Path) -> dict[str, int]:
    """Draw the sample's sketches as an archive of psb76, with one of another collection in each class."""
    dataset = load_dataset("folder", sample)
    rows, number = ["sketch,class,part,source"], 100
    lists: dict[str, dict[str, tuple[str, ...]]] = {"Train": {}, "Test": {}}
    for part, items in (("Train", dataset.train), ("Test", dataset.test)):
        for label, name in enumerate(dataset.classes):
            own = [item for item in items if item.label == label]
            pictures = [("quickdraw", item.read()) for item in own]
            pictures.append(("sketchy", own[0].read().T))
            for source, picture in pictures:
                number += 1
                path = root / "sketches" / name / part.lower() / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(path)
                rows.append(f"{number},{name},{part.lower()},{source}:{number}")
                lists[part][name] = (*lists[part].get(name, ()), str(number))
    (root / "sources.csv").write_text("\n".join(rows) + "\n")
    (root / "models").mkdir()
    (root / "models/m1.off").touch()
    cla(root / "Model.cla", {name: ("1",) if not label else () for label, name in enumerate(dataset.classes)})
    for part, classes in lists.items():
        cla(root / f"Sketch_{part}.cla", classes)
    return {dataset.classes[label]: sum(i.label == label for i in dataset.test) for label in (0, 1)}


def lay_out(data: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--psb76", str(data), "--out", str(out), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_same_drawings_laid_out_by_source_have_the_figures_of_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn as pictures of 256 pixels, which is how strokes are read: nothing but the way there differs."""
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    sample = small_sample(tmp_path / "sample", CLASSES)
    counts = psb76(tmp_path / "psb76", sample)
    done = lay_out(tmp_path / "psb76", tmp_path / "hands")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'hands'}: {sum(counts.values())} sketches of 2 classes\n"
    assert {folder.name: len([*folder.iterdir()]) for folder in (tmp_path / "hands").iterdir()} == counts
    config = tmp_path / "run.toml"
    config.write_text('name = "run"\n')
    words = [word for setting in (*SETTINGS, *MORE) for word in ("--set", setting)]
    run = str(tmp_path / "run")
    trained = ["train", str(config), "--data", str(sample), "--out", run, "--workers", "1", *words]
    assert main(trained) == 0
    capsys.readouterr()
    own, asked = (_figures(run, capsys, *more) for more in ((), ("--queries", str(tmp_path / "hands"))))
    for name in FIGURES:
        assert asked[name] == pytest.approx(own[name], abs=1e-6)
        assert asked["spread"][name] == pytest.approx(own["spread"][name], abs=1e-6)
    for name in ("queries", "gallery", "classes"):
        assert asked[name] == own[name]
    assert (asked["classes"], asked["queries"]) == (2, sum(counts.values()))
    assert main(["evaluate", run, "--queries", str(tmp_path / "hands")]) == 0
    said = capsys.readouterr().out
    assert (
        f"{asked['queries']} queries of 2 classes, {asked['gallery']} shapes, 0 skipped; mean of 2 seeds"
        in said
    )


def _figures(run: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, object]:
    assert main(["evaluate", run, "--json", *more]) == 0
    figures: dict[str, object] = json.loads(capsys.readouterr().out)
    return figures


def test_a_collection_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    psb76(tmp_path / "psb76", small_sample(tmp_path / "sample", CLASSES))
    kept = tmp_path / "out/kept"
    kept.mkdir(parents=True)
    done = lay_out(tmp_path / "psb76", tmp_path / "out", "--source", "tuberlin")
    assert done.returncode == 1
    assert done.stderr == "data.sources names 'tuberlin', expected some of: quickdraw, sketchy\n"
    assert kept.is_dir()
