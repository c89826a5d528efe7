"""glTF scenes that Draco and meshopt packed."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from mesh_files import SIDES, TETRA, Gltf, tetra_gltf

# Packed by meshoptimizer 0.2.30a0: its encodeVertexBuffer of codec 0 and 1, -IndexBuffer, -IndexSequence.
PACKED = {
    "TETRA_0": (
        "oAAAAAE8AAAAgH8AAAEPAAAAgH8BDwAAAIB/AAABAwAAAN8BAwAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
    ),
    "WAVE_0": (
        "oBUAAgAIACAAgAMAAAAHABUAAIgiioqqrgSuuwAABAQEAAAAHwBYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhY//8A"
        "AFhYWFhYWFhYFSququoEBK6q6q4EBASrqgAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJAAAA"
    ),
    "TETRA_1": "oer6+gCAfwAAAIB/AACAfwAAAN8AAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "WAVE_1": (
        "oZl6AIBAAgIgEAICCAAHFQAAiCKKiqquBK67AAAEBAQAWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhY"
        "FSqqqqqqqqqqqqoAAAAAAAAAAAAAAAAAAAAAAAAAAAkAAAAAAQ=="
    ),
    "EXPONENTS": "oAE8AAAACAcAAAABDwAAAAwLAAAAAQMAAAASAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD/AAAA/wAAAP8=",
    "QUARTER": "oAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP9//38=",
    "TRIANGLES": "4f4OEgPwBAB2h1ZneKmGZYlomAFpAAA=",
    "SEQUENCE": "0QAIAgIECAYEBAoMAgAAAAA=",
    "GRID": (
        "4f4eEA4QDhAOEA7+HhkOGA4XDhYO/x4WDhYOFg4WDv8eFg4WDhYOFg7/HhYOFg4WDhYODwyfAl8JDF8JDF8JDAB2h1ZneKmG"
        "ZYlomAFpAAA="
    ),
}


def packed(name: str) -> bytes:
    """Give one of these."""
    return base64.b64decode(PACKED[name])


def meshopt_gltf(extension: str, version: int, *, required: bool) -> Gltf:
    """A tetrahedron of which all views are packed; the buffer that they would fill is not there."""
    scene = tetra_gltf()
    lengths = [view["byteLength"] for view in scene.json["bufferViews"]]
    scene.binary = b""
    for number, (name, mode, count, stride) in enumerate(
        [(f"TETRA_{version}", "ATTRIBUTES", 4, 12), ("TRIANGLES", "TRIANGLES", 12, 2)]
    ):
        at = len(scene.binary)
        scene.binary += packed(name) + b"\0" * (-len(packed(name)) % 4)
        how = {"buffer": 0, "byteOffset": at, "byteLength": len(packed(name)), "byteStride": stride}
        how |= {"mode": mode, "count": count}
        scene.json["bufferViews"][number] = {
            "buffer": 1, "byteLength": lengths[number], "extensions": {extension: how}
        }  # fmt: skip
    scene.json["extensionsUsed"] = [extension]
    if required:
        scene.json["extensionsRequired"] = [extension]
    return scene


def draco_gltf(*, fallback: bool = False, **options: Any) -> Gltf:
    """A tetrahedron packed by Draco, or skip the test; with a fallback its buffers are there too."""
    draco = pytest.importorskip("DracoPy", reason="needs the extra [draco]")
    scene = tetra_gltf()
    packed = draco.encode(TETRA.astype("f4"), faces=SIDES.astype("u4"), quantization_bits=20, **options)
    primitive = scene.json["meshes"][0]["primitives"][0]
    position = next(one["unique_id"] for one in draco.decode(packed).attributes if one["attribute_type"] == 0)
    primitive["extensions"] = {
        "KHR_draco_mesh_compression": {
            "bufferView": scene.view(packed),
            "attributes": {"POSITION": position},
        }
    }
    if not fallback:
        for accessor in scene.json["accessors"]:
            del accessor["bufferView"]
        scene.json["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    scene.json["extensionsUsed"] = ["KHR_draco_mesh_compression"]
    return scene
