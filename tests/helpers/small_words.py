"""Drawings of three words that a test can make in a moment, and settings of a small pre-training on them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.config.backbone import BackboneSettings
from sketchshape.config.pretrain import PretrainSettings, SourceSettings
from sketchshape.config.run import HeadSettings, TeacherSettings, TrainSettings
from sketchshape.images import StrokeChanges

FORMS = {  # x and y of one stroke
    "flat": ([0, 100, 100, 0, 0], [0, 0, 15, 15, 0]),
    "tall": ([0, 15, 15, 0, 0], [0, 0, 100, 100, 0]),
    "cross": ([0, 100, 50, 0, 100], [0, 100, 50, 100, 0]),
}


def write_words(folder: Path, each: int = 24) -> Path:
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for word, form in FORMS.items():
        lines = []
        for number in range(each):
            xs, ys = (np.array(form) + random.normal(0, 3, (2, 5))).round(2).tolist()
            good = number != 1
            lines.append(
                {"word": word, "key_id": f"{word}{number}", "recognized": good, "drawing": [[xs, ys]]}
            )
        (folder / f"{word}.ndjson").write_text("\n".join(map(json.dumps, lines)))
    return folder


def pretrain_settings(folder: Path, **changes: Any) -> PretrainSettings:
    made = PretrainSettings(
        data=SourceSettings(str(folder), validation=0.2),
        backbone=BackboneSettings("tiny", "none", 32),
        head=HeadSettings(16, 8),
        classifier=TeacherSettings(
            epochs=8, batch=8, lr=0.05, backbone_lr=1.0, schedule="cosine", margin=0.1
        ),
        strokes=replace(StrokeChanges(), mirror=0.5, rotation=5.0),
        train=TrainSettings(device="cpu"),
    )
    return replace(made, **changes)
