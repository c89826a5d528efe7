"""Settings: strict keys, strict types, overrides, and a lossless way back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sketchshape.config import from_tree, load_config, override, to_tree
from sketchshape.config.backbone import BackboneSettings, names_shown
from sketchshape.config.run import RunSettings
from sketchshape.errors import ConfigError, UsageError

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "configs", ROOT / "configs/recipes")
CONFIGS = [path for folder in FOLDERS for path in sorted(folder.glob("*.toml"))]
CONFIGS.append(ROOT / "src/sketchshape/cli/demo.toml")
PRETRAINING = sorted((ROOT / "configs/pretrain").glob("*.toml"))


def test_defaults_survive_the_way_through_json() -> None:
    assert from_tree(RunSettings, json.loads(json.dumps(to_tree(RunSettings())))) == RunSettings()


def test_an_unknown_key_names_the_near_one(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[student]\nepoch = 3\n")
    with pytest.raises(ConfigError, match=r"unknown key 'student\.epoch'; did you mean 'epochs'\?"):
        load_config(RunSettings, path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[student]\nepochs = 1.5", "student.epochs is 1.5, expected an integer"),
        ("[student]\nlr = 'fast'", "student.lr is 'fast', expected a number"),
        ("[train]\nseeds = 3", "train.seeds is 3, expected a list"),
        ("[train]\nflip_test = 1", "train.flip_test is 1, expected true or false"),
        ("student = 3", "student is 3, expected a section"),
        ("[student]\naway = 'max'", "student.away is 'max', expected one of: sum, mean"),
        ("[views]\nelevations = []", "views.elevations is empty, expected numbers of degrees"),
        ("[views]\nelevations = [30, 91]", "views.elevations is 91.0, expected -90.0 to 90.0"),
        ("[views]\npool = 'max'", "views.pool is 'max', expected one of: mean, mean\\+max"),
        ("[data]\nvalidation = 0.9", "data.validation is 0.9, expected 0.0 to 0.5"),
        (
            "[data]\nvalidation = 0.2\nfold = 5",
            r"data.fold is 5, expected 0 to 4: the parts of data.validation = 0.2$",
        ),
        ("[data]\nvalidation = 0.3\nfold = 3", "data.fold is 3, expected 0 to 2: the parts of"),
        ("[data]\nfold = -1", "data.fold is -1, expected 0 to 9: the parts of data.validation = 0.1"),
        (
            "[data]\nvalidation = 0.0\nfold = 1",
            "data.fold is 1, expected 0 to 0: set data.validation to 0.2 for 5 parts",
        ),
        ("[train]\nseeds = []", "train.seeds is empty"),
        ("a = [", "not TOML"),
        ("[backbone]\nname = 3", "backbone.name is 3, expected a text or a list of such"),
        ("[backbone]\nsize = '160'", "backbone.size is '160', expected an integer or a list of such"),
        ("[backbone]\nsize = true", "backbone.size is True, expected an integer or a list of such"),
        ("[backbone]\nsketch_name = ['a', 3]", "backbone.sketch_name is 3, expected a text"),
        ("[backbone]\nname = ['a', 'b']\nsize = [32, true]", "backbone.size is True, expected an integer"),
        ("[backbone]\nname = []", "backbone.name is an empty list, expected one value or more"),
        (
            "[backbone]\nname = ['a', 'b']\nweights = ['none', 'none', 'none']",
            "backbone.name names 2 networks and backbone.weights has 3 values, expected as many of both",
        ),
        (
            "[backbone]\nsketch_weights = ['bundled', 'drawings']",
            "backbone.name names 1 network and backbone.sketch_weights has 2 values, expected as many",
        ),
        (
            "[backbone]\nname = ['a', 'b']\nsize = [32, 64]\nsketch_name = 'c'",
            "backbone.sketch_name names 1 network and backbone.size has 2 values, expected as many of both",
        ),
        (
            "[backbone]\nname = ['a', 'b']\nsize = [32, 8]",
            "backbone size of a shape is 8, expected 16 to 2048",
        ),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        load_config(RunSettings, path)


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.toml: cannot be read"):
        load_config(RunSettings, tmp_path / "absent.toml")


def test_overrides_are_toml_values_and_bare_words(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[student]\nlr = 0.1\n")
    run = load_config(
        RunSettings,
        path,
        ["student.lr=1", "train.seeds=[4, 5]", "backbone.name=tiny", "train.flip_test=true"],
    )
    assert (run.student.lr, run.train.seeds, run.backbone.name, run.train.flip_test) == (
        1.0,
        (4, 5),
        "tiny",
        True,
    )


@pytest.mark.parametrize("text", ["student.lr", "=3", "name.x=1"])
def test_a_malformed_override_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        override({"name": "run"}, [text])


def test_override_leaves_its_input_alone() -> None:
    tree = {"student": {"lr": 0.1}}
    override(tree, ["student.lr=0.2"])
    assert tree == {"student": {"lr": 0.1}}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_configuration_is_valid(path: Path) -> None:
    assert load_config(RunSettings, path).name == path.stem


@pytest.mark.parametrize("path", PRETRAINING, ids=lambda path: path.stem)
def test_the_configurations_of_pretraining_are_valid(path: Path) -> None:
    pytest.importorskip("torch")
    from sketchshape.config.pretrain import PretrainSettings

    found = load_config(PretrainSettings, path)
    balance = {"quickdraw": 0.0, "tuberlin": 0.0, "bundle": 0.5}  # classes of TU-Berlin are of one size
    assert found.classifier.balance == balance.get(path.stem, 0.7)
    lines = (ROOT / found.data.left_out).read_text().splitlines()
    keys = [line for line in lines if not line.startswith("#")]
    assert keys == sorted(set(keys))
    assert all(re.fullmatch(r"((psb76|tuberlin):)?\d+", key) for key in keys)


def test_what_is_tested_with_is_what_may_not_be_chosen_with() -> None:
    """Final training leaves out the test drawings of psb76, choosing leaves out more."""
    folder = Path(__file__).parents[1] / "configs/keys"
    tested, held = (
        set((folder / f"{name}.txt").read_text().splitlines()[1:])
        for name in ("psb76-test-drawings", "held-out-drawings")
    )
    assert len(tested) == 597  # all test sketches of psb76 that are from Quick, Draw!
    assert tested < held


def test_sketches_may_have_another_network() -> None:
    same = BackboneSettings("tiny", "none", 64)
    assert same.of("sketch") == same.of("shape") == same
    other = BackboneSettings("tiny", "none", 64, sketch_weights="drawings", sketch_size=32)
    assert other.of("shape") == same
    assert other.of("sketch") == BackboneSettings("tiny", "drawings", 32)
    named = BackboneSettings("tiny", "none", 64, sketch_name="alexnet")
    assert named.of("shape") == same
    assert named.of("sketch") == BackboneSettings("alexnet", "none", 64)


def test_backbones_side_by_side_are_lists_of_one_length_or_one_value_for_all() -> None:
    both = BackboneSettings(("tiny", "alexnet"), "none", (64, 96), sketch_weights=("none", "a.pth"))
    assert both.of("shape").parts == (("tiny", "none", 64), ("alexnet", "none", 96))
    assert both.of("sketch").parts == (("tiny", "none", 64), ("alexnet", "a.pth", 96))
    assert both.side == 96
    assert BackboneSettings("tiny", "none", 64).parts == (("tiny", "none", 64),)


def test_backbones_are_set_one_by_one_or_as_a_list(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('[backbone]\nsketch_name = ["tiny", "tiny"]\nsketch_size = [64, 32]\n')
    one = load_config(RunSettings, path, ["backbone.sketch_weights=FILE"])
    assert one.backbone.of("sketch").parts == (("tiny", "FILE", 64), ("tiny", "FILE", 32))
    two = load_config(RunSettings, path, ['backbone.sketch_weights=["bundled", "FILE"]'])
    assert two.backbone.of("sketch").parts == (("tiny", "bundled", 64), ("tiny", "FILE", 32))
    assert two.backbone.of("shape") == BackboneSettings()
    for run in (one, two):
        assert from_tree(RunSettings, json.loads(json.dumps(to_tree(run)))) == run


def test_names_are_shown_with_their_number() -> None:
    assert names_shown("tiny") == "tiny"
    assert names_shown(["tiny", "alexnet", "tiny"]) == "2 × tiny + alexnet"
