"""Files judged and shown as they stand: alone, with those beside them, on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mesh_files import off
from PIL import Image

import sketchshape as ss
from sketchshape.cli.main import main
from sketchshape.errors import MeshError
from sketchshape.mesh import AXES, load_mesh
from sketchshape.upright import kept
from sketchshape.upright.many import Judged, judge_file, judge_files, ways_up
from sketchshape.web.glb import to_glb

_CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
_SIDES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
_PARTS = [((0, 0.9, 0), (1.6, 1, 1)), ((0, 1, 0), (1.6, 2, 0.1))]  # seat and back of a bench, y up
_PARTS += [((x, 0, z), (x + 0.1, 0.9, z + 0.1)) for x in (0, 1.5) for z in (0, 0.9)]


def bench(path: Path, up: str) -> Path:
    """Write a bench that stands with an axis up."""
    corners = [np.array(low) + _CUBE * (np.array(high) - low) for low, high in _PARTS]
    points = np.concatenate(corners) @ np.array(AXES[up], float)  # the inverse of a rotation is its transpose
    faces = np.concatenate([_SIDES + 8 * number for number in range(len(_PARTS))])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(off(points, faces.tolist()))
    return path


@pytest.mark.parametrize("up", AXES)
def test_a_shape_is_read_as_it_stands(up: str, tmp_path: Path) -> None:
    mesh = ss.load_upright(bench(tmp_path / "bench.off", up))
    assert mesh.vertices == pytest.approx(load_mesh(tmp_path / "bench.off", up).vertices, abs=1e-6)
    assert np.ptp(mesh.vertices, axis=0)[1] == pytest.approx(2, abs=1e-5)


def test_files_are_judged_alike_here_and_in_workers(tmp_path: Path) -> None:
    paths = [bench(tmp_path / f"{number}.off", up) for number, up in enumerate(AXES)]
    paths.append(tmp_path / "bad.off")
    paths[-1].write_text("nothing")
    here = {number: judge_file(path) for number, path in enumerate(paths[:6])}
    for workers in (1, 2):
        there = dict(judge_files(paths, workers=workers))
        assert isinstance(there.pop(6), MeshError)
        assert there == here
    assert all(isinstance(said, Judged) for said in here.values())


def test_files_of_a_folder_tell_about_each_other_unless_their_format_says_its_axis(tmp_path: Path) -> None:
    paths = [bench(tmp_path / f"one/{number}.off", "x") for number in range(6)]
    flat = tmp_path / "one/plate.off"  # a cube by itself may stand in any way
    flat.write_bytes(off(_CUBE, _SIDES.tolist()))
    told = tmp_path / "one/told.glb"
    told.write_bytes(to_glb(load_mesh(flat)))
    files = [*paths, flat, told, tmp_path / "absent.off"]
    assert [ways[0] for ways in ways_up(files)] == ["x"] * 7 + ["y", "y"]


def test_an_axis_that_is_said_of_all_files_is_that_of_those_whose_format_says_none(tmp_path: Path) -> None:
    lying = bench(tmp_path / "lying.stl.off", "x")
    told = tmp_path / "told.glb"
    told.write_bytes(to_glb(load_mesh(lying, "x")))
    assert ways_up([lying, told, tmp_path / "absent.off"], "-z") == [("-z",), ("y",), ("-z",)]
    assert ways_up([lying, told], "y") == [("y",), ("y",)]


def test_ways_of_several_files_are_those_that_an_index_keeps(tmp_path: Path) -> None:
    cube = tmp_path / "cube.off"
    cube.write_bytes(off(_CUBE, _SIDES.tolist()))
    scores = np.array([judge_file(cube).scores])
    assert ways_up([cube]) == [kept(scores[0])]
    assert len(ways_up([cube])[0]) > 1  # nothing tells its sides apart


@pytest.mark.parametrize("style", ["shaded", "lines"])
def test_render_shows_each_shape_as_it_stands(style: str, tmp_path: Path) -> None:
    paths = [bench(tmp_path / f"in/{up}/bench{up}.off", up) for up in ("y", "-z", "x")]
    words = ["--size", "48", "--count", "2", "--style", style, "--workers", "1"]
    assert main(["render", *map(str, paths), "--out", str(tmp_path / "auto"), *words]) == 0
    for up in ("y", "-z", "x"):
        one = ["render", str(tmp_path / f"in/{up}"), "--out", str(tmp_path / "told"), "--up", up]
        assert main([*one, *words]) == 0
        pictures = [Image.open(tmp_path / f"{folder}/bench{up}.png").tobytes() for folder in ("auto", "told")]
        assert pictures[0] == pictures[1]
