"""Headers of PLY as programs write them: types, ends of lines, elements in any order, counts that lie."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import mesh_files as files
import numpy as np
import pytest
from mesh_files import SIDES, TETRA, soup, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.mesh.ply_header import ORDERS, TYPES
from sketchshape.types import Mesh

V, F = files.rows(TETRA), files.rows(SIDES, "3 ")


def read(folder: Path, data: bytes) -> Mesh:
    path = folder / "shape.ply"
    path.write_bytes(data)
    return load_mesh(path)


def ply(order: str, position: str, count: str, corner: str, name: str = "vertex_indices") -> bytes:
    """The tetrahedron in these types of PLY; its coordinates doubled, so that they are whole."""
    head = [
        "ply",
        f"format {order} 1.0",
        "element vertex 4",
        *(f"property {position} {axis}" for axis in "xyz"),
    ]
    head += ["element face 4", f"property list {count} {corner} {name}", "end_header", ""]
    if order == "ascii":
        return "\n".join(head).encode() + (files.rows((TETRA * 2).astype(int)) + F).encode()
    mark = ORDERS[order]
    body = (TETRA * 2).astype(mark + TYPES[position]).tobytes()
    for face in SIDES:
        body += np.array(3, mark + TYPES[count]).tobytes() + face.astype(mark + TYPES[corner]).tobytes()
    return "\n".join(head).encode() + body


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_read(tmp_path: Path, order: str, kind: str) -> None:
    want = soup(Mesh(TETRA * 2, SIDES))
    assert soup(read(tmp_path, ply(order, kind, "uchar", "int"))) == want or TYPES[kind] == "bool"
    if TYPES[kind][0] in "iu":
        assert soup(read(tmp_path, ply(order, "float", kind, "int"))) == want
        assert soup(read(tmp_path, ply(order, "float", "uchar", kind, "vertex_index"))) == want


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("seed", range(6))
def test_the_lines_of_a_header_end_each_as_it_likes(tmp_path: Path, order: str, seed: int) -> None:
    head, body = files.ply(order).split(b"end_header\n")
    chance = np.random.default_rng(seed)
    lines = [line + [b"\n", b"\r\n"][chance.integers(2)] for line in head.split(b"\n")[:-1]]
    assert soup(read(tmp_path, b"".join(lines) + b"end_header\r\n" + body)) == tetra_soup()
    assert soup(read(tmp_path, b"".join(lines) + b"end_header \n" + body)) == tetra_soup()


def test_lines_that_end_with_cr_alone_leave_a_newline_to_the_body(tmp_path: Path) -> None:
    head = "ply\rformat binary_little_endian 1.0\relement vertex 3\rproperty uchar x\rproperty uchar y\r"
    head += "property uchar z\relement face 1\rproperty list uchar int vertex_index\rend_header\r"
    body = bytes([10, 0, 0, 0, 13, 0, 0, 0, 7]) + struct.pack("<B3i", 3, 0, 1, 2)
    mesh = read(tmp_path, head.encode() + body)
    assert mesh.vertices.tolist() == [[10, 0, 0], [0, 13, 0], [0, 0, 7]]


def test_comments_are_anywhere_and_words_in_any_case(tmp_path: Path) -> None:
    head = ["PLY ", "comment first", "Format ASCII 1.0", "obj_info num_cols 512",
            "comment end_header is near", "ELEMENT vertex 4", "comment",
            "property float X # metres", "PROPERTY float y",
            "property  float\tz ",
            "comment element face 9", "element Face 4", "property list uchar int VERTEX_INDICES", "obj_info",
            "End_Header"]  # fmt: skip
    assert soup(read(tmp_path, "\n".join([*head, V + F]).encode())) == tetra_soup()


MORE = "element camera 2\nproperty list uchar short sizes\nproperty double fov\n"
FACES = "element face 4\nproperty int group\nproperty list uchar int vertex_indices\n"
FACES += "property list uchar float uv\n"
POINTS = (
    "element vertex 4\nproperty list int short marks\nproperty float z\nproperty float x\nproperty float y\n"
)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("sequence", ["cvf", "fvc", "vcf", "vfc", "fcv"])
def test_elements_come_in_any_order_with_lists_of_their_own(
    tmp_path: Path, order: str, sequence: str
) -> None:
    head, mark, body, text = "", ORDERS[order] or "<", b"", ""
    for letter in sequence:
        head += {"c": MORE, "v": POINTS, "f": FACES}[letter]
        if letter == "c":
            body += struct.pack(mark + "Bhhd", 2, 640, 480, 30.5) + struct.pack(mark + "Bd", 0, 1.5)
            text += "2 640 480 30.5\n0 1.5\n"
        elif letter == "v":
            body += b"".join(struct.pack(mark + "i2h3f", 2, 7, 8, z, x, y) for x, y, z in TETRA)
            text += "".join(f"2 7 8 {z} {x} {y}\n" for x, y, z in TETRA)
        else:
            body += b"".join(
                struct.pack(mark + "iB3iB2f", 1, 3, *map(int, face), 2, 0.5, 0.25) for face in SIDES
            )
            text += files.rows(SIDES, "1 3 ", " 2 0.5 0.25")
    data = f"ply\nformat {order} 1.0\n{head}end_header\n".encode()
    mesh = read(tmp_path, data + (body if ORDERS[order] else text.encode()))
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


@pytest.mark.parametrize("order", ORDERS)
def test_a_list_of_another_name_is_a_guess_with_a_word(tmp_path: Path, order: str) -> None:
    mesh = read(tmp_path, ply(order, "float", "uchar", "int", "corners"))
    assert len(mesh.faces) == 4
    assert mesh.warnings == ("took the list 'corners' of face for its corners",)


@pytest.mark.parametrize("order", ORDERS)
def test_a_header_that_counts_too_few_is_said(tmp_path: Path, order: str) -> None:
    mesh = read(tmp_path, ply(order, "float", "uchar", "int").replace(b"element face 4", b"element face 3"))
    assert len(mesh.faces) == 3
    rest = "1 lines" if order == "ascii" else "13 bytes"
    assert mesh.warnings == (f"left out {rest} after the last row that the header promises",)


def test_numbers_that_are_not_declared_are_said(tmp_path: Path) -> None:
    data = ply("ascii", "float", "uchar", "int").replace(b"0 0 0\n4 0 0\n", b"0 0 0 1 1 1\n4 0 0 1 1 1\n")
    mesh = read(tmp_path, data)
    assert len(mesh.faces) == 4
    assert mesh.warnings == ("rows of vertex have more numbers than declared, the first in line 10",)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("count", [5, 99, 10**9, 10**14])
@pytest.mark.parametrize("element", ["vertex", "face"])
def test_a_header_that_promises_too_much_is_refused(
    tmp_path: Path, order: str, count: int, element: str
) -> None:
    data = ply(order, "float", "uchar", "int").replace(
        f"element {element} 4".encode(), f"element {element} {count}".encode()
    )
    if count > 5:
        with pytest.raises(MeshError, match="the file ends too early"):
            read(tmp_path, data)
        return
    with suppress(MeshError):  # the bytes of one row more may be those of the next element
        assert read(tmp_path, data).warnings


@pytest.mark.parametrize("length", [-1, 2**62, 2**63 - 1, -(2**63)])
def test_a_list_longer_than_the_file_is_refused(tmp_path: Path, length: int) -> None:
    data = ply("binary_little_endian", "float", "int64", "int64")
    data = data[: -4 * 32] + struct.pack("<q", length) + data[-4 * 32 + 8 :]
    with pytest.raises(MeshError, match="the file ends too early, within the 4 rows of face"):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ((b"element face 4", b"element face 0"), "no faces to draw: 4 vertices"),
        ((b"element face 4", b"element range_grid 4"), "no faces to draw: 4 vertices"),
        ((b"property float z", b"property float depth"), "no element vertex with x, y and z"),
        ((b"element face 4", b"element vertex 4"), "the element vertex is declared twice"),
        ((b"property list uchar int vertex_indices", b"property int v1"), "no faces to draw"),
    ],
)
def test_what_a_header_lacks_is_named(tmp_path: Path, change: tuple[bytes, bytes], cause: str) -> None:
    with pytest.raises(MeshError, match=cause):
        read(tmp_path, ply("ascii", "float", "uchar", "int").replace(*change))


def test_strips_are_cut_at_minus_one_without_a_warning(tmp_path: Path) -> None:
    text = ply("ascii", "float", "uchar", "int").decode().replace("element face 4", "element tristrips 1")
    mesh = read(tmp_path, (text[: text.index("3 0 2 1")] + "9 0 2 1 -1 -1 0 1 3 2\n").encode())
    assert sorted(sorted(face) for face in mesh.faces.tolist()) == [[0, 1, 2], [0, 1, 3], [1, 2, 3]]
    assert mesh.warnings == ()
