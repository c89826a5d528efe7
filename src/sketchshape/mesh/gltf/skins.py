"""A skin puts each vertex where its joints are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sketchshape.mesh.gltf.document import Document
from sketchshape.types import F64, I64

Attribute = Callable[[str], np.ndarray]
"""Gives an attribute of the vertices by its name: (vertices, width)."""


def posed(document: Document, skin: dict[str, Any], points: F64, worlds: F64, attribute: Attribute) -> F64:
    """Move points (N, 3) to the scene: a vertex goes where its joints are in the stored pose.

    A skin takes the place of the node's matrix; each joint is seen from the pose in which the skin was bound.
    [glTF 2.0] section 3.7.3.

    Args:
        document: the file.
        skin: of the node.
        points: as the mesh has them.
        worlds: (nodes, 4, 4) matrices of all nodes.
        attribute: of the primitive.
    """
    document.drawn.spend(len(skin["joints"]))
    matrices = worlds[skin["joints"]]
    if "inverseBindMatrices" in skin:
        inverse = document.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        matrices = matrices @ inverse[: len(matrices)].astype(np.float64)
    joints, weights = _influences(document, attribute)
    placed = np.zeros_like(points)
    for joint, weight in zip(joints.T, weights.T, strict=True):
        if weight.any():
            moved = np.einsum("nij,nj->ni", matrices[joint, :3, :3], points) + matrices[joint, :3, 3]
            placed += weight[:, None] * moved
    return placed


def _influences(document: Document, attribute: Attribute) -> tuple[I64, F64]:
    """Joints and weights of each vertex, (N, 4 or a multiple); the weights sum to one."""
    sets = list[tuple[np.ndarray, np.ndarray]]()
    while True:
        try:
            sets.append((attribute(f"JOINTS_{len(sets)}"), attribute(f"WEIGHTS_{len(sets)}")))
            document.drawn.spend(len(sets[-1][0]))
        except KeyError:
            break
    joints = np.concatenate([joint for joint, _ in sets], axis=1).astype(np.int64)
    weights = np.concatenate([weight for _, weight in sets], axis=1).astype(np.float64)
    total = weights.sum(axis=1, keepdims=True)
    weights[total[:, 0] <= 0, 0] = 1.0  # a vertex without weights follows its first joint
    return joints, weights / np.where(total > 0, total, 1.0)
