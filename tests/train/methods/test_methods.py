"""What holds for every compared method, whichever there are: it learns, repeats itself, resumes, refuses."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from feature_world import CLASSES, RUN, make_inputs  # noqa: E402

from sketchshape.config import from_tree  # noqa: E402
from sketchshape.config import run as settings  # noqa: E402
from sketchshape.errors import ArtefactError, ConfigError  # noqa: E402
from sketchshape.metrics import evaluate  # noqa: E402
from sketchshape.train.data.inputs import Part  # noqa: E402
from sketchshape.train.engine import fit as trainer  # noqa: E402
from sketchshape.train.methods import available, contend, options_class  # noqa: E402

torch.set_num_threads(1)
INPUTS, FEW = make_inputs(), make_inputs(shapes=2, sketches=4)
METHODS = pytest.mark.parametrize("name", available())


def _contend(name, folder, *, inputs=INPUTS, run=RUN, seed=0, **options):
    chosen = replace(options_class(name)(), **options)
    return contend(name, inputs, run, chosen, seed, folder, torch.device("cpu"), quiet=True)


def _short(name, folder, *, inputs=FEW, seed=0, epochs=2):
    run = replace(RUN, teacher=replace(RUN.teacher, epochs=2))
    return _contend(name, folder, inputs=inputs, run=run, seed=seed, epochs=epochs)


def _similarity(contender):
    return contender.similarity(INPUTS.test.data, INPUTS.gallery.data)


def _unreadable(part):
    return Part(part.items, part.labels, np.full_like(part.data, np.nan))


@METHODS
def test_it_learns_to_rank(name, tmp_path):
    contender = _contend(name, tmp_path, epochs=8)
    found = _similarity(contender)
    assert found.shape == (len(INPUTS.test), len(INPUTS.gallery))
    assert found.dtype == np.float32
    noise = np.random.default_rng(0).normal(size=found.shape)
    labels = INPUTS.test.labels, INPUTS.gallery.labels
    assert evaluate(found, *labels).map > 3 * evaluate(noise, *labels).map
    assert contender.seconds > 0
    some = contender.similarity(INPUTS.test.data[3:9], INPUTS.gallery.data[::2])  # no look at the others
    assert np.allclose(some, found[3:9, ::2], rtol=1e-4, atol=1e-4)


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
    blind = {part: _unreadable(getattr(FEW, part)) for part in ("gallery", "validation", "test")}
    expected, _, _ = whole(name)
    again = _similarity(_short(name, tmp_path / "again", inputs=replace(FEW, **blind)))
    other = _similarity(_short(name, tmp_path / "other", seed=1))
    assert np.array_equal(again, expected)
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
    assert again.seconds > 0  # those of the first time


@METHODS
def test_a_checkpoint_of_other_options_or_data_is_refused(name, whole):
    _, _, folder = whole(name)
    with pytest.raises(ArtefactError, match="other settings or data"):
        _short(name, folder, epochs=3)
    with pytest.raises(ArtefactError, match="other settings or data"):
        _short(name, folder, inputs=replace(FEW, digest="other"))


@METHODS
def test_its_options_are_scalars_that_a_file_can_hold(name):
    kind = options_class(name)
    assert kind.__name__ == "Options"
    assert kind.__dataclass_params__.frozen
    values = asdict(kind())
    assert all(isinstance(value, int | float | str | bool | None) for value in values.values())
    assert from_tree(kind, values) == kind()
    with pytest.raises(ConfigError, match="unknown key 'nonsense'; known here: ") as caught:
        from_tree(kind, {"nonsense": 1})
    assert all(option in str(caught.value) for option in values)


def test_a_wrong_method_is_named_with_what_was_meant():
    with pytest.raises(
        ConfigError, match=r"method is 'cng'; did you mean 'cgn'\? Expected one of: .*cgn.*tcl"
    ):
        options_class("cng")


def test_options_of_another_method_and_fine_tuning_are_refused(tmp_path):
    where = 0, tmp_path, torch.device("cpu")
    with pytest.raises(ConfigError, match=r"options of tcl are .*expected .*\.tcl\.Options"):
        contend("tcl", INPUTS, RUN, options_class("sl")(), *where)
    finetune = replace(RUN, train=settings.Train(trunk="finetune"))
    with pytest.raises(ConfigError, match=r"train\.trunk is 'finetune'.*set frozen"):
        contend("tcl", INPUTS, finetune, options_class("tcl")(), *where)
    words = replace(RUN, views=settings.Views(lines=6), words=settings.Words(weight=0.5))
    with pytest.raises(ConfigError, match=r"words\.weight is 0\.5; methods are compared without: set 0"):
        contend("tcl", INPUTS, words, options_class("tcl")(), *where)


def test_the_made_classes_are_not_found_without_learning():
    # Otherwise the first test of this file would mean little.
    sketches, shapes = INPUTS.test.data.mean(1), INPUTS.gallery.data.mean(1)
    untrained = evaluate(sketches @ shapes.T, INPUTS.test.labels, INPUTS.gallery.labels).map
    assert untrained < 2 / CLASSES + 0.05
