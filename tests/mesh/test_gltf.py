"""glTF: where nodes and skins put a mesh, and how accessors store it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mesh_files as files
import numpy as np
import pytest
from mesh_files import SIDES, TETRA, Gltf, soup, tetra_gltf, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.types import Mesh

HALF = float(np.sqrt(0.5))
ABOUT_Z = {"rotation": [0, 0, HALF, HALF]}  # a quarter turn: x to y
QUARTER = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])


def load(folder: Path, scene: Gltf) -> Mesh:
    path = folder / "scene.glb"
    path.write_bytes(scene.glb())
    return load_mesh(path)


def same(mesh: Mesh, vertices: Any) -> bool:
    return soup(mesh) == soup(Mesh(np.asarray(vertices), SIDES))


def matrix(linear: Any = None, shift: Any = (0, 0, 0)) -> np.ndarray:
    whole = np.eye(4)
    whole[:3, :3] = np.eye(3) if linear is None else linear
    whole[:3, 3] = shift
    return whole


def test_translation_rotation_and_scale_of_a_node(tmp_path: Path) -> None:
    scene = tetra_gltf(translation=[1, 2, 3], scale=[2, 1, 0.5], **ABOUT_Z)
    assert same(load(tmp_path, scene), (TETRA * [2, 1, 0.5]) @ QUARTER.T + [1, 2, 3])


def test_a_matrix_is_stored_by_columns(tmp_path: Path) -> None:
    scene = tetra_gltf(matrix=matrix(QUARTER, [1, 2, 3]).T.ravel().tolist())
    assert same(load(tmp_path, scene), TETRA @ QUARTER.T + [1, 2, 3])


def test_parents_move_their_children_and_instances_are_merged(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["nodes"] = [
        {"children": [1, 2], **ABOUT_Z},
        {"mesh": 0, "translation": [10, 0, 0]},
        {"children": [3], "scale": [2, 2, 2]},
        {"mesh": 0, "translation": [0, 0, 5]},
        {"mesh": 0, "translation": [100, 0, 0]},
    ]
    mesh = load(tmp_path, scene)
    vertices = np.vstack(
        [(TETRA + np.array([10, 0, 0])) @ QUARTER.T, 2 * (TETRA + np.array([0, 0, 5])) @ QUARTER.T]
    )
    assert soup(mesh) == soup(Mesh(vertices, np.vstack([SIDES, SIDES + 4])))  # node 4 is in no scene


def test_the_default_scene_is_drawn_or_everything(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json.update(
        nodes=[{"translation": [5, 0, 0]}, {"mesh": 0}], scenes=[{"nodes": [0]}, {"nodes": [1]}], scene=1
    )
    assert same(load(tmp_path, scene), TETRA)
    del scene.json["scenes"], scene.json["scene"]
    assert same(load(tmp_path, scene), TETRA)


def skinned(letter: str = "B", weight_letter: str = "f") -> tuple[Gltf, np.ndarray]:
    """A tetrahedron hung on two joints of which one is turned; also where it should be."""
    bind = [matrix(shift=[0, 1, 0]), matrix(QUARTER, [0, 0, 2])]
    pose = [matrix(shift=[3, 0, 0]), matrix(shift=[3, 0, 0]) @ matrix(QUARTER, [0, 4, 0])]
    scene = tetra_gltf(skin=0, translation=[1000, 0, 0])  # a skinned mesh does not go where its node is
    scene.json["nodes"] += [
        {"translation": [3, 0, 0], "children": [2]},
        {"translation": [0, 4, 0], **ABOUT_Z},
    ]
    weights = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.4, 0.6, 0, 0], [0, 0.2, 0.8, 0]])
    joints = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    most = {"f": 1, "B": 255, "H": 65535}[weight_letter]
    attributes = scene.json["meshes"][0]["primitives"][0]["attributes"]
    attributes["JOINTS_0"] = scene.add(joints, letter)
    attributes["WEIGHTS_0"] = scene.add(np.round(weights * most), weight_letter, normalized=most > 1)
    inverse = np.stack([np.linalg.inv(m).T.ravel() for m in bind])
    scene.json["skins"] = [{"joints": [1, 2], "inverseBindMatrices": scene.add(inverse)}]
    placed = []
    for point, weight, joint in zip(
        TETRA, weights, joints, strict=True
    ):  # [glTF 2.0] section 3.7.3, literally
        blend = sum(w * pose[j] @ np.linalg.inv(bind[j]) for w, j in zip(weight, joint, strict=True))
        placed.append((blend @ [*point, 1])[:3])
    return scene, np.array(placed)


@pytest.mark.parametrize(("letter", "weight_letter"), [("B", "f"), ("H", "B"), ("B", "H")])
def test_a_skin_puts_vertices_where_its_joints_are(tmp_path: Path, letter: str, weight_letter: str) -> None:
    if weight_letter == "f":
        scene, placed = skinned(letter)
        scene.json["meshes"][0]["primitives"][0]["attributes"]["WEIGHTS_0"] = scene.add(
            np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.4, 0.6, 0, 0], [0, 0.2, 0.8, 0]])
        )
    else:
        scene, placed = skinned(letter, weight_letter)
    mesh = load(tmp_path, scene)
    np.testing.assert_allclose(mesh.vertices, placed, atol=1e-5)


def test_a_skin_at_rest_is_the_mesh_itself(tmp_path: Path) -> None:
    scene, _ = skinned()
    pose = [matrix(shift=[3, 0, 0]), matrix(shift=[3, 0, 0]) @ matrix(QUARTER, [0, 4, 0])]
    rest = scene.add(np.stack([np.linalg.inv(m).T.ravel() for m in pose]))
    scene.json["skins"][0]["inverseBindMatrices"] = rest
    assert same(load(tmp_path, scene), TETRA)


def test_weights_are_brought_to_the_sum_one(tmp_path: Path) -> None:
    scene, _ = skinned()
    attributes = scene.json["meshes"][0]["primitives"][0]["attributes"]
    attributes["JOINTS_0"] = scene.add(np.zeros((4, 4)), "B")
    attributes["WEIGHTS_0"] = scene.add([[5, 0, 0, 0], [0.1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]])
    del scene.json["skins"][0]["inverseBindMatrices"]  # identities
    np.testing.assert_allclose(load(tmp_path, scene).vertices, TETRA + np.array([3, 0, 0]), atol=1e-6)


def test_eight_joints_of_a_vertex(tmp_path: Path) -> None:
    scene, _ = skinned()
    attributes = scene.json["meshes"][0]["primitives"][0]["attributes"]
    for i, joint in enumerate((0, 1)):
        attributes[f"JOINTS_{i}"] = scene.add(np.full((4, 4), joint), "B")
        attributes[f"WEIGHTS_{i}"] = scene.add(np.full((4, 4), 0.125))
    del scene.json["skins"][0]["inverseBindMatrices"]
    want = (TETRA + np.array([3, 0, 0])) / 2 + (TETRA @ QUARTER.T + [3, 4, 0]) / 2
    np.testing.assert_allclose(load(tmp_path, scene).vertices, want, atol=1e-6)


def test_strips_fans_unindexed_triangles_and_lines(tmp_path: Path) -> None:
    scene = Gltf(nodes=[{"mesh": 0}])
    square = scene.add([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.0]])
    ring = scene.add([[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 1, 5.0]])
    triangle = scene.add([[7, 0, 0], [8, 0, 0], [7, 1, 0.0], [0, 0, 0]])
    scene.json["meshes"] = [{
        "primitives": [
            {"attributes": {"POSITION": square}, "mode": 5},
            {"attributes": {"POSITION": ring}, "mode": 6, "indices": scene.add([0, 1, 2, 3], "I")},
            {"attributes": {"POSITION": triangle}},
            {"attributes": {"POSITION": triangle}, "mode": 1},
            {"attributes": {"POSITION": triangle}, "mode": 0},
        ]
    }]  # fmt: skip
    mesh = load(tmp_path, scene)
    assert len(mesh.faces) == 2 + 2 + 1
    np.testing.assert_allclose(files.area(mesh), [0, 0, 2.5])  # all of them face +Z
    assert files.absolute_area(mesh) == pytest.approx(2.5)


def test_sparse_strided_and_normalised_accessors(tmp_path: Path) -> None:
    scene = tetra_gltf()
    table = np.zeros(4, [("position", "<f4", 3), ("other", "<f4", 2)])
    table["position"] = [[0, 0, 0], [9, 9, 9], [0, 3, 0], [9, 9, 9]]
    scene.json["accessors"][0].update(
        bufferView=scene.view(table.tobytes(), byteStride=20),
        sparse={
            "count": 2,
            "indices": {"bufferView": scene.view(bytes([1, 3])), "componentType": files.BYTE},
            "values": {"bufferView": scene.view(TETRA[[1, 3]].astype("<f4").tobytes())},
        },
    )
    assert same(load(tmp_path, scene), TETRA)

    scene = tetra_gltf(scale=[4.5, 4.5, 4.5])
    short = np.round(TETRA / 4.5 * 32767).astype("<i2")
    padded = np.zeros((4, 4), "<i2")
    padded[:, :3] = short
    scene.json["accessors"][0].update(
        bufferView=scene.view(padded.tobytes(), byteStride=8), componentType=5122, normalized=True
    )
    np.testing.assert_allclose(load(tmp_path, scene).vertices, TETRA, atol=2e-4)


def test_a_sparse_accessor_without_a_base_starts_from_zero(tmp_path: Path) -> None:
    scene = tetra_gltf()
    del scene.json["accessors"][0]["bufferView"]
    scene.json["accessors"][0]["sparse"] = {
        "count": 3,
        "indices": {"bufferView": scene.view(bytes([1, 2, 3])), "componentType": files.BYTE},
        "values": {"bufferView": scene.view(TETRA[1:].astype("<f4").tobytes())},
    }
    assert same(load(tmp_path, scene), TETRA)


def test_stored_weights_morph(tmp_path: Path) -> None:
    scene = tetra_gltf()
    mesh = scene.json["meshes"][0]
    mesh["primitives"][0]["targets"] = [{"POSITION": scene.add(TETRA)}, {"POSITION": scene.add(TETRA * 50)}]
    mesh["weights"] = [0.5, 0]
    assert same(load(tmp_path, scene), TETRA * 1.5)
    scene.json["nodes"][0]["weights"] = [1, 0]
    assert same(load(tmp_path, scene), TETRA * 2)


def test_a_buffer_in_its_own_file(tmp_path: Path) -> None:
    scene = tetra_gltf()
    (tmp_path / "the data.bin").write_bytes(scene.binary)
    path = tmp_path / "scene.gltf"
    path.write_bytes(scene.gltf("the%20data.bin"))
    assert soup(load_mesh(path)) == tetra_soup()
    path.write_bytes(scene.gltf("absent.bin"))
    with pytest.raises(MeshError, match=r"buffer 'absent.bin' is missing"):
        load_mesh(path)
    path.write_bytes(scene.gltf("https://example.org/data.bin"))
    with pytest.raises(MeshError, match="is not a file beside it"):
        load_mesh(path)


def lie(scene: Gltf, **change: Any) -> None:
    scene.json["accessors"][0].update(change)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda s: lie(s, count=10**15), "has 72 bytes, but 12000000000000000 are used"),
        (lambda s: lie(s, count=-1), "element count -1"),
        (lambda s: lie(s, byteOffset=-8), "offset -8"),
        (lambda s: lie(s, bufferView=99), "malformed: IndexError"),
        (lambda s: lie(s, componentType=1), "malformed: KeyError"),
        (lambda s: (lie(s, count=10**12), s.json["accessors"][0].pop("bufferView")), "accessor without data"),
        (lambda s: (lie(s, count=10**12), s.json["bufferViews"][0].update(byteStride=1)), "stride 1"),
        (lambda s: s.json["nodes"][0].update(children=[0]), "its own ancestor"),
        (lambda s: s.json["nodes"][0].update(children=[-1]), "child -1 of node 0"),
        (lambda s: s.json["nodes"].append({"children": [0, 2]}), "child 2 of node 1"),
        (lambda s: s.json["nodes"].extend([{"children": [0]}, {"children": [0]}]), "child 0 of node 2"),
        (lambda s: s.json.update(meshes=[]), "malformed: IndexError"),
        (lambda s: s.json.update(scenes=[{}]), "no faces to draw: 0 vertices"),
        (lambda s: s.json.update(nodes=5), "malformed: TypeError"),
        (lambda s: s.json.update(nodes=[{"mesh": 0, "matrix": [1, 2]}]), "malformed: ValueError"),
    ],
)
def test_a_broken_scene_is_refused(tmp_path: Path, change: Any, cause: str) -> None:
    scene = tetra_gltf()
    change(scene)
    with pytest.raises(MeshError, match=cause):
        load(tmp_path, scene)
