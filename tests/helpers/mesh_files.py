"""Mesh files made in memory, and a way to compare what was read from them."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import numpy as np

from sketchshape.types import Mesh

TETRA = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0], [0, 0, 4.5]])
SIDES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])

FLOAT, BYTE, SHORT, INT = 5126, 5121, 5123, 5125
WIDTH = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
CODE = {"f": FLOAT, "B": BYTE, "H": SHORT, "I": INT}


def copies(*placed: Any) -> list[tuple[tuple[float, ...], ...]]:
    """Give the soup of tetrahedra with these corners each."""
    faces = np.concatenate([SIDES + 4 * k for k in range(len(placed))])
    return soup(Mesh(np.concatenate(placed), faces))


def soup(mesh: Mesh) -> list[tuple[tuple[float, ...], ...]]:
    """The triangles as sorted coordinates, each from its least corner on in its winding."""
    found = []
    for face in mesh.faces:
        corners = [tuple(np.round(mesh.vertices[i].astype(float), 4) + 0.0) for i in face]
        least = corners.index(min(corners))
        found.append(tuple(corners[least:] + corners[:least]))
    return sorted(found)


def tetra_soup() -> list[tuple[tuple[float, ...], ...]]:
    return soup(Mesh(TETRA, SIDES))


def area(mesh: Mesh) -> np.ndarray:
    """The vector area: half the sum of the faces' cross products."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]].astype(np.float64) for k in range(3))
    return np.asarray(np.cross(b - a, c - a).sum(axis=0) / 2)


def absolute_area(mesh: Mesh) -> float:
    a, b, c = (mesh.vertices[mesh.faces[:, k]].astype(np.float64) for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def rows(array: Any, before: str = "", after: str = "") -> str:
    return "".join(
        before + " ".join(str(x) for x in row) + after + "\n" for row in np.asarray(array).tolist()
    )


def off(vertices: Any = TETRA, faces: Any = SIDES) -> bytes:
    faces = [[len(face), *face] for face in faces]
    text = f"OFF\n{len(vertices)} {len(faces)} 0\n" + rows(vertices)
    return (text + "".join(" ".join(map(str, face)) + "\n" for face in faces)).encode()


def obj(vertices: Any = TETRA, faces: Any = SIDES) -> bytes:
    lines = ["f " + " ".join(str(i + 1) for i in face) for face in faces]
    return (rows(vertices, "v ") + "\n".join(lines) + "\n").encode()


def stl_text() -> bytes:
    text = "solid thing\n"
    for face in TETRA[SIDES]:
        text += " facet normal 0 0 0\n  outer loop\n" + rows(face, "   vertex ") + "  endloop\n endfacet\n"
    return (text + "endsolid thing\n").encode()


def stl_binary(title: bytes = b"made here") -> bytes:
    data = title.ljust(80, b"\0") + struct.pack("<I", len(SIDES))
    for face in TETRA[SIDES]:
        data += struct.pack("<3f9fH", 0, 0, 0, *face.ravel(), 7)
    return data


def ply(
    order: str = "<", vertices: Any = TETRA, faces: Any = SIDES, count: str = "uchar", newline: str = "\n"
) -> bytes:
    """PLY with a colour per vertex, a number on either side of each face, and an element nobody asked for."""
    form = {"": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    header = ["ply", f"format {form} 1.0", "comment \xc5 caf\x85", "element camera 1", "property double fov"]
    header += ["property list uchar short sizes"]
    header += [f"element vertex {len(vertices)}", "property uchar red"]
    header += [f"property float {axis}" for axis in "xyz"]
    header += [
        f"element face {len(faces)}",
        "property ushort group",
        f"property list {count} int vertex_indices",
    ]
    header += ["property float area", "end_header", ""]
    head = newline.join(header).encode("latin-1")
    if not order:
        text = "30.5 2 640 480\n" + rows(vertices, "255 ")
        text += "".join(f"1 {len(face)} " + " ".join(map(str, face)) + " 0.5\n" for face in faces)
        return head + text.replace("\n", newline).encode()
    letter = {"uchar": "B", "int": "i"}[count]
    body = struct.pack(order + "dBhh", 30.5, 2, 640, 480)
    body += b"".join(struct.pack(order + "B3f", 255, *vertex) for vertex in vertices)
    form = f"{order}H{letter}{{}}if"
    return (
        head + body + b"".join(struct.pack(form.format(len(f)), 1, len(f), *map(int, f), 0.5) for f in faces)
    )


class Gltf:
    """A glTF scene put together piece by piece: `add` stores an array and gives its accessor."""

    def __init__(self, **json_parts: Any) -> None:
        self.binary = b""
        self.json: dict[str, Any] = {"asset": {"version": "2.0"}, "bufferViews": [], "accessors": []}
        self.json.update(json_parts)

    def view(self, data: bytes, **more: Any) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        self.json["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data), **more}
        )
        self.binary += data
        return len(self.json["bufferViews"]) - 1

    def add(self, array: Any, letter: str = "f", **more: Any) -> int:
        array = np.asarray(array)
        width = 1 if array.ndim == 1 else array.shape[1]
        view = self.view(array.astype(np.dtype(letter).newbyteorder("<")).tobytes())
        self.json["accessors"].append({
            "bufferView": view, "componentType": CODE[letter], "count": len(array), "type": WIDTH[width],
            **more,
        })  # fmt: skip
        return len(self.json["accessors"]) - 1

    def glb(self) -> bytes:
        self.json["buffers"] = [{"byteLength": len(self.binary)}]
        text = json.dumps(self.json).encode()
        text += b" " * (-len(text) % 4)
        binary = self.binary + b"\0" * (-len(self.binary) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
        return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks

    def gltf(self, uri: str | None = None) -> bytes:
        uri = uri or "data:application/octet-stream;base64," + base64.b64encode(self.binary).decode()
        self.json["buffers"] = [{"byteLength": len(self.binary), "uri": uri}]
        return json.dumps(self.json).encode()


def tetra_gltf(**node: Any) -> Gltf:
    """The tetrahedron under one node."""
    scene = Gltf(nodes=[{"mesh": 0, **node}], scenes=[{"nodes": [0]}], scene=0)
    primitive = {"attributes": {"POSITION": scene.add(TETRA)}, "indices": scene.add(SIDES.ravel(), "H")}
    scene.json["meshes"] = [{"primitives": [primitive]}]
    return scene
