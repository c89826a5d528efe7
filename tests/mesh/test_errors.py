"""A bad file is a MeshError that names file, cause and place; nothing else escapes, for any bytes."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import mesh_files as files
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sketchshape.errors import MeshError
from sketchshape.mesh import FORMATS, load_mesh

OFF, OBJ, STL = files.off().decode(), files.obj().decode(), files.stl_text().decode()
PLY = files.ply("").decode("latin-1")
ASCII, BINARY = "ply\nformat ascii 1.0\n", b"ply\nformat binary_big_endian 1.0\n"
HUGE = "99999999999999"

TEXTS = {
    "fewer vertices than promised": ("off", OFF.replace("4 4 0", "3 4 0"), 10, "the end of the file"),
    "fewer lines than promised": ("off", OFF.replace("4 4 0", "4 5 0"), 10, "the file ends too early"),
    "more vertices than there are": ("off", OFF.replace("4 4 0", "5 3 0"), 7, "numbers as the first"),
    "a lying count": ("off", OFF.replace("4 4 0", f"{HUGE} {HUGE} 0"), 2, f"the {HUGE} vertices and"),
    "a number too few": ("off", OFF.replace("0.0 3.0 0.0", "0.0 3.0"), 5, "of 3 numbers, found '0.0 3.0'"),
    "a word": ("off", OFF.replace("0.0 3.0 0.0", "0.0 3.x 0.0"), 5, "expected a vertex, found '0.0 3.x 0.0'"),
    "a word that starts well": ("off", OFF.replace("0.0 3.0 0.0", "0 nothing 0"), 5, "expected a vertex"),
    "two points": ("off", OFF.replace("0.0 3.0 0.0", "0 1.2.3 0"), 5, "expected a vertex"),
    "a slash": ("off", OFF.replace("0.0 3.0 0.0", "0 3/1 0"), 5, "expected a vertex"),
    "no exponent": ("off", OFF.replace("0.0 3.0 0.0", "0 1e 0"), 5, "expected a vertex"),
    "a face too short": ("off", OFF.replace("3 0 1 3", "3 0 1"), 8, "as many corners as it announces"),
    "a face with a fraction": ("off", OFF.replace("3 0 1 3", "3 0 1.5 3"), 8, "found '3 0 1.5 3'"),
    "a negative length": ("off", OFF.replace("3 0 1 3", "-3 0 1 3"), 8, "number of corners"),
    "a length of nan": ("off", OFF.replace("3 0 1 3", "nan 0 1 3"), 8, "number of corners"),
    "no counts": ("off", "# it\nOFF\n\n", 2, "the counts of vertices, faces and edges"),
    "counts of letters": ("off", "OFF\nfour 4 0\n", 2, "expected the counts"),
    "binary OFF": ("off", "OFF BINARY\n1 2 3", 1, "binary OFF are not supported"),
    "n dimensions": ("off", "nOFF\n5\n1 1 0\n", 1, "n-dimensional"),
    "another format": ("off", OBJ, 1, "expected the counts"),
    "obj vertex": ("obj", OBJ.replace("v 0.0 3.0 0.0", "v 0.0 3.0"), 3, "a vertex of 3 numbers"),
    "obj bare vertex": ("obj", OBJ + "\nv \n", 10, "a vertex of 3 numbers, found 'v'"),
    "obj word": ("obj", OBJ.replace("f 1 3 2", "f 1 a 2"), 5, "a face of indices, found 'f 1 a 2'"),
    "obj fraction": ("obj", OBJ.replace("f 1 3 2", "f 1 2.5 2"), 5, "a face of whole numbers"),
    "obj continued": ("obj", OBJ.replace("f 1 3 2", "f 1 \\\n3 2") + "f 1 x\n", 10, "found 'f 1 x'"),
    "stl vertex": ("stl", STL.replace("vertex 0.0 3.0 0.0", "vertex 0.0 3.0"), 5, "a vertex of 3 numbers"),
    "stl number": ("stl", STL.replace("vertex 0.0 3.0", "vertex 0.0 3,0"), 5, "expected a vertex"),
    "ply magic": ("ply", "plz\n", 1, "expected the word ply"),
    "ply type": ("ply", ASCII + "element vertex 1\nproperty real x\nend_header\n", 4, "property real x"),
    "ply format": ("ply", "ply\nformat text 1.0\nend_header\n", 2, "format text"),
    "ply no format": ("ply", "ply\nelement vertex 1\nend_header\n", 3, "names no format"),
    "ply count": ("ply", "ply\nformat ascii 1.0\nelement vertex -4\nend_header\n", 3, "element vertex -4"),
    "ply row": ("ply", PLY.replace("255 0.0 3.0 0.0", "255 0.0"), 20, "a row of vertex with y"),
    "ply face": ("ply", PLY.replace("1 3 0 1 3", "1 9 0 1 3"), 23, "as many corners"),
    "ply end": ("ply", PLY[:-40], 23, "4 rows of face promised"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_the_line_of_a_fault_is_named(tmp_path: Path, name: str) -> None:
    suffix, text, line, cause = TEXTS[name]
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(MeshError) as caught:
        load_mesh(path)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert cause in caught.value.cause


@pytest.mark.parametrize("data", [files.ply("<"), files.ply(">"), files.tetra_gltf().glb()])
def test_a_binary_file_cut_anywhere_names_where_it_ends(tmp_path: Path, data: bytes) -> None:
    suffix = {b"ply\n": "ply", b"glTF": "glb"}[data[:4]]
    path = tmp_path / f"cut.{suffix}"
    header = {"ply": data.find(b"end_header") + 11, "glb": 12}[suffix]
    for size in range(header, len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(MeshError, match=f"byte {size}: .*ends too early"):
            load_mesh(path)


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        ("a.off", b"", "the file is empty"),
        ("a.off", b"\n# only this\n", "empty, expected OFF"),
        ("a.obj", b"v 0 0 0\n", "no faces to draw: 1 vertices, but no face"),
        ("a.obj", b"hello world", "no faces to draw"),
        ("a.off", b"OFF\n3 1 0\n1 1 1\n1 1 1\n1 1 1\n3 0 1 2\n", "all corners lie in one point"),
        ("a.off", b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 3\n", "no faces to draw: 3 vertices, but no face"),
        ("a.stl", b"\0" * 84, "no faces to draw"),
        ("a.stl", b"\0" * 80 + b"\xff\xff\0\0" + b"\0" * 60, "its 65535 triangles need 3276834 bytes"),
        ("a.stl", b"\0" * 20, "the head alone has 84 bytes"),
        ("a.ply", b"ply\nformat ascii 1.0\n", "no end_header"),
        ("a.ply", BINARY + b"element vertex 99999999999\nproperty int x\n"
         b"property int y\nproperty int z\nend_header\n", "the 99999999999 rows of vertex"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement a 99999999999\nend_header\n", "no element vertex with x"),
        ("a.glb", b"glTF\1\0\0\0\0\0\0\0", "byte 4: is glTF of version 1.0, expected 2.0"),
        ("a.glb", b"glTF\2\0\0\0\x0c\0\0\0", "no JSON chunk"),
        ("a.gltf", b'{"asset": }', "byte 10: not valid JSON"),
        ("a.gltf", b"[1]", "expected a JSON object"),
        ("a.gltf", b"[" * 100_000, "nested too deep"),
        ("a.gltf", b'{"asset": "\xff"}', "no faces to draw"),
        ("a.fbx", b"x", ".fbx files are not read; import it into Blender and export it as glTF 2.0 (.glb)"),
        ("a.txt", b"x", "'.txt' is not supported, expected one of: .off, .obj, .stl, .ply"),
        ("a.3DS", b"x", ".3ds files are not read; convert it to glTF (.glb) with assimp"),
        ("a.sldprt", b"x", ".sldprt files are not read; export it as STEP"),
    ],
)  # fmt: skip
def test_the_cause_is_named(tmp_path: Path, name: str, data: bytes, cause: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(MeshError) as caught:
        load_mesh(path)
    assert str(path) in str(caught.value)
    assert cause in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match="No such file"):
        load_mesh(tmp_path / "absent.off")
    with pytest.raises(MeshError, match="cannot be read"):
        load_mesh(tmp_path / "nul\0.off")
    (tmp_path / "folder.off").mkdir()
    with pytest.raises(MeshError, match="is a folder"):
        load_mesh(tmp_path / "folder.off")
    os.mkfifo(tmp_path / "pipe.off")  # reading it would wait for ever
    with pytest.raises(MeshError, match="not a regular file"):
        load_mesh(tmp_path / "pipe.off")


def skin() -> bytes:
    scene = files.tetra_gltf(skin=0, translation=[1, 0, 0])
    attributes = scene.json["meshes"][0]["primitives"][0]["attributes"]
    attributes["JOINTS_0"] = scene.add([[0, 0, 0, 0]] * 4, "B")
    attributes["WEIGHTS_0"] = scene.add([[1, 0, 0, 0]] * 4, "B", normalized=True)
    scene.json["skins"] = [{"joints": [0]}]
    return scene.glb()


HOUSE = [[0, 1, 3, 2], [0, 3, 1, 2, 3], [0, 1, 2]]
SEEDS = {
    "off": (".off", files.off(faces=HOUSE)),
    "obj": (".obj", files.obj(faces=HOUSE)),
    "stl": (".stl", files.stl_binary()),
    "stl text": (".stl", files.stl_text()),
    "ply": (".ply", files.ply("<", faces=HOUSE)),
    "ply big": (".ply", files.ply(">", faces=HOUSE)),
    "ply text": (".ply", files.ply("", faces=HOUSE)),
    "glb": (".glb", files.tetra_gltf().glb()),
    "glb skin": (".glb", skin()),
    "gltf": (".gltf", files.tetra_gltf().gltf()),
}
WORDS = [b"nan", b"-1", b"1e999", b"4294967295", b"99999999999999999999", b"\0\xff", b"#", b"/", b"\\\n",
         b"null", b"[]", b"{}", b"0", b" ", b"\n", b"\r", b"\x80\x7f"]  # fmt: skip


def only_mesh_error(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        mesh = load_mesh(path)
    except MeshError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert mesh.faces.min() >= 0
        assert mesh.faces.max() == len(mesh.vertices) - 1
        assert (abs(mesh.vertices) < float("inf")).all()


@pytest.mark.parametrize("name", SEEDS)
def test_only_mesh_error_escapes_from_damaged_files(tmp_path: Path, name: str) -> None:
    suffix, data = SEEDS[name]
    chance = random.Random(name)
    damages: list[Callable[[bytearray, int], None]] = [
        lambda b, i: b.__setitem__(i, chance.randrange(256)),
        lambda b, i: b.__setitem__(slice(i, i + chance.randrange(1, 9)), b""),
        lambda b, i: b.__setitem__(slice(i, i + chance.randrange(3)), chance.choice(WORDS)),
        lambda b, i: b.__setitem__(slice(i, i), b[chance.randrange(len(b)) :][:20]),
        lambda b, i: b.__setitem__(i, b[i] ^ (1 << chance.randrange(8))),
    ]
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 1, 2, 5])):
            chance.choice(damages)(damaged, chance.randrange(len(damaged)))
        only_mesh_error(tmp_path / f"fuzz{suffix}", bytes(damaged))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(FORMATS),
    st.sampled_from([b"", b"OFF\n", b"ply\n", b"solid ", b"{"]),
)
def test_only_mesh_error_escapes_from_any_bytes(
    tmp_path: Path, data: bytes, suffix: str, start: bytes
) -> None:
    only_mesh_error(tmp_path / f"any{suffix}", start + data)
