"""What holds for every method, whichever there are: it learns, repeats itself, resumes, is kept, refuses."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass, replace
from functools import cache

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from feature_world import CLASSES, RUN, make_inputs, make_task  # noqa: E402

from sketchshape.config import from_tree  # noqa: E402
from sketchshape.config import run as settings  # noqa: E402
from sketchshape.datasets.parts import Part  # noqa: E402
from sketchshape.encoders.likeness import likeness  # noqa: E402
from sketchshape.errors import ArtefactError, ConfigError  # noqa: E402
from sketchshape.metrics import evaluate  # noqa: E402
from sketchshape.train import methods  # noqa: E402
from sketchshape.train.engine import fit as trainer  # noqa: E402
from sketchshape.train.methods import available, options_class  # noqa: E402
from sketchshape.train.models.retriever import load_networks, save_networks  # noqa: E402
from sketchshape.train.run import train_cgn, train_seed  # noqa: E402
from sketchshape.train.trained import load_trained  # noqa: E402

torch.set_num_threads(1)
INPUTS, FEW = make_inputs(), make_inputs(shapes=2, sketches=4)
METHODS = pytest.mark.parametrize("name", available())
CPU = torch.device("cpu")


def _run(name, epochs, teacher=8, **options):
    """A run whose method trains for so many epochs, whether they are its own or those of the student."""
    own = {"epochs": epochs} if hasattr(options_class(name)(), "epochs") else {}
    stages = {"teacher": replace(RUN.teacher, epochs=teacher), "student": replace(RUN.student, epochs=epochs)}
    return replace(RUN, method=name, options=own | options, **stages)


def _short(name, folder, *, inputs=FEW, seed=0, epochs=2, key=None):
    return train_seed(make_task(folder, inputs, _run(name, epochs, teacher=2), seed, key=key))


def _rows(trained, inputs=INPUTS):
    return trained.embed_sketches(inputs.test.data), trained.embed_shapes(inputs.gallery.data)


def _similarity(trained):
    return likeness(trained.likeness).between(*_rows(trained))


def _filled(part, value):
    return Part(part.items, part.labels, np.full_like(part.data, value))


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """Each method trained for long enough, with its task."""

    @cache
    def of(name):
        task = make_task(tmp_path_factory.mktemp(name), INPUTS, _run(name, 8))
        return task, train_seed(task)

    return of


@METHODS
def test_it_learns_to_rank(name, learned):
    _, trained = learned(name)
    found = _similarity(trained)
    assert found.shape == (len(INPUTS.test), len(INPUTS.gallery))
    assert found.dtype == np.float32
    noise = np.random.default_rng(0).normal(size=found.shape)
    labels = INPUTS.test.labels, INPUTS.gallery.labels
    assert evaluate(found, *labels).map > 3 * evaluate(noise, *labels).map
    assert trained.seconds
    assert all(seconds > 0 for seconds in trained.seconds.values())
    sketches, shapes = INPUTS.test.data[3:9], INPUTS.gallery.data[::2]  # no look at the others
    some = likeness(trained.likeness).between(trained.embed_sketches(sketches), trained.embed_shapes(shapes))
    assert np.allclose(some, found[3:9, ::2], rtol=1e-4, atol=1e-4)


@METHODS
def test_its_centers_are_asked_with_like_sketches_and_find_the_shapes_of_their_class(name, learned):
    task, trained = learned(name)
    centers = trained.centers
    assert (centers.classes, centers.key) == (INPUTS.classes, task.key)
    shapes = trained.embed_shapes(INPUTS.gallery.data)
    assert centers.values.shape == (CLASSES, shapes.shape[-1])
    compare = likeness(trained.likeness)
    first = compare.between(compare.prepare(centers.values), shapes).argmax(1)
    assert (INPUTS.gallery.labels[first] == np.arange(CLASSES)).mean() > 5 / CLASSES


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training of each method that was left alone: what it says in the end, and how many steps it took."""

    @cache
    def of(name):
        folder = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            calls = _counted(patch)
            return _similarity(_short(name, folder)), len(calls), folder

    return of


def _counted(patch, stop_at=None):
    """Count the steps of the trainer, and stop it before one of them."""
    calls, real = [], trainer.step_seed

    def step_seed(*where):
        calls.append(where)
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        return real(*where)

    patch.setattr(trainer, "step_seed", step_seed)
    return calls


