"""What a file may ask for is counted before it is done: small files that would take minutes or gigabytes."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import mesh_files as files
import numpy as np
import pytest
from mesh_files import Gltf, tetra_gltf

from sketchshape.errors import LONGEST, MeshError
from sketchshape.mesh import load_mesh
from sketchshape.mesh.seen import HEAD, other_mesh
from sketchshape.mesh.soup import DIFFERENT, Warnings
from sketchshape.render import render_views
from sketchshape.types import Mesh

SLOW = 10.0  # seconds of a busy machine; each of these took over a minute, or had no end


@pytest.fixture(autouse=True)
def quick() -> Any:
    start = time.process_time()
    yield
    assert time.process_time() - start < SLOW


def grid(side: int) -> Gltf:
    """A square of (side - 1)^2 quadrilaterals under one node."""
    scene = Gltf(nodes=[{"mesh": 0}], scenes=[{"nodes": [0]}])
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    points = np.column_stack([x.ravel(), y.ravel(), 0 * x.ravel()])
    first = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    corners = np.stack([first, first + 1, first + side, first + side, first + 1, first + side + 1], 1)
    primitive = {"attributes": {"POSITION": scene.add(points)}, "indices": scene.add(corners.ravel(), "I")}
    scene.json["meshes"] = [{"primitives": [primitive]}]
    return scene


def load(folder: Path, scene: Gltf) -> Any:
    (folder / "a.glb").write_bytes(scene.glb())
    return load_mesh(folder / "a.glb")


def test_nodes_that_draw_one_mesh_are_counted(tmp_path: Path) -> None:
    scene = grid(23)
    scene.json["nodes"] = [{"mesh": 0}] * 100_000
    scene.json["scenes"] = [{"nodes": list(range(100_000))}]
    with pytest.raises(MeshError, match=r"draws more than 8000000 vertices and triangles from .* bytes"):
        load(tmp_path, scene)


def test_instances_of_the_extension_are_counted(tmp_path: Path) -> None:
    scene = grid(40)
    places = scene.add(np.zeros((10_000, 3)))
    how = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": places}}}
    scene.json["nodes"][0]["extensions"] = how
    with pytest.raises(MeshError, match="draws more than 8000000"):
        load(tmp_path, scene)


def test_many_small_nodes_are_drawn(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["nodes"] = [{"mesh": 0, "translation": [i, 0, 0]} for i in range(30_000)]
    scene.json["scenes"] = [{"nodes": list(range(30_000))}]
    mesh = load(tmp_path, scene)
    assert len(mesh.faces) == 120_000
    np.testing.assert_array_equal(mesh.vertices[4 * 777 : 4 * 778], files.TETRA + np.array([777, 0, 0]))


def test_primitives_that_share_an_accessor_pay_for_what_they_use(tmp_path: Path) -> None:
    scene = grid(400)
    triangle = scene.add(np.array([5, 6, 405]), "I")
    one = {"attributes": {"POSITION": 0}, "indices": triangle}
    scene.json["meshes"][0]["primitives"] = [one] * 2000
    mesh = load(tmp_path, scene)
    assert len(mesh.faces) == 2000
    np.testing.assert_array_equal(mesh.vertices[mesh.faces[0]], [[5, 0, 0], [6, 0, 0], [5, 1, 0]])


@pytest.mark.parametrize("indices", [{}, {"indices": 1}])
def test_primitives_that_use_all_of_one_accessor_are_counted(tmp_path: Path, indices: dict[str, int]) -> None:
    scene = grid(600)
    one = {"attributes": {"POSITION": 0}, **indices}
    scene.json["meshes"][0]["primitives"] = [{**one, "material": i} for i in range(3000)]
    with pytest.raises(MeshError, match=r"(unpacks|draws) more than [0-9]+ vertices and triangles"):
        load(tmp_path, scene)


def test_sparse_accessors_morphs_and_joints_are_counted(tmp_path: Path) -> None:
    scene = grid(500)
    which, value = scene.add(np.array([0]), "I"), scene.add(np.zeros((1, 3)))
    views = [scene.json["accessors"][i]["bufferView"] for i in (which, value)]
    sparse = {"count": 1, "indices": {"bufferView": views[0], "componentType": 5125},
              "values": {"bufferView": views[1]}}  # fmt: skip
    scene.json["accessors"].append({**scene.json["accessors"][0], "sparse": sparse})
    primitive = scene.json["meshes"][0]["primitives"][0]
    primitive["targets"] = [{"POSITION": len(scene.json["accessors"]) - 1}] * 1000
    scene.json["meshes"][0]["weights"] = [1.0] * 1000
    with pytest.raises(MeshError, match="unpacks more than"):
        load(tmp_path, scene)


def test_a_skin_of_many_influences_is_counted(tmp_path: Path) -> None:
    scene = grid(300)
    joints, weights = scene.add(np.zeros((90_000, 4)), "H"), scene.add(np.ones((90_000, 4)))
    attributes = scene.json["meshes"][0]["primitives"][0]["attributes"]
    for n in range(2000):
        attributes |= {f"JOINTS_{n}": joints, f"WEIGHTS_{n}": weights}
    scene.json["nodes"][0]["skin"] = 0
    scene.json["skins"] = [{"joints": [0]}]
    with pytest.raises(MeshError, match="draws more than"):
        load(tmp_path, scene)


def test_a_child_is_listed_once(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["nodes"] = [{"mesh": 0, **({"children": [i + 1] * 2} if i < 40 else {})} for i in range(41)]
    with pytest.raises(MeshError, match=r"child 1 of node 0 is .*listed twice"):
        load(tmp_path, scene)


def test_a_chain_of_nodes_is_placed(tmp_path: Path) -> None:
    scene = tetra_gltf()
    chain = [{"children": [i + 1], "translation": [0.5, 0, 0]} for i in range(10_000)]
    scene.json["nodes"] = [*chain, {"mesh": 0}, {"mesh": 0}]
    scene.json["scenes"] = [{"nodes": [0, 10_001]}]
    vertices = load(tmp_path, scene).vertices
    np.testing.assert_array_equal(
        vertices, np.concatenate([files.TETRA + np.array([5000, 0, 0]), files.TETRA])
    )


@pytest.mark.parametrize("opening", ['{"a":', "[", '{"nodes":[', '{"asset":{"extras":'])
def test_json_that_is_nested_is_refused(tmp_path: Path, opening: str) -> None:
    (tmp_path / "a.gltf").write_text(opening * 50_000)
    with pytest.raises(MeshError, match="nested too deep"):
        load_mesh(tmp_path / "a.gltf")


@pytest.mark.parametrize("n", [12, 100, 1000, 20_000])
def test_outlines_that_cross_themselves_become_fans(tmp_path: Path, n: int) -> None:
    points = np.random.default_rng(n).random((n, 2)).round(6)
    face = "f " + " ".join(map(str, range(1, n + 1))) + "\n"
    text = "".join(f"v {x} {y} 0\n" for x, y in points) + face * (500_000 // len(face))
    (tmp_path / "a.obj").write_text(text)
    assert len(load_mesh(tmp_path / "a.obj").faces) > 50_000


def test_a_large_outline_is_covered_once(tmp_path: Path) -> None:
    n = 6000
    angles, radii = np.arange(n) * 2 * np.pi / n, np.where(np.arange(n) % 3, 1.0, 0.8)
    points = radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    text = "".join(f"v {x} {y} 0\n" for x, y in points) + "f " + " ".join(map(str, range(1, n + 1)))
    (tmp_path / "a.obj").write_text(text)
    mesh = load_mesh(tmp_path / "a.obj")
    (x, y), (u, v) = points.T, np.roll(points, -1, axis=0).T
    assert not mesh.warnings
    assert files.absolute_area(mesh) == pytest.approx(abs((x * v - y * u).sum() / 2), rel=1e-5)


def test_a_crossing_that_is_drawn_as_if_convex_is_said(tmp_path: Path) -> None:
    angles = np.arange(3001) * 2 * np.pi * 5 / 3001
    points = (1 + 0.3 * np.sin(3.7 * angles))[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    text = "".join(f"v {x} {y} 0\n" for x, y in points) + "f " + " ".join(map(str, range(1, 3002)))
    (tmp_path / "a.obj").write_text(text)
    assert load_mesh(tmp_path / "a.obj").warnings == (
        "cut a face of many corners, which crosses itself or has too many, as if it were convex",
    )


@pytest.mark.parametrize(
    "head",
    [
        b"<!---->" * 600,
        b"<!-- -->\n" * 500,
        b"999\n\n" * 900,
        b"999 \n \n \n" * 400,
        b"\\" * HEAD,
        b" " * HEAD,
    ],
)
def test_telling_formats_apart_does_not_go_back_and_forth(head: bytes) -> None:
    other_mesh((head * HEAD)[:HEAD], ".stl")


def test_a_header_of_ply_that_declares_too_much_is_refused(tmp_path: Path) -> None:
    text = "ply\nformat ascii 1.0\n" + "".join(f"element e{i} 0\n" for i in range(9_000)) + "end_header\n"
    (tmp_path / "a.ply").write_text(text)
    with pytest.raises(MeshError, match="declares more than 1000"):
        load_mesh(tmp_path / "a.ply")


def test_rows_of_nothing_are_passed_over(tmp_path: Path) -> None:
    text = (
        files.ply("")
        .decode("latin-1")
        .replace("element vertex", "element nothing 99999999999999\nelement vertex")
    )
    head, body = text.split("end_header\n")
    (tmp_path / "a.ply").write_bytes((head + "end_header\n" + body.replace("\n", " ")).encode("latin-1"))
    assert files.soup(load_mesh(tmp_path / "a.ply")) == files.tetra_soup()


def test_a_cause_and_warnings_are_not_endless(tmp_path: Path) -> None:
    (tmp_path / "a.gltf").write_text(json.dumps({"asset": {"version": "9" * 10**6}}))
    with pytest.raises(MeshError) as caught:
        load_mesh(tmp_path / "a.gltf")
    assert len(caught.value.cause) < LONGEST + 10
    warnings = Warnings()
    for i in range(1000):
        warnings.add(f"{i} " * 1000)
    assert len(warnings.listed()) == DIFFERENT + 1
    assert warnings.listed()[-1] == f"and {1000 - DIFFERENT} more of other parts"


def test_a_3mf_that_unpacks_to_much_is_refused(tmp_path: Path) -> None:
    head = b'<model xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>'
    for name, body in {"a": b"<!--" + b" " * 2**25 + b"-->", "b": b'<object id="1"/>' * 2_000_000}.items():
        with zipfile.ZipFile(tmp_path / f"{name}.3mf", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("3D/3dmodel.model", head + body + b"</resources></model>")
        with pytest.raises(MeshError, match="too many for an archive of"):
            load_mesh(tmp_path / f"{name}.3mf")


def test_elements_of_3mf_in_elements_have_a_bound(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.3mf", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", "<a>" * 1_000_000)
    with pytest.raises(MeshError, match="its XML is nested more than 100 deep"):
        load_mesh(tmp_path / "a.3mf")


def test_a_million_blanks_that_are_not_ascii_are_read_in_no_time(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n" + "\u00a0\u2003" * 500_000)
    load_mesh(tmp_path / "a.obj")
    start = time.process_time()
    assert len(load_mesh(tmp_path / "a.obj").faces) == 1
    assert time.process_time() - start < 2


def dae(nodes: str, scene: str = "<instance_node url='#n0'/>") -> bytes:
    return (
        '<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1"><asset/>'
        f"<library_nodes>{nodes}</library_nodes><library_visual_scenes>"
        f"<visual_scene id='s'><node>{scene}</node>"
        "</visual_scene></library_visual_scenes><scene><instance_visual_scene url='#s'/></scene></COLLADA>"
    ).encode()


def test_nodes_of_collada_that_repeat_nodes_are_counted(tmp_path: Path) -> None:
    pytest.importorskip("collada")
    nodes = [f"<node id='n{i}'>" + f"<instance_node url='#n{i + 1}'/>" * 2 + "</node>" for i in range(40)]
    (tmp_path / "a.dae").write_bytes(dae("<node id='n40'/>" + "".join(nodes[::-1])))
    with pytest.raises(MeshError, match="shows more than 100000 nodes"):
        load_mesh(tmp_path / "a.dae")


@pytest.mark.parametrize(
    "text", ["<bind_material><a>" * 50_000, "<library_images>" * 50_000, "<COLLADA " * 50_000]
)
def test_tags_of_collada_without_ends_are_read_once(tmp_path: Path, text: str) -> None:
    pytest.importorskip("collada")
    (tmp_path / "a.dae").write_bytes(dae("").replace(b"<asset/>", text.encode()))
    with pytest.raises(MeshError):
        load_mesh(tmp_path / "a.dae")


def test_a_million_triangles_that_fill_the_picture_are_refused() -> None:
    corners = np.random.default_rng(0).normal(size=(900_000, 3))
    corners /= np.linalg.norm(corners, axis=1, keepdims=True)
    mesh = Mesh(corners.astype(np.float32), np.arange(900_000, dtype=np.int32).reshape(-1, 3))
    with pytest.raises(ValueError, match=r"cover the picture \d+,\d+ times, expected at most 2,000"):
        render_views(mesh, 1)


def test_a_span_beyond_float32_is_drawn_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("v 3e38 0 0\nv -3e38 0 0\nv 0 3e38 -3e38\nf 1 2 3\n")
    views = render_views(load_mesh(tmp_path / "a.obj"), 3)
    (tmp_path / "b.obj").write_text("v 3 0 0\nv -3 0 0\nv 0 3 -3\nf 1 2 3\n")
    np.testing.assert_array_equal(views, render_views(load_mesh(tmp_path / "b.obj"), 3))
