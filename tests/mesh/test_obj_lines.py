"""OBJ: lines that go on, statements that are left out, and faces of every form."""

from __future__ import annotations

import random
import time
from pathlib import Path

import mesh_files as files
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh_files import SIDES, TETRA, soup, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.types import Mesh

V, F = files.rows(TETRA, "v "), files.rows(SIDES + 1, "f ")


def read(folder: Path, data: bytes | str) -> Mesh:
    path = folder / "shape.obj"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return load_mesh(path)


SAME = {
    "a comment is not continued": "# C:\\models\\\n" + V + F,
    "a comment behind numbers": V.replace("\n", " # a \\\n") + F.replace("\n", "# \\\n"),
    "a folder ends in a backslash": "mtllib C:\\models\\\n" + V + "usemtl wood\\\n" + F,
    "a name in Shift-JIS ends in a backslash": "g \u8868\n".encode("shift-jis") + (V + F).encode(),
    "names go on": "g one \\\ntwo \\\n three\n" + V + "usemtl a \\\nb\n" + F,
    "blanks behind the backslash": V.replace(" ", " \\ \t\n ", 2) + F.replace(" ", " \\  \r\n", 3),
    "every word continued": V.replace(" ", " \\\n") + F.replace(" ", "\\\r"),
    "a backslash at the end": V + F.rstrip() + " \\",
    "a backslash and blanks at the end": V + F + "\\ \n \\\n\\",
    "an empty line goes on": V + F.replace("\n", " \\\n\n"),
    "a backslash before the next statement": V.replace("\n", " \\\n") + F.replace("\n", "\\\n"),
    "unknown statements": "version 1\n" + V + "vp 1 2\nmg 1\nshadow_obj a\nlod 3\n~ f 1 2 3\n" + F + "end",
    "no blanks before the end": V.strip() + "\n" + F.strip(),
    "capitals": (V + F).upper(),
    "faces before vertices": F + V,
    "all old faces": V + F.replace("f ", "fo "),
    "colours and weights": V.replace("\n", " 0.5 0.25 1\n") + F,
    "weights and colours": V.replace("\n", " 1 0.5 0.25 1\n") + F,
    "texture only": V + "vt 0 0\n" + "".join(f"f {a}/1 {b}/1 {c}/1\n" for a, b, c in SIDES + 1),
    "normals only": V + "vn 0 0 1\n" + "".join(f"f {a}//1 {b}//1 {c}//-1\n" for a, b, c in SIDES + 1),
    "counted back": V + "".join(f"f {a - 4} {b - 4}/-1 {c - 4}//\n" for a, b, c in SIDES),
}


@pytest.mark.parametrize("name", SAME)
def test_the_tetrahedron_is_the_same(tmp_path: Path, name: str) -> None:
    mesh = read(tmp_path, SAME[name])
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 9),
    code=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_every_spelling_of_a_mesh_is_the_same_mesh(tmp_path: Path, seed: int, count: int, code: str) -> None:
    chance = random.Random(seed)
    vertices = np.round(np.random.default_rng(seed).uniform(-9, 9, (count + 2, 3)), 3)
    faces = np.array([[i, i + 1, i + 2] for i in range(count)])

    def word(corner: int, seen: int) -> str:
        index = chance.choice([corner + 1, corner - seen])
        return f"{index}{chance.choice(['', '/', '/1', '//2', '/1/2', '//'])}"

    def number(value: float) -> str:
        form = chance.choice(["{:.3f}", "{:+.3f}", "{:.6e}", "{:E}", "{!r}"])
        text = form.format(float(value))
        return text.replace("e", "D") if chance.random() < 0.2 else text

    statements = list[str]()
    for seen, row in enumerate(vertices.tolist(), start=1):
        statements.append(
            "v " + " ".join(map(number, row)) + chance.choice(["", " 1", " 0.5 0.5 0.5", " # v 1 2"])
        )
        if seen > 2:
            statements.append("f " + " ".join(word(corner, seen) for corner in faces[seen - 3].tolist()))
        statements += chance.choice(
            [[], ["# C:\\"], ["usemtl wood\\"], ["o f 1 2 3"], [""], ["g a \\", "  b c"]]
        )
    gap = lambda: chance.choice([" ", "\t", "  ", " \\\n", "\\ \r\n ", " \\\r"])  # noqa: E731
    lines = [
        line if line.startswith(("#", "o", "g", "usemtl", " ")) or "#" in line else line.replace(" ", gap())
        for line in statements
    ]
    text = "".join(line + chance.choice(["\n", "\r\n", "\r", "\n\n"]) for line in lines)
    mesh = read(tmp_path, text.encode(code))
    assert soup(mesh) == soup(Mesh(vertices, faces))
    assert mesh.warnings == ()


WARNED = {
    "left out 2 of 6 faces: fewer than 3 corners, the first in line 9": V + F + "f 1 2\nf\n",
    "left out 1 of 5 faces: a corner is none of the 4 vertices": V + F + "f 1 2 9\n",
    "left out 2 lines, the first in line 5": V + "l 1 2 3\nl 3 4\n" + F,
    "left out 1 points, the first in line 9": V + F + "p 1 2 3\n",
    "left out 2 free-form curves and surfaces, the first in line 6": V
    + "cstype bezier\nsurf 0 1 0 1 1 2\nend\n" + F + "curv 0 1 1 2\n",
    "left out 1 calls of other files, the first in line 1": "call other.obj\n" + V + F,
}  # fmt: skip


@pytest.mark.parametrize("warning", WARNED)
def test_what_is_left_out_is_said_once(tmp_path: Path, warning: str) -> None:
    mesh = read(tmp_path, WARNED[warning])
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == (warning,)


def test_a_file_without_faces_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match=r"4 vertices.*; left out 1 lines, the first in line 5; left out 1 f"):
        read(tmp_path, V + "l 1 2\nsurf 0 1 0 1 1\n")


@pytest.mark.parametrize(
    "line", ["\\ " * 20000, "\\" * 40000, "\\\n" * 20000, "\\ \n" * 20000, "# \\\n" * 20000]
)
def test_backslashes_cost_linear_time(tmp_path: Path, line: str) -> None:
    read(tmp_path, "g \\\nb\n" + V + F)  # compiled by now
    start = time.process_time()
    assert soup(read(tmp_path, V + F + "g " + line + "\n")) == tetra_soup()
    assert time.process_time() - start < 1