@METHODS
def test_it_repeats_itself_to_the_bit_and_learns_from_the_training_parts_alone(name, whole, tmp_path):
    blind = {part: _filled(getattr(FEW, part), np.nan) for part in ("gallery", "validation", "test")}
    if name in ("cgn", "center_softmax"):  # these rank what is held out, which must be readable
        blind["validation"] = FEW.validation.emptied()
    other_parts = {part: _filled(getattr(FEW, part), 3.0) for part in blind}
    expected, _, _ = whole(name)
    again = _similarity(_short(name, tmp_path / "again", inputs=replace(FEW, **blind)))
    moved = _similarity(_short(name, tmp_path / "moved", inputs=replace(FEW, **other_parts)))
    other = _similarity(_short(name, tmp_path / "other", seed=1))
    assert np.array_equal(again, expected)
    assert np.array_equal(moved, expected)
    assert not np.array_equal(other, expected)


@METHODS
def test_a_stopped_training_goes_on_to_the_same_bits(name, whole, tmp_path, monkeypatch):
    expected, total, _ = whole(name)
    _counted(monkeypatch, stop_at=int(0.6 * total) + 1)
    with pytest.raises(KeyboardInterrupt):
        _short(name, tmp_path)
    calls = _counted(monkeypatch)
    assert np.array_equal(_similarity(_short(name, tmp_path)), expected)
    assert 0 < len(calls) < total  # it did not start from nothing


@METHODS
def test_a_finished_training_is_not_repeated(name, whole):
    expected, _, folder = whole(name)
    with pytest.MonkeyPatch.context() as patch:
        calls = _counted(patch)
        again = _short(name, folder)
    assert np.array_equal(_similarity(again), expected)
    assert not calls
    assert all(seconds > 0 for seconds in again.seconds.values())  # those of the first time


@METHODS
def test_a_checkpoint_of_other_options_or_data_is_refused(name, whole):
    _, _, folder = whole(name)
    with pytest.raises(ArtefactError, match="other settings or data"):
        _short(name, folder, epochs=3)
    with pytest.raises(ArtefactError, match="other settings or data"):
        _short(name, folder, inputs=replace(FEW, digest="other"))


@METHODS
def test_a_checkpoint_of_another_stage_or_other_items_is_refused_under_the_same_key_too(name, tmp_path):
    _short(name, tmp_path, key="same")
    with pytest.raises(ArtefactError, match="other settings or data"):
        _short(name, tmp_path, key="same", epochs=3)
    with pytest.raises(ArtefactError, match="other settings or data"):
        _short(name, tmp_path, key="same", inputs=make_inputs(shapes=2, sketches=4, seed=1))


@METHODS
def test_its_options_are_scalars_that_a_file_can_hold(name):
    kind = options_class(name)
    assert name == "cgn" or kind.__name__ == "Options"
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert bool(fields(kind)) == (name != "cgn")  # the sections of a run are all that cgn has
    values = asdict(kind())
    assert all(isinstance(value, int | float | str | bool) for value in values.values())
    assert from_tree(kind, values) == kind()
    with pytest.raises(ConfigError, match=r"unknown key 'nonsense'; (known|there are none) here") as caught:
        from_tree(kind, {"nonsense": 1})
    assert all(option in str(caught.value) for option in values)


def test_a_wrong_method_is_named_with_what_was_meant(tmp_path):
    refused = pytest.raises(
        ConfigError, match=r"method is 'cng'; did you mean 'cgn'\? Expected one of: .*cgn.*tcl"
    )
    with refused:
        options_class("cng")
    with refused:
        train_seed(make_task(tmp_path, FEW, replace(RUN, method="cng")))


def test_options_of_another_method_and_fine_tuning_are_refused(tmp_path):
    def refused(match, **changes):
        task = make_task(tmp_path, FEW, replace(RUN, **{"method": "tcl"} | changes))
        for make in (train_seed, lambda one: methods.new_retriever(one.run, one.sizes, CPU)):
            with pytest.raises(ConfigError, match=match):
                make(task)
        assert not list(tmp_path.iterdir())  # nothing was begun

    refused(r"method tcl: unknown key 'options\.tight'; ", options={"tight": 3.0})
    refused(r"method tcl: options\.margin is 'wide', expected a number", options={"margin": "wide"})
    refused(
        r"train\.backbone is 'finetune'.*tcl.*set frozen", train=settings.TrainSettings(backbone="finetune")
    )
    worded = {"views": settings.ViewSettings(lines=6), "words": settings.WordsSettings(weight=0.5)}
    refused(r"words\.weight is 0\.5, but method tcl learns no words: set it to 0", **worded)
    refused(
        r"views\.lines is 6, but method dcml compares by euclidean.*set it to 0",
        method="dcml",
        views=settings.ViewSettings(lines=6),
    )


