"""The whole flow on a small world: files to figures, resumed, repeated, with bad files, on unseen folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from mesh_files import off
from safetensors.numpy import load_file
from small_world import SETTINGS, make_world, write_box

from sketchshape.config import from_tree, override, to_tree
from sketchshape.config.run import RunSettings
from sketchshape.datasets import ShapeItem, SketchItem, load_dataset
from sketchshape.datasets.parts import Inputs, Part
from sketchshape.encoders.likeness import likeness
from sketchshape.errors import ArtefactError, ConfigError, DatasetError, SketchshapeError, UsageError
from sketchshape.mesh import AXES, load_mesh
from sketchshape.metrics import evaluate
from sketchshape.runs.centers import Centers
from sketchshape.runs.embeddings import load_embeddings
from sketchshape.runs.folder import read_run, seed_folder
from sketchshape.runs.record import read_items
from sketchshape.runs.results import read_record
from sketchshape.train.cgn.lessons import swapped
from sketchshape.train.data.inputs import prepare_inputs
from sketchshape.train.data.preparer import Preparer
from sketchshape.train.measure import measure
from sketchshape.train.methods import available
from sketchshape.train.run import train_run
from sketchshape.train.trained import load_trained
from sketchshape.upright.many import ways_up


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def settings(root: Path, *more: str) -> RunSettings:
    return from_tree(RunSettings, override({}, [*SETTINGS, f"data.path={json.dumps(str(root))}", *more]))


def train(root: Path, out: Path, *more: str) -> dict:
    return train_run(settings(root, *more), out, workers=1, quiet=True)


def test_a_wrong_backbone_or_method_leaves_the_folder_free(world: Path, tmp_path: Path) -> None:
    for wrong in ("backbone.name=tinny", "method=sll", "data.path=nowhere"):
        with pytest.raises(SketchshapeError):
            train(world, tmp_path / "run", wrong)
        assert not (tmp_path / "run").exists()


def vectors(run: Path, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    found = load_embeddings(seed_folder(run, seed) / "embeddings.npz")
    return found.query_embeddings, found.gallery_embeddings


@pytest.fixture(scope="module")
def run(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKETCHSHAPE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        out = tmp_path_factory.mktemp("runs") / "small"
        train(world, out, "train.seeds=[0, 1]", "train.flip_test=true")
        return out


def test_the_record_says_what_the_stored_embeddings_give(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    assert record["classes"] == ["box", "plate", "rod"]
    sizes = {key: record["dataset"][key] for key in ("shapes", "train", "validation", "test")}
    assert sizes == {"shapes": 12, "train": 15, "validation": 3, "test": 9}
    for seed in (0, 1):
        found = load_embeddings(seed_folder(run, seed) / "embeddings.npz")
        np.testing.assert_allclose(np.linalg.norm(found.query_embeddings, axis=1), 1, atol=1e-5)
        similarity = found.query_embeddings @ found.gallery_embeddings.T
        scores = evaluate(similarity, found.query_labels, found.gallery_labels)
        assert record["seeds"][str(seed)]["scores"] == scores.to_json()


def test_the_centers_are_the_mean_unit_embeddings_of_the_shapes(run: Path) -> None:
    centers = Centers.load(seed_folder(run, 0) / "centers.npz")
    found = load_embeddings(seed_folder(run, 0) / "embeddings.npz")
    for label, center in enumerate(centers.values):
        np.testing.assert_allclose(
            center, found.gallery_embeddings[found.gallery_labels == label].mean(0), atol=1e-5
        )


def test_seeds_differ_and_a_seed_repeats_to_the_bit(run: Path, world: Path, tmp_path: Path) -> None:
    assert not np.allclose(vectors(run, 0)[0], vectors(run, 1)[0])
    train(world, tmp_path / "again", "train.seeds=[1]", "train.flip_test=true")
    for first, second in zip(vectors(run, 1), vectors(tmp_path / "again", 1), strict=True):
        assert first.tobytes() == second.tobytes()


def test_test_sketches_change_nothing_that_is_learned(run: Path, world: Path, tmp_path: Path) -> None:
    """Other test sketches, the same networks: nothing looks at them before the end."""
    other = tmp_path / "world"
    shutil.copytree(world, other)
    for number, path in enumerate(sorted((other / "sketches/test").rglob("*.png"))):
        if number % 2:
            path.unlink()
    train(other, tmp_path / "run", "train.flip_test=true")
    for name in ("shapes.safetensors", "sketches.safetensors"):
        first, second = (load_file(seed_folder(where, 0) / name) for where in (tmp_path / "run", run))
        assert {key: value.tobytes() for key, value in first.items()} == {
            key: value.tobytes() for key, value in second.items()
        }


def test_the_validation_part_is_in_the_log_and_not_in_training(run: Path) -> None:
    rows = [json.loads(line) for line in (seed_folder(run, 0) / "log.jsonl").read_text().splitlines()]
    students = [row for row in rows if row["stage"] == "student"]
    assert len(students) == 6
    assert all(0 <= row["val_map"] <= 1 for row in students)


def test_a_finished_run_is_taken_over(run: Path, world: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*.safetensors")}
    train(world, run, "train.seeds=[0, 1]", "train.flip_test=true")
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*.safetensors")} == before


def test_other_settings_in_the_same_folder_are_refused(run: Path, world: Path) -> None:
    with pytest.raises(ArtefactError, match="other settings; choose another folder"):
        train(world, run, "student.weight=0.2")


def test_a_folder_that_is_no_run_is_never_touched(world: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(ArtefactError, match="not empty and holds no run"):
        train_run(settings(world), tmp_path, fresh=True, quiet=True)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_bad_files_are_named_and_the_rest_goes_on(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "world"
    shutil.copytree(world, root)
    (root / "shapes/box/broken.off").write_text("OFF\n8 6 0\n0 0\n")
    (root / "sketches/train/rod/blank.png").write_bytes((root / "sketches/train/rod/0.png").read_bytes()[:60])
    record = train(root, tmp_path / "run")
    problems = "\n".join(record["dataset"]["problems"])
    assert "broken.off" in problems
    assert "blank.png" in problems
    assert record["dataset"]["shapes"] == 12
    assert "broken.off" in capsys.readouterr().err


def test_a_data_set_of_bad_shapes_only_is_an_error(tmp_path: Path) -> None:
    root = make_world(tmp_path / "world", shapes=1)
    for path in root.rglob("*.off"):
        path.write_text("OFF\n")
    with pytest.raises(DatasetError, match="no shape of 3 could be read"):
        train(root, tmp_path / "run")


@pytest.mark.parametrize(
    "more",
    [
        ("train.backbone=finetune", "teacher.epochs=2", "student.epochs=2"),
        ("teacher.modality=sketch",),
        ("teacher.centers=mean",),
        ("teacher.centers=mean", "teacher.modality=sketch"),
        ("teacher.centers=classifier",),
        ("student.away=mean", "student.classification=0.5"),
    ],
    ids=[
        "finetune",
        "swapped",
        "mean-centers",
        "mean-centers-swapped",
        "classifier-centers",
        "mean-and-classification",
    ],
)
def test_every_switch_runs_from_files_to_figures(world: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    record = train(world, tmp_path / "run", *more)
    assert 0 < record["seeds"]["0"]["scores"]["mAP"] <= 1
    assert measure(tmp_path / "run", world / "sketches/test", quiet=True).seeds[0].queries == 9


@pytest.mark.parametrize("name", [name for name in available() if name != "cgn"])
def test_every_other_method_runs_from_files_to_figures(world: Path, tmp_path: Path, name: str) -> None:
    epochs = () if name in ("center_softmax", "word_space") else ("options.epochs=2",)
    record = train(world, tmp_path / "run", f"method={name}", *epochs, "student.epochs=2")
    found = load_embeddings(seed_folder(tmp_path / "run", 0) / "embeddings.npz")
    similarity = likeness(found.likeness).between(found.query_embeddings, found.gallery_embeddings)
    scores = evaluate(similarity, found.query_labels, found.gallery_labels)
    assert record["seeds"]["0"]["scores"] == scores.to_json()
    assert record["settings"]["method"] == name
    assert all(seconds > 0 for seconds in record["seeds"]["0"]["seconds"].values())
    own = measure(tmp_path / "run")
    again = measure(tmp_path / "run", world / "sketches/test", world / "shapes", workers=1, quiet=True)
    assert own.seeds[0].map == scores.map
    assert again.seeds[0].map == pytest.approx(scores.map, abs=1e-9)
    centers = Centers.load(seed_folder(tmp_path / "run", 0) / "centers.npz", record["hash"])
    assert centers.classes == ("box", "plate", "rod")


def test_a_run_of_an_older_version_is_refused_with_the_way_on(run: Path, world: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    for name in ("settings.json", "run.json"):
        path = tmp_path / "run" / name
        record = json.loads(path.read_text()) | {"format": 1, "hash": "of another time"}
        path.write_text(json.dumps(record))
    words = ("train.seeds=[0, 1]", "train.flip_test=true")
    with pytest.raises(ArtefactError, match=r"holds a run of an older version of sketchshape; .*add --fresh"):
        train(world, tmp_path / "run", *words)
    with pytest.raises(ArtefactError, match=r"run\.json: format 1, expected 3; train again with --fresh"):
        measure(tmp_path / "run")
    assert (tmp_path / "run/seed-0/embeddings.npz").is_file()
    train_run(settings(world, *words), tmp_path / "run", workers=1, quiet=True, fresh=True)
    for seed in (0, 1):
        for first, second in zip(vectors(run, seed), vectors(tmp_path / "run", seed), strict=True):
            assert first.tobytes() == second.tobytes()


def test_a_run_whose_unit_means_were_called_means_is_one_of_unit_means(
    run: Path, world: Path, tmp_path: Path
) -> None:
    """Format 2 had that name for them; the settings and the hash of such a run are those of unit-mean."""
    shutil.copytree(run, tmp_path / "run")
    for name in ("settings.json", "run.json"):
        path = tmp_path / "run" / name
        record = json.loads(path.read_text())
        assert (record["format"], record["settings"]["teacher"]["centers"]) == (3, "unit-mean")
        record["format"], record["settings"]["teacher"]["centers"] = 2, "mean"
        path.write_text(json.dumps(record))
    for found in (read_run(tmp_path / "run")[1], read_record(tmp_path / "run")):
        assert found == json.loads((run / "run.json").read_text())
    assert read_run(tmp_path / "run")[0].teacher.centers == "unit-mean"
    words = ("train.seeds=[0, 1]", "train.flip_test=true")
    with pytest.raises(ArtefactError, match="holds a run of other settings"):
        train(world, tmp_path / "run", *words, "teacher.centers=mean")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*.safetensors")}
    train(world, tmp_path / "run", *words)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*.safetensors")} == before
    assert json.loads((tmp_path / "run/settings.json").read_text())["settings"] == to_tree(
        settings(world, *words)
    )


def test_plain_means_are_no_run_of_before_and_are_kept_as_such(world: Path, tmp_path: Path) -> None:
    train(world, tmp_path / "run", "teacher.centers=mean")
    found, record = read_run(tmp_path / "run")
    assert (record["format"], found.teacher.centers) == (3, "mean")
    lengths = np.linalg.norm(Centers.load(tmp_path / "run/seed-0/centers.npz").values, axis=1)
    assert (lengths > 1.001).all(), "the embeddings keep their lengths"


class TestMeasure:
    def test_without_folders_it_repeats_the_record(self, run: Path) -> None:
        record = json.loads((run / "run.json").read_text())
        figures = measure(run).to_json()
        scores = [record["seeds"][seed]["scores"]["mAP"] for seed in ("0", "1")]
        assert figures["mAP"] == pytest.approx(np.mean(scores), abs=1e-12)
        assert figures["spread"]["mAP"] == pytest.approx(np.std(scores, ddof=1), abs=1e-12)
        assert (figures["queries"], figures["gallery"], figures["skipped"]) == (9, 12, 0)

    def test_the_runs_own_files_as_folders_give_the_same_figures(self, run: Path, world: Path) -> None:
        folders = measure(run, world / "sketches/test", world / "shapes", workers=1, quiet=True).to_json()
        own = measure(run).to_json()
        for name in ("NN", "FT", "ST", "E", "DCG", "mAP"):
            assert folders[name] == pytest.approx(own[name], abs=1e-9)

    def test_an_archive_of_shapes_gives_the_same_figures(
        self, run: Path, world: Path, tmp_path: Path
    ) -> None:
        archive = Path(shutil.make_archive(str(tmp_path / "shapes"), "zip", world / "shapes"))
        packed = measure(run, None, archive, workers=1, quiet=True).to_json()
        own = measure(run).to_json()
        for name in ("NN", "FT", "ST", "E", "DCG", "mAP", "gallery"):
            assert packed[name] == pytest.approx(own[name], abs=1e-9)

    def test_unknown_classes_and_unreadable_files_are_counted(
        self, run: Path, world: Path, tmp_path: Path
    ) -> None:
        queries = tmp_path / "queries"
        shutil.copytree(world / "sketches/test", queries)
        (queries / "rod").rename(queries / "Rod")
        shutil.copytree(queries / "box", queries / "spoon")
        (queries / "plate/blank.png").write_bytes(b"not a picture")
        figures = measure(run, queries, quiet=True).to_json()
        assert figures["queries"] == 9
        assert figures["skipped"] == 4
        assert figures["classes_without_shapes"] == {"spoon": 3}
        assert "blank.png" in figures["unreadable"][0]

    def test_shapes_of_a_new_class_can_be_found(self, run: Path, world: Path, tmp_path: Path) -> None:
        shutil.copytree(world / "shapes", tmp_path / "gallery")
        write_box(tmp_path / "gallery/beam/0.off", np.array([2.0, 0.2, 0.2]))
        figures = measure(run, None, tmp_path / "gallery", workers=1, quiet=True).to_json()
        assert (figures["queries"], figures["gallery"], figures["skipped"]) == (9, 13, 0)

    def test_shapes_that_lie_are_judged_as_an_index_judges_them(
        self, run: Path, world: Path, tmp_path: Path
    ) -> None:
        """Literally: each kept way of each shape, embedded as an upright one is, and the best counts."""
        for path in sorted((world / "shapes").rglob("*.off")):
            mesh = load_mesh(path)
            points = (mesh.vertices @ np.array(AXES["x"], np.float32)).tolist()
            lying = tmp_path / "lying" / path.relative_to(world / "shapes")
            lying.parent.mkdir(parents=True, exist_ok=True)
            lying.write_bytes(off(points, mesh.faces.tolist()))
        paths = sorted((tmp_path / "lying").rglob("*.off"))
        asked = ((world / "shapes", "y"), (tmp_path / "lying", "x"), (tmp_path / "lying", "auto"))
        own, told, judged = (
            measure(run, None, folder, up=up, workers=1, quiet=True).to_json() for folder, up in asked
        )
        for name in ("NN", "FT", "ST", "E", "DCG", "mAP"):
            assert own[name] == pytest.approx(measure(run).to_json()[name], abs=1e-9)
            assert told[name] == pytest.approx(own[name], abs=1e-6)
        ways = ways_up(paths)
        assert own["unsure"] == told["unsure"] == 0
        assert judged["unsure"] == sum(len(ups) > 1 for ups in ways) > 0  # a cube has no way up
        preparer = Preparer(settings(world, "train.flip_test=true"), workers=1, quiet=True)
        key, names = read_run(run)[1]["hash"], [path.parent.name for path in paths]
        for seed in (0, 1):
            trained = load_trained(seed_folder(run, seed), preparer.settings, key, preparer.device)
            found = load_embeddings(seed_folder(run, seed) / "embeddings.npz")
            drawn = [("box", "plate", "rod")[label] for label in found.query_labels]
            alike = np.full((len(drawn), len(paths)), -2.0)
            for place, (path, ups) in enumerate(zip(paths, ways, strict=True)):
                for up in ups:
                    data = preparer.shapes([ShapeItem("one", 0, path)], ups=[up]).data
                    cosines = found.query_embeddings @ trained.embed_shapes(data)[0]
                    alike[:, place] = np.maximum(alike[:, place], cosines)
            scores = evaluate(alike, np.array(drawn), np.array(names))
            assert judged["seeds"][str(seed)]["mAP"] == pytest.approx(scores.map, abs=1e-6)

    def test_a_way_up_is_one_of_those_of_an_index_and_of_other_shapes(self, run: Path, world: Path) -> None:
        with pytest.raises(UsageError, match=r"own gallery stands .*give --up with --gallery"):
            measure(run, up="z")
        with pytest.raises(UsageError, match="up is 'w', expected one of: auto, y, z, x, -y, -z, -x"):
            measure(run, None, world / "shapes", up="w")

    def test_no_common_class_is_an_error_with_a_word_why(
        self, run: Path, world: Path, tmp_path: Path
    ) -> None:
        shutil.copytree(world / "sketches/test/box", tmp_path / "queries/spoon")
        with pytest.raises(SketchshapeError, match="spoon"):
            measure(run, tmp_path / "queries", quiet=True)

    def test_a_damaged_network_is_named(self, run: Path, world: Path, tmp_path: Path) -> None:
        shutil.copytree(run, tmp_path / "run")
        for name in ("sketches", "shapes"):
            path = tmp_path / f"run/seed-0/{name}.safetensors"
            whole = path.read_bytes()
            path.write_bytes(b"\0" * 100)
            with pytest.raises(ArtefactError, match=rf"{name}\.safetensors: not readable"):
                measure(tmp_path / "run", world / "sketches/test", quiet=True)
            path.write_bytes(whole)
        assert measure(tmp_path / "run", world / "sketches/test", quiet=True).seeds[0].queries == 9

    def test_a_folder_that_is_no_run_is_wrong_use(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"no run\.json"):
            measure(tmp_path)


def test_line_drawings_of_shapes_join_their_views(world: Path, tmp_path: Path) -> None:
    lines = ("views.lines=2", "views.line_size=32", "train.flip_test=true")
    plain = train(world, tmp_path / "plain", "train.flip_test=true")
    train(world, tmp_path / "unweighted", *lines, "views.line_weight=0")
    train(world, tmp_path / "joined", *lines, "views.line_weight=2")
    assert plain["dataset"]["train"] == 15
    queries, shapes = vectors(tmp_path / "plain")
    other_queries, same_shapes = vectors(tmp_path / "unweighted")
    np.testing.assert_allclose(shapes, same_shapes, atol=1e-6)  # the teacher does not see them
    assert np.abs(queries - other_queries).max() > 1e-3, "the student learns from them"

    chosen = settings(world, *lines, "views.line_weight=2")
    preparer = Preparer(chosen, quiet=True)
    key = json.loads((tmp_path / "joined/run.json").read_text())["hash"]
    pair = load_trained(seed_folder(tmp_path / "joined", 0), chosen, key, preparer.device)
    found = preparer.lines(prepare_inputs(load_dataset("folder", world), preparer).gallery.items)
    assert found.data.shape[:3] == (12, 2, 2)
    each = [pair.embed_sketches(found.data[:, camera]) for camera in range(2)]
    drawn = (each[0] + each[1]) / np.linalg.norm(each[0] + each[1], axis=1, keepdims=True)
    expected = shapes + 2 * drawn
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors(tmp_path / "joined")[1], expected, atol=1e-5)

    own, again = (
        measure(tmp_path / "joined", gallery=folder, quiet=True) for folder in (None, world / "shapes")
    )
    assert again.seeds[0].map == pytest.approx(own.seeds[0].map)


def test_line_drawings_need_a_frozen_backbone(world: Path) -> None:
    with pytest.raises(ConfigError, match=r"views\.lines is 2, which needs train\.backbone=frozen"):
        settings(world, "views.lines=2", "train.backbone=finetune")


def test_sketches_teach_though_some_classes_have_none(tmp_path: Path) -> None:
    root = make_world(tmp_path / "world")
    for part in ("train", "test"):
        shutil.rmtree(root / f"sketches/{part}/plate")
    train(root, tmp_path / "run", "teacher.modality=sketch")
    centers = Centers.load(seed_folder(tmp_path / "run", 0) / "centers.npz")
    assert centers.classes == ("box", "rod")
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert record["classes"] == ["box", "plate", "rod"]
    queries, shapes = vectors(tmp_path / "run")
    assert (len(queries), len(shapes)) == (6, 12)


def test_classes_without_sketches_are_left_out_and_the_rest_numbered_anew() -> None:
    labels = np.array([0, 1, 2, 3, 1, 3])
    data = np.arange(6, dtype=np.float32)[:, None, None]
    items = tuple(ShapeItem(str(n), int(label), Path("x")) for n, label in enumerate(labels))
    drawn = (SketchItem("a", 3, Path("y")), SketchItem("b", 1, Path("y")))
    shapes, sketches = Part(items, labels, data), Part(drawn, np.array([3, 1]), data[:2])
    none = Part((), labels[:0], data[:0])
    inputs = Inputs(tuple("abcd"), shapes, shapes, sketches, none, none, (), "")
    found = swapped(inputs)
    assert found.classes == ("b", "d")
    assert found.shapes.labels.tolist() == [0, 1, 0, 1]
    assert found.shapes.data.ravel().tolist() == [1, 3, 4, 5]
    assert [item.id for item in found.shapes.items] == ["1", "3", "4", "5"]
    assert found.train.labels.tolist() == [1, 0]
    assert found.gallery is shapes
    assert swapped(found) is found


def test_a_run_learns_from_archives_of_shapes_what_it_learns_from_folders(
    world: Path, tmp_path: Path
) -> None:
    shutil.copytree(world, tmp_path / "world")
    for folder in sorted((tmp_path / "world/shapes").iterdir()):
        shutil.make_archive(str(folder), "zip", folder)
        shutil.rmtree(folder)
    train(tmp_path / "world", tmp_path / "packed")
    train(world, tmp_path / "plain")
    for first, second in zip(vectors(tmp_path / "packed"), vectors(tmp_path / "plain"), strict=True):
        assert first.tobytes() == second.tobytes()
    shapes, _ = read_items(tmp_path / "packed")
    assert len(shapes) == 12  # their files are found again, for the report and for an export
