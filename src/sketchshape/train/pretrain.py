"""A backbone for sketches, trained on drawings before it sees a shape: `sketchshape pretrain`."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from sketchshape.config import to_tree
from sketchshape.config.pretrain import PretrainSettings, SourceSettings
from sketchshape.datasets.drawings import Drawings, read_drawings, split_drawings
from sketchshape.errors import ArtefactError, ConfigError
from sketchshape.files import digest, sweep, write_json
from sketchshape.runs.identity import FORMAT, differing
from sketchshape.say import say
from sketchshape.train import device as devices
from sketchshape.train.cgn.words import WordClassifier
from sketchshape.train.data.drawings import DrawingItems, picture
from sketchshape.train.engine.fit import fit
from sketchshape.train.models.backbones import build_backbone
from sketchshape.train.models.encoder import Encoder
from sketchshape.train.models.heads import Head
from sketchshape.train.models.seeded import seeded
from sketchshape.train.models.stored import save_tensors

NAME = "backbone.safetensors"
_VALIDATE = 128  # drawings of one pass


def pretrain(settings: PretrainSettings, folder: Path, *, fresh: bool = False, quiet: bool = False) -> Path:
    """Train the backbone; the same call goes on after an interruption.

    Args:
        settings: of the run.
        folder: that it lands in: backbone.safetensors, pretrain.json, log.csv, log.jsonl.
        fresh: remove what the folder holds first.
        quiet: show no progress.

    Returns:
        The weights file, for `backbone.sketch_weights`.

    Raises:
        ConfigError: the file of keys is not there.
        DatasetError: there are no drawings.
        ArtefactError: the folder holds a run of other settings or other drawings.
    """
    if fresh and (folder / "pretrain.json").is_file():
        shutil.rmtree(folder)
    words = read_drawings(Path(settings.data.path), _left_out(settings.data.left_out))
    learned, held = split_drawings(words, settings.data.validation)
    device, seed = devices.pick(settings.train.device), settings.train.seeds[0]
    if not quiet:
        devices.note_precision(settings.train.precision, device)
    method = _network(settings, len(words.names), seed).to(device)
    method.encoder.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    _claim(folder / "pretrain.json", settings, learned)
    check = _Check(method, held, settings.backbone.side, device)
    result = fit(
        method,
        DrawingItems(learned, settings.backbone.side, settings.strokes, os.cpu_count() or 1),
        settings.classifier,
        seed=seed,
        device=device,
        precision=settings.train.precision,
        folder=folder,
        name="classifier",
        key=_identity(replace(settings, name="", data=SourceSettings())),
        validate=check if len(held) else None,
        quiet=quiet,
    )
    path = folder / NAME
    header = {"format": "1", "kind": "backbone", "settings": _identity(settings)}
    save_tensors(path, method.encoder.backbone, header)
    if not quiet:
        say(f"{len(learned)} drawings of {len(words.names)} words, {result.seconds:.0f} s", error=True)
        if "accuracy" in (last := result.history[-1]):
            say(f"held out: {100 * last['accuracy']:.1f} % right words", error=True)
    return path


def _left_out(path: str) -> frozenset[str]:
    if not path:
        return frozenset()
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"data.left_out is {path!r}: {error.strerror}; expected a text file") from None
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _network(settings: PretrainSettings, words: int, seed: int) -> WordClassifier:
    own, head = settings.backbone, settings.head
    with seeded(seed):
        backbone = build_backbone(own.name, own.weights, own.size, quiet=True)
        top = Head(backbone.dim, head.hidden, head.width, settings.classifier.dropout, head.standardise)
        return WordClassifier(
            Encoder(backbone, top), words, settings.classifier, stem=settings.stem, seed=seed
        )


def _identity(settings: PretrainSettings) -> str:
    """Hash the settings that differ from their defaults."""
    return digest("pretrain", FORMAT, differing(to_tree(settings), to_tree(PretrainSettings())))


def _claim(path: Path, settings: PretrainSettings, words: Drawings) -> None:
    record = {"format": 1, "kind": "pretrain", "settings": to_tree(settings), "drawings": len(words)}
    record["hash"] = digest(_identity(settings), list(words.keys))
    sweep(path.parent, "" if path.is_file() else path.stem)
    if not path.is_file():
        write_json(path, record)
    elif f'"{record["hash"]}"' not in path.read_text(encoding="utf-8"):
        raise ArtefactError(
            f"{path.parent} holds a run of other settings or drawings; choose another folder with --out, "
            "or add --fresh to replace it"
        )


class _Check:
    """Tells after each epoch how many held-out drawings are given the right word."""

    def __init__(self, method: WordClassifier, held: Drawings, size: int, device: torch.device) -> None:
        self.method, self.device = method, device
        pictures = [picture(strokes, size) for strokes in held.strokes]
        self.pictures = torch.from_numpy(np.stack(pictures)) if pictures else torch.empty(0)
        self.labels = torch.from_numpy(held.labels)

    @torch.inference_mode()
    def __call__(self) -> dict[str, float]:
        right = 0
        weights = torch.nn.functional.normalize(self.method.classifier.weight, dim=1)
        for start in range(0, len(self.labels), _VALIDATE):
            part = slice(start, start + _VALIDATE)
            cosines = self.method.encoder.embed(self.pictures[part].to(self.device)) @ weights.T
            right += int((cosines.argmax(1).cpu() == self.labels[part]).sum())
        return {"accuracy": right / len(self.labels)}
