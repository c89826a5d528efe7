"""An ONNX file as a function from pictures to embeddings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import ArtefactError
from sketchshape.types import F32, U8


def open_network(path: Path, threads: int) -> Any:
    """Load a network.

    Args:
        path: the ONNX file.
        threads: that work on one call.

    Returns:
        A session of ONNX Runtime; may be used from several threads.

    Raises:
        ArtefactError: the file is not readable.
    """
    onnxruntime = import_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait by spinning take the cores away from rendering.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has its own exceptions for each cause
        reason = str(error).partition("\n")[0]
        raise ArtefactError(f"{path}: not readable ({reason}); export it again from its run") from None


def import_runtime() -> Any:
    """Import ONNX Runtime, which is done nowhere else, with its reports to its makers turned off.

    Without this, it keeps an id of the device in the home folder and looks up a host to send it to.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # is read when it is imported
    import onnxruntime  # not at the top: what changes nothing in an index needs no encoder

    onnxruntime.disable_telemetry_events()  # where the caller had imported it before
    return onnxruntime


def run_network(network: Any, pictures: U8, item: tuple[int, ...], row: tuple[int, ...]) -> F32:
    """Embed pictures.

    Args:
        network: that `open_network` loaded.
        pictures: (n, *item) uint8.
        item: shape of the pictures of one sketch or shape.
        row: shape of its embedding.

    Returns:
        (n, *row) float32.

    Raises:
        ValueError: the pictures have another type or shape.
    """
    if pictures.dtype != np.uint8 or pictures.shape[1:] != item:
        expected = ", ".join(map(str, ("n", *item)))
        raise ValueError(f"pictures are {pictures.dtype} {pictures.shape}, expected uint8 ({expected})")
    if not len(pictures):
        return np.empty((0, *row), np.float32)
    (vectors,) = network.run(None, {"pictures": np.ascontiguousarray(pictures)})
    result: F32 = vectors
    return result
