"""The nodes of a scene: where they are, which of them are shown, and how often."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.gltf.document import Document, normalised
from sketchshape.types import F64


def all_nodes(document: Document) -> list[Any]:
    """Give the nodes of a file; one for each mesh where it has meshes only."""
    nodes, meshes = document.list("nodes"), document.list("meshes")
    if nodes or not meshes:
        return nodes
    document.warnings.add("it has no nodes: each mesh is drawn once")
    return [{"mesh": index} for index in range(len(meshes))]


def worlds(document: Document, nodes: list[Any]) -> F64:
    """Give the matrix of each node to the scene: (nodes, 4, 4).

    Raises:
        MeshError: the nodes are no trees.
    """
    parents = np.full(len(nodes), -1)
    for index, node in enumerate(nodes):
        for child in node.get("children") or []:
            if not 0 <= child < len(nodes) or parents[child] >= 0:
                cause = f"child {child} of node {index} is no node, is listed twice, or has two parents"
                raise MeshError(document.path, cause)
            parents[child] = index
    found, level, reached = _locals(nodes), np.flatnonzero(parents < 0), 0
    found[level] = np.eye(4) @ found[level]
    while len(level):
        reached += len(level)
        below = [child for index in level.tolist() for child in nodes[index].get("children") or []]
        level = np.array(below, np.int64)
        found[level] = found[parents[level]] @ found[level]
    if reached < len(nodes):
        raise MeshError(document.path, "a node is its own ancestor")
    return found


def shown(document: Document, nodes: list[Any]) -> list[int]:
    """Give the nodes of the default scene, each before its children; all nodes where there is no scene.

    What is below a hidden node is hidden. [KHR_node_visibility]
    """
    scenes = document.list("scenes")
    if scenes:
        roots = list(scenes[document.json.get("scene", 0)].get("nodes") or [])
    else:
        children = {child for node in nodes for child in node.get("children") or []}
        roots = [index for index in range(len(nodes)) if index not in children]
    found, waiting = dict[int, None](), roots[::-1]
    while waiting:
        index = waiting.pop()
        if index in found:
            continue
        if _extension(nodes[index], "KHR_node_visibility").get("visible", True) is False:
            document.warnings.add("left out a hidden node")
            continue
        found[index] = None
        waiting += (nodes[index].get("children") or [])[::-1]
    return list(found)


def instances(document: Document, node: dict[str, Any]) -> F64 | None:
    """Give the matrices of a mesh to its node, one for each time that it is drawn: (n, 4, 4).

    None is as a rule: it is drawn once, where its node is. [EXT_mesh_gpu_instancing]
    """
    attributes = _extension(node, "EXT_mesh_gpu_instancing").get("attributes", {})
    if not attributes:
        return None
    names = ("TRANSLATION", "ROTATION", "SCALE")
    given = {name: document.accessor(attributes[name]) for name in names if name in attributes}
    count = min(map(len, given.values()), default=1)
    document.drawn.spend(count)
    rotation = normalised(given.get("ROTATION", np.tile([0.0, 0, 0, 1], (count, 1))))[:count]
    matrices = np.tile(np.eye(4), (count, 1, 1))
    matrices[:, :3, :3] = _turns(rotation) * given.get("SCALE", np.ones((count, 3)))[:count, None, :]
    matrices[:, :3, 3] = given.get("TRANSLATION", np.zeros((count, 3)))[:count]
    return matrices


def _extension(node: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = (node.get("extensions") or {}).get(name) or {}
    return found


def _locals(nodes: list[Any]) -> F64:
    """The matrix of each node to its parent: (nodes, 4, 4)."""
    found = np.tile(np.eye(4), (len(nodes), 1, 1))
    given = [index for index, node in enumerate(nodes) if node.get("matrix") is not None]
    if given:
        matrices = np.array([nodes[index]["matrix"] for index in given], np.float64)
        found[given] = matrices.reshape(-1, 4, 4).transpose(0, 2, 1)
    rest = [index for index, node in enumerate(nodes) if node.get("matrix") is None]
    if rest:
        parts = [
            np.array([nodes[index].get(name) or usual for index in rest], np.float64).reshape(-1, len(usual))
            for name, usual in (("rotation", (0, 0, 0, 1)), ("scale", (1, 1, 1)), ("translation", (0, 0, 0)))
        ]
        found[rest, :3, :3] = _turns(parts[0]) * parts[1][:, None]
        found[rest, :3, 3] = parts[2]
    return found


def _turns(quaternions: np.ndarray) -> F64:
    """Rotations of quaternions x, y, z, w, (n, 4) to (n, 3, 3); one of length 0 turns nothing."""
    quaternions = np.asarray(quaternions, np.float64)
    length = np.linalg.norm(quaternions, axis=1, keepdims=True)
    x, y, z, w = np.where(length > 0, quaternions / np.where(length > 0, length, 1), (0, 0, 0, 1)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.asarray(np.moveaxis(np.array(rows), 2, 0))
