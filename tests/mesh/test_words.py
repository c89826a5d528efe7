"""Ends of lines, blanks and encodings say nothing: a text is its words, however they are spread."""

from __future__ import annotations

import codecs
import random
from pathlib import Path

import mesh_files as files
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh_files import SIDES, TETRA, soup, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.mesh.text.lines import Lines
from sketchshape.mesh.text.plain import encoding, plain

TEXTS = {
    ".off": files.off().decode(),
    ".obj": files.obj().decode(),
    ".stl": files.stl_text().decode(),
    ".ply": files.ply("").decode("latin-1"),
}
V, F = files.rows(TETRA), files.rows(SIDES, "3 ")
NUMBERS = " ".join(f"{V} {F}".split())


def read(folder: Path, suffix: str, data: bytes | str) -> list[tuple[tuple[float, ...], ...]]:
    path = folder / f"shape{suffix}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return soup(load_mesh(path))


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("marked", [True, False])
def test_every_encoding_is_the_same_text(tmp_path: Path, suffix: str, code: str, marked: bool) -> None:
    text = ("\ufeff" if marked and code != "utf-8-sig" else "") + TEXTS[suffix]
    assert read(tmp_path, suffix, text.encode(code)) == tetra_soup()


def test_the_mark_of_an_encoding_is_no_letter() -> None:
    for mark, code in [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (b"", "utf-16-be"),
                       (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF32_LE, "utf-32-le")]:  # fmt: skip
        assert plain(mark + "v 1 2 3\nStuhl äöü".encode(code)).strip() == "v 1 2 3\nStuhl äöü".encode()
    assert plain("v 1 2 3 # gr\xfcn".encode("latin-1")) == b"v 1 2 3 # gr\xfcn"


@pytest.mark.parametrize("data", [b"", b"OFF", b"\0" * 400, files.stl_binary(), files.ply("<"), files.off()])
def test_bytes_that_are_not_wide_letters_have_no_encoding(data: bytes) -> None:
    assert encoding(data) is None


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\n", "\r\r\n", " \t\r\n", "\v\f\n", "\u2028", "mixed"])
def test_every_end_of_a_line_is_one(tmp_path: Path, suffix: str, end: str) -> None:
    if suffix == ".ply" and end in ("\n\n", "\r\r\n", "\u2028"):
        end = "\r\n"  # no empty lines are in a header
    parts = TEXTS[suffix].split("\n")
    ends = ["\n", "\r\n", "\r"] * len(parts) if end == "mixed" else [end] * len(parts)
    text = "".join(part + end for part, end in zip(parts, ends, strict=False))
    assert read(tmp_path, suffix, text) == tetra_soup()


@pytest.mark.parametrize("suffix", [".off", ".obj", ".stl"])
@pytest.mark.parametrize(
    "blank", ["\t", "\f", "\v", "\0", "   ", "\xa0", "\u2003", "\u202f", "\u3000", "\ufeff "]
)
def test_every_blank_is_one(tmp_path: Path, suffix: str, blank: str) -> None:
    if (suffix, blank) == (".stl", "\0"):
        pytest.skip("zeros within a text make it binary STL")
    assert read(tmp_path, suffix, TEXTS[suffix].replace(" ", blank)) == tetra_soup()


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("tail", [b"\0" * 700, b"\x1a", b"\n\n\n", b" \t"])
def test_padding_is_left_out_without_a_word(tmp_path: Path, suffix: str, tail: bytes) -> None:
    path = tmp_path / f"shape{suffix}"
    path.write_bytes(TEXTS[suffix].encode("latin-1") + tail)
    mesh = load_mesh(path)
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


OFF = {
    "counts on a line each": f"OFF\n4\n4\n6\n{V}{F}",
    "counts on two lines": f"OFF\n4 4\n6\n{V}{F}",
    "counts beside the first vertex": f"OFF 4 4 6 {NUMBERS}",
    "all on one line": f"OFF\n4 4 6\n{NUMBERS}",
    "a number on a line": "OFF\n4\n4\n6\n" + NUMBERS.replace(" ", "\n"),
    "vertices on one line": f"OFF\n4 4 6\n{V}".replace("\n", " ").replace("OFF ", "OFF\n") + f"\n{F}",
    "faces on one line": f"OFF\n4 4 6\n{V}" + F.replace("\n", " "),
    "vertices on one line, colours of faces": "OFF\n4 4 6\n" + V.replace("\n", " ") + "\n"
    + F.replace("\n", " 0.5 0.5 0.5\n"),
    "one line with colours": "OFF\n4 4 6\n" + V.replace("\n", " ") + F.replace("\n", " 255 0 0 255 "),
    "comments within": "OFF # it\n4 # vertices\n4 # faces\n# and\n6\n" + V.replace("\n", " # v\n") + F,
    "COFF in one line": "COFF\n4 4 6\n" + V.replace("\n", " 9 9 9 255 ") + F.replace("\n", " "),
    "CNOFF in one line": "CNOFF\n4 4 6\n" + V.replace("\n", " 9 9 9 255 0 0 1 ") + F.replace("\n", " "),
    "4OFF in one line": "4OFF\n4 4 6\n" + V.replace("\n", " 1 ") + F.replace("\n", " "),
    "no header, one line": f"4 4 6 {NUMBERS}",
    "no number of edges, a vertex on two lines": "OFF\n4 4\n"
    + V.replace("2.0 0.0 0.0", "2.0 0.0\n0.0") + F,
}  # fmt: skip


@pytest.mark.parametrize("name", OFF)
def test_off_is_a_stream_of_words(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, ".off", OFF[name]) == tetra_soup()


