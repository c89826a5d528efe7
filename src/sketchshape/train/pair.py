"""Teacher, class centers, student: the two networks of one seed, trained, stored and used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import safetensors.torch
import torch
from rich.console import Console
from safetensors import SafetensorError, safe_open

from sketchshape.errors import ArtefactError
from sketchshape.files import atomic, digest
from sketchshape.metrics import evaluate
from sketchshape.settings import Run, Stage
from sketchshape.train.augment import Augment
from sketchshape.train.backbones import backbone_class, build_backbone
from sketchshape.train.data import Items
from sketchshape.train.inputs import Inputs, Part, Preparer
from sketchshape.train.layout import settings_hash
from sketchshape.train.losses import Centers, class_centers, target_check
from sketchshape.train.methods import Student, Teacher
from sketchshape.train.networks import Encoder, Features, Head
from sketchshape.train.trainer import Validate, fit
from sketchshape.types import F32

FORMAT = 1
EMBED = 64  # items of one pass; a shape has a dozen pictures
T = TypeVar("T")


@dataclass(eq=False)
class Pair:
    """The two trained encoders.

    Args:
        sketches: encoder of sketches.
        shapes: encoder of shapes.
        device: where they are.
    """

    sketches: Encoder
    shapes: Encoder
    device: torch.device

    def embed_sketches(self, data: np.ndarray[Any, Any]) -> F32:
        """Embed sketches, averaged over their variants.

        Args:
            data: (n, k, ...) features or pictures, k variants of each.

        Returns:
            (n, D) float32, unit rows.
        """
        looks = [_embed(self.sketches, data[:, look], self.device) for look in range(data.shape[1])]
        return _unit(np.sum(looks, axis=0))

    def embed_shapes(self, data: np.ndarray[Any, Any]) -> F32:
        """Embed shapes.

        Args:
            data: (n, views, ...) features or pictures.

        Returns:
            (n, D) float32, unit rows.
        """
        return _embed(self.shapes, data, self.device)


@dataclass(frozen=True)
class Trained:
    """What training a pair gave beside its networks.

    Args:
        seconds: of teacher and student.
        target_check: where the guidance loss leads, in figures.
    """

    seconds: dict[str, float]
    target_check: dict[str, Any]


def train_pair(
    inputs: Inputs, settings: Run, seed: int, folder: Path, device: torch.device, *, quiet: bool = False
) -> tuple[Pair, Trained]:
    """Train the teacher, take its class centers, check where they lead, and train the student. [CGN] Fig. 2.

    Args:
        inputs: all parts of a data set; the test part is not looked at.
        settings: of the run.
        seed: of weights, batches and augmentation.
        folder: of checkpoints, logs and results; an interrupted training goes on from there.
        device: where to compute.
        quiet: print nothing.

    Returns:
        The pair, and figures of the training.
    """
    pair = new_pair(settings, seed, device)
    teacher_net, student_net = _in_roles(pair.shapes, pair.sketches, settings)
    teacher_part, student_part = _in_roles(inputs.shapes, inputs.train, settings)
    shapes_teach = settings.teacher.modality == "shape"
    train = partial(
        fit, seed=seed, device=device, precision=settings.train.precision, folder=folder, quiet=quiet
    )
    key = digest(settings_hash(settings), inputs.digest)
    teacher = Teacher(teacher_net, len(inputs.classes), settings.teacher, seed=seed).to(device)
    taught = train(
        teacher,
        _items(teacher_part, settings, shapes=shapes_teach),
        settings.teacher,
        name="teacher",
        key=key,
    )
    centers = Centers(_centers(pair, teacher, teacher_part, inputs.classes), inputs.classes, key)
    centers.save(folder / "centers.npz")
    check = _report_targets(centers, settings, quiet)
    learned = train(
        Student(student_net, torch.from_numpy(centers.values), settings.student, seed=seed).to(device),
        _items(student_part, settings, shapes=not shapes_teach),
        settings.student,
        name="student",
        key=digest(key, centers.values.tobytes()),
        validate=_validation(pair, inputs) if shapes_teach else None,
    )
    for name, network in (("teacher", teacher_net), ("student", student_net)):
        save_encoder(folder / f"{name}.safetensors", network, settings)
    return pair, Trained({"teacher": taught.seconds, "student": learned.seconds}, check)


def new_pair(settings: Run, seed: int, device: torch.device) -> Pair:
    """Make both encoders with fresh heads; trunks are backbones only if they are fine-tuned."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        shape_stage, sketch_stage = _in_roles(settings.teacher, settings.student, settings)
        sketches = _new_encoder(settings, sketch_stage, "sketch")
        shapes = _new_encoder(settings, shape_stage, "shape")
    return Pair(sketches.to(device), shapes.to(device), device)


