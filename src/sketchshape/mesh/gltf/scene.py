"""Scenes of glTF 2.0 as viewers show them: each mesh where its node, or its skin as stored, puts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.errors import MeshError, MissingReaderError
from sketchshape.mesh.bounds import TooMuch
from sketchshape.mesh.gltf.document import Document
from sketchshape.mesh.gltf.materials import invisible
from sketchshape.mesh.gltf.nodes import all_nodes, instances, shown, worlds
from sketchshape.mesh.gltf.placed import Placed
from sketchshape.mesh.gltf.primitives import FAN, STRIP, TRIANGLES, Primitive
from sketchshape.mesh.gltf.skins import posed
from sketchshape.mesh.soup import Soup
from sketchshape.types import F64

_BROKEN = (MeshError, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)


def read_gltf(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of a glTF file's default scene, in the scene's frame.

    Points, lines, cameras and animations are left out, as is what is hidden or fully transparent. Morph
    targets have their stored weights. A part that is broken is left out while there are others.

    Raises:
        MeshError: the file is broken, or needs an extension that is not supported.
    """
    scene = Scene(Document(path, data))
    for index in shown(scene.document, scene.nodes):
        scene.draw(index)
    return scene.soup()


class Scene:
    """Collects what is drawn, and how often, before any of it is put into its place.

    Args:
        document: the file.
    """

    def __init__(self, document: Document) -> None:
        self.document, self.nodes = document, all_nodes(document)
        self._worlds = worlds(document, self.nodes) @ np.eye(4)
        self._placed = Placed()
        self._primitives = dict[tuple[int, tuple[float, ...]], Primitive]()
        self._invisible = dict[int, bool]()
        self._unseen = list[tuple[int, dict[str, Any], list[float]]]()
        self._problem: Exception | None = None

    def draw(self, index: int) -> None:
        """Draw the mesh of a node, if it has one; what is transparent is put aside."""
        node = self.nodes[index]
        if node.get("mesh") is None:
            return
        try:
            mesh = self.document.list("meshes")[node["mesh"]]
            weights = node.get("weights") or mesh.get("weights") or []
            primitives = list(mesh["primitives"])
        except _BROKEN as problem:
            self._leave_out(problem)
            return
        for json in primitives:
            if json.get("mode", TRIANGLES) not in (TRIANGLES, STRIP, FAN):
                self.document.warnings.add("left out a primitive of points or lines")
            elif "POSITION" not in (json.get("attributes") or {}):
                self.document.warnings.add("left out a primitive without positions")
            elif self._is_invisible(json):
                self._unseen.append((index, json, weights))
            else:
                self._add(index, json, weights)

    def soup(self) -> Soup:
        """Give all that was drawn; what is transparent too, where there is nothing else.

        Raises:
            MeshError: nothing was drawn and a part is broken.
        """
        warnings = self.document.warnings
        if not self._placed.triangles and self._unseen:
            warnings.add("all of it is transparent: drawn as if it were not")
            for index, json, weights in self._unseen:
                self._add(index, json, weights)
        else:
            warnings.add("left out a primitive that is fully transparent", len(self._unseen))
        if not self._placed.triangles and self._problem:
            raise self._problem
        return Soup(*self._placed.joined(), warnings.listed())

    def _is_invisible(self, json: dict[str, Any]) -> bool:
        if id(json) not in self._invisible:
            self._invisible[id(json)] = invisible(self.document, json)
        return self._invisible[id(json)]

    def _add(self, index: int, json: dict[str, Any], weights: list[float]) -> None:
        try:
            primitive = self._primitive(json, weights)
            points, matrices = self._where(index, primitive)
        except (MissingReaderError, TooMuch):  # half a shape would stay in an index
            raise
        except _BROKEN as problem:
            self._leave_out(problem)
            return
        self.document.drawn.spend(len(matrices) * (len(points) + len(primitive.triangles)))
        self._placed.add(points, primitive.triangles, matrices)

    def _primitive(self, json: dict[str, Any], weights: list[float]) -> Primitive:
        """Read a primitive, once for all nodes that draw it with these weights."""
        key = id(json), tuple(weights)
        if key not in self._primitives:
            self._primitives[key] = Primitive(self.document, json, weights)
        return self._primitives[key]

    def _where(self, index: int, primitive: Primitive) -> tuple[F64, F64]:
        """Points (N, 3) of a primitive, and the matrices (n, 4, 4) that put them into the scene."""
        node, points = self.nodes[index], primitive.points
        if node.get("skin") is not None and "JOINTS_0" in primitive.attributes:
            try:
                skin = self.document.list("skins")[node["skin"]]
                return posed(self.document, skin, points, self._worlds, primitive.attribute), np.eye(4)[None]
            except TooMuch:
                raise
            except _BROKEN:
                self.document.warnings.add("a skin is broken: what it moves is drawn where its node is")
        several, matrices = instances(self.document, node), self._worlds[index : index + 1]
        matrices = matrices if several is None else matrices @ several
        alive = matrices[:, :3, :3].any(axis=(1, 2))
        if alive.all():
            return points, matrices
        self.document.warnings.add("left out a part that is shrunk to a point", int((~alive).sum()))
        return points, matrices[alive]

    def _leave_out(self, problem: Exception) -> None:
        self._problem = self._problem or problem
        cause = problem.cause if isinstance(problem, MeshError) else f"{type(problem).__name__}: {problem}"
        self.document.warnings.add(f"left out a broken part: {cause}")
