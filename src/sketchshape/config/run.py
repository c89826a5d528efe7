"""What can be set for a run: one frozen dataclass per section of the TOML file.

The paper is [CGN]; what it does not print is ours. Its own setting is `configs/shrec13.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sketchshape.config.backbone import BackboneSettings
from sketchshape.errors import ConfigError


@dataclass(frozen=True)
class DataSettings:
    """Which shapes and sketches.

    Args:
        layout: a file in `sketchshape.datasets.layouts`: shrec13, shrec14, psb76 or folder.
        path: root folder; `--data` on the command line overrides it; "sample" is the bundled sample.
        validation: fraction 0..0.5 of the training sketches of each class that is held out of training. The
            default is ours; the paper learns from all of them, 0.
        fold: which part of that size is held out: with validation = 0.2 the parts 0 to 4 have all sketches.
        up: the axis that points up in the mesh files: y, z, x, or -y, -z, -x.
        protocol: closed (all shapes are learned from and ranked, the paper), held-out (a fifth of the shapes
            is kept for ranking) or unseen (whole classes are); see `sketchshape.datasets.protocols`.
        held_out_least: shapes that a class must have for some of them to be held out.
        unseen: names of the classes that the protocol unseen leaves out; empty is every fifth by a hash.
        share: of the training sketches of each class that is learned from, up to 1, for learning curves;
            a smaller share is a part of a larger one.
        sources: of the layout psb76, the collections whose sketches are learned from and tested with, of
            quickdraw, sketchy and tuberlin; empty is all.
    """

    layout: str = "folder"
    path: str = ""
    validation: float = 0.1
    fold: int = 0
    up: str = "y"
    protocol: str = "closed"
    held_out_least: int = 10
    unseen: tuple[str, ...] = ()
    share: float = 1.0
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class ViewSettings:
    """How a shape is turned into pictures.

    Args:
        count: cameras of each ring around the up axis. [CGN] section 3.2 takes 12, evenly around the shape.
        size: side of a rendered view in pixels (ours).
        elevations: degrees by which the cameras of each ring look down (ours).
        pool: how the features of the views are joined: mean (the paper), or mean+max, where the strongest
            answer of any view stands beside it; methods that are compared with CGN have ways of their own.
        lines: cameras that draw the shape in lines too, as if it had been sketched; 0 is none (ours). The
            sketches' network learns from these drawings, and sees them when a shape is embedded.
        line_size: side of such a drawing in pixels.
        line_weight: of their embedding, beside 1 for that of the views.
    """

    count: int = 12
    size: int = 224
    elevations: tuple[float, ...] = (30.0,)
    pool: str = "mean"
    lines: int = 0
    line_size: int = 128
    line_weight: float = 1.0

    @property
    def total(self) -> int:
        """Number of shaded views of a shape."""
        return self.count * len(self.elevations)


@dataclass(frozen=True)
class HeadSettings:
    """The fully connected part: features -> hidden -> embedding. The widths are those of [CGN] section 4.1.

    Args:
        hidden: width of the hidden layer.
        width: width of the embedding.
        standardise: bring each feature to mean 0 and deviation 1 first (ours).
    """

    hidden: int = 1024
    width: int = 256
    standardise: bool = False


@dataclass(frozen=True)
class StageSettings:
    """How one network is optimised.

    The defaults of `epochs`, `lr`, `momentum`, `weight_decay` and of the step schedule are those of [CGN]
    section 4.1. All else is ours.

    Args:
        epochs: passes over the training items.
        batch: items of a mini-batch (a shape with all its views is one item); ours.
        lr: learning rate of the head; SGD.
        backbone_lr: learning rate of a fine-tuned backbone, as a factor of `lr`. The default is ours; the
            paper has one rate for the whole network, 1.
        momentum: of SGD.
        weight_decay: of SGD.
        schedule: step (times `decay` every `decay_every` epochs, the paper) or cosine (to zero, ours).
        decay: factor of the step schedule.
        decay_every: epochs of the step schedule.
        dropout: probability 0..0.95 with which a feature is dropped before the head; ours.
        accumulate: batches whose gradients make one step, as if it had been one batch of all their items.
        ema: decay 0..0.99999 of a moving average of the weights, which is what is kept; 0 is none.
        balance: 0..1, how much more often items of small classes come: with 1 all classes equally often.
    """

    epochs: int = 90
    batch: int = 16
    lr: float = 1e-3
    backbone_lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    schedule: str = "step"
    decay: float = 0.9
    decay_every: int = 10
    dropout: float = 0.0
    accumulate: int = 1
    ema: float = 0.0
    balance: float = 0.0


@dataclass(frozen=True)
class TeacherSettings(StageSettings):
    """The classification network that makes the class centers. [CGN] section 3.2.

    Args:
        modality: shape, or sketch for the swapped ablation of [CGN] Table 3.
        scale: s of AM-softmax; the paper leaves it open.
        margin: m of AM-softmax; the paper leaves it open.
        views_min: each step sees a random subset of at least this many views of a shape (ours); 0 means all.
        centers: mean of the embeddings of a class (the paper), unit-mean of embeddings of length 1 (ours), or
            classifier, its weights (ours).
        classifier: its weights are learned, as AM-softmax has it (the paper), or the corners of a regular
            simplex (ours), where no class is nearer to one than to another.
    """

    modality: str = "shape"
    scale: float = 15.0
    margin: float = 0.35
    views_min: int = 0
    centers: str = "unit-mean"
    classifier: str = "learned"


@dataclass(frozen=True)
class StudentSettings(StageSettings):
    """The transfer network that is guided to the centers. [CGN] section 3.3.

    Args:
        batch: sketches of a mini-batch; the paper leaves it open.
        weight: lambda of [CGN] eq. (1); the paper has 0.1.
        away: sum (eq. (3)) or mean (ours) over the other classes.
        classification: weight of an additional AM-softmax term of its own (ours); 0 leaves it out.
    """

    batch: int = 64
    weight: float = 0.1
    away: str = "sum"
    classification: float = 0.0


@dataclass(frozen=True)
class WordsSettings(StageSettings):
    """A second head of the sketches' network, which tells words apart and not shapes. It is ours.

    Its words are the classes and whatever else the data set has drawings of, so it knows kinds of things of
    which there is no shape to learn from. It is trained after teacher and student, on the same features of
    sketches and by the loss of the teacher, with its scale and margin.

    Args:
        weight: of its cosine between two drawings, beside 1 for that of the other head; 0 trains none.
        hidden: width of its hidden layer; the embedding is as wide as the other.
    """

    weight: float = 0.0
    hidden: int = 256


@dataclass(frozen=True)
class TrainSettings:
    """What holds for both stages. The paper fine-tunes, and says nothing of the rest.

    Args:
        backbone: frozen (features computed once, heads trained; ours) or finetune (everything trained).
        seeds: one network pair is trained for each seed.
        precision: fp32, bf16 or fp16 (mixed).
        device: auto, cpu, or a torch device.
        augment: pictures of each training sketch where the backbone is frozen: 1 plain, 2 with its mirror
            image, more with rotations. One that is fine-tuned sees each sketch turned and mirrored anew.
        rotation: largest rotation in degrees of an augmented sketch.
        flip_test: average the embedding of a sketch with that of its mirror image.
    """

    backbone: str = "frozen"
    seeds: tuple[int, ...] = (0,)
    precision: str = "fp32"
    device: str = "auto"
    augment: int = 2
    rotation: float = 15.0
    flip_test: bool = False


@dataclass(frozen=True)
class RunSettings:
    """A whole run: the root of a TOML file.

    Args:
        name: of the run.
        method: cgn (the paper's teacher and student, our words), or a file in `sketchshape.train.methods`.
        options: of another method than cgn; what is left out has its default.
    """

    name: str = "run"
    method: str = "cgn"
    options: dict[str, Any] = field(default_factory=dict)
    data: DataSettings = field(default_factory=DataSettings)
    views: ViewSettings = field(default_factory=ViewSettings)
    backbone: BackboneSettings = field(default_factory=BackboneSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    student: StudentSettings = field(default_factory=StudentSettings)
    words: WordsSettings = field(default_factory=WordsSettings)
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        _one_of("data.up", self.data.up, ("y", "z", "x", "-y", "-z", "-x"))
        _one_of("data.protocol", self.data.protocol, ("closed", "held-out", "unseen"))
        _within("data.share", self.data.share, 0.001, 1.0)
        _within("data.held_out_least", self.data.held_out_least, 3, 100_000)
        _one_of("teacher.modality", self.teacher.modality, ("shape", "sketch"))
        _one_of("teacher.centers", self.teacher.centers, ("mean", "unit-mean", "classifier"))
        _one_of("teacher.classifier", self.teacher.classifier, ("learned", "simplex"))
        _one_of("student.away", self.student.away, ("sum", "mean"))
        _one_of("train.backbone", self.train.backbone, ("frozen", "finetune"))
        _one_of("train.precision", self.train.precision, ("fp32", "bf16", "fp16"))
        for stage, where in ((self.teacher, "teacher"), (self.student, "student"), (self.words, "words")):
            check_stage(stage, where)
        _within("data.validation", self.data.validation, 0.0, 0.5)
        _check_fold(self.data.fold, self.data.validation)
        if not self.views.elevations:
            raise ConfigError("views.elevations is empty, expected numbers of degrees, such as [30.0]")
        for elevation in self.views.elevations:
            _within("views.elevations", elevation, -90.0, 90.0)
        _one_of("views.pool", self.views.pool, ("mean", "mean+max"))
        _within("views.count", self.views.count, 1, 360)
        _within("views.size", self.views.size, 16, 2048)
        _within("views.lines", self.views.lines, 0, 360)
        _within("views.line_size", self.views.line_size, 16, 2048)
        _within("views.line_weight", self.views.line_weight, 0.0, 100.0)
        if self.views.lines and self.train.backbone != "frozen":
            raise ConfigError(f"views.lines is {self.views.lines}, which needs train.backbone=frozen")
        _within("words.weight", self.words.weight, 0.0, 100.0)
        if self.words.weight and not self.views.lines:
            raise ConfigError(
                f"words.weight is {self.words.weight}, which needs views.lines, such as 6: a shape has only "
                "its line drawings to be compared by words"
            )
        for modality in ("shape", "sketch"):
            for part in self.backbone.of(modality).parts:
                _within(f"backbone size of a {modality}", part.size, 16, 2048)
        _within("train.augment", self.train.augment, 1, 64)
        if not self.train.seeds:
            raise ConfigError("train.seeds is empty, expected at least one integer, such as [0]")


def check_stage(stage: StageSettings, where: str) -> None:
    """Check how a network is optimised.

    Args:
        stage: the settings.
        where: their section, for the message.

    Raises:
        ConfigError: a value is out of its range.
    """
    _one_of(f"{where}.schedule", stage.schedule, ("step", "cosine"))
    _within(f"{where}.epochs", stage.epochs, 1, 100_000)
    _within(f"{where}.batch", stage.batch, 2, 100_000)
    _within(f"{where}.dropout", stage.dropout, 0.0, 0.95)
    _within(f"{where}.accumulate", stage.accumulate, 1, 10_000)
    _within(f"{where}.ema", stage.ema, 0.0, 0.99999)
    _within(f"{where}.balance", stage.balance, 0.0, 1.0)


def fold_count(fraction: float) -> int:
    """Tell how many parts of a size there are beside each other.

    Args:
        fraction: of the whole that a part is, 0..1.

    Returns:
        At least 1, also where the part is empty.
    """
    return int(1 / fraction + 1e-9) if fraction else 1


def _check_fold(fold: int, validation: float) -> None:
    last = fold_count(validation) - 1
    if not 0 <= fold <= last:
        parts = (
            f"the parts of data.validation = {validation}"
            if last
            else "set data.validation to 0.2 for 5 parts"
        )
        raise ConfigError(f"data.fold is {fold}, expected 0 to {last}: {parts}")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"{name} is {value!r}, expected one of: {', '.join(allowed)}")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}, expected {low} to {high}")
