"""Configurations that build on others: what they are joined to, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sketchshape.config import load_config
from sketchshape.config.extends import read_tree
from sketchshape.config.run import RunSettings
from sketchshape.errors import ConfigError, UsageError
from sketchshape.runs.identity import identity

CONFIGS = Path(__file__).parents[2] / "configs"


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder / f"{next(iter(files))}.toml"


def test_sections_are_joined_key_by_key_and_lists_are_replaced(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        top='extends = "base.toml"\nname = "top"\n[a]\nx = [3]\n[a.deep]\none = 1\n[c]\ny = 1\n',
        base='name = "base"\nkept = true\n[a]\nx = [1, 2]\nz = 0\n[a.deep]\ntwo = 2\n[b]\nw = 5\n',
    )
    assert read_tree(path) == {
        "name": "top",
        "kept": True,
        "a": {"x": [3], "z": 0, "deep": {"one": 1, "two": 2}},
        "b": {"w": 5},
        "c": {"y": 1},
    }


def test_a_chain_goes_through_folders_and_a_section_begins_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    _write(tmp_path, base="[student]\nlr = 0.1\nepochs = 3\nbatch = 8\n")
    _write(tmp_path / "deep", middle='extends = "../base.toml"\n[student]\nepochs = 4\n')
    path = _write(tmp_path, top='[run]\nextends = "deep/middle.toml"\n[run.student]\nbatch = 16\n')
    assert read_tree(path) == {"run": {"student": {"lr": 0.1, "epochs": 4, "batch": 16}}}


def test_the_identity_of_a_run_is_that_of_the_same_settings_in_one_file(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        top='extends = "base.toml"\n[student]\nlr = 0.2\n',
        base="[head]\nhidden = 64\n[student]\nlr = 0.1\nepochs = 3\n",
        whole="[student]\nepochs = 3\nlr = 0.2\n[head]\nhidden = 64\n",
    )
    one, other = load_config(RunSettings, path), load_config(RunSettings, tmp_path / "whole.toml")
    assert one == other
    assert identity(one) == identity(other)
    assert load_config(RunSettings, path, ["student.epochs=9"]) == load_config(
        RunSettings, tmp_path / "whole.toml", ["student.epochs=9"]
    )


@pytest.mark.parametrize(
    ("files", "kind", "message"),
    [
        (
            {"a": 'extends = "b.toml"', "b": 'extends = "c.toml"', "c": 'extends = "b.toml"'},
            ConfigError,
            r"b\.toml: extends itself \(b\.toml -> c\.toml -> b\.toml\)",
        ),
        ({"a": '[run]\nextends = "a.toml"'}, ConfigError, r"a\.toml: extends itself \(a\.toml -> a\.toml\)"),
        (
            {"a": 'extends = "gone.toml"'},
            UsageError,
            r"gone\.toml, which .*a\.toml extends: cannot be read \(No such file or directory\)",
        ),
        ({"a": 'extends = "b.toml"', "b": "x = ["}, ConfigError, r"b\.toml: not TOML"),
        ({"a": 'extends = ["b.toml"]'}, ConfigError, r"a\.toml: extends is \['b\.toml'\], expected the path"),
    ],
)
def test_what_cannot_be_extended_is_named(
    tmp_path: Path, files: dict[str, str], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        read_tree(_write(tmp_path, **files))
    assert "\n" not in str(caught.value)


def test_the_comparisons_have_the_recipes_that_they_say() -> None:
    pytest.importorskip("torch")
    from sketchshape.bench.plan import load_bench

    psb76 = load_config(RunSettings, CONFIGS / "psb76.toml")
    demo = load_config(RunSettings, CONFIGS.parent / "src/sketchshape/cli/demo.toml")
    assert load_bench(CONFIGS / "bench/psb76.toml").run == psb76
    assert load_bench(CONFIGS / "bench/sample.toml").run == replace(demo, name="sample")
    recipe = load_bench(CONFIGS / "bench/recipe.toml")
    assert recipe.run == replace(psb76, name="recipe")
    assert recipe.prepared.views == replace(psb76.views, lines=6)  # a row of it learns from line drawings
