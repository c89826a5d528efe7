"""COLLADA: where the scene puts its geometries, which way it says is up, and what is wrong with a file."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_files import SIDES, TETRA, copies, soup, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import AXES, load_mesh
from sketchshape.types import Mesh

pytest.importorskip("collada", reason="needs the extra [dae]")

SCHEMA = "http://www.collada.org/2005/11/COLLADASchema"
HERE = '<node id="n"><instance_geometry url="#g"/></node>'
PLACE = '<input semantic="VERTEX" source="#v" offset="0"/>'


def numbers(array: Any) -> str:
    return " ".join(str(one) for one in np.ravel(array).tolist())


def source(id: str, values: Any, stride: int, kind: str = "float") -> str:
    content = values if isinstance(values, str) else numbers(values)
    count = len(content.split())
    array = "Name_array" if kind == "name" else "float_array"
    params = "".join(f'<param name="{name}" type="{kind}"/>' for name in ("X", "Y", "Z")[: min(stride, 3)])
    params = params if stride < 16 else '<param name="TRANSFORM" type="float4x4"/>'
    return (
        f'<source id="{id}"><{array} id="{id}a" count="{count}">{content}</{array}><technique_common>'
        f'<accessor source="#{id}a" count="{count // stride}" stride="{stride}">{params}</accessor>'
        "</technique_common></source>"
    )


TRIANGLES = f'<triangles count="4">{PLACE}<p>{numbers(SIDES)}</p></triangles>'
POLYLIST = f'<polylist count="4">{PLACE}<vcount>3 3 3 3</vcount><p>{numbers(SIDES)}</p></polylist>'
POLYGONS = f'<polygons count="4">{PLACE}' + "".join(f"<p>{numbers(one)}</p>" for one in SIDES) + "</polygons>"
STRIPS = f'<tristrips count="2">{PLACE}<p>0 2 1 3</p><p>0 1 3 2 0</p></tristrips>'


def dae(
    content: str = TRIANGLES,
    nodes: str = HERE,
    *,
    up: str | None = "Y_UP",
    libraries: str = "",
    points: Any = TETRA,
    scene: str = '<scene><instance_visual_scene url="#s"/></scene>',
) -> bytes:
    axis = f"<up_axis>{up}</up_axis>" if up else ""
    asset = "<asset><created>2020-01-01T00:00:00</created><modified>2020-01-01T00:00:00</modified>{}</asset>"
    vertices = source("p", points, 3) + '<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>'
    return (
        f'<?xml version="1.0" encoding="utf-8"?><COLLADA xmlns="{SCHEMA}" version="1.4.1">'
        f"{asset.format(axis)}<library_geometries>"
        f"<geometry id='g'><mesh>{vertices}{content}</mesh></geometry>"
        f"</library_geometries>{libraries}<library_visual_scenes><visual_scene id='s'>{nodes}"
        f"</visual_scene></library_visual_scenes>{scene}</COLLADA>"
    ).encode()


def load(folder: Path, data: bytes) -> Mesh:
    path = folder / "a.dae"
    path.write_bytes(data)
    return load_mesh(path)


@pytest.mark.parametrize("content", [TRIANGLES, POLYLIST, POLYGONS])
def test_faces_of_every_kind(tmp_path: Path, content: str) -> None:
    found = load(tmp_path, dae(content))
    assert soup(found) == tetra_soup()
    assert found.warnings == ()


def test_strips_turn_every_second_triangle(tmp_path: Path) -> None:
    found = load(tmp_path, dae(STRIPS))
    turned = sorted(tuple(sorted(face)) for face in soup(found))
    assert len(found.faces) == 5
    assert set(turned) == {tuple(sorted(face)) for face in tetra_soup()}


def test_a_concave_polygon(tmp_path: Path) -> None:
    arrow = np.array([[0, 0, 0], [4, 4, 0], [0, 1, 0], [-4, 4, 0.0]])
    content = f'<polylist count="1">{PLACE}<vcount>4</vcount><p>0 1 2 3</p></polylist>'
    found = load(tmp_path, dae(content, points=arrow))
    a, b, c = (found.vertices[found.faces[:, k]].astype(float) for k in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(4)


@pytest.mark.parametrize(("up", "axis"), [("Y_UP", "y"), ("Z_UP", "z"), ("X_UP", "x"), (None, "y")])
def test_the_axis_that_the_file_calls_up_is_y(tmp_path: Path, up: str | None, axis: str) -> None:
    assert soup(load(tmp_path, dae(up=up))) == soup(Mesh(TETRA @ np.array(AXES[axis]).T, SIDES))


def test_nodes_and_instances_of_nodes(tmp_path: Path) -> None:
    nodes = (
        '<node id="a"><translate>1 2 3</translate><rotate>0 0 1 90</rotate><scale>2 2 2</scale>'
        '<instance_geometry url="#g"/><node id="b"><matrix>1 0 0 0 0 1 0 0 0 0 1 5 0 0 0 1</matrix>'
        '<instance_node url="#lib"/></node></node>'
    )
    libraries = (
        '<library_nodes><node id="lib"><translate>0 0 -1</translate>'
        '<instance_geometry url="#g"/></node></library_nodes>'
    )
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    inner = TETRA + np.array([0, 0, 4])
    want = copies(2 * TETRA @ turn.T + [1, 2, 3], 2 * inner @ turn.T + [1, 2, 3])
    assert soup(load(tmp_path, dae(nodes=nodes, libraries=libraries))) == want


def test_a_skin_is_drawn_as_it_was_bound(tmp_path: Path) -> None:
    skin = (
        '<library_controllers><controller id="c"><skin source="#g">'
        "<bind_shape_matrix>1 0 0 5 0 1 0 0 0 0 1 0 0 0 0 1</bind_shape_matrix>"
        + source("j", "J", 1, "name")
        + source("m", np.eye(4), 16)
        + source("w", [1], 1)
        + '<joints><input semantic="JOINT" source="#j"/>'
        '<input semantic="INV_BIND_MATRIX" source="#m"/></joints>'
        '<vertex_weights count="4"><input semantic="JOINT" source="#j" offset="0"/>'
        '<input semantic="WEIGHT" source="#w" offset="1"/><vcount>1 1 1 1</vcount><v>0 0 0 0 0 0 0 0</v>'
        "</vertex_weights></skin></controller></library_controllers>"
    )
    nodes = '<node id="n"><translate>0 1 0</translate><instance_controller url="#c"/></node>'
    assert soup(load(tmp_path, dae(nodes=nodes, libraries=skin))) == copies(TETRA + np.array([5, 1, 0]))


def test_a_broken_part_is_left_out_and_said(tmp_path: Path) -> None:
    found = load(tmp_path, dae(nodes=HERE + '<node id="m"><instance_geometry url="#none"/></node>'))
    assert soup(found) == tetra_soup()
    assert found.warnings == ("left out a broken part: Geometry #none not found in library",)
    lines = f'<lines count="1">{PLACE}<p>0 1</p></lines>'
    found = load(tmp_path, dae(TRIANGLES + lines))
    assert soup(found) == tetra_soup()
    assert found.warnings == ("left out a primitive of lines or curves",)


def test_materials_that_cannot_be_read_cost_no_shape(tmp_path: Path) -> None:
    bind = (
        '<bind_material><technique_common><instance_material symbol="m" target="#none"/></technique_common>'
        "</bind_material>"
    )
    nodes = (
        f'<node id="n"><instance_geometry url="#g">{bind}</instance_geometry>'
        '<instance_geometry url="#g"><bind_material/></instance_geometry></node>'
        '<node id="k"><translate>9 0 0</translate>'
        f'<instance_geometry url="#g">{bind}</instance_geometry></node>'
    )
    libraries = (
        '<library_images/><library_effects><effect id="e"><profile_COMMON><technique sid="t"><phong><diffuse>'
        '<texture texture="none" texcoord="uv"/></diffuse></phong></technique></profile_COMMON></effect>'
        '</library_effects><library_materials><material id="m"><instance_effect url="#x"/></material>'
        "</library_materials>"
    )
    found = load(tmp_path, dae(nodes=nodes, libraries=libraries))
    assert soup(found) == copies(TETRA, TETRA, TETRA + np.array([9, 0, 0]))
    assert found.warnings == ()


def test_a_file_that_forgets_its_schema(tmp_path: Path) -> None:
    assert soup(load(tmp_path, dae().replace(f' xmlns="{SCHEMA}"'.encode(), b""))) == tetra_soup()


def test_a_morph_is_drawn_as_it_begins(tmp_path: Path) -> None:
    targets = (
        '<source id="t"><IDREF_array id="ta" count="1">g</IDREF_array><technique_common>'
        '<accessor source="#ta" count="1" stride="1"><param name="MORPH_TARGET" type="IDREF"/></accessor>'
        "</technique_common></source>" + source("w", [0.5], 1) + '<targets><input semantic="MORPH_TARGET" '
        'source="#t"/><input semantic="MORPH_WEIGHT" source="#w"/></targets>'
    )
    libraries = (
        '<library_controllers><controller id="c"><morph source="#g" method="NORMALIZED">'
        f"{targets}</morph></controller></library_controllers>"
    )
    nodes = '<node id="n"><translate>0 1 0</translate><instance_controller url="#c"/></node>'
    assert soup(load(tmp_path, dae(nodes=nodes, libraries=libraries))) == copies(TETRA + np.array([0, 1, 0]))


def test_without_a_scene_each_geometry_is_drawn(tmp_path: Path) -> None:
    loop = '<node id="n"><instance_node url="#n"/></node>'
    for data in (dae(scene=""), dae(nodes=loop)):
        found = load(tmp_path, data)
        assert soup(found) == tetra_soup()
        assert "it has no scene that can be read: each of its geometries is drawn once" in found.warnings


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"<a>", "broken COLLADA: XML Parsing Error"),
        (dae()[:600], "broken COLLADA: XML Parsing Error"),
        (dae().replace(b'source="#v"', b'source="#x"'), "no faces to draw"),
        (dae(TRIANGLES.replace("0 2 1", "0 99 1")), "left out a broken part: Indexes (maxindex=99)"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + dae(), "declares entities"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, data: bytes, cause: str) -> None:
    with pytest.raises(MeshError) as caught:
        load(tmp_path, data)
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


def test_any_bytes_within_are_a_mesh_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(3)
    for _ in range(100):
        data = bytearray(dae(POLYLIST))
        for at in generator.integers(100, len(data), 2):
            data[at] = generator.integers(32, 127)
        with contextlib.suppress(MeshError):
            load(tmp_path, bytes(data))
    assert capfd.readouterr() == ("", "")


def test_without_the_package_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "collada", None)
    with pytest.raises(MeshError, match=r"collada is not installed; run: pip install 'sketchshape\[dae\]'"):
        load(tmp_path, dae())
