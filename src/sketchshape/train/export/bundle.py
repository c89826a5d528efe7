"""A trained pair to a bundle of ONNX files, compared with torch before it may be used."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.config.run import RunSettings
from sketchshape.encoders.bundle import ONE_RING, Bundle
from sketchshape.encoders.likeness import likeness
from sketchshape.encoders.record import CENTERS, RECORD, SHAPES, SKETCHES, write_record
from sketchshape.errors import UsageError, demand_packages
from sketchshape.files import sweep
from sketchshape.images import PREPROCESSING_VERSION
from sketchshape.metrics import NAMES
from sketchshape.render import RENDERER_VERSION
from sketchshape.runs.calibration import calibrate
from sketchshape.runs.centers import Centers
from sketchshape.runs.embeddings import Embeddings, load_embeddings
from sketchshape.runs.folder import read_run, seed_folder
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.export.card import model_card
from sketchshape.train.export.graphs import shape_graph, sketch_graph
from sketchshape.train.export.onnx_weights import save_shared
from sketchshape.train.export.parity import Parity, compare, probes
from sketchshape.train.trained import load_trained
from sketchshape.types import F32


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
    demand_packages("train", "onnx", "onnxscript")
    settings, record = read_run(run)
    seed = settings.train.seeds[0] if seed is None else seed
    if seed not in settings.train.seeds:
        raise UsageError(f"--seed {seed}: {run} has the seeds {', '.join(map(str, settings.train.seeds))}")
    _check_target(out, replace)
    preparer = Preparer(settings, workers=workers, quiet=quiet)
    place = seed_folder(run, seed)
    trained = load_trained(place, settings, record["hash"], preparer.device)
    out.parent.mkdir(parents=True, exist_ok=True)
    sweep(out.parent, f"{out.name}-export")
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-export-") as scratch:
        folder = Path(scratch) / "bundle"
        folder.mkdir()
        graphs = {SKETCHES: sketch_graph(trained, settings), SHAPES: shape_graph(trained, settings)}
        save_shared(graphs, folder, half=trained.likeness != "subspace")
        centers, own = Centers.load(place / "centers.npz"), load_embeddings(place / "embeddings.npz")
        with (folder / CENTERS).open("wb") as stream:
            np.save(stream, _asked_with(centers, own))
        facts = {**_facts(settings, record, centers, seed), **_compared(own)}
        confidence = calibrate(own)
        facts["confidence"] = asdict(confidence) if confidence else None
        digest = write_record(folder, facts)
        parity = compare(trained, Bundle.open(folder), probes(run, preparer), preparer)
        parity.demand(str(run))
        write_record(folder, {**facts, "parity": asdict(parity)})
        (folder / "README.md").write_text(model_card(record, facts, parity, digest, about), encoding="utf-8")
        _put(folder, out)
    size = sum(path.stat().st_size for path in out.iterdir())
    return Exported(out, digest, size, parity)


def _asked_with(centers: Centers, own: Embeddings) -> F32:
    """Give what a search for a class asks with: a row for each class, as long as that of a sketch."""
    rows = likeness(own.likeness).prepare(centers.values)
    return np.pad(rows, ((0, 0), (0, own.query_embeddings.shape[1] - rows.shape[1])))


def _compared(own: Embeddings) -> dict[str, Any]:
    if own.likeness == "cosine":
        return {}
    row = list(own.gallery_embeddings.shape[1:])
    return {"likeness": own.likeness, "row": row, "width": own.query_embeddings.shape[1]}


def _facts(settings: RunSettings, record: dict[str, Any], centers: Centers, seed: int) -> dict[str, Any]:
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
        "settings": _without_places(record["settings"]),
        "scores": {name: record["seeds"][str(seed)]["scores"][name] for name in NAMES},
    }


def _without_places(settings: dict[str, Any]) -> dict[str, Any]:
    """Leave out where on this machine the data is, and of weights files all but their names."""
    backbone = settings["backbone"]
    names = {
        key: Path(value).name if isinstance(value, str) else [Path(one).name for one in value]
        for key, value in backbone.items()
        if key in ("weights", "sketch_weights")
    }
    return {**settings, "backbone": {**backbone, **names}, "data": {**settings["data"], "path": ""}}


def _lines(settings: RunSettings) -> dict[str, Any] | None:
    views = settings.views
    if not views.lines:
        return None
    lines: dict[str, Any] = {"count": views.lines, "size": views.line_size, "weight": views.line_weight}
    if views.line_power != 1:
        lines["power"] = views.line_power
    if views.line_elevations != ONE_RING:
        lines["elevations"] = list(views.line_elevations)
    return lines


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
