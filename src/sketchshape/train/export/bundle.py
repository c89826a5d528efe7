"""A trained pair to a bundle of ONNX files, compared with torch before it may be used."""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config.run import Run
from sketchshape.encoders.bundle import Bundle
from sketchshape.encoders.record import CENTERS, RECORD, SHAPES, SKETCHES, write_record
from sketchshape.errors import MissingExtraError, UsageError
from sketchshape.images import PREPROCESSING_VERSION
from sketchshape.metrics import NAMES
from sketchshape.metrics.rows import unit
from sketchshape.render import RENDERER_VERSION
from sketchshape.runs.centers import Centers
from sketchshape.runs.embeddings import load_embeddings
from sketchshape.runs.folder import read_run, seed_folder
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.export.calibration import calibrate
from sketchshape.train.export.card import model_card
from sketchshape.train.export.onnx_weights import save_shared
from sketchshape.train.export.parity import Parity, compare, probes
from sketchshape.train.models.backbones import build_backbone
from sketchshape.train.models.encoder import Encoder
from sketchshape.train.models.frozen import fold_batch_norms
from sketchshape.train.models.pair import Pair, load_pair, widened
from sketchshape.train.models.views import pooled

OPSET = 18


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Args:
        folder: of the bundle.
        hash: of the bundle.
        bytes: of all its files.
        parity: how near its embeddings are to those of torch.
    """

    folder: Path
    hash: str
    bytes: int
    parity: Parity


def export_run(
    run: Path,
    out: Path,
    *,
    seed: int | None = None,
    about: str = "",
    replace: bool = False,
    workers: int | None = None,
    quiet: bool = False,
) -> Exported:
    """Write the encoders of a run as a bundle that is searched with; nothing is left of one that is refused.

    Args:
        run: folder of a trained run.
        out: folder of the bundle.
        seed: whose networks; None is the first of the run.
        about: what the model card says of the data, in Markdown.
        replace: whether a bundle that is there may be replaced.
        workers: processes that render.
        quiet: show no progress.

    Returns:
        What was written.

    Raises:
        UsageError: `run` is no run or lacks the seed, or `out` holds something that may not be replaced.
        ArtefactError: the ONNX files do not give the embeddings of torch, or another top 10.
        MissingExtraError: onnx or onnxscript is not installed.
    """
    _require("onnx", "onnxscript")
    settings, record = read_run(run)
    seed = settings.train.seeds[0] if seed is None else seed
    if seed not in settings.train.seeds:
        raise UsageError(f"--seed {seed}: {run} has the seeds {', '.join(map(str, settings.train.seeds))}")
    _check_target(out, replace)
    preparer = Preparer(settings, workers=workers, quiet=quiet)
    pair = load_pair(seed_folder(run, seed), settings, preparer.device)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        folder = Path(scratch) / "bundle"
        folder.mkdir()
        _write_networks(folder, pair, settings)
        centers = Centers.load(seed_folder(run, seed) / "centers.npz")
        with (folder / CENTERS).open("wb") as stream:
            np.save(stream, widened(unit(centers.values), pair.sketches.head.width))
        facts = _facts(settings, record, centers, seed)
        confidence = calibrate(load_embeddings(seed_folder(run, seed) / "embeddings.npz"))
        facts["confidence"] = asdict(confidence) if confidence else None
        digest = write_record(folder, facts)
        parity = compare(pair, Bundle.open(folder), probes(run, preparer), preparer)
        parity.demand(str(run))
        write_record(folder, {**facts, "parity": asdict(parity)})
        (folder / "README.md").write_text(model_card(record, facts, parity, digest, about), encoding="utf-8")
        _put(folder, out)
    size = sum(path.stat().st_size for path in out.iterdir())
    return Exported(out, digest, size, parity)


class Exportable(nn.Module):
    """Pictures to unit vectors, as one graph: normalisation, trunk, head, length 1.

    Args:
        trunk: a backbone without batch-norms.
        head: of the encoder.
        mirrored: add the embedding of the mirror image, as `train.flip_test` measures it.
        pool: how the features of a shape's views are joined.
    """

    def __init__(self, trunk: nn.Module, head: nn.Module, mirrored: bool, pool: str = "mean") -> None:
        super().__init__()
        self.trunk, self.head, self.mirrored, self.pool = trunk, head, mirrored, pool

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed (n, H, W) sketches, or (n, views, H, W) shapes: (n, D) float32, unit rows."""
        if pictures.ndim == 4:
            features = self.trunk(pictures.flatten(0, 1))
            features = pooled(features.unflatten(0, (-1, pictures.shape[1])), self.pool)
            return functional.normalize(self.head(features), dim=1)
        vectors = functional.normalize(self.head(self.trunk(pictures)), dim=1)
        if self.mirrored:
            other = functional.normalize(self.head(self.trunk(pictures.flip(2))), dim=1)
            vectors = functional.normalize(vectors + other, dim=1)
        return vectors


