"""Binary STL: its head against its size, and text or binary by what is in it."""

from __future__ import annotations

import struct
from pathlib import Path

import mesh_files as files
import numpy as np
import pytest
from mesh_files import SIDES, TETRA, soup, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.types import Mesh

GOOD, RECORDS = files.stl_binary(), files.stl_binary()[84:]
TITLES = [
    b"made here",
    b"solid thing",
    b"solid facet normal vertex",
    b"",
    b"  SOLID",
    b"\xef\xbb\xbfsolid",
    b"solid\nfacet\n",
]


def counted(count: int, title: bytes = b"made here", tail: bytes = b"") -> bytes:
    return title.ljust(80, b"\0") + struct.pack("<I", count) + RECORDS + tail


def read(folder: Path, data: bytes) -> Mesh:
    path = folder / "shape.stl"
    path.write_bytes(data)
    return load_mesh(path)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("tail", [b"", b"\0", b"\r\n", b"\0" * 4000, b" \n" * 60, b"\x1a"])
def test_a_title_or_a_padded_end_changes_nothing(tmp_path: Path, title: bytes, tail: bytes) -> None:
    mesh = read(tmp_path, counted(4, title, tail))
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("count", [0, 1, 3, 5, 72, 2**31, 2**32 - 1])
def test_a_wrong_count_is_said_and_all_is_read(tmp_path: Path, title: bytes, count: int) -> None:
    mesh = read(tmp_path, counted(count, title))
    assert soup(mesh) == tetra_soup()
    found = "it may be cut short" if 4 < count < 2**32 - 1 else "all of them were read"
    assert mesh.warnings == (f"its head counts {count} triangles, the file has 4: {found}",)


@pytest.mark.parametrize("count", [0, 2, 2**32 - 1])
def test_a_wrong_count_and_an_end_that_is_no_record(tmp_path: Path, count: int) -> None:
    mesh = read(tmp_path, counted(count, tail=b"\1\2"))
    assert soup(mesh) == tetra_soup()
    assert f"counts {count} triangles, the file has 4" in mesh.warnings[0]


@pytest.mark.parametrize("tail", [b"colour=red;" * 40, b"\xff" * 250, b"x"])
def test_what_follows_and_is_no_triangle_is_left_out_with_a_word(tmp_path: Path, tail: bytes) -> None:
    mesh = read(tmp_path, counted(4, tail=tail))
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == (f"left out {len(tail)} bytes after the last triangle",)


def test_a_file_cut_anywhere_is_an_error_or_a_warning(tmp_path: Path) -> None:
    for size in (*range(9, 80, 9), *range(80, len(GOOD))):
        triangles, rest = divmod(size - 84, 50)
        if rest or triangles < 1:
            with pytest.raises(MeshError, match=f"byte {size}: "):
                read(tmp_path, GOOD[:size])
        else:
            said = f"its head counts 4 triangles, the file has {triangles}: it may be cut short"
            assert read(tmp_path, GOOD[:size]).warnings == (said,)


@pytest.mark.parametrize(
    "data", [b"\x93\xf1" * 300, b"some words\n" * 40, b"1 2 3\n" * 80, bytes(range(256)) * 3]
)
def test_other_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    for size in range(len(data) - 60, len(data)):
        with pytest.raises(MeshError, match=r"STL|no faces"):
            read(tmp_path, data[:size])


FACETS = [
    " facet normal 0 0 0\n  outer loop\n" + files.rows(face, "   vertex ") + "  endloop\n endfacet\n"
    for face in TETRA[SIDES]
]


def test_short_facets_are_left_out_and_long_ones_cut(tmp_path: Path) -> None:
    short = "facet normal 0 0 0\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nendloop\nendfacet\n"
    mesh = read(tmp_path, f"solid a\n{''.join(FACETS)}{short}{short}endsolid\n".encode())
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ("left out 2 of 6 faces: fewer than 3 corners, the first in line 32",)
    quad = "facet normal 0 0 0\nouter loop\n" + files.rows(
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "vertex "
    )
    mesh = read(tmp_path, f"solid a\n{quad}endloop\nendfacet\nendsolid\n".encode())
    assert files.absolute_area(mesh) == 1
    assert mesh.warnings == ("cut 1 of 1 facets with more than 3 corners into triangles",)


def test_big_endian_files_are_known_by_their_count(tmp_path: Path) -> None:
    record = np.dtype([("numbers", ">f4", 12), ("attribute", ">u2")])
    records = np.zeros(len(SIDES), record)
    records["numbers"][:, 3:] = TETRA[SIDES].reshape(-1, 9)
    mesh = read(tmp_path, b"of a workstation".ljust(80) + struct.pack(">I", len(SIDES)) + records.tobytes())
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


def test_two_loops_of_a_facet_are_two_facets(tmp_path: Path) -> None:
    text = "".join(FACETS).replace(" endfacet\n facet normal 0 0 0\n", "")
    assert soup(read(tmp_path, f"solid a\n{text}endsolid\n".encode())) == tetra_soup()


def test_a_text_that_is_cut_is_said(tmp_path: Path) -> None:
    text = f"solid a\n{''.join(FACETS)}"
    mesh = read(tmp_path, text.encode())
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ("the file has no endsolid at its end: it may be cut short",)
    last = text.rindex("facet normal")
    for size in range(
        last + len("facet normal 0 0 0\n  outer loop\n   vertex 0.0 0"), text.rindex("endloop") + 7
    ):
        if text[:size].endswith("end"):
            continue  # the facet is whole
        mesh = read(tmp_path, text[:size].encode())
        assert set(soup(mesh)) < set(tetra_soup())
        assert len(mesh.faces) == 3
        assert mesh.warnings[0].startswith("left out the last facet")
