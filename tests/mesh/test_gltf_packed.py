"""Packed glTF: what Draco and meshopt pack is drawn as it was."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_files import SIDES, TETRA, Gltf, soup, tetra_soup
from packed_files import draco_gltf, meshopt_gltf, packed

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.mesh.gltf.meshopt import decode_view

K = np.arange(40)
WAVE = np.stack([K // 7 % 5, K * K // 50, K * 0 + 9, K * 300], axis=1).astype("<u2")


def unpacked(name: str, count: int, stride: int, mode: str, **how: str) -> bytes:
    how_all = {"count": count, "byteStride": stride, "mode": mode, **how}
    return decode_view(Path("a.glb"), packed(name), how_all)


def turned(triangles: Any) -> list[tuple[int, ...]]:
    """Triangles from their least corner on: the codec turns them."""
    least = [list(one).index(min(one)) for one in np.reshape(triangles, (-1, 3)).tolist()]
    rows = np.reshape(triangles, (-1, 3)).tolist()
    return [tuple(row[k:] + row[:k]) for row, k in zip(rows, least, strict=True)]


@pytest.mark.parametrize("version", [0, 1])
def test_vertices_of_meshopt(version: int) -> None:
    assert unpacked(f"TETRA_{version}", 4, 12, "ATTRIBUTES") == TETRA.astype("<f4").tobytes()
    assert unpacked(f"WAVE_{version}", 40, 8, "ATTRIBUTES") == WAVE.tobytes()


def test_indices_of_meshopt() -> None:
    for kind in ("<u2", "<u4"):
        found = np.frombuffer(unpacked("TRIANGLES", 12, int(kind[2]), "TRIANGLES"), kind)
        assert turned(found) == turned(SIDES)
        sequence = np.frombuffer(unpacked("SEQUENCE", 12, int(kind[2]), "INDICES"), kind)
        assert sequence.tolist() == SIDES.ravel().tolist()
    g = 6
    cells = [(r * g + c, r * g + c + 1, r * g + g + c, r * g + g + c + 1) for r in range(5) for c in range(5)]
    grid = [triangle for a, b, c, d in cells for triangle in ((a, b, c), (c, b, d))]
    assert turned(np.frombuffer(unpacked("GRID", 150, 4, "TRIANGLES"), "<u4")) == turned(grid)


def test_filters_of_meshopt() -> None:
    found = np.frombuffer(unpacked("EXPONENTS", 4, 12, "ATTRIBUTES", filter="EXPONENTIAL"), "<f4")
    np.testing.assert_array_equal(found.reshape(4, 3), TETRA)
    turn = np.frombuffer(unpacked("QUARTER", 1, 8, "ATTRIBUTES", filter="QUATERNION"), "<i2") / 32767
    np.testing.assert_allclose(turn, [0, 0, np.sqrt(0.5), np.sqrt(0.5)], atol=1e-4)
    with pytest.raises(MeshError, match="filter OCTAHEDRAL"):
        unpacked("WAVE_0", 40, 8, "ATTRIBUTES", filter="OCTAHEDRAL")


@pytest.mark.parametrize("name", ["TETRA_0", "TETRA_1", "TRIANGLES", "SEQUENCE", "WAVE_0", "WAVE_1"])
def test_damage_of_packed_views_is_said_and_nothing_is_read_beyond(name: str) -> None:
    count, stride, mode = {
        "TETRA": (4, 12, "ATTRIBUTES"), "WAVE": (40, 8, "ATTRIBUTES"),
        "TRIANGLES": (12, 4, "TRIANGLES"), "SEQUENCE": (12, 4, "INDICES"),
    }[name.split("_")[0]]  # fmt: skip
    how = {"count": count, "byteStride": stride, "mode": mode}
    whole = packed(name)
    for end in range(1, len(whole) - 16):
        with pytest.raises(MeshError, match=r"damaged|cannot be packed"):
            decode_view(Path("a.glb"), whole[:end], how)
    generator = np.random.default_rng(5)
    for _ in range(300):  # any bytes give numbers or an error
        data = bytes([whole[0]]) + generator.bytes(int(generator.integers(1, 200)))
        with contextlib.suppress(MeshError):
            assert len(decode_view(Path("a.glb"), data, how)) == count * stride
    with pytest.raises(MeshError, match="cannot be packed in"):
        decode_view(Path("a.glb"), whole, how | {"count": 10**9})
    with pytest.raises(MeshError, match="begins with 0x0"):
        decode_view(Path("a.glb"), b"\0" + whole[1:], how)


@pytest.mark.parametrize("extension", ["EXT_meshopt_compression", "KHR_meshopt_compression"])
@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("required", [False, True])
def test_a_scene_packed_by_meshopt(tmp_path: Path, extension: str, version: int, required: bool) -> None:
    scene = meshopt_gltf(extension, version, required=required)
    scene.gltf()
    scene.json["buffers"].append({"byteLength": 72, "extensions": {extension: {"fallback": True}}})
    path = tmp_path / "a.gltf"
    path.write_text(json.dumps(scene.json))
    mesh = load_mesh(path)
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


def test_the_codec_is_that_of_its_makers() -> None:
    codec = pytest.importorskip("meshoptimizer", reason="has no wheel: pip install meshoptimizer compiles it")
    generator = np.random.default_rng(2)
    for version in (0, 1):
        codec.encode_vertex_version(version)
        for count, stride in ((1, 4), (16, 8), (300, 12), (700, 64), (260, 256)):
            steps = generator.integers(-3, 4, (count, stride // 2))
            for data in (np.cumsum(steps, axis=0).astype("<i2"), steps.astype("<i2") * 9999):
                coded = codec.encode_vertex_buffer(np.ascontiguousarray(data.view("u1")))
                how = {"count": count, "byteStride": stride, "mode": "ATTRIBUTES"}
                assert decode_view(Path("a"), coded, how) == data.tobytes()
    faces = generator.integers(0, 5000, (400, 3)).astype("<u4")
    coded = codec.encode_index_buffer(faces.ravel(), 1200, 5000)
    found = decode_view(Path("a"), coded, {"count": 1200, "byteStride": 4, "mode": "TRIANGLES"})
    assert turned(np.frombuffer(found, "<u4")) == turned(faces)


def load(folder: Path, scene: Gltf) -> Any:
    (folder / "a.glb").write_bytes(scene.glb())
    return load_mesh(folder / "a.glb")


@pytest.mark.parametrize("fallback", [False, True])
def test_a_scene_packed_by_draco(tmp_path: Path, fallback: bool) -> None:
    mesh = load(tmp_path, draco_gltf(fallback=fallback))
    np.testing.assert_allclose(np.sort(mesh.vertices, axis=0), np.sort(TETRA, axis=0), atol=1e-5)
    assert len(mesh.faces) == 4


def test_draco_and_a_skin(tmp_path: Path) -> None:
    joints = np.zeros((4, 4), np.uint8)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (4, 1))
    scene = draco_gltf(generic_attributes={7: joints, 8: weights})
    primitive = scene.json["meshes"][0]["primitives"][0]
    primitive["extensions"]["KHR_draco_mesh_compression"]["attributes"] |= {"JOINTS_0": 7, "WEIGHTS_0": 8}
    for name, kind in (("JOINTS_0", 5121), ("WEIGHTS_0", 5126)):
        scene.json["accessors"].append({"componentType": kind, "count": 4, "type": "VEC4"})
        primitive["attributes"][name] = len(scene.json["accessors"]) - 1
    scene.json["nodes"][0]["skin"] = 0
    scene.json["nodes"].append({"translation": [1, 2, 3]})
    scene.json["skins"] = [{"joints": [1]}]
    mesh = load(tmp_path, scene)
    want = TETRA + np.array([1, 2, 3])
    np.testing.assert_allclose(np.sort(mesh.vertices, axis=0), np.sort(want, axis=0), atol=1e-5)


def test_words_beside_draco_data_are_passed_over_to_what_its_head_promises() -> None:
    draco = pytest.importorskip("DracoPy", reason="needs the extra [draco]")
    from sketchshape.mesh.gltf.draco import promised

    plain = draco.encode(TETRA.astype("f4"), faces=SIDES.astype("u4"))
    assert promised(plain) == 8
    pair = b"\x03abc\x02xy"  # a name and a value, each after its length
    leaf = b"\x01" + pair + b"\x00"  # one pair, nothing within
    inner = b"\x00" + b"\x01" + b"\x04deep" + leaf  # no pair, one list within, which has a name
    words = b"\x02" + b"\x00" + leaf + b"\x01" + inner + inner  # of two attributes, and of the whole
    told = plain[:10] + bytes([plain[10] | 0x80]) + words + plain[11:]
    assert len(draco.decode(told).points) == 4  # the decoder reads them so too
    assert promised(told) == 8
    method = plain[:10] + bytes([plain[10] | 0x80])
    assert promised(method + words + plain[11:12] + b"\xff\xff\xff\xff\x0f" * 2) == 2 * (2**32 - 1)
    for cut in range(len(told)):
        promised(told[:cut])
    for broken in (b"\xff" * 99_999, b"\x01" * 99_999, b"\x00\x00\xff\xff\x03" + b"\x00" * 99_999):
        promised(method + broken)


def test_damaged_draco_is_said(tmp_path: Path) -> None:
    scene = draco_gltf()
    view = scene.json["bufferViews"][-1]
    at = view["byteOffset"]
    scene.binary = scene.binary[:at] + b"DRACO" + b"\xff" * (view["byteLength"] - 5)
    with pytest.raises(MeshError, match="its Draco data cannot be unpacked"):
        load(tmp_path, scene)
    view["byteLength"] = 10**6
    with pytest.raises(MeshError, match=r"but 1000[0-9]{3} are used"):
        load(tmp_path, scene)


def test_without_the_package_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = draco_gltf()
    monkeypatch.setitem(__import__("sys").modules, "DracoPy", None)
    with pytest.raises(MeshError, match=r"DracoPy is not installed; run: pip install 'sketchshape\[draco\]'"):
        load(tmp_path, scene)