HEAD = "ply\nformat ascii 1.0\nelement vertex 4\n" + "".join(f"property float {axis}\n" for axis in "xyz")
FACES = "element face 4\nproperty list uchar int vertex_index\nend_header\n"
PLY = {
    "a vertex on two lines": HEAD + "property uchar red\n" + FACES + V.replace("\n", "\n255\n") + F,
    "all on one line": HEAD + FACES + NUMBERS,
    "comments in the body": HEAD + FACES + "comment first\n" + V + "comment 1 2 3\n" + F,
    "a number on a line": HEAD + FACES + NUMBERS.replace(" ", "\n"),
    "lists nobody asks for": HEAD + "property list uchar float weights\n" + FACES
    + V.replace("\n", " 2\n0.5 0.5\n") + F,
}  # fmt: skip


@pytest.mark.parametrize("name", PLY)
def test_text_ply_is_a_stream_of_words(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, ".ply", PLY[name]) == tetra_soup()


FACET = " ".join(TEXTS[".stl"].split()[2:-2])
STL = {
    "a facet on a line": "solid thing\n" + FACET.replace("endfacet ", "endfacet\n") + "\nendsolid",
    "all on one line": f"solid thing {FACET} endsolid thing",
    "a word on a line": "solid thing\n" + FACET.replace(" ", "\n") + "\nendsolid thing",
    "a name of its words": f"solid vertex 1 2 3 outer loop solid facet\n{FACET}\nendsolid vertex 9 9 9\n",
    "a name, all on one line": f"solid a vertex 1 facet {FACET} endsolid a vertex 1",
    "several solids": "".join(f"solid {i}\n{part} endfacet\nendsolid {i}\n" for i, part in
                              enumerate(FACET.split(" endfacet")[:4])),
    "no name": f"solid\n{FACET}\nendsolid",
    "no normals": "solid a\n" + FACET.replace("normal 0 0 0 ", "") + "\nendsolid",
    "mixed case": "Solid a\n" + FACET.replace("vertex", "Vertex").replace("outer", "OUTER") + "\nEndSolid",
    "ends in two words": f"solid a\n{FACET.replace('end', 'end ')}\nend solid a",
    "several solids on one line, without normals": " ".join(
        f"solid {i} {part} endfacet endsolid {i}"
        for i, part in enumerate(FACET.replace("normal 0 0 0 ", "").split(" endfacet")[:4])
    ),
    "blank lines first": f"\n\n \t\nsolid a\n{FACET}\nendsolid",
    "no solid at its start": f"# made here\n{FACET}\nendsolid",
    "normals of nan": "solid a\n" + FACET.replace("l 0 0 0", "l nan -nan(ind) 1.#IND") + "\nendsolid",
    "a padded name": "solid a".ljust(84, "\0") + f"\n{FACET}\nendsolid",
}  # fmt: skip


@pytest.mark.parametrize("name", STL)
def test_text_stl_is_a_stream_of_words(tmp_path: Path, name: str) -> None:
    path = tmp_path / "shape.stl"
    path.write_text(STL[name])
    mesh = load_mesh(path)
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


@pytest.mark.parametrize(("suffix", "head"), [(".off", "OFF 4 4 0\n"), (".ply", HEAD + FACES)])
def test_a_number_less_or_more_is_no_other_mesh(tmp_path: Path, suffix: str, head: str) -> None:
    words = NUMBERS.split()
    assert read(tmp_path, suffix, head + " ".join(words)) == tetra_soup()
    for at in range(len(words)):
        for wrong in (words[:at] + words[at + 1 :], [*words[:at], words[at], *words[at:]]):
            with pytest.raises(MeshError):
                read(tmp_path, suffix, head + " ".join(wrong))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    suffix=st.sampled_from([".off", ".ply", ".stl"]),
    code=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be"]),
    seed=st.integers(0, 2**32),
    count=st.integers(1, 9),
)
def test_words_are_the_same_however_they_are_spread(
    tmp_path: Path, suffix: str, code: str, seed: int, count: int
) -> None:
    chance = random.Random(seed)
    vertices = np.round(np.random.default_rng(seed).uniform(-9, 9, (count + 2, 3)), 3)
    faces = np.array([[i, i + 1, i + 2] for i in range(count)])
    head, words = "", " ".join(f"{files.rows(vertices)} {files.rows(faces, '3 ')}".split())
    if suffix == ".off":
        head = f"OFF\n{count + 2} {count} 0\n"
    elif suffix == ".ply":
        head = (HEAD + FACES).replace("vertex 4", f"vertex {count + 2}").replace("face 4", f"face {count}")
    else:
        head = "solid a name\n"
        words = (
            " ".join(
                "facet normal 0 0 0 outer loop " + files.rows(vertices[face], "vertex ") + " endloop endfacet"
                for face in faces
            )
            + " endsolid"
        )
    gaps = [" ", "\n", "\t", "\r\n", "\r", "  ", " \n "]
    text = head + "".join(word + chance.choice(gaps) for word in words.split())
    assert read(tmp_path, suffix, text.encode(code)) == soup(files.Mesh(vertices, faces))


def test_the_line_of_an_error_is_counted_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "shape.obj"
    path.write_bytes("\ufeffv 0 0 0\r\nv 1 \\\r\n0 0\rv 0 1 x\n".encode("utf-16"))
    with pytest.raises(MeshError, match="line 4: expected a vertex, found 'v 0 1 x'"):
        load_mesh(path)


def test_lines_without_numbers_are_empty_rows() -> None:
    lines = Lines.of(Path("some"), b"a\nb c\n")
    assert [lines.words(i) for i in range(len(lines))] == [["a"], ["b", "c"]]