def save_encoder(path: Path, encoder: Encoder, settings: Run) -> None:
    """Write an encoder with the hash of its settings, atomically."""
    header = {"format": str(FORMAT), "kind": "encoder", "settings": settings_hash(settings)}
    with atomic(path) as temporary:
        safetensors.torch.save_file(
            {name: value.contiguous() for name, value in encoder.state_dict().items()}, temporary, header
        )


def load_pair(folder: Path, settings: Run, preparer: Preparer) -> Pair:
    """Read the two encoders of a seed.

    Args:
        folder: of the seed.
        settings: of the run.
        preparer: whose device is used.

    Returns:
        The pair, in evaluation mode.

    Raises:
        ArtefactError: a file is missing or damaged, or was made with other settings.
    """
    pair = new_pair(settings, 0, preparer.device)
    teacher, student = _in_roles(pair.shapes, pair.sketches, settings)
    for name, encoder in (("teacher", teacher), ("student", student)):
        path = folder / f"{name}.safetensors"
        try:
            with safe_open(path, "pt") as file:
                header = file.metadata() or {}
                if header.get("settings") != settings_hash(settings):
                    raise ArtefactError(f"{path}: made with other settings; train again with --fresh")
                encoder.load_state_dict({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118
        except (OSError, SafetensorError, RuntimeError) as error:
            raise ArtefactError(f"{path}: not readable ({error}); train again with --fresh") from None
        encoder.eval()
    return pair


def _new_encoder(settings: Run, stage: Stage, modality: str) -> Encoder:
    backbone, head = settings.backbone.of(modality), settings.head
    if settings.train.trunk == "frozen":
        trunk: Any = Features(backbone_class(backbone.name).dim)
    else:
        trunk = build_backbone(backbone.name, backbone.weights, backbone.size, quiet=True)
    return Encoder(trunk, Head(trunk.dim, head.hidden, head.width, stage.dropout, head.standardise))


def _in_roles(shape: T, sketch: T, settings: Run) -> tuple[T, T]:
    """Give the teacher's one first. [CGN] Table 3 has them swapped."""
    return (shape, sketch) if settings.teacher.modality == "shape" else (sketch, shape)


def _items(part: Part, settings: Run, *, shapes: bool) -> Items:
    if shapes:
        return Items(part.data, part.labels)
    if settings.train.trunk == "frozen":
        return Items(part.data, part.labels, variants=True)
    return Items(part.data[:, 0], part.labels, transform=Augment(settings.train.rotation))


def _centers(pair: Pair, teacher: Teacher, part: Part, classes: tuple[str, ...]) -> F32:
    if teacher.options.centers == "classifier":
        return _unit(teacher.classifier.weight.detach().cpu().numpy())
    shapes = teacher.options.modality == "shape"
    embeddings = pair.embed_shapes(part.data) if shapes else pair.embed_sketches(part.data)
    return class_centers(embeddings, part.labels, classes)


def _report_targets(centers: Centers, settings: Run, quiet: bool) -> dict[str, Any]:
    """Print the closed-form targets of the student before it starts, with a warning when they are bad."""
    check = target_check(centers.values, settings.student.weight, settings.student.away)
    right, classes = int(check.nearest.sum()), len(check.nearest)
    if not quiet:
        console = Console(stderr=True)
        console.print(
            f"target check: cos(t, c) mean {check.cosine.mean():.3f}, least {check.cosine.min():.3f}; "
            f"{right} of {classes} targets are nearest to their own center"
        )
        if warning := check.warning(centers.classes):
            console.print(f"[yellow]warning:[/] {warning}", highlight=False)
    return {
        "cosine_mean": float(check.cosine.mean()),
        "cosine_least": float(check.cosine.min()),
        "nearest": right,
        "classes": classes,
    }


def _validation(pair: Pair, inputs: Inputs) -> Validate | None:
    """Rank the gallery, which is fixed by now, for the sketches held out of training."""
    held, gallery = inputs.validation, inputs.gallery
    if not len(held):
        return None
    shapes = pair.embed_shapes(gallery.data)

    def validate() -> dict[str, float]:
        scores = evaluate(pair.embed_sketches(held.data) @ shapes.T, held.labels, gallery.labels)
        return {"val_map": scores.map, "val_nn": scores.nn}

    return validate


@torch.inference_mode()
def _embed(encoder: Encoder, data: np.ndarray[Any, Any], device: torch.device) -> F32:
    encoder.eval()
    if not len(data):
        return np.empty((0, encoder.head.width), np.float32)
    parts = [
        encoder.embed(torch.from_numpy(np.ascontiguousarray(data[start : start + EMBED])).to(device)).cpu()
        for start in range(0, len(data), EMBED)
    ]
    return torch.cat(parts).numpy()


def _unit(rows: np.ndarray[Any, Any]) -> F32:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: F32 = (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