def _write_networks(folder: Path, pair: Pair, settings: Run) -> None:
    sketch, shape = (settings.backbone.of(modality).side for modality in ("sketch", "shape"))
    width = pair.sketches.head.width  # more than that of the shapes' head where there is a words head
    graphs = {
        SKETCHES: _to_onnx(_plain(pair.sketches, settings, "sketch", width), (sketch, sketch)),
        SHAPES: _to_onnx(_plain(pair.shapes, settings, "shape", width), (settings.views.total, shape, shape)),
    }
    save_shared(graphs, folder)


def _plain(encoder: Encoder, settings: Run, modality: str, width: int) -> Exportable:
    """Put the backbone in front of a head that was trained on features, in the form for inference.

    Its vectors are filled up with zeros to `width`, as `Pair.join` does it.
    """
    backbone = settings.backbone.of(modality)
    mirrored = modality == "sketch" and settings.train.flip_test
    if settings.train.trunk == "frozen":
        trunk = build_backbone(backbone.name, backbone.weights, backbone.size, quiet=True)
    else:
        trunk = copy.deepcopy(encoder.trunk)  # type: ignore[assignment]
    trunk.simplify()
    head: nn.Module = copy.deepcopy(encoder.head)
    if zeros := width - encoder.head.width:
        head = nn.Sequential(head, nn.ZeroPad1d((0, zeros)))
    network = Exportable(trunk, head, mirrored, encoder.pool).cpu().eval().requires_grad_(False)
    fold_batch_norms(network.trunk)
    return network


def _to_onnx(network: Exportable, item: tuple[int, ...]) -> Any:
    example = torch.full((2, *item), 255, dtype=torch.uint8)
    with _silence():
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["pictures"],
            output_names=["vectors"],
            dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
            verbose=False,
        )
    assert program is not None
    return program.model_proto


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    # The exporter reports its steps, and warns of what its own parts will change.
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _facts(settings: Run, record: dict[str, Any], centers: Centers, seed: int) -> dict[str, Any]:
    return {
        "size": settings.backbone.of("shape").side,
        "sketch_size": settings.backbone.of("sketch").side,
        "views": {
            "count": settings.views.count,
            "size": settings.views.size,
            "elevations": list(settings.views.elevations),
        },
        "lines": _lines(settings),
        "preprocessing": PREPROCESSING_VERSION,
        "renderer": RENDERER_VERSION,
        "classes": list(centers.classes),
        "run": {"name": record["name"], "hash": record["hash"], "seed": seed, "created": record["created"]},
        "settings": {**record["settings"], "data": {**record["settings"]["data"], "path": ""}},
        "scores": {name: record["seeds"][str(seed)]["scores"][name] for name in NAMES},
    }


def _lines(settings: Run) -> dict[str, Any] | None:
    views = settings.views
    if not views.lines:
        return None
    return {"count": views.lines, "size": views.line_size, "weight": views.line_weight}


def _check_target(out: Path, replace: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / RECORD).is_file():
        raise UsageError(f"{out} is not empty and holds no bundle; choose another folder")
    if not replace:
        raise UsageError(f"{out} holds a bundle; choose another folder, or add --fresh to replace it")


def _put(folder: Path, out: Path) -> None:
    if out.is_dir():
        shutil.rmtree(out)
    folder.replace(out)


def _require(*packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, "train")
