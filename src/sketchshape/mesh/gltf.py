"""Scenes of glTF 2.0: every mesh where its node, or its skin in the stored pose, puts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.gltf_file import Document
from sketchshape.mesh.soup import Soup
from sketchshape.mesh.triangulate import fan
from sketchshape.types import F64, I64

TRIANGLES, STRIP, FAN = 4, 5, 6
MOST = 2**28  # vertices and triangles: instances of one mesh cost the file nothing, but memory a lot


def read_gltf(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of a glTF file's default scene, in the scene's frame.

    Points, lines, cameras and animations are left out; morph targets have their stored weights.

    Raises:
        MeshError: the file is broken, or needs an extension that is not supported.
    """
    document = Document(path, data)
    nodes = document.list("nodes")
    worlds = _worlds(document, nodes)
    vertices, faces, count, total = [np.empty((0, 3))], [np.empty((0, 3), np.int64)], 0, 0
    for index in _drawn(document, nodes):
        if "mesh" not in nodes[index]:
            continue
        mesh = document.list("meshes")[nodes[index]["mesh"]]
        weights = nodes[index].get("weights", mesh.get("weights", []))
        for primitive in mesh["primitives"]:
            if primitive.get("mode", TRIANGLES) not in (TRIANGLES, STRIP, FAN):
                continue
            points = _morphed(document, primitive, weights)
            triangles = _triangles(document, primitive, len(points))
            total += len(points) + len(triangles)
            if total > MOST:
                raise MeshError(path, f"the scene has more than {MOST} vertices and triangles")
            faces.append(np.where(triangles < 0, -1, triangles + count))
            vertices.append(_placed(document, index, primitive, points, worlds))
            count += len(points)
    return Soup(np.concatenate(vertices), np.concatenate(faces))


def _worlds(document: Document, nodes: list[Any]) -> F64:
    """The matrix of each node to the scene: (nodes, 4, 4)."""
    worlds = np.tile(np.eye(4), (len(nodes), 1, 1))
    parents = dict[int, int]()
    for index, node in enumerate(nodes):
        for child in node.get("children", []):
            if not 0 <= child < len(nodes) or parents.setdefault(child, index) != index:
                raise MeshError(
                    document.path, f"child {child} of node {index} is no node, or has two parents"
                )
    waiting = [index for index in range(len(nodes)) if index not in parents]
    reached = 0
    while waiting:
        index = waiting.pop()
        reached += 1
        above = worlds[parents[index]] if index in parents else np.eye(4)
        worlds[index] = above @ _local(nodes[index])
        waiting += nodes[index].get("children", [])
    if reached < len(nodes):
        raise MeshError(document.path, "a node is its own ancestor")
    return worlds


def _local(node: dict[str, Any]) -> F64:
    """The matrix of a node to its parent."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = _unit(np.array(node.get("rotation", (0, 0, 0, 1)), np.float64))
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    local = np.eye(4)
    local[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    local[:3, 3] = node.get("translation", (0, 0, 0))
    return local


def _unit(quaternion: F64) -> F64:
    length = float(np.linalg.norm(quaternion))
    return quaternion / length if length > 0 else np.array([0.0, 0.0, 0.0, 1.0])


def _drawn(document: Document, nodes: list[Any]) -> list[int]:
    """The nodes of the default scene, each before its children; all nodes where there is no scene."""
    scenes = document.list("scenes")
    if not scenes:
        return list(range(len(nodes)))
    drawn, waiting = dict[int, None](), list(scenes[document.json.get("scene", 0)].get("nodes", []))[::-1]
    while waiting:
        index = waiting.pop()
        if index not in drawn:
            drawn[index] = None
            waiting += nodes[index].get("children", [])[::-1]
    return list(drawn)


def _morphed(document: Document, primitive: dict[str, Any], weights: list[float]) -> F64:
    points = document.accessor(primitive["attributes"]["POSITION"]).astype(np.float64)
    for weight, target in zip(weights, primitive.get("targets", []), strict=False):
        if weight and "POSITION" in target:
            points = points + weight * document.accessor(target["POSITION"])
    return points


def _triangles(document: Document, primitive: dict[str, Any], count: int) -> I64:
    mode = primitive.get("mode", TRIANGLES)
    index = np.arange(count)
    if "indices" in primitive:
        index = document.accessor(primitive["indices"])[:, 0].astype(np.int64)
    index = np.where(index < count, index, -1)  # or it would be a vertex of the next mesh
    if mode == TRIANGLES:
        return index[: len(index) // 3 * 3].reshape(-1, 3)
    if len(index) < 3:
        return np.empty((0, 3), np.int64)
    if mode == FAN:
        return fan(index[None])
    strip = np.stack([index[:-2], index[1:-1], index[2:]], axis=1)
    strip[1::2] = strip[1::2, ::-1]
    return strip


def _placed(document: Document, index: int, primitive: dict[str, Any], points: F64, worlds: F64) -> F64:
    """Move points (N, 3) of node `index` to the scene.

    A skin takes the place of the node's matrix: a vertex goes where its joints are, each seen from the pose
    in which the skin was bound. [glTF 2.0] section 3.7.3.
    """
    node = document.list("nodes")[index]
    if "skin" not in node or "JOINTS_0" not in primitive["attributes"]:
        return np.asarray(points @ worlds[index, :3, :3].T + worlds[index, :3, 3])
    skin = document.list("skins")[node["skin"]]
    matrices = worlds[skin["joints"]]
    if "inverseBindMatrices" in skin:
        inverse = document.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        matrices = matrices @ inverse[: len(matrices)].astype(np.float64)
    joints, weights = _influences(document, primitive["attributes"])
    placed = np.zeros_like(points)
    for joint, weight in zip(joints.T, weights.T, strict=True):
        if weight.any():
            moved = np.einsum("nij,nj->ni", matrices[joint, :3, :3], points) + matrices[joint, :3, 3]
            placed += weight[:, None] * moved
    return placed


def _influences(document: Document, attributes: dict[str, int]) -> tuple[I64, F64]:
    """Joints and weights of each vertex, (N, 4 or a multiple); the weights sum to one."""
    sets = [i for i in range(len(attributes)) if f"JOINTS_{i}" in attributes and f"WEIGHTS_{i}" in attributes]
    joints = np.concatenate([document.accessor(attributes[f"JOINTS_{i}"]) for i in sets], axis=1)
    weights = np.concatenate([document.accessor(attributes[f"WEIGHTS_{i}"]) for i in sets], axis=1)
    weights = weights.astype(np.float64)
    total = weights.sum(axis=1, keepdims=True)
    weights[total[:, 0] <= 0, 0] = 1.0  # a vertex without weights follows its first joint
    return joints.astype(np.int64), weights / np.where(total > 0, total, 1.0)
