"""One tetrahedron, written in every format and variant, is always the same tetrahedron."""

from __future__ import annotations

from pathlib import Path

import mesh_files as files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesh_files import SIDES, TETRA, soup, tetra_soup

from sketchshape.errors import UsageError
from sketchshape.mesh import FORMATS, load_mesh
from sketchshape.mesh.text.lines import Lines

V, F = files.rows(TETRA), files.rows(SIDES, "3 ")

OFF = {
    "plain": f"OFF\n4 4 6\n{V}{F}",
    "lower case": f"off\n4 4 6\n{V}{F}",
    "no edge count": f"OFF\n4 4\n{V}{F}",
    "no header": f"4 4 0\n{V}{F}",
    "one line": f"OFF 4 4 0\n{V}{F}",
    "ModelNet": f"OFF4 4 0\n{V}{F}",
    "COFF": f"COFF\n4 4 0\n{files.rows(TETRA, after=' 0.5 0.5 0.5 1')}{F}",
    "NOFF": f"NOFF\n4 4 0\n{files.rows(TETRA, after=' 0 0 1')}{F}",
    "STOFF": f"STOFF 4 4 0\n{files.rows(TETRA, after=' 0.1 0.9')}{F}",
    "CNOFF": f"CNOFF\n4 4 0\n{files.rows(TETRA, after=' 0 0 1 255 0 0 255')}{F}",
    "4OFF": f"4OFF\n4 4 0\n{files.rows(TETRA * 2, after=' 2')}{F}",
    "face colours": f"OFF\n4 4 0\n{V}3 0 2 1\n3 0 1 3 7\n3 1 2 3 255 0 0\n3 0 3 2 0.5 0.5 0.5 1e0\n",
    "comments": f"# a\nOFF # b\n\n#\n 4 4 0 # c\n{V.replace(chr(10), ' # d' + chr(10) * 2)}\n\t{F}# e",
    "no newline at the end": f"OFF\n4 4 0\n{V}{F}".rstrip(),
    "CR LF": f"OFF\n4 4 0\n{V}{F}".replace("\n", "\r\n"),
    "CR": f"OFF\n4 4 0\n{V}{F}".replace("\n", "\r"),
    "byte order mark": f"\ufeffOFF\n4 4 0\n{V}{F}",
    "short polygons": f"OFF\n4 7 0\n{V}2 0 1\n{F}1 3\n0\n",
    "exponents": f"OFF\n4 4 0\n0 0 0\n+.2E1 -0. 0\n0 30d-1 0\n0 0 450000e-5\n{F}",
}

OBJ = {
    "plain": files.obj().decode(),
    "slashes": "v 0 0 0\nv 2 0 0\nv 0 3 0\nv 0 0 4.5\nvt 0 0\nvn 0 0 1\nf 1/1/1 3/1/1 2/1/1\n"
    "f 1//1 2//1 4//1\nf 2/1 3/1 4/1\nf 1/ 4/1/ 3\n",
    "negative": "v 0 0 0\nv 2 0 0\nv 0 3 0\nf -3 -1 -2\nv 0 0 4.5\nf -4 -3 -1\nf 2 3 4\nf -4 -1 -2\n",
    "all of it": "mtllib not there.mtl\no thing\ng a b\nusemtl red\ns off\n"
    + files.obj().decode()
    + "l 1 2\np 1\n",
    "weights": "v 0 0 0 1\nv 2 0 0 1.0\nv 0 3 0 0.5 0.5 0.5\nv 0 0 4.5\n" + files.obj([]).decode(),
    "continued": files.obj().decode().replace("f 1 3", "f \\\n1 \\\r\n3").replace("v 2 0", "v 2\\\n0"),
    "indented": files.obj().decode().replace("v ", "  v\t").replace("f ", "\tf  "),
    "short faces": files.obj().decode() + "f 1 2\nf 1\n",
}

BINARY = {
    "stl": (".stl", files.stl_binary()),
    "stl solid": (".stl", files.stl_binary(b"solid and yet binary\nfacet")),
    "stl and more": (".stl", files.stl_binary() + b"\0\0"),
    "stl text": (".stl", files.stl_text()),
    "stl text in capitals": (".STL", files.stl_text().upper()),
    "ply": (".ply", files.ply("<")),
    "ply big": (".ply", files.ply(">")),
    "ply int lists": (".ply", files.ply("<", count="int")),
    "ply text": (".ply", files.ply("")),
    "ply CR LF": (".ply", files.ply("<", newline="\r\n")),
    "ply text CR LF": (".ply", files.ply("", newline="\r\n")),
    "ply short faces": (".ply", files.ply("<", faces=[[0, 1], *SIDES.tolist(), []])),
    "glb": (".glb", files.tetra_gltf().glb()),
    "glb named gltf": (".gltf", files.tetra_gltf().glb()),
    "gltf": (".GLTF", files.tetra_gltf().gltf()),
}

ALL = {
    **{f"off {name}": (".off", text.encode()) for name, text in OFF.items()},
    **{f"obj {name}": (".obj", text.encode()) for name, text in OBJ.items()},
    **BINARY,
}


