"""What can be set for a run: one frozen dataclass per section of the TOML file.

The paper is [CGN]; what it does not print is ours. Its own setting is `configs/shrec13.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sketchshape.config.backbone import BackboneSettings
from sketchshape.config.checks import one_of, within
from sketchshape.config.data import DataSettings, check_data
from sketchshape.errors import ConfigError


@dataclass(frozen=True)
class ViewSettings:
    """How a shape is turned into pictures.

    Args:
        count: cameras of each ring around the up axis. [CGN] section 3.2 takes 12, evenly around the shape.
        size: side of a rendered view in pixels (ours).
        elevations: degrees by which the cameras of each ring look down (ours).
        pool: how the features of the views are joined: mean (the paper), or mean+max, where the strongest
            answer of any view stands beside it; methods that are compared with CGN have ways of their own.
        lines: cameras of each ring that draw the shape in lines too, as if it had been sketched; 0 is none
            (ours). The sketches' network learns from these drawings, and sees them when a shape is embedded.
        line_elevations: of their rings, as `elevations`.
        line_size: side of such a drawing in pixels.
        line_weight: of their embedding, beside 1 for that of the views.
        line_power: 0.1..1, of each entry of the embedding of such a drawing before they are joined; below 1
            one drawing says less surely what it is. For methods without negative entries, as word_space.
    """

    count: int = 12
    size: int = 224
    elevations: tuple[float, ...] = (30.0,)
    pool: str = "mean"
    lines: int = 0
    line_elevations: tuple[float, ...] = (30.0,)
    line_size: int = 128
    line_weight: float = 1.0
    line_power: float = 1.0

    @property
    def total(self) -> int:
        """Number of shaded views of a shape."""
        return self.count * len(self.elevations)

    @property
    def line_total(self) -> int:
        """Number of line drawings of a shape."""
        return self.lines * len(self.line_elevations)


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
        check_data(self.data)
        one_of("teacher.modality", self.teacher.modality, ("shape", "sketch"))
        one_of("teacher.centers", self.teacher.centers, ("mean", "unit-mean", "classifier"))
        one_of("teacher.classifier", self.teacher.classifier, ("learned", "simplex"))
        one_of("student.away", self.student.away, ("sum", "mean"))
        one_of("train.backbone", self.train.backbone, ("frozen", "finetune"))
        one_of("train.precision", self.train.precision, ("fp32", "bf16", "fp16"))
        for stage, where in ((self.teacher, "teacher"), (self.student, "student"), (self.words, "words")):
            check_stage(stage, where)
        for name in ("elevations", "line_elevations"):
            elevations = getattr(self.views, name)
            if not elevations:
                raise ConfigError(f"views.{name} is empty, expected numbers of degrees, such as [30.0]")
            for elevation in elevations:
                within(f"views.{name}", elevation, -90.0, 90.0)
        one_of("views.pool", self.views.pool, ("mean", "mean+max"))
        within("views.count", self.views.count, 1, 360)
        within("views.size", self.views.size, 16, 2048)
        within("views.lines", self.views.lines, 0, 360)
        within("views.line_size", self.views.line_size, 16, 2048)
        within("views.line_weight", self.views.line_weight, 0.0, 100.0)
        if self.views.lines and self.train.backbone != "frozen":
            raise ConfigError(f"views.lines is {self.views.lines}, which needs train.backbone=frozen")
        within("views.line_power", self.views.line_power, 0.1, 1.0)
        within("words.weight", self.words.weight, 0.0, 100.0)
        if self.words.weight and not self.views.lines and self.method == "cgn":
            raise ConfigError(
                f"words.weight is {self.words.weight}, which needs views.lines, such as 6: a shape has only "
                "its line drawings to be compared by words"
            )
        for modality in ("shape", "sketch"):
            for part in self.backbone.of(modality).parts:
                within(f"backbone size of a {modality}", part.size, 16, 2048)
        within("train.augment", self.train.augment, 1, 64)
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
    one_of(f"{where}.schedule", stage.schedule, ("step", "cosine"))
    within(f"{where}.epochs", stage.epochs, 1, 100_000)
    within(f"{where}.batch", stage.batch, 2, 100_000)
    within(f"{where}.dropout", stage.dropout, 0.0, 0.95)
    within(f"{where}.accumulate", stage.accumulate, 1, 10_000)
    within(f"{where}.ema", stage.ema, 0.0, 0.99999)
    within(f"{where}.balance", stage.balance, 0.0, 1.0)
