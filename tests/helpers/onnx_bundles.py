"""Small bundles of ONNX files, one for each likeness: fixed random projections of the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sketchshape.encoders.record import CENTERS, SHAPES, SKETCHES, WEIGHTS, write_record
from sketchshape.images import PREPROCESSING_VERSION
from sketchshape.render import RENDERER_VERSION

SIDE, VIEWS, WIDTH = 16, 4, 8
CLASSES = ("box", "long table")
ROWS = {"cosine": [WIDTH], "euclidean": [WIDTH], "nearest_view": [VIEWS, WIDTH], "subspace": [2, WIDTH]}


def onnx_bundle(folder: Path, name: str, **facts: Any) -> Path:
    """Write a bundle with a likeness; facts replace those of its record, those that are None are left out."""
    folder.mkdir(parents=True)
    onnx.save(_model(_sketches(name), [SIDE, SIDE], [WIDTH]), folder / SKETCHES)
    onnx.save(_model(_shapes(name), [VIEWS, SIDE, SIDE], ROWS[name]), folder / SHAPES)
    (folder / WEIGHTS).write_bytes(b"")
    np.save(folder / CENTERS, centers())
    record: dict[str, Any] = {
        "size": SIDE,
        "sketch_size": SIDE,
        "views": {"count": VIEWS, "size": 32},
        "preprocessing": PREPROCESSING_VERSION,
        "renderer": RENDERER_VERSION,
        "classes": CLASSES,
        "confidence": {"slope": 5.0, "middle": 0.5},
        "likeness": name,
        "row": ROWS[name],
        "width": WIDTH,
        **facts,
    }
    left = {key: value for key, value in record.items() if value is not None}
    write_record(folder, {"lines": None, **left})
    return folder


def directions() -> np.ndarray:
    """(SIDE * SIDE, WIDTH) float32, what the ink of a picture is projected onto."""
    return np.random.default_rng(0).normal(size=(SIDE * SIDE, WIDTH)).astype(np.float32) / SIDE**2


def centers() -> np.ndarray:
    """(2, WIDTH) float32 of length 1."""
    return np.eye(2, WIDTH, dtype=np.float32)


def _sketches(name: str) -> list[Any]:
    last = [_node("LpNormalization", ["flat"], "vectors", axis=-1, p=2)]
    return [*_projected(1), *(last if name in ("cosine", "subspace") else [_node("Identity", ["flat"])])]


def _shapes(name: str) -> list[Any]:
    """Views to the unit mean, to the mean, to each row, or to a basis of the first two (Gram-Schmidt)."""
    if name == "nearest_view":
        return [*_projected(2), _node("Identity", ["flat"])]
    if name == "subspace":
        return [
            *_projected(2),
            _node("Slice", ["flat", "0", "1", "1"], "a"),
            _node("Slice", ["flat", "1", "2", "1"], "b"),
            _node("LpNormalization", ["a"], "first", axis=-1, p=2),
            _node("Mul", ["b", "first"], "products"),
            _node("ReduceSum", ["products", "-1"], "along", keepdims=1),
            _node("Mul", ["along", "first"], "inside"),
            _node("Sub", ["b", "inside"], "outside"),
            _node("LpNormalization", ["outside"], "second", axis=-1, p=2),
            _node("Concat", ["first", "second"], axis=1),
        ]
    mean = _node("ReduceMean", ["flat", "1"], "mean", keepdims=0)
    return [
        *_projected(2),
        mean,
        _node("LpNormalization", ["mean"], axis=-1, p=2) if name == "cosine" else _node("Identity", ["mean"]),
    ]


def _projected(rank: int) -> list[Any]:
    """Pictures (n, ..., SIDE, SIDE) to `flat`: (n, ..., WIDTH); rank is 1 for sketches, 2 for views."""
    return [
        _node("Cast", ["pictures"], "gray", to=TensorProto.FLOAT),
        _node("Sub", ["paper", "gray"], "ink"),
        _node("Reshape", ["ink", f"flat{rank}"], "rows"),
        _node("MatMul", ["rows", "directions"], "flat"),
    ]


def _node(kind: str, inputs: list[str], output: str = "vectors", **attributes: Any) -> Any:
    return helper.make_node(kind, inputs, [output], **attributes)


def _model(nodes: list[Any], item: list[int], row: list[int]) -> Any:
    constants: dict[str, Any] = {str(n): np.array([n], np.int64) for n in (-1, 0, 1, 2)}
    constants |= {
        "flat1": np.array([-1, SIDE**2], np.int64),
        "flat2": np.array([-1, VIEWS, SIDE**2], np.int64),
    }
    constants |= {"paper": np.float32(255), "directions": directions()}
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", *item])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", *row])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items() if key in used],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