@pytest.mark.parametrize("name", ALL)
def test_the_tetrahedron_is_read(tmp_path: Path, name: str) -> None:
    suffix, data = ALL[name]
    path = tmp_path / f"shape{suffix}"
    path.write_bytes(data)
    mesh = load_mesh(str(path))
    assert soup(mesh) == tetra_soup()
    assert mesh.vertices.dtype == np.float32
    assert mesh.faces.dtype == np.int32


def test_every_format_is_tried_above() -> None:
    tried = {suffix.lower() for suffix, _ in ALL.values()}
    assert tried <= set(FORMATS)
    assert set(FORMATS) - tried <= {".3mf", ".dae", ".step", ".stp"}  # have test files of their own


@pytest.mark.parametrize(
    ("up", "top"), [("x", (1, 0, 0)), ("y", (0, 1, 0)), ("z", (0, 0, 1)), (None, (0, 1, 0)),
                    ("-x", (-1, 0, 0)), ("-y", (0, -1, 0)), ("-z", (0, 0, -1))],
)  # fmt: skip
def test_up_is_turned_to_y_without_mirroring(tmp_path: Path, up: str | None, top: tuple[int, ...]) -> None:
    path = tmp_path / "shape.off"
    path.write_bytes(files.off([*TETRA, [9, 9, 9], [9, 9, 9], np.add([9, 9, 9], top)], [*SIDES, [4, 5, 6]]))
    mesh = load_mesh(path, up=up)
    foot, head = mesh.vertices[4], mesh.vertices[6]
    np.testing.assert_array_equal(head - foot, [0, 1, 0])
    edges = mesh.vertices[1:4] - mesh.vertices[0]
    assert np.linalg.det(edges) == pytest.approx(2 * 3 * 4.5)  # the volume keeps its sign: a proper rotation
    np.testing.assert_allclose(edges @ edges.T, np.diag([4, 9, 4.5**2]), atol=1e-6)


def test_an_unknown_axis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'w', expected one of: y, z, x"):
        load_mesh(tmp_path / "shape.off", up="w")


def test_faces_that_cannot_be_drawn_are_dropped(tmp_path: Path) -> None:
    vertices = [["nan", 0, 0], *TETRA.tolist(), ["-inf", 0, 0], [1e300, 0, 0], ["-nan(ind)", 0, 0]]
    text = "OFF\n8 11 0\n" + "".join(" ".join(map(str, vertex)) + "\n" for vertex in vertices)
    text += files.rows(SIDES + 1, "3 ") + "3 0 1 2\n3 1 2 5\n3 1 2 6\n3 1 2 7\n3 1 2 8\n3 -1 2 3\n"
    path = tmp_path / "shape.off"
    path.write_text(text + "4 1 2 3 1000000000000000000000000\n")
    mesh = load_mesh(path)
    assert soup(mesh) == tetra_soup()
    assert len(mesh.vertices) == 4  # no vertex without a face is left to spoil the size of the shape


def test_index_zero_of_obj_is_no_vertex(tmp_path: Path) -> None:
    path = tmp_path / "shape.obj"
    path.write_bytes(files.obj() + b"f 0 1 2\nf 1 2 5\nf -5 1 2\n")
    assert soup(load_mesh(path)) == tetra_soup()


def test_a_shape_far_from_the_origin_keeps_its_digits(tmp_path: Path) -> None:
    path = tmp_path / "shape.off"
    path.write_bytes(files.off(TETRA + np.array([5e6, 4e5, 3e7])))
    mesh = load_mesh(path)
    edges = mesh.vertices[1:] - mesh.vertices[0]
    np.testing.assert_allclose(edges, TETRA[1:], atol=1e-5)


@given(st.lists(st.floats(-1e30, 1e30), min_size=1))
def test_numbers_are_python_s(values: list[float]) -> None:
    words = [form(value) for value in values for form in (repr, "{:.7e}".format, "{:f}".format)]
    lines = Lines.of(Path("numbers"), " ".join(words).encode())
    np.testing.assert_allclose(
        lines.numbers().values, [float(word) for word in words], rtol=1e-15, atol=1e-300
    )


def test_short_decimals_are_exact() -> None:
    words = [f"{sign}{i}.{i * 7919 % 10**6:06d}" for i in range(3000) for sign in ("", "-")]
    lines = Lines.of(Path("numbers"), " ".join(words).encode())
    np.testing.assert_array_equal(lines.numbers().values, [float(word) for word in words])


def test_ply_strips(tmp_path: Path) -> None:
    path = tmp_path / "shape.ply"
    path.write_text(
        "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        "element tristrips 2\nproperty list int int vertex_indices\nend_header\n"
        f"{V}7 0 2 1 -1 1 2 3\n4 3 0 1 2\n"
    )
    flat = sorted(sorted(face) for face in load_mesh(path).faces.tolist())
    assert flat == [[0, 1, 2], [0, 1, 2], [0, 1, 3], [1, 2, 3]]
