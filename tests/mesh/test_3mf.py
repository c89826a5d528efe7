"""3MF: what is built, where components put it, and what is wrong with a file."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_files import SIDES, TETRA, copies, soup, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.mesh.threemf import reader
from sketchshape.types import Mesh

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Target="/Metadata/thumbnail.png" Id="r1" Type="http://x/metadata/thumbnail"/>'
    '<Relationship Target="{}" Id="r0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>'
    "</Relationships>"
)
QUARTER = "0 1 0 -1 0 0 0 0 1"  # about z, by rows: x goes to y
TURN = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])


def mesh(vertices: Any = TETRA, triangles: Any = SIDES) -> str:
    corners = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in np.asarray(vertices).tolist())
    faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in np.asarray(triangles).tolist())
    return f"<mesh><vertices>{corners}</vertices><triangles>{faces}</triangles></mesh>"


def model(objects: str, items: str = '<item objectid="1"/>') -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><model unit="inch" xmlns="{CORE}" xmlns:p="{PRODUCTION}">'
        f"<resources>{objects}</resources><build>{items}</build></model>"
    )


def thing(id: int, content: str, kind: str = "model") -> str:
    return f'<object id="{id}" type="{kind}">{content}</object>'


def pack(
    root: str | bytes, *, name: str = "3D/3dmodel.model", target: str | None = None, **parts: str
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", RELATIONS.format(target or f"/{name}"))
        archive.writestr(name, root)
        for part, text in parts.items():
            archive.writestr(f"3D/Objects/{part}.model", text)
    return stream.getvalue()


def load(folder: Path, data: bytes) -> Mesh:
    path = folder / "a.3mf"
    path.write_bytes(data)
    return load_mesh(path)


def test_an_item_is_drawn_as_it_lies(tmp_path: Path) -> None:
    found = load(tmp_path, pack(model(thing(1, mesh()))))
    assert soup(found) == tetra_soup()
    assert found.warnings == ()


def test_items_and_components_move_what_they_hold(tmp_path: Path) -> None:
    inner = f'<components><component objectid="1" transform="{QUARTER} 10 0 0"/></components>'
    outer = '<components><component objectid="2" transform="2 0 0 0 2 0 0 0 2 0 0 5"/></components>'
    items = (
        f'<item objectid="1" transform="{QUARTER} 0 0 7"/><item objectid="3" transform="{QUARTER} 0 0 0"/>'
    )
    objects = thing(1, mesh()) + thing(2, inner) + thing(3, outer)
    first = TETRA @ TURN.T + [0, 0, 7]
    second = (2 * (TETRA @ TURN.T + [10, 0, 0]) + [0, 0, 5]) @ TURN.T
    assert soup(load(tmp_path, pack(model(objects, items)))) == copies(first, second)


@pytest.mark.parametrize("kind", ["support", "solidsupport", "other"])
def test_supports_are_left_out(tmp_path: Path, kind: str) -> None:
    objects = thing(1, mesh()) + thing(2, mesh(TETRA * 9), kind)
    found = load(tmp_path, pack(model(objects, '<item objectid="1"/><item objectid="2"/>')))
    assert soup(found) == tetra_soup()
    assert found.warnings == ("left out a support, or an object that is none of the shape",)
    found = load(tmp_path, pack(model(thing(1, mesh(), kind))))
    assert soup(found) == tetra_soup()
    assert found.warnings == ("all of it is supports and the like: they are drawn",)


def test_a_surface_is_drawn(tmp_path: Path) -> None:
    assert soup(load(tmp_path, pack(model(thing(1, mesh(), "surface"))))) == tetra_soup()


def test_objects_in_other_model_parts(tmp_path: Path) -> None:
    use = '<components><component p:path="/3D/Objects/{}.model" objectid="7"/></components>'
    root = model(
        thing(1, use.format("Body")),
        '<item objectid="1"/><item p:path="/3d/objects/LID.model" objectid="7" '
        'transform="1 0 0 0 1 0 0 0 1 9 0 0"/>',
    )
    lid = model(thing(7, mesh(TETRA * 2)), "")
    found = load(tmp_path, pack(root, Body=model(thing(7, mesh()), ""), Lid=lid))
    assert soup(found) == copies(TETRA, TETRA * 2 + [9, 0, 0])


@pytest.mark.parametrize(
    ("name", "target"),
    [("3D/3dmodel.model", None), ("3D/other.model", None), ("3d/3DModel.MODEL", "/nothing.model")],
)
def test_the_root_is_what_the_relations_say_or_what_is_there(
    tmp_path: Path, name: str, target: str | None
) -> None:
    assert soup(load(tmp_path, pack(model(thing(1, mesh())), name=name, target=target))) == tetra_soup()


def test_without_items_all_objects_are_drawn_once(tmp_path: Path) -> None:
    inner = '<components><component objectid="1"/></components>'
    found = load(tmp_path, pack(model(thing(1, mesh()) + thing(2, inner), "")))
    assert soup(found) == tetra_soup()
    assert found.warnings == ("it does not say what is built: all of its objects are drawn",)


def test_a_broken_part_is_left_out_and_the_rest_is_drawn(tmp_path: Path) -> None:
    bad = '<vertex x="a" y="1" z="2"/>'
    text = mesh().replace("</vertices>", bad + "</vertices>")
    text = text.replace(
        "</triangles>", '<triangle v1="0" v2="1" v3="4"/><triangle v1="0" v3="77"/></triangles>'
    )
    found = load(tmp_path, pack(model(thing(1, text), '<item objectid="1"/><item objectid="9"/>')))
    assert soup(found) == tetra_soup()
    assert found.warnings[0] == "left out an object that is not there"
    assert len(found.warnings) == 3


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"no archive", "expected a 3MF file, which is a zip archive"),
        (pack(model(thing(1, mesh())))[:200], "expected a 3MF file"),
        (pack("<model>"), "its part 3D/3dmodel.model: its XML is broken"),
        (pack(model(thing(1, mesh()), "")).replace(b"3dmodel.model", b"3dmodel.other"), "no model part"),
        (pack(model(thing(1, mesh()), '<item objectid="1" transform="1 2"/>')), "has 2 numbers, expected 12"),
        (pack(model(thing(1, '<components><component objectid="1"/></components>'))), "or hold themselves"),
        (pack('<!DOCTYPE m [<!ENTITY a "b">]>' + model("").split("?>")[1]), "declares entities"),
        (pack(model("")), "no faces to draw"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, data: bytes, cause: str) -> None:
    with pytest.raises(MeshError) as caught:
        load(tmp_path, data)
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


def test_components_that_multiply_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "USES", 500)
    twice = "<components>" + '<component objectid="{0}"/>' * 2 + "</components>"
    objects = thing(1, mesh()) + "".join(thing(k + 1, twice.format(k)) for k in range(1, 40))
    with pytest.raises(MeshError, match="more than 500 parts"):
        load(tmp_path, pack(model(objects, '<item objectid="40"/>')))


def test_any_bytes_within_are_a_mesh_error(tmp_path: Path) -> None:
    whole = model(thing(1, mesh()) + thing(2, '<components><component objectid="1"/></components>')).encode()
    generator = np.random.default_rng(3)
    for _ in range(150):
        data = bytearray(whole)
        for at in generator.integers(0, len(data), 3):
            data[at] = generator.integers(0, 256)
        with contextlib.suppress(MeshError):
            load(tmp_path, pack(bytes(data)))
