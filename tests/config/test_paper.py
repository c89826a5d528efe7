"""The configurations of SHREC'13 and '14 hold what [CGN] prints, and say of the rest that it is ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sketchshape.config import load_config, to_tree
from sketchshape.config.run import RunSettings

CONFIGS = Path(__file__).parents[2] / "configs"
STAGE = {  # the paper has one sentence for both networks
    "lr": (0.001, "4.1"),
    "decay": (0.9, "4.1"),
    "decay_every": (10, "4.1"),
    "schedule": ("step", "4.1"),
    "epochs": (90, "4.1"),
    "momentum": (0.9, "4.1"),
    "weight_decay": (1e-4, "4.1"),
    "backbone_lr": (1.0, "4.1"),  # no other rate for a part of a network
}
PRINTED = {
    "data.validation": (0.0, "4.1"),  # 50 sketches of a class for training, 30 for the test, none besides
    "views.count": (12, "3.2"),
    "views.pool": ("mean", "3.2"),
    "backbone.name": ("resnet50", "4.1"),
    "backbone.weights": ("imagenet", "4.1"),
    "head.hidden": (1024, "4.1"),
    "head.width": (256, "4.1"),
    "teacher.modality": ("shape", "3.2"),
    "teacher.classifier": ("learned", "3.2"),
    "teacher.centers": ("mean", "3.2"),
    "student.weight": (0.1, "3.3"),
    "student.away": ("sum", "3.3"),
    "train.backbone": ("finetune", "3.2"),
    **{f"{stage}.{key}": value for stage in ("teacher", "student") for key, value in STAGE.items()},
}
NOT_PRINTED = {  # what would be an addition of ours is off
    "data.protocol": "closed",
    "data.share": 1.0,
    "views.lines": 0,
    "backbone.sketch_name": "",
    "backbone.sketch_weights": "",
    "backbone.sketch_size": 0,
    "student.classification": 0.0,
    "words.weight": 0.0,
    "train.flip_test": False,
    "train.precision": "fp32",
    "teacher.views_min": 0,
    **{f"{stage}.{key}": 0.0 for stage in ("teacher", "student") for key in ("dropout", "ema", "balance")},
    **{f"{stage}.accumulate": 1 for stage in ("teacher", "student")},
}
NAMES = ("shrec13", "shrec14")


def value_of(name: str, key: str) -> Any:
    section, _, setting = key.partition(".")
    return to_tree(load_config(RunSettings, CONFIGS / f"{name}.toml"))[section][setting]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", PRINTED)
def test_what_the_paper_prints_is_set(name: str, key: str) -> None:
    assert value_of(name, key) == PRINTED[key][0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", NOT_PRINTED)
def test_nothing_is_added_to_it(name: str, key: str) -> None:
    assert value_of(name, key) == NOT_PRINTED[key]


def test_each_line_names_its_section_or_says_that_it_is_ours() -> None:
    """No default decides: what is printed stands in the file, and what is not printed is called ours."""
    section, found = "", {}
    for line in (CONFIGS / "shrec13.toml").read_text(encoding="utf-8").splitlines():
        if head := re.match(r"\[(\w+)\]", line):
            section = head[1]
        elif section and (own := re.match(r"(\w+) = ", line)):
            found[f"{section}.{own[1]}"] = line.partition("  # ")[2]
    assert {*PRINTED} <= {*found}
    for key, comment in found.items():
        if key in PRINTED:
            assert comment.startswith(PRINTED[key][1]), key
        else:
            assert key == "data.layout" or comment.startswith("ours"), key


def test_shrec14_differs_from_shrec13_in_its_data_alone() -> None:
    trees = [to_tree(load_config(RunSettings, CONFIGS / f"{name}.toml")) for name in NAMES]
    for name, tree in zip(NAMES, trees, strict=True):
        assert (tree.pop("name"), tree["data"].pop("layout")) == (name, name)
    assert trees[0] == trees[1]


def test_the_rate_is_that_of_the_paper_in_every_epoch_of_both_networks() -> None:
    pytest.importorskip("torch")
    from sketchshape.train.engine.sgd import learning_rate

    run = load_config(RunSettings, CONFIGS / "shrec13.toml")
    for stage in (run.teacher, run.student):
        for epoch in range(90):
            expected = 0.001
            for _ in range(epoch // 10):
                expected *= 0.9
            assert learning_rate(stage, epoch) == pytest.approx(expected, rel=1e-12)


def test_the_fully_connected_part_is_2048_1024_256() -> None:
    pytest.importorskip("torch")
    from torch import nn

    from sketchshape.train.models.backbones.resnet50 import ResNet50
    from sketchshape.train.models.heads import Head

    run = load_config(RunSettings, CONFIGS / "shrec13.toml")
    head = Head(ResNet50.dim, run.head.hidden, run.head.width, run.teacher.dropout, run.head.standardise)
    layers = [one for one in head.modules() if isinstance(one, nn.Linear)]
    assert [(one.in_features, one.out_features) for one in layers] == [(2048, 1024), (1024, 256)]
