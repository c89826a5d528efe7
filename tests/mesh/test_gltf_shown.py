"""What of a glTF scene is drawn is what viewers show; what is left out is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_files import SIDES, TETRA, Gltf, soup, tetra_gltf, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.types import Mesh

HALF = float(np.sqrt(0.5))
QUARTER = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])  # about z: x to y


def load(folder: Path, scene: Gltf) -> Mesh:
    path = folder / "scene.glb"
    path.write_bytes(scene.glb())
    return load_mesh(path)


def copies(*placed: Any) -> list[tuple[tuple[float, ...], ...]]:
    faces = np.concatenate([SIDES + 4 * k for k in range(len(placed))])
    return soup(Mesh(np.concatenate(placed), faces))


def moved(*by: float) -> Any:
    return TETRA + np.array(by)


def spoiled(scene: Gltf, primitive: Any) -> Gltf:
    scene.json["meshes"][0]["primitives"].append(primitive)
    return scene


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"attributes": {}}, "left out a primitive without positions"),
        ({"attributes": {"NORMAL": 0}}, "left out a primitive without positions"),
        ({}, "left out a primitive without positions"),
        ({"attributes": {"POSITION": 99}}, "left out a broken part: IndexError: list index out of range"),
        ({"attributes": {"POSITION": 0}, "indices": 99}, "left out a broken part: IndexError"),
        ({"attributes": {"POSITION": "x"}}, "left out a broken part: TypeError"),
        ({"attributes": {"POSITION": 0}, "mode": 0}, "left out a primitive of points or lines"),
        ({"attributes": {"POSITION": 0}, "mode": 3}, "left out a primitive of points or lines"),
    ],
)
def test_one_part_does_not_spoil_the_rest(tmp_path: Path, change: Any, said: str) -> None:
    mesh = load(tmp_path, spoiled(tetra_gltf(), change))
    assert soup(mesh) == tetra_soup()
    assert len(mesh.warnings) == 1
    assert mesh.warnings[0].startswith(said)


def test_a_part_whose_numbers_are_not_there(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["accessors"].append(dict(scene.json["accessors"][0], count=10**9))
    mesh = load(tmp_path, spoiled(scene, {"attributes": {"POSITION": 2}}))
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ("left out a broken part: buffer 0 has 72 bytes, but 12000000000 are used",)


def test_what_happens_often_is_counted(tmp_path: Path) -> None:
    scene = tetra_gltf()
    for _ in range(3):
        spoiled(scene, {"attributes": {}})
    assert load(tmp_path, scene).warnings == ("left out a primitive without positions (3 times)",)


def test_nothing_left_is_an_error_that_names_the_cause(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["meshes"][0]["primitives"] = [{"attributes": {}}]
    with pytest.raises(MeshError, match=r"no faces to draw.*left out a primitive without positions"):
        load(tmp_path, scene)


def test_a_node_of_a_mesh_that_is_not_there(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["nodes"].append({"mesh": 7})
    scene.json["scenes"][0]["nodes"] = [0, 1]
    assert soup(load(tmp_path, scene)) == tetra_soup()


def test_a_broken_skin_is_no_skin(tmp_path: Path) -> None:
    scene = tetra_gltf(skin=0, translation=[1, 2, 3])
    primitive = scene.json["meshes"][0]["primitives"][0]
    primitive["attributes"]["JOINTS_0"] = scene.add([[9, 0, 0, 0]] * 4, "B")
    primitive["attributes"]["WEIGHTS_0"] = scene.add([[1, 0, 0, 0.0]] * 4)
    scene.json["skins"] = [{"joints": [0]}]
    mesh = load(tmp_path, scene)
    assert soup(mesh) == copies(moved(1, 2, 3))
    assert mesh.warnings == ("a skin is broken: what it moves is drawn where its node is",)


def test_whole_numbers_with_a_point_and_nulls(tmp_path: Path) -> None:
    scene = tetra_gltf(children=None, rotation=None, weights=None, skin=None, extensions=None)
    scene.json["nodes"][0]["mesh"] = 0.0
    scene.json["accessors"][0] |= {"count": 4.0, "componentType": 5126.0}
    scene.json["meshes"][0]["primitives"][0] |= {"targets": None, "extensions": None, "mode": 4.0}
    assert soup(load(tmp_path, scene)) == tetra_soup()
    del scene.json["meshes"][0]["primitives"][0]["indices"]
    scene.json["meshes"][0]["primitives"][0]["indices"] = None
    assert len(load(tmp_path, scene).faces) == 1


@pytest.mark.parametrize(("kind", "letter"), [(5124, "<i4"), (5130, "<f8")])
def test_numbers_of_opengl_that_are_none_of_gltf(tmp_path: Path, kind: int, letter: str) -> None:
    scene = tetra_gltf()
    points = TETRA * 2
    scene.json["accessors"][0] |= {"bufferView": scene.view(points.astype(letter).tobytes())}
    scene.json["accessors"][0]["componentType"] = kind
    assert soup(load(tmp_path, scene)) == copies(points)


def test_meshes_without_nodes_are_drawn(tmp_path: Path) -> None:
    scene = tetra_gltf()
    del scene.json["nodes"], scene.json["scenes"]
    mesh = load(tmp_path, scene)
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ("it has no nodes: each mesh is drawn once",)


def instanced(scene: Gltf, **attributes: int) -> Gltf:
    scene.json["extensionsUsed"] = ["EXT_mesh_gpu_instancing"]
    scene.json["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}
    return scene


@pytest.mark.parametrize("required", [False, True])
def test_instances_are_drawn_in_the_frame_of_their_node(tmp_path: Path, required: bool) -> None:
    scene = tetra_gltf(translation=[0, 100, 0], scale=[2, 2, 2])
    instanced(
        scene,
        TRANSLATION=scene.add([[0, 0, 0], [10, 0, 0.0]]),
        ROTATION=scene.add([[0, 0, 0, 1], [0, 0, HALF, HALF]]),
        SCALE=scene.add([[1, 1, 1], [1, 2, 3.0]]),
    )
    if required:
        scene.json["extensionsRequired"] = ["EXT_mesh_gpu_instancing"]
    second = (TETRA * [1, 2, 3]) @ QUARTER.T + [10, 0, 0]
    assert soup(load(tmp_path, scene)) == copies(2 * TETRA + [0, 100, 0], 2 * second + [0, 100, 0])


@pytest.mark.parametrize(("letter", "most"), [("b", 127), ("h", 32767)])
@pytest.mark.parametrize("normalized", [True, False])
def test_turns_of_instances_in_whole_numbers(
    tmp_path: Path, letter: str, most: int, normalized: bool
) -> None:
    scene = tetra_gltf()
    turn = np.round(np.array([[0, 0, HALF, HALF]]) * most)
    rotation = scene.add(turn, {"b": "B", "h": "H"}[letter], normalized=normalized)
    scene.json["accessors"][rotation]["componentType"] = {"b": 5120, "h": 5122}[letter]
    assert soup(load(tmp_path, instanced(scene, ROTATION=rotation))) == copies(TETRA @ QUARTER.T)


def test_instances_with_scale_only_or_of_different_numbers(tmp_path: Path) -> None:
    scene = tetra_gltf()
    instanced(scene, SCALE=scene.add([[1, 1, 1], [3, 3, 3], [0, 0, 0.0]]))
    mesh = load(tmp_path, scene)
    assert soup(mesh) == copies(TETRA, 3 * TETRA)
    assert mesh.warnings == ("left out a part that is shrunk to a point",)
    instanced(scene, SCALE=scene.add([[1, 1, 1]]), TRANSLATION=scene.add([[1, 0, 0], [2, 0, 0.0]]))
    assert soup(load(tmp_path, scene)) == copies(moved(1, 0, 0))


def test_what_is_hidden_and_what_is_below_it_is_left_out(tmp_path: Path) -> None:
    scene = tetra_gltf()
    hidden = {"extensions": {"KHR_node_visibility": {"visible": False}}}
    scene.json["nodes"] += [
        {"mesh": 0, "translation": [9, 0, 0], "children": [2], **hidden},
        {"mesh": 0, "extensions": {"KHR_node_visibility": {"visible": True}}},
        {"mesh": 0, "translation": [0, 9, 0], "extensions": {"KHR_node_visibility": {}}},
    ]
    scene.json["scenes"] = [{"nodes": [0, 1, 3]}]
    mesh = load(tmp_path, scene)
    assert soup(mesh) == copies(TETRA, moved(0, 9, 0))
    assert mesh.warnings == ("left out a hidden node",)
    del scene.json["scenes"]  # all nodes are drawn, hidden ones and their children are not
    assert soup(load(tmp_path, scene)) == copies(TETRA, moved(0, 9, 0))


def glass(alpha: float, mode: str | None = "BLEND", **more: Any) -> dict[str, Any]:
    material = {"pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, alpha]}, **more}
    return material | ({"alphaMode": mode} if mode else {})


def old(alpha: float) -> dict[str, Any]:
    return {"KHR_materials_pbrSpecularGlossiness": {"diffuseFactor": [1, 1, 1, alpha]}}


@pytest.mark.parametrize(
    ("material", "seen"),
    [
        (glass(0), False),
        (glass(0.001), False),
        (glass(0.1), True),
        (glass(0, "OPAQUE"), True),
        (glass(0, None), True),
        (glass(0.4, "MASK"), False),
        (glass(0.6, "MASK"), True),
        (glass(0.6, "MASK", alphaCutoff=0.7), False),
        (glass(0.0, "MASK", alphaCutoff=0), True),
        (glass(1, extensions=old(0)), False),
        (glass(0, extensions=old(1)), True),
        ({"alphaMode": "BLEND"}, True),
        ({"alphaMode": "BLEND", "extensions": old(1) | {"KHR_materials_unlit": {}}}, True),
    ],
)
def test_a_hull_of_which_nothing_is_seen_is_left_out(tmp_path: Path, material: Any, seen: bool) -> None:
    scene = tetra_gltf()
    scene.json["materials"] = [material]
    hull = scene.add(TETRA * 5)
    spoiled(scene, {"attributes": {"POSITION": hull}, "indices": 1, "material": 0})
    mesh = load(tmp_path, scene)
    assert soup(mesh) == (copies(TETRA, 5 * TETRA) if seen else tetra_soup())
    assert mesh.warnings == (() if seen else ("left out a primitive that is fully transparent",))


def test_vertices_without_any_colour(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["materials"] = [{"alphaMode": "BLEND"}]
    colours = scene.add([[255, 255, 255, 0]] * 4, "B", normalized=True)
    hull = scene.add(TETRA * 5)
    spoiled(scene, {"attributes": {"POSITION": hull, "COLOR_0": colours}, "indices": 1, "material": 0})
    assert soup(load(tmp_path, scene)) == tetra_soup()


def test_a_scene_that_is_all_of_glass_is_drawn(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["materials"] = [glass(0)]
    scene.json["meshes"][0]["primitives"][0]["material"] = 0
    mesh = load(tmp_path, scene)
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ("all of it is transparent: drawn as if it were not",)


@pytest.mark.parametrize(
    "name",
    [
        *("KHR_texture_transform", "KHR_mesh_quantization", "KHR_materials_unlit", "KHR_materials_anything"),
        *("KHR_texture_basisu", "EXT_texture_webp", "KHR_lights_punctual", "KHR_materials_variants"),
        *("KHR_node_visibility", "KHR_animation_pointer", "CESIUM_RTC", "KHR_xmp_json_ld"),
    ],
)
def test_extensions_that_change_no_shape_may_be_required(tmp_path: Path, name: str) -> None:
    scene = tetra_gltf()
    scene.json["extensionsRequired"] = [name]
    assert soup(load(tmp_path, scene)) == tetra_soup()


def test_unknown_extensions_that_are_required_are_named(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["extensionsUsed"] = ["ACME_curves"]
    assert soup(load(tmp_path, scene)) == tetra_soup()
    scene.json["extensionsRequired"] = ["KHR_texture_transform", "ACME_curves", "ACME_bend"]
    with pytest.raises(MeshError, match="extension ACME_bend, ACME_curves, which is not supported"):
        load(tmp_path, scene)
