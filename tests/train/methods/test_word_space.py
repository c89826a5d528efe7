"""Sketches teach words, shapes learn their directions, and both are compared by their nearness to words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from feature_world import RUN, make_inputs, make_task  # noqa: E402

from sketchshape.config.run import RunSettings, ViewSettings, WordsSettings  # noqa: E402
from sketchshape.datasets.parts import Inputs, Part  # noqa: E402
from sketchshape.errors import ConfigError  # noqa: E402
from sketchshape.metrics import evaluate  # noqa: E402
from sketchshape.train import methods  # noqa: E402
from sketchshape.train.methods.word_space import Nearness  # noqa: E402
from sketchshape.train.models.encoder import Encoder, Features  # noqa: E402
from sketchshape.train.models.heads import Head  # noqa: E402
from sketchshape.train.models.retriever import Retriever, Sizes  # noqa: E402
from sketchshape.train.run import train_seed  # noqa: E402
from sketchshape.train.trained import keep_trained, load_trained  # noqa: E402

torch.set_num_threads(1)
CPU = torch.device("cpu")
KNOWN = 8  # of the 12 classes; the others have drawings and no shape that is learned from
WORDS = replace(RUN, method="word_space", words=WordsSettings(weight=1.0), views=ViewSettings(lines=2))


def with_words() -> tuple[Inputs, Part, Part]:
    """Make a world in which the last classes are words without shapes, and sketches and shapes of these."""
    whole = make_inputs()

    def some(part: Part, known: bool) -> Part:
        rows = np.flatnonzero((part.labels < KNOWN) == known)
        items = tuple(part.items[row] for row in rows)
        return Part(items, part.labels[rows] - (0 if known else KNOWN), part.data[rows])

    shapes = some(whole.shapes, True)
    inputs = replace(
        whole,
        classes=whole.classes[:KNOWN],
        shapes=shapes,
        gallery=shapes,
        train=some(whole.train, True),
        validation=some(whole.validation, True),
        test=some(whole.test, True),
        words=some(whole.train, False),
    )
    return inputs, some(whole.test, False), some(whole.shapes, False)


def trained(folder: Path, run: RunSettings = WORDS) -> tuple[Retriever, Inputs, Part, Part]:
    inputs, sketches, shapes = with_words()
    run = replace(run, views=ViewSettings())  # this world has no line drawings
    return train_seed(make_task(folder, inputs, run)), inputs, sketches, shapes


def test_nearness_is_the_exponential_of_each_cosine() -> None:
    torch.manual_seed(2)
    encoder = Encoder(Features(6), Head(6, 8, 5))
    network = Nearness(encoder, 3, 7.0).eval()
    network.directions.copy_(torch.nn.functional.normalize(torch.randn(3, 5), dim=1))
    items = torch.randn(4, 6)
    with torch.inference_mode():
        found, rows = network(items), encoder(items).double().numpy()
    for item, row in enumerate(rows):
        for word, direction in enumerate(network.directions.double().numpy()):
            cosine = (row @ direction) / np.sqrt((row @ row) * (direction @ direction))
            assert found[item, word].item() == pytest.approx(np.exp(7 * (cosine - 1)), rel=1e-4)


def test_all_words_are_the_space_and_drawings_are_nearest_to_their_own(tmp_path: Path) -> None:
    pair, inputs, further, _ = trained(tmp_path)
    known, unknown = pair.embed_sketches(inputs.test.data), pair.embed_sketches(further.data)
    assert known.shape[1] == unknown.shape[1] == 12
    for rows in (known, unknown, pair.embed_shapes(inputs.gallery.data)):
        assert rows.min() >= 0
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert (known.argmax(1) == inputs.test.labels).mean() > 0.8
    assert (unknown.argmax(1) == KNOWN + further.labels).mean() > 0.8


def test_shapes_are_found_and_the_words_without_shapes_do_not_disturb(tmp_path: Path) -> None:
    pair, inputs, _, _ = trained(tmp_path)
    rows = pair.embed_sketches(inputs.test.data), pair.embed_shapes(inputs.gallery.data)
    assert evaluate(rows[0] @ rows[1].T, inputs.test.labels, inputs.gallery.labels).map > 0.75


def test_the_words_are_stored_with_the_networks(tmp_path: Path) -> None:
    inputs, sketches, _ = with_words()
    task = make_task(tmp_path, inputs, replace(WORDS, views=ViewSettings()))
    assert (task.sizes.classes, task.sizes.words) == (KNOWN, 12)
    first = train_seed(task)
    keep_trained(task, first)
    again = load_trained(tmp_path, task.run, task.key, CPU)
    np.testing.assert_array_equal(again.embed_sketches(sketches.data), first.embed_sketches(sketches.data))


def test_a_power_of_line_drawings_is_for_embeddings_without_negative_entries() -> None:
    views = ViewSettings(lines=2, line_power=0.5)
    sizes = Sizes(32, 32, 4)
    kept = methods.new_retriever(replace(WORDS, views=views), sizes, CPU)
    assert kept.line_power == 0.5
    for method in ("cgn", "center_softmax"):
        with pytest.raises(ConfigError, match=rf"line_power is 0\.5, but embeddings of method {method} have"):
            methods.options_of(replace(RUN, method=method, views=views))


def test_sharper_is_nearer_to_one_word(tmp_path: Path) -> None:
    inputs, _, _ = with_words()
    largest = []
    for sharpness in (2.0, 10.0, 30.0):
        run = replace(WORDS, views=ViewSettings(), options={"sharpness": sharpness})
        pair = methods.new_retriever(run, Sizes(32, 32, KNOWN, 12), CPU)
        random = torch.Generator().manual_seed(0)
        directions = torch.nn.functional.normalize(torch.randn(12, 24, generator=random), dim=1)
        pair.sketches.networks[0].directions.copy_(directions)
        largest.append(pair.embed_sketches(inputs.test.data).max(1).mean())
    assert largest == sorted(largest)


def test_several_heads_say_what_they_say_in_the_mean(tmp_path: Path) -> None:
    three = replace(WORDS, options={"heads": 3})
    pair, inputs, _, _ = trained(tmp_path / "three", three)
    alone, *_ = trained(tmp_path / "one")
    items = torch.from_numpy(inputs.test.data[:, 0])
    with torch.inference_mode():
        said = [network(items).double().numpy() for network in pair.sketches.networks]
        found = pair.sketches(items).double().numpy()
    expected = np.mean([rows / np.sqrt((rows**2).sum(1, keepdims=True)) for rows in said], axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(said[0] - said[1]).max() > 0.1  # each has learned by itself
    first = alone.sketches.networks[0](items).detach().double().numpy()
    np.testing.assert_array_equal(said[0], first)  # and the first one as if it were alone
    rows = (alone.embed_shapes(inputs.gallery.data), pair.embed_shapes(inputs.gallery.data))
    np.testing.assert_array_equal(*rows)


def test_no_head_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"options\.heads is 0"):
        methods.new_retriever(replace(WORDS, options={"heads": 0}), Sizes(32, 32, 4), CPU)
