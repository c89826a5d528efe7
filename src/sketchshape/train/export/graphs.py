"""The networks of a retriever as ONNX graphs: pictures in, embeddings out."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchshape.config.run import RunSettings
from sketchshape.encoders.likeness import likeness
from sketchshape.errors import ArtefactError
from sketchshape.train.models.backbones import build_backbone
from sketchshape.train.models.encoder import Encoder, Features, Normalised
from sketchshape.train.models.frozen import fold_batch_norms
from sketchshape.train.models.retriever import Retriever

OPSET = 18


class Exportable(nn.Module):
    """Pictures to embeddings as one graph: normalisation, backbone, and what was trained on its features.

    Args:
        backbone: a backbone without batch-norms.
        network: (n, dim) or (n, views, dim) features -> (n, ...).
        mirrored: average the embedding of a sketch with that of its mirror image, as `train.flip_test` does.
        finish: bring what comes out to length 1.
    """

    def __init__(self, backbone: nn.Module, network: nn.Module, *, mirrored: bool, finish: bool) -> None:
        super().__init__()
        self.backbone, self.network, self.mirrored, self.finish = backbone, network, mirrored, finish

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed (n, H, W) sketches, or (n, views, H, W) shapes: (n, ...) float32."""
        if pictures.ndim == 4:
            features = self.backbone(pictures.flatten(0, 1)).unflatten(0, (-1, pictures.shape[1]))
            rows = self.network(features).float()
        else:
            rows = self.network(self.backbone(pictures)).float()
            if self.mirrored:
                rows = (rows + self.network(self.backbone(pictures.flip(2))).float()) / 2
        return functional.normalize(rows, dim=1) if self.finish else rows


def sketch_graph(trained: Retriever, run: RunSettings) -> Any:
    """Give the ONNX model of the sketches' network: (n, H, W) uint8 -> (n, D), prepared for its likeness."""
    mirrored, side = run.train.flip_test, run.backbone.of("sketch").side
    plain = mirrored or not isinstance(trained.sketches, Normalised)
    finish = plain and likeness(trained.likeness).unit_points
    network = _exportable(trained.sketches, run, "sketch", mirrored=mirrored, finish=finish)
    return _to_onnx(network, (side, side))


def shape_graph(trained: Retriever, run: RunSettings) -> Any:
    """Give the ONNX model of the shapes' network: (n, views, H, W) uint8 -> (n, ...), prepared alike."""
    side = run.backbone.of("shape").side
    way = likeness(trained.likeness)
    finish = way.unit_points and way.rank == 1 and not isinstance(trained.shapes, Normalised)
    network = _exportable(trained.shapes, run, "shape", mirrored=False, finish=finish)
    return _to_onnx(network, (run.views.total, side, side))


def _exportable(
    network: nn.Module, run: RunSettings, modality: str, *, mirrored: bool, finish: bool
) -> Exportable:
    """Put the backbone in front of what was trained on its features, in the form for inference."""
    network, own = copy.deepcopy(network), run.backbone.of(modality)
    if run.train.backbone == "frozen":
        backbone = build_backbone(own.name, own.weights, own.size, quiet=True)
    else:  # of cgn: the backbone is a part of the encoder
        whole = cast(Normalised, network)
        backbone = whole.encoder.backbone  # type: ignore[assignment]
        whole.encoder = Encoder(Features(backbone.dim), whole.encoder.head, whole.encoder.pool)
    backbone.simplify()
    exportable = Exportable(backbone, network, mirrored=mirrored, finish=finish)
    exportable = exportable.cpu().eval().requires_grad_(False)
    fold_batch_norms(exportable.backbone)
    return exportable


def _to_onnx(network: Exportable, item: tuple[int, ...]) -> Any:
    example = torch.full((2, *item), 255, dtype=torch.uint8)
    try:
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
    except torch.onnx.OnnxExporterError as error:
        cause = error.__cause__ or error
        reason = str(cause).strip().partition("\n")[0]
        raise ArtefactError(f"not exported, torch.onnx cannot write the network ({reason})") from error
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
