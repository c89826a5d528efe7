from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sketchshape.datasets import sample_root
from sketchshape.errors import ArtefactError
from sketchshape.mesh import AXES, load_mesh, turn
from sketchshape.resources import UPRIGHT
from sketchshape.types import Mesh
from sketchshape.upright import Judge
from sketchshape.upright.measures import measures
from sketchshape.upright.priors import prior

QUADS = [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.open()


def box(low: tuple[float, ...], high: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array(list(itertools.product(*zip(low, high, strict=True))), np.float32)
    return corners, np.array([(q[0], q[a], q[a + 1]) for q in QUADS for a in (1, 2)])


def joined(*parts: tuple[np.ndarray, np.ndarray]) -> Mesh:
    starts = np.cumsum([0, *[len(vertices) for vertices, _ in parts]])
    faces = [faces + start for (_, faces), start in zip(parts, starts, strict=False)]
    return Mesh(np.concatenate([vertices for vertices, _ in parts]), np.concatenate(faces))


def table() -> Mesh:
    legs = [box((x, 0, z), (x + 0.1, 0.9, z + 0.1)) for x in (0, 1.9) for z in (0, 0.9)]
    return joined(box((0, 0.9, 0), (2, 1, 1)), *legs)


def cone(sides: int = 24) -> Mesh:
    angles = 2 * np.pi * np.arange(sides) / sides
    ring = np.stack([np.cos(angles), np.zeros(sides), np.sin(angles)], axis=1)
    ends = [[0, 2.5, 0], [0, 0, 0]]
    faces = [(k, (k + 1) % sides, sides + end) for k in range(sides) for end in (0, 1)]
    return Mesh(np.concatenate([ring, ends]).astype(np.float32), np.array(faces))


def rotations() -> list[np.ndarray]:
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            matrix = np.eye(3)[list(order)] * np.array(signs)[:, None]
            if np.linalg.det(matrix) > 0:
                found.append(matrix)
    return found


def chair() -> Mesh:
    return load_mesh(sorted((sample_root() / "shapes" / "chair").iterdir())[0])


def test_a_turned_shape_has_the_turned_judgement(judge: Judge) -> None:
    mesh = chair()
    axes = np.array([AXES[way][1] for way in AXES])  # what of the file points up
    straight = judge.scores(mesh)
    assert len(rotations()) == 24
    for matrix in rotations():
        turned = judge.scores(Mesh(mesh.vertices @ matrix.T.astype(np.float32), mesh.faces))
        where = [int(np.flatnonzero((axes == matrix @ axis).all(axis=1))[0]) for axis in axes]
        np.testing.assert_allclose(turned[where], straight, atol=0.02)


def test_a_turn_only_changes_the_order_of_the_measures() -> None:
    mesh = chair()
    straight = measures(mesh)
    for number, way in enumerate(AXES):
        np.testing.assert_allclose(measures(turn(mesh, way))[0], straight[number], atol=1e-6)


def test_a_table_is_measured_as_it_is() -> None:
    way_up, way_down = measures(table())[[0, 3]]
    ground, ceiling = 12 + np.arange(8), 20 + np.arange(8)  # after proportions and turns
    np.testing.assert_allclose(way_up[ground], way_down[ceiling], atol=1e-12)
    np.testing.assert_allclose(way_up[ceiling], way_down[ground], atol=1e-12)
    legs, top = 4 * 0.1 * 0.1, 2 * 1
    area = 2 * top + 2 * 0.1 * (2 + 1) + 4 * (4 * 0.1 * 0.9 + 2 * 0.01)
    assert way_up[ground[0]] == pytest.approx(
        (legs + 4 * 4 * 0.1 * 0.03) / area, rel=0.3
    )  # 59 points of 4096 by area, give or take
    assert way_up[ground[1]] == pytest.approx(1, abs=0.05)  # the legs stand in the corners
    assert way_up[0] == pytest.approx(0.5)
    assert way_up[5] < 0.5 < way_up[6]  # top and bottom differ, the sides are mirrored


def test_probabilities_sum_to_one(judge: Judge) -> None:
    for suffix in ("", ".stl", ".GLB"):
        assert np.exp(judge.scores(chair(), suffix)).sum() == pytest.approx(1, abs=1e-12)


def test_the_same_shape_is_judged_the_same_at_any_size_and_place(judge: Judge) -> None:
    mesh = chair()
    moved = Mesh(mesh.vertices * 8 + np.float32(64), mesh.faces)
    np.testing.assert_allclose(judge.scores(moved), judge.scores(mesh), atol=0.1)


@pytest.mark.parametrize("way", list(AXES))
@pytest.mark.parametrize("shape", [table, cone])
def test_what_stands_is_found_under_every_way(judge: Judge, shape: object, way: str) -> None:
    mesh = shape()  # type: ignore[operator]
    lying = Mesh(mesh.vertices @ np.array(AXES[way], np.float32), mesh.faces)  # its `way` points up
    assert list(AXES)[int(judge.scores(lying).argmax())] == way


def test_a_format_tells_before_the_shape_does() -> None:
    ways = list(AXES)
    assert ways[int(prior(".gltf").argmax())] == "y"
    assert ways[int(prior(".STL").argmax())] == "z"
    np.testing.assert_allclose(np.exp(prior(".obj")), 1 / 6)
    for suffix in (".glb", ".stl", ".3mf", ".stp", ".obj", ""):
        assert np.exp(prior(suffix)).sum() == pytest.approx(1)


def test_flat_and_thin_shapes_have_an_answer(judge: Judge) -> None:
    flat = Mesh(np.array([[0, 0, 0], [1, 0, 0], [0, 0, 1]], np.float32), np.array([[0, 1, 2]]))
    needle = joined(box((0, 0, 0), (1e4, 1e-3, 1e-3)))
    for mesh in (flat, needle):
        assert np.isfinite(judge.scores(mesh)).all()
    with pytest.raises(ValueError, match="no faces"):
        judge.scores(Mesh(np.zeros((3, 3), np.float32), np.zeros((0, 3), np.int32)))


def test_a_changed_judge_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "upright"
    shutil.copytree(UPRIGHT, folder)
    record = json.loads((folder / "judge.json").read_text())
    for change, message in (
        ({"format": 99}, "format 99, expected 2"),
        ({"warmth": 2 * record["warmth"]}, "changed since it was made"),
        ({"measures": {}}, "made for measures"),
    ):
        (folder / "judge.json").write_text(json.dumps({**record, **change}))
        with pytest.raises(ArtefactError, match=message):
            Judge.open(folder=folder)
    (folder / "judge.json").write_text(json.dumps(record))
    network = (folder / "judge.npz").read_bytes()
    (folder / "judge.npz").write_bytes(network[:-1])
    with pytest.raises(ArtefactError, match=r"judge\.npz or judge\.json changed"):
        Judge.open(folder=folder)
    (folder / "judge.npz").unlink()
    with pytest.raises(ArtefactError, match=r"judge\.json: damaged"):
        Judge.open(folder=folder)
