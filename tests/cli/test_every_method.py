"""Every method by the command line: trained, measured, exported, indexed, and searched with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_world import PROPORTIONS, make_world, write_config, write_outline

from sketchshape.cli.main import main
from sketchshape.datasets import SketchItem
from sketchshape.encoders import Bundle
from sketchshape.encoders.likeness import NAMES, Likeness, likeness
from sketchshape.index import build_index
from sketchshape.runs.centers import Centers
from sketchshape.runs.embeddings import Embeddings, load_embeddings
from sketchshape.runs.folder import read_run
from sketchshape.search import Searcher
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.methods import _kind, available
from sketchshape.train.trained import load_trained
from sketchshape.types import F32

LIKENESS = {  # of the methods that ship
    **dict.fromkeys(("cgn", "center_softmax", "sl", "tcl"), "cosine"),
    **dict.fromkeys(("dca", "dchml", "dcml", "lwbr"), "euclidean"),
    "siamese": "nearest_view",
    "subspace": "subspace",
}
GUIDED = ("cgn", "center_softmax", "word_space")  # set by the sections teacher and student
FIGURES = ("NN", "FT", "ST", "E", "DCG", "mAP")
CLOSE = 2e-3  # of scores: a bundle has its weights in half precision
SHAPES, QUERIES = 15, 12  # more than the top 10 that an export compares
LIKENESS |= {name: _kind(name).likeness for name in available() if name not in LIKENESS}  # and of new ones
every_method = pytest.mark.parametrize("name", LIKENESS, ids=lambda name: f"{name}-{LIKENESS[name]}")


@dataclass(frozen=True)
class Trained:
    """A run of one method."""

    folder: Path
    bundle: Path
    index: Path

    @property
    def own(self) -> Embeddings:
        """What torch makes of its test sketches and shapes."""
        return load_embeddings(self.folder / "seed-0/embeddings.npz")

    @property
    def way(self) -> Likeness:
        """How they are compared."""
        return likeness(self.own.likeness)

    @property
    def record(self) -> dict[str, Any]:
        """The content of run.json."""
        found: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return found

    @property
    def paths(self) -> dict[str, str]:
        """The files of the gallery, in the order of its embeddings."""
        items = json.loads((self.folder / "items.json").read_text())
        return {str(one): items["gallery"][str(one)] for one in self.own.gallery_ids}


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKETCHSHAPE_CACHE", str(tmp_path_factory.getbasetemp() / "every-method-cache"))
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, random = make_world(tmp_path_factory.mktemp("world"), shapes=5), np.random.default_rng(9)
    for name, sides in PROPORTIONS.items():
        write_outline(root / f"sketches/test/{name}/3.png", sides[0], sides[1], random)
    return root


@pytest.fixture(scope="module")
def trained(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Trained]:
    """Give the run of a method, which is trained when it is first asked for."""
    root = tmp_path_factory.mktemp("runs")
    config = write_config(root / "small.toml", "[train]\nflip_test = false")

    def give(name: str) -> Trained:
        folder = root / name
        if not folder.is_dir():
            words = ["train", str(config), "--data", str(world), "--out", str(folder), "--workers", "1"]
            options = [] if name in GUIDED else ["--set", "options.epochs=4", "--set", "options.batch=8"]
            assert main([*words, "--set", f"method={name}", *options]) == 0
        return Trained(folder, root / f"{name}-bundle", root / f"{name}-index")

    return give


@pytest.fixture(scope="module")
def exported(
    world: Path, trained: Callable[[str], Trained]
) -> Callable[[str, pytest.CaptureFixture[str]], Trained]:
    """Give the run of a method with its bundle and an index of the world's shapes."""

    def give(name: str, capsys: pytest.CaptureFixture[str]) -> Trained:
        one = trained(name)
        if not one.index.is_dir():
            assert main(["export", str(one.folder), str(one.bundle), "--json"]) == 0, capsys.readouterr().err
            capsys.readouterr()
            words = [str(world / "shapes"), "--out", str(one.index), "--bundle", str(one.bundle), "--json"]
            assert main(["index", *words]) == 0, capsys.readouterr().err
            assert json.loads(capsys.readouterr().out)["shapes"] == SHAPES
        return one

    return give


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    code = main([*words, "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    value: dict[str, Any] = json.loads(captured.out)
    return value


def check_ranking(found: dict[str, Any], expected: dict[str, float]) -> None:
    """Demand that all shapes are ranked, with the scores of torch, and in its order but for ties."""
    scores = {one["path"]: one["score"] for one in found["results"]}
    assert scores.keys() == expected.keys()
    spread = float(np.ptp(list(expected.values())))
    assert spread > 1e-3, "a ranking of ties tells nothing"
    close = min(CLOSE, spread / 5)  # scores of a distance may lie near each other
    assert scores == pytest.approx(expected, abs=close)
    order = [expected[one["path"]] for one in found["results"]]
    assert order == pytest.approx(sorted(expected.values(), reverse=True), abs=close)


def expected_scores(one: Trained, similarity: F32) -> dict[str, float]:
    return dict(zip(one.paths.values(), similarity.tolist(), strict=True))


def test_there_is_a_method_for_every_likeness() -> None:
    assert set(LIKENESS) == set(available())
    assert set(LIKENESS.values()) == set(NAMES)


@every_method
def test_a_method_is_trained_and_measured(
    name: str, trained: Callable[[str], Trained], world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = trained(name)
    assert (one.record["settings"]["method"], one.own.likeness) == (name, LIKENESS[name])
    assert (one.way.rank, one.own.gallery_embeddings.ndim) in ((1, 2), (2, 3))
    own = answer(capsys, "evaluate", str(one.folder))
    scores = one.record["seeds"]["0"]["scores"]
    assert {key: own[key] for key in FIGURES} == pytest.approx(
        {key: scores[key] for key in FIGURES}, abs=1e-9
    )
    assert (own["queries"], own["gallery"], own["skipped"]) == (QUERIES, SHAPES, 0)
    queries, gallery = ("--queries", str(world / "sketches/test")), ("--gallery", str(world / "shapes"))
    for folders in (queries, gallery, (*queries, *gallery)):
        asked = answer(capsys, "evaluate", str(one.folder), *folders)
        assert {key: asked[key] for key in (*FIGURES, "queries", "gallery")} == pytest.approx(
            {key: own[key] for key in (*FIGURES, "queries", "gallery")}, abs=1e-6
        ), folders


@every_method
def test_the_networks_of_a_method_are_read_as_they_were(
    name: str, trained: Callable[[str], Trained], world: Path
) -> None:
    one = trained(name)
    run, record = read_run(one.folder)
    preparer = Preparer(run, workers=1, quiet=True)
    read = load_trained(one.folder / "seed-0", run, record["hash"], preparer.device)
    path = world / "sketches/test/rod/1.png"
    rows = read.embed_sketches(preparer.sketches([SketchItem("one", 0, path)], 1, "one").data)
    place = list(one.own.query_ids).index(
        next(key for key, item in queries(one).items() if item == str(path))
    )
    np.testing.assert_allclose(rows[0], one.own.query_embeddings[place], atol=1e-5)
    centers = Centers.load(one.folder / "seed-0/centers.npz")
    assert sorted(centers.classes) == sorted(PROPORTIONS)
    assert centers.values.shape == (len(PROPORTIONS), rows.shape[1])
    assert np.isfinite(centers.values).all()


def queries(one: Trained) -> dict[str, str]:
    items = json.loads((one.folder / "items.json").read_text())
    return {key: item["path"] for key, item in items["queries"].items()}


@pytest.mark.slow
@every_method
def test_a_method_is_exported(
    name: str, exported: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    one = exported(name, capsys)
    bundle, record = Bundle.open(one.bundle), json.loads((one.bundle / "bundle.json").read_text())
    assert bundle.likeness is one.way
    assert bundle.row == one.own.gallery_embeddings.shape[1:]
    assert bundle.width == one.own.query_embeddings.shape[1]
    assert record["parity"]["cosine"] >= 0.9999
    assert record["parity"]["differing"] == 0
    assert (record["parity"]["shapes"], record["parity"]["sketches"]) == (SHAPES, QUERIES)
    assert record["settings"]["method"] == name


@pytest.mark.slow
@every_method
def test_a_drawing_is_ranked_as_torch_ranks_it(
    name: str, exported: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    one = exported(name, capsys)
    similarity, paths = one.own.similarity(), queries(one)
    for place in (0, 5, 10):
        drawing = paths[str(one.own.query_ids[place])]
        words = ("search", str(one.index), drawing, "-k", "99", "--bundle", str(one.bundle))
        check_ranking(answer(capsys, *words), expected_scores(one, similarity[place]))


@pytest.mark.slow
@every_method
def test_shapes_like_a_shape_are_ranked_by_the_embeddings_of_torch(
    name: str, exported: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    one = exported(name, capsys)
    shapes = one.own.gallery_embeddings
    for place in (1, 7, 13):
        expected = expected_scores(one, one.way.among(shapes[place][None], shapes)[0])
        path = list(expected)[place]
        del expected[path]  # a shape is not among those that are like it
        words = ("search", str(one.index), "--like", path, "-k", "99", "--bundle", str(one.bundle))
        check_ranking(answer(capsys, *words), expected)


@pytest.mark.slow
@every_method
def test_shapes_of_a_class_are_ranked_by_its_center(
    name: str, exported: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    one = exported(name, capsys)
    centers = Centers.load(one.folder / "seed-0/centers.npz")
    rows = one.way.prepare(centers.values)
    for label, row in zip(centers.classes, rows, strict=True):
        expected = expected_scores(one, one.way.between(row[None], one.own.gallery_embeddings)[0])
        words = ("search", str(one.index), "--class", label, "-k", "99", "--bundle", str(one.bundle))
        check_ranking(answer(capsys, *words), expected)


@pytest.mark.slow
@every_method
def test_an_index_that_grew_gives_the_scores_of_one_made_at_once(
    name: str,
    exported: Callable[..., Trained],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    world: Path,
) -> None:
    one = exported(name, capsys)
    shutil.copytree(world / "shapes", tmp_path / "shapes")
    bundle = Bundle.open(one.bundle)
    for part in ("shapes/box", "shapes"):
        build_index(tmp_path / part, tmp_path / "index", bundle=bundle, workers=1, quiet=True)
    drawing = next(iter(queries(one).values()))
    ways = [Searcher.open(folder, bundle).search(drawing, 99) for folder in (one.index, tmp_path / "index")]
    names = [[(path.parent.name, path.name) for path in found.paths] for found in ways]
    assert sorted(names[0]) == sorted(names[1])
    scores = [
        dict(zip(paths, found.scores.tolist(), strict=True)) for paths, found in zip(names, ways, strict=True)
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)
