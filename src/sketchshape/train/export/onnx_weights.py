"""ONNX graphs that share one file of weights, most in half precision; what two have is stored once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.encoders.record import WEIGHTS

SMALL = 1024  # bytes; smaller tensors stay in the graph, where the runtime folds them away
LARGE = 65536  # bytes; larger ones are stored as float16
ALIGNED = 64  # bytes; where each tensor starts


def save_shared(graphs: Mapping[str, Any], folder: Path, *, half: bool = True) -> None:
    """Write ONNX models whose large tensors are in one file, those of most bytes as float16, equal ones once.

    The runtime turns them to float32 when it loads them, so computing is as exact and as fast as before.
    Others stay as they are, since hardly a byte is gained and much can be lost: a kernel of nine weights for
    each channel has no sum in which its rounding errors cancel, and variances of features reach down to where
    float16 has no digits left.

    Args:
        graphs: file name to `onnx.ModelProto` with all weights inside; changed in place.
        folder: where they go, with the file of weights.
        half: whether any are stored as float16; a basis of nearly parallel vectors needs all digits.
    """
    places: dict[bytes, tuple[int, int]] = {}
    with (folder / WEIGHTS).open("wb") as stream:
        for model in graphs.values():
            for tensor in model.graph.initializer:
                if len(tensor.raw_data) >= SMALL and tensor.data_type == tensor.FLOAT:
                    if half and len(tensor.raw_data) >= LARGE:
                        _halve(model.graph, tensor)
                    _move(tensor, _place(stream, tensor.raw_data, places))
    for name, model in graphs.items():
        _forget_sources(model)
        (folder / name).write_bytes(model.SerializeToString(deterministic=True))


def _halve(graph: Any, tensor: Any) -> None:
    """Store a tensor as float16 under another name, with a node in front that gives it back as float32."""
    name = tensor.name
    tensor.raw_data = np.frombuffer(tensor.raw_data, "<f4").astype("<f2").tobytes()
    tensor.name, tensor.data_type = f"{name}.half", tensor.FLOAT16
    nodes = list(graph.node)
    del graph.node[:]
    cast = graph.node.add(name=f"{name}.float", op_type="Cast", input=[tensor.name], output=[name])
    cast.attribute.add(name="to", type=2, i=tensor.FLOAT)  # type 2 is INT
    graph.node.extend(nodes)


def _place(stream: Any, data: bytes, places: dict[bytes, tuple[int, int]]) -> tuple[int, int]:
    key = hashlib.sha256(data).digest()
    if key not in places:
        stream.write(b"\0" * (-stream.tell() % ALIGNED))
        places[key] = (stream.tell(), len(data))
        stream.write(data)
    return places[key]


def _move(tensor: Any, place: tuple[int, int]) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = tensor.EXTERNAL
    del tensor.external_data[:]
    for key, value in (("location", WEIGHTS), ("offset", place[0]), ("length", place[1])):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)


def _forget_sources(model: Any) -> None:
    """Leave out what the exporter noted on each node: stack traces with paths of this machine."""
    del model.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for part in (model.graph.initializer, model.graph.value_info, model.graph.input, model.graph.output):
        for value in part:
            del value.metadata_props[:]
            value.doc_string = ""
    del model.graph.metadata_props[:]
