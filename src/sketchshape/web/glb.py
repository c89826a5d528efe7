"""Triangles as a binary glTF file, which browsers can show."""

from __future__ import annotations

import json
import struct

import numpy as np

from sketchshape.types import Mesh

FLOAT, UNSIGNED = 5126, 5125  # [glTF 2.0] section 3.6.2.2
VERTICES, INDICES = 34962, 34963


def to_glb(mesh: Mesh) -> bytes:
    """Write a mesh as GLB: one node, one primitive, positions and indices. [glTF 2.0] section 4.

    Normals are left out, which by the specification asks the reader for flat shading.

    Args:
        mesh: at least one face.

    Returns:
        The bytes of the file.
    """
    points = np.ascontiguousarray(mesh.vertices, "<f4")
    corners = np.ascontiguousarray(mesh.faces, "<u4").reshape(-1)
    binary = points.tobytes() + corners.tobytes()
    document = {
        "asset": {"version": "2.0", "generator": "sketchshape"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": FLOAT,
                "count": len(points),
                "type": "VEC3",
                "min": points.min(0).tolist(),
                "max": points.max(0).tolist(),
            },
            {"bufferView": 1, "componentType": UNSIGNED, "count": len(corners), "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": points.nbytes, "target": VERTICES},
            {"buffer": 0, "byteOffset": points.nbytes, "byteLength": corners.nbytes, "target": INDICES},
        ],
        "buffers": [{"byteLength": len(binary)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = (
        struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
