"""Numbers as programs of all kinds print them: not finite, with commas, of Fortran."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import mesh_files as files
import numpy as np
import pytest
from mesh_files import SIDES, TETRA, soup, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.mesh.text.commas import WARNING
from sketchshape.mesh.text.lines import Lines

NOT_FINITE = [
    "nan", "NaN", "-nan", "+NAN", "nan(ind)", "-nan(ind)", "nan(snan)", "inf", "-Inf", "+infinity",
    "-INFINITY", "1.#IND00", "-1.#IND", "1.#INF", "-1.#INF00", "1.#QNAN", "-1.#QNAN0", "1.#SNAN", "1.#J",
    "-1.#IO", "1.#IN",
]  # fmt: skip


@pytest.mark.parametrize("word", NOT_FINITE)
def test_what_is_no_finite_number_is_no_comment(word: str) -> None:
    values = Lines.of(Path("some"), f"1 {word} 2 # 3\n4 5 {word}#6\n".encode()).numbers().values
    np.testing.assert_array_equal(values, [1, np.nan, 2, 4, 5, np.nan])


@pytest.mark.parametrize(
    "word", ["0x10", "1.0f", "1..2", "1e", "--1", "1#", "#1", "1.#", "1.#Z", "ten", "1:2", "²"]
)
def test_other_words_are_no_numbers_or_comments(word: str) -> None:
    lines = Lines.of(Path("some"), f"7 {word}\n".encode())
    comment = word.find("#")
    if comment < 0:
        with pytest.raises(MeshError, match="line 1: expected a number, found '7 "):
            lines.numbers()
    else:
        assert lines.numbers().values.tolist() == [7.0, *map(float, word[:comment].split())]


@pytest.mark.parametrize(
    ("word", "value"),
    [("1.0D+02", 100), ("-2.5d-1", -0.25), ("+3", 3), (".5", 0.5), ("5.", 5), ("+.5E1", 5), ("-0", 0),
     ("1E400", np.inf), ("\u22121.5", -1.5), ("007", 7), ("0.1e-400", 0)],
)  # fmt: skip
def test_every_way_to_write_a_number(word: str, value: float) -> None:
    assert Lines.of(Path("some"), word.encode()).numbers().values.tolist() == [value]


@pytest.mark.parametrize("suffix", [".obj", ".off", ".ply", ".stl"])
@pytest.mark.parametrize("word", ["nan", "-1.#IND00", "1.#INF"])
def test_a_vertex_that_no_face_has_may_be_anything(tmp_path: Path, suffix: str, word: str) -> None:
    vertices = files.rows([*TETRA.tolist(), [word] * 3])
    faces = files.rows(SIDES, "3 ")
    facets = "".join(
        "facet outer loop " + files.rows(TETRA[face], "vertex ") + " endloop endfacet " for face in SIDES
    )
    text = {
        ".obj": "\n".join("v " + row for row in vertices.splitlines()) + "\n" + files.rows(SIDES + 1, "f "),
        ".off": f"OFF\n5 4 0\n{vertices}{faces}",
        ".ply": "ply\nformat ascii 1.0\nelement vertex 5\nproperty float x\nproperty float y\n"
        f"property float z\nelement face 4\nproperty list uchar int vertex_indices\nend_header\n"
        f"{vertices}{faces}",
        ".stl": f"solid a\nfacet outer loop vertex 9 9 9 vertex {word} 0 0 vertex 1 1 1 endloop endfacet\n"
        f"{facets}endsolid",
    }[suffix]
    path = tmp_path / f"shape{suffix}"
    path.write_text(text)
    mesh = load_mesh(path)
    assert soup(mesh) == tetra_soup()
    lost = ("left out 1 of 5 faces: a corner has no finite position",)
    assert mesh.warnings == (lost if suffix == ".stl" else ())


def with_commas(suffix: str) -> str:
    vertices, faces = files.rows(TETRA + 0.5), files.rows(SIDES, "3 ", " 0.25 0.5 1.0")
    if suffix == ".obj":
        return (files.rows(TETRA + 0.5, "v ") + files.rows(SIDES + 1, "f ")).replace(".", ",")
    if suffix == ".off":
        return f"OFF\n4 4 0\n{vertices}{faces}".replace(".", ",")
    if suffix == ".ply":
        head = (
            "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        )
        head += "element face 4\nproperty list uchar int vertex_indices\nproperty float a\nproperty float b\n"
        return head + "property float c\nend_header\n" + f"{vertices}{faces}".replace(".", ",")
    facets = (
        "facet outer loop " + files.rows((TETRA + 0.5)[face], "vertex ") + " endloop endfacet "
        for face in SIDES
    )
    return "solid a.b\n" + "".join(facets).replace(".", ",") + "endsolid a.b"


@pytest.mark.parametrize("suffix", [".obj", ".off", ".ply", ".stl"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_decimal_commas_are_points_and_a_warning(tmp_path: Path, suffix: str, end: str) -> None:
    path = tmp_path / f"shape{suffix}"
    path.write_bytes(with_commas(suffix).replace("\n", end).encode())
    mesh = load_mesh(path)
    assert soup(mesh) == soup(files.Mesh(TETRA + 0.5, SIDES))
    assert mesh.warnings == (WARNING,)


@pytest.mark.parametrize("comma", [",", ", ", " , ", ",\t"])
def test_commas_between_numbers_part_them(tmp_path: Path, comma: str) -> None:
    path = tmp_path / "shape.obj"
    vertices = files.rows(TETRA).replace(" ", comma)
    path.write_text(
        "\n".join("v " + row for row in vertices.splitlines()) + "\n" + files.rows(SIDES + 1, "f ")
    )
    mesh = load_mesh(path)
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


@pytest.mark.parametrize(
    "rows", ["1,5 2,5 0.5", "1,234 2,345 3,456", "1,2,3 4 5", "1,234.5 2 3", "1,a 2 3", ",, 1 2 3"]
)
def test_commas_that_can_be_read_in_two_ways_are_refused(rows: str) -> None:
    with pytest.raises(MeshError, match="line 1: expected a number, with points and no commas"):
        Lines.of(Path("some"), rows.encode()).numbers()


def test_long_words_with_and_without_commas_cost_linear_time() -> None:
    for word in (b"1," * 40000, b"1" * 80000 + b", 1,5 x", b"1 ," * 30000, b"," * 80000):
        start = time.process_time()
        with suppress(MeshError):
            Lines.of(Path("some"), word + b" 1.5\n").numbers()
        assert time.process_time() - start < 1


def test_commas_with_and_without_blanks() -> None:
    values = Lines.of(Path("some"), b"1,5, -2,25, ,5\n0 1 2\n").numbers().values
    assert values.tolist() == [1.5, -2.25, 0.5, 0, 1, 2]
