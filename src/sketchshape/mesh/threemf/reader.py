"""3MF to triangles: what is built, with the components of its objects in all model parts."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.bounds import Budget
from sketchshape.mesh.soup import Soup, Warnings
from sketchshape.mesh.threemf.model import NOT_DRAWN, Model, Object, Use
from sketchshape.types import F64, I64
from sketchshape.zips import unpack

ROOT, RELATIONS = "3D/3dmodel.model", "_rels/.rels"
DEEPEST, USES = 64, 20_000  # of components in components, and of all together
FREE, RATIO = (
    2**24,
    50,
)  # bytes of XML that any file may have in all, and for each byte of it


def read_3mf(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3) and triangles (M, 3) of all items that a 3MF file builds; Z points up in it.

    Supports and objects that are for something else are left out, while there are others.

    Raises:
        MeshError: it is no 3MF file, or broken.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise MeshError(path, f"expected a 3MF file, which is a zip archive: {error}") from error
    with archive:
        return Package(path, archive, len(data)).soup()


class Package:
    """The model parts of a 3MF file.

    Args:
        path: the file, for errors.
        archive: that it is.
        size: of it in bytes.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, size: int) -> None:
        self._path, self._archive, self._size = path, archive, size
        self._names = {name.lstrip("/").casefold(): name for name in archive.namelist()}
        self._models: dict[str, Model] = {}
        self._drawn, self._uses = Budget(path, size, "it builds"), 0
        self._left = max(FREE, RATIO * size)
        self.warnings = Warnings()

    def soup(self) -> Soup:
        """Give what is built; all objects where nothing is said of that.

        Raises:
            MeshError: a part is broken, or there is none.
        """
        root = self._root()
        model = self._model(root)
        items = model.items
        if not items:
            used = {use.id for one in model.objects.values() for use in one.parts if use.part is None}
            items = [Use(None, id, np.eye(4, 3)) for id in model.objects if id not in used]
            self.warnings.add("it does not say what is built: all of its objects are drawn")
        for drawn in (False, True):
            pieces = [piece for item in items for piece in self._pieces(root, item, np.eye(4), drawn, 0)]
            if any(len(triangles) for _, triangles in pieces):
                return self._joined(pieces, support=drawn)
        return self._joined([], support=False)

    def _pieces(
        self, part: str, use: Use, above: F64, all_kinds: bool, depth: int
    ) -> Iterator[tuple[F64, I64]]:
        """Place an object and its components: vertices and triangles of each mesh."""
        if depth > DEEPEST:
            raise MeshError(self._path, f"its components are more than {DEEPEST} deep, or hold themselves")
        self._uses += 1
        if self._uses > USES:
            raise MeshError(self._path, f"it builds more than {USES} parts, expected fewer")
        part = use.part or part
        one = self._object(part, use)
        if one is None or (one.kind in NOT_DRAWN and not all_kinds):
            if one is not None:
                self.warnings.add("left out a support, or an object that is none of the shape")
            return
        matrix = np.column_stack([use.matrix, [0, 0, 0, 1]]) @ above
        vertices, triangles = one.mesh()
        self._drawn.spend(len(vertices) + len(triangles))
        if len(triangles):
            yield vertices @ matrix[:3, :3] + matrix[3, :3], triangles
        for component in one.parts:
            yield from self._pieces(part, component, matrix, all_kinds, depth + 1)

    def _joined(self, pieces: list[tuple[F64, I64]], *, support: bool) -> Soup:
        if support:
            self.warnings = Warnings()
            self.warnings.add("all of it is supports and the like: they are drawn")
        vertices, faces, count = [np.empty((0, 3))], [np.empty((0, 3), np.int64)], 0
        for corners, triangles in pieces:
            inside = (triangles >= 0) & (triangles < len(corners))  # or it is a vertex of the next piece
            faces.append(np.where(inside, triangles + count, -1))
            vertices.append(corners)
            count += len(corners)
        return Soup(np.concatenate(vertices), np.concatenate(faces), self.warnings.listed())

    def _object(self, part: str, use: Use) -> Object | None:
        try:
            return self._model(part).objects[use.id]
        except (KeyError, FileNotFoundError):
            self.warnings.add("left out an object that is not there")
            return None

    def _model(self, part: str) -> Model:
        """Read a model part, once.

        Raises:
            FileNotFoundError: there is none of that name.
            MeshError: it is broken.
        """
        name = self._names.get(part.lstrip("/").casefold())
        if name is None:
            raise FileNotFoundError(f"it has no part {part!r}")
        if name not in self._models:
            try:
                self._models[name] = Model(self._unpacked(name))
            except (OSError, ValueError) as error:
                raise MeshError(self._path, f"its part {name}: {error}") from error
        return self._models[name]

    def _unpacked(self, name: str) -> bytes:
        """Unpack a part of the archive; all of them together have a bound.

        Raises:
            OSError: it is damaged, or a trap.
        """
        info = self._archive.getinfo(name)
        if info.file_size > self._left:
            raise OSError(f"is {info.file_size} bytes, too many for an archive of {self._size}")
        text = unpack(self._archive, info, self._size)
        self._left -= len(text)
        return text

    def _root(self) -> str:
        """The name of the part that says what is built."""
        found = ""
        if name := self._names.get(RELATIONS):
            text = self._unpacked(name)
            for relation in re.findall(rb"<Relationship\s[^<>]*>", text):
                if re.search(rb"Type\s*=\s*[\"'][^\"']*/3dmodel[\"']", relation):
                    target = re.search(rb"Target\s*=\s*[\"']([^\"']*)", relation)
                    found = target[1].decode("utf-8", "replace") if target else ""
        models = sorted(name for name in self._names if name.endswith(".model"))
        for name in (found, ROOT, *models):
            if name.lstrip("/").casefold() in self._names:
                return name
        raise MeshError(self._path, "the archive has no model part; expected 3MF")
