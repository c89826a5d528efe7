"""What can be set for `sketchshape pretrain`: the root of its TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field

from sketchshape.config.backbone import BackboneSettings
from sketchshape.config.run import HeadSettings, TeacherSettings, TrainSettings
from sketchshape.errors import ConfigError
from sketchshape.images import StrokeChanges


@dataclass(frozen=True)
class SourceSettings:
    """Which drawings.

    Args:
        path: folder of <word>.ndjson.
        left_out: text file of keys (`key_id`), one a line, of drawings that are not learned from.
        validation: part 0..0.5 of the others that is held out to see how it goes.
    """

    path: str = ""
    left_out: str = ""
    validation: float = 0.03


@dataclass(frozen=True)
class PretrainSettings:
    """What `sketchshape pretrain` reads from a TOML file.

    Args:
        name: of the run.
        data: the drawings.
        backbone: the network, the weights it starts from, and the size of a picture.
        head: between the backbone and the words; not kept.
        classifier: how it is optimised; the backbone at `backbone_lr` times the rate.
        strokes: what happens to a drawing.
        train: device, precision; the first of its seeds is used.
        stem: convolutions at the start of the backbone that are kept as they are.
    """

    name: str = "pretrain"
    data: SourceSettings = field(default_factory=SourceSettings)
    backbone: BackboneSettings = field(default_factory=BackboneSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    classifier: TeacherSettings = field(default_factory=TeacherSettings)
    strokes: StrokeChanges = field(default_factory=StrokeChanges)
    train: TrainSettings = field(default_factory=TrainSettings)
    stem: int = 0

    def __post_init__(self) -> None:
        if len(self.backbone.parts) > 1:
            raise ConfigError(
                f"backbone.name is {list(self.backbone.name)}, expected one network: each learns from "
                "drawings by itself, and the configuration of a run lists several"
            )
