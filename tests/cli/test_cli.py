"""The command line as a person uses it: exit codes, one-line errors, JSON, and the whole way in one go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from small_world import make_world, write_config

from sketchshape.cli import options
from sketchshape.cli.doctor import Finding
from sketchshape.cli.main import COMMANDS, main, parser
from sketchshape.cli.research.train import load_settings
from sketchshape.engines import ENGINES
from sketchshape.index.choices import WAYS
from sketchshape.render.limits import MEMORY, TIMEOUT


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path_factory.getbasetemp() / "cli-cache"))


def test_train_evaluate_report(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path / "small.toml")
    run = tmp_path / "run"
    assert main(["train", str(config), "--data", str(world), "--out", str(run), "--workers", "1"]) == 0
    assert "mAP" in capsys.readouterr().out
    assert main(["evaluate", str(run), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert {"NN", "FT", "ST", "E", "DCG", "mAP", "queries", "gallery", "skipped"} <= figures.keys()
    assert all(0 <= figures[name] <= 1 for name in ("NN", "FT", "ST", "E", "DCG", "mAP"))
    assert (figures["queries"], figures["gallery"], figures["skipped"]) == (9, 12, 0)
    assert main(["evaluate", str(run), "--queries", str(world / "sketches/test")]) == 0
    assert "9 queries of 3 classes, 12 shapes, 0 skipped" in capsys.readouterr().out
    assert main(["report", str(run)]) == 0
    assert (run / "report/index.html").is_file()


def test_render_writes_a_sheet_for_each_shape_and_names_the_bad_one(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.off"
    bad.write_text("OFF\n3 1 0\n")
    words = ["render", str(world / "shapes/box"), str(bad), "--out", str(tmp_path / "out"), "--size", "32"]
    more = ["--elevation", "30", "-10", "--columns", "2", "--json", "--workers", "1"]
    assert main([*words, "--count", "4", *more]) == 1
    said = capsys.readouterr()
    summary = json.loads(said.out)
    assert summary["rendered"] == 4
    assert "bad.off" in summary["failed"][0]
    assert "bad.off" in said.err
    pictures = sorted((tmp_path / "out").glob("*.png"))
    assert [path.stem for path in pictures] == ["0", "1", "2", "3"]
    with Image.open(pictures[0]) as picture:
        assert min(picture.getextrema()) < 128
        assert picture.height > 1.9 * picture.width  # two rings of four views, in rows of two


def test_render_says_what_of_a_shape_is_not_drawn_also_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    shape = tmp_path / "shape.obj"
    shape.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nf 1 2\nf 1 2 4\n")
    said = [f"{shape}: left out 1 of 3 faces: fewer than 3 corners, the first in line 5",
            f"{shape}: left out 1 of 2 faces: a corner is none of the 3 vertices"]  # fmt: skip
    words = ["render", str(shape), "--out", str(tmp_path / "out"), "--size", "32", "--count", "1"]
    for _ in range(2):
        assert main(words) == 0
        lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("render:")]
        assert lines == said
    assert main([*words, "--json"]) == 0
    warned = json.loads(capsys.readouterr().out)["warned"]
    assert [f"{path}: {one}" for path, found in warned.items() for one in found] == said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "absent.toml", "--data", "."], "absent.toml: cannot be read"),
        (["train", "CONFIG"], "give its root folder with --data"),
        (["train", "CONFIG", "--data", ".", "--set", "student.lrr=1"], "did you mean 'lr'"),
        (["train", "CONFIG", "--data", ".", "--seeds", "one"], "--seeds one"),
        (["train", "CONFIG", "--data", ".", "--set", "data.layout=shrec15"], "expected one of"),
        (["evaluate", "absent"], "absent: no such folder"),
        (["evaluate", "."], "no run.json"),
        (["report", "absent"], "absent: no such folder"),
        (["render", "."], "no mesh files"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    config = write_config(tmp_path / "small.toml")
    assert main([str(config) if word == "CONFIG" else word for word in words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_weights_and_data_override_the_configuration(tmp_path: Path) -> None:
    config = write_config(tmp_path / "small.toml")
    words = ["train", str(config), "--data", "a b", "--weights", "my weights.pth", "--seeds", "3,4"]
    settings = load_settings(parser().parse_args(words))
    assert settings.backbone.weights == "my weights.pth"
    assert settings.data.path == "a b"
    assert settings.train.seeds == (3, 4)


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "absent", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_failure_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path / "small.toml")
    (tmp_path / "data").mkdir()
    code = main(["train", str(config), "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run")])
    assert code == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_doctor_finds_a_sound_installation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    states = {finding["subject"]: finding["state"] for finding in report["findings"]}
    assert report["healthy"]
    assert states["renderer"] == states["sample"] == states["cache"] == "ok"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([command, "--help"])
    assert leaving.value.code == 0
    assert "--debug" in capsys.readouterr().out


def test_the_installed_command_runs_and_colours_can_be_turned_off(tmp_path: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1", "SKETCHSHAPE_CACHE": str(tmp_path)}
    words = [sys.executable, "-m", "sketchshape", "evaluate", "absent"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("sketchshape: error: absent: no such folder")
    assert "\x1b" not in done.stderr


def test_doctor_shows_the_whole_command_for_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Finding("x", "missing", "not installed", "pip install 'sketchshape[timm]'")
    monkeypatch.setattr("sketchshape.cli.doctor.examine", lambda: iter([lost]))
    assert main(["doctor"]) == 0
    assert "'sketchshape[timm]'" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--version"], ["search", "--help"], ["serve", "--help"]])
def test_a_command_begins_without_what_it_does_not_need(words: list[str]) -> None:
    code = (
        "import sys; from sketchshape.cli.main import parser\n"
        f"try: parser({words!r}).parse_args({words!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'PIL', 'rich', 'tomllib', 'onnxruntime', 'faiss', 'fastapi'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert words[0] == "--version" or "usage: sketchshape" in done.stdout or "usage: -c" in done.stdout


def test_what_options_say_again_so_as_to_load_nothing_is_what_the_package_has() -> None:
    assert options.ENGINES == ENGINES
    assert options.WAYS == WAYS
    asked = parser().parse_args(["index", "FOLDER", "--out", "INDEX"])
    assert (asked.timeout, asked.memory) == (TIMEOUT, MEMORY)