def test_cgn_has_no_options(tmp_path):
    task = make_task(tmp_path, FEW, replace(_run("cgn", 2, teacher=2), options={"weight": 0.3}))
    with pytest.raises(ConfigError, match=r"method cgn: unknown key 'options\.weight'"):
        train_seed(task)


def test_the_made_classes_are_not_found_without_learning():
    # Otherwise the first test of this file would mean little.
    sketches, shapes = INPUTS.test.data.mean(1), INPUTS.gallery.data.mean(1)
    untrained = evaluate(sketches @ shapes.T, INPUTS.test.labels, INPUTS.gallery.labels).map
    assert untrained < 2 / CLASSES + 0.05


def test_a_run_names_what_trains_it(tmp_path):
    expected = _rows(train_cgn(make_task(tmp_path / "a", FEW, _run("cgn", 2, teacher=2))))
    found = _rows(_short("cgn", tmp_path / "b"))
    assert all(map(np.array_equal, found, expected))
    expected = _rows(methods.train(make_task(tmp_path / "c", FEW, _run("sl", 2, teacher=2))))
    found = _rows(_short("sl", tmp_path / "d"))
    assert all(map(np.array_equal, found, expected))


class TestKept:
    """Networks in files."""

    @METHODS
    def test_they_come_back_to_the_same_bits(self, name, tmp_path):
        task = make_task(tmp_path, FEW, _run(name, 2, teacher=2))
        trained = train_seed(task)
        expected = _rows(trained)
        save_networks(tmp_path, trained, task.sizes, task.key)
        found = load_trained(tmp_path, task.run, task.key, CPU)
        assert not found.sketches.training
        assert not found.shapes.training
        assert found.likeness == trained.likeness
        for one, other in zip(_rows(found), expected, strict=True):
            assert one.dtype == np.float32
            assert one.tobytes() == other.tobytes()
        # It is the files that decide, not what a seed would have drawn.
        save_networks(tmp_path / "other", _short(name, tmp_path / "other", seed=1), task.sizes, task.key)
        others = _rows(load_trained(tmp_path / "other", task.run, task.key, CPU))
        assert not np.array_equal(others[0], expected[0])
        assert not np.array_equal(others[1], expected[1])

    @METHODS
    def test_those_of_another_key_are_refused_with_the_remedy(self, name, whole, tmp_path):
        _, _, folder = whole(name)
        task = make_task(folder, FEW, _run(name, 2, teacher=2))
        save_networks(tmp_path, train_seed(task), task.sizes, task.key)
        with pytest.raises(
            ArtefactError,
            match=r"sketches\.safetensors: made with other settings or data; train again with --fresh",
        ):
            load_trained(tmp_path, task.run, "other", CPU)

    def test_each_file_must_have_the_key_and_fit(self, tmp_path):
        task = make_task(tmp_path, FEW, _run("dcml", 2))
        trained = train_seed(task)
        for folder, key in (("right", task.key), ("wrong", "other")):
            save_networks(tmp_path / folder, trained, task.sizes, key)
        files = [tmp_path / folder / "shapes.safetensors" for folder in ("right", "wrong")]
        right, wrong = (file.read_bytes() for file in files)
        path = tmp_path / "right/shapes.safetensors"
        path.write_bytes(wrong)
        with pytest.raises(ArtefactError, match=r"shapes\.safetensors: made with other .*--fresh"):
            load_trained(tmp_path / "right", task.run, task.key, CPU)
        path.write_bytes(right[:200])
        with pytest.raises(ArtefactError, match=r"shapes\.safetensors: not readable .*--fresh"):
            load_trained(tmp_path / "right", task.run, task.key, CPU)
        path.unlink()
        with pytest.raises(ArtefactError, match=r"shapes\.safetensors: not readable .*--fresh"):
            load_trained(tmp_path / "right", task.run, task.key, CPU)
        path.write_bytes(right)
        fresh = methods.new_retriever(_run("sl", 2), task.sizes, CPU)
        with pytest.raises(ArtefactError, match=r"(?s)sketches\.safetensors: not readable .*--fresh"):
            load_networks(tmp_path / "right", fresh, task.key)
        found = load_trained(tmp_path / "right", task.run, task.key, CPU)
        assert all(map(np.array_equal, _rows(found), _rows(trained)))
