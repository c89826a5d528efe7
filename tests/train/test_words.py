"""The words head: how it joins the other one, what it learns from, and that nothing changes without it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from feature_world import RUN, make_task  # noqa: E402
from safetensors import safe_open  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402
from small_world import SETTINGS, make_world, write_outline  # noqa: E402

from sketchshape.config import from_tree, override  # noqa: E402
from sketchshape.config.run import RunSettings, ViewSettings, WordsSettings  # noqa: E402
from sketchshape.datasets import ShapeItem, SketchItem, load_dataset  # noqa: E402
from sketchshape.datasets.parts import Inputs, Part  # noqa: E402
from sketchshape.errors import ArtefactError, ConfigError  # noqa: E402
from sketchshape.metrics import evaluate  # noqa: E402
from sketchshape.runs.centers import Centers  # noqa: E402
from sketchshape.runs.embeddings import load_embeddings  # noqa: E402
from sketchshape.runs.folder import seed_folder  # noqa: E402
from sketchshape.train.cgn.lessons import wording  # noqa: E402
from sketchshape.train.data.inputs import prepare_inputs  # noqa: E402
from sketchshape.train.data.preparer import Preparer  # noqa: E402
from sketchshape.train.engine import fit as trainer  # noqa: E402
from sketchshape.train.measure import measure  # noqa: E402
from sketchshape.train.models.encoder import Encoder, Features  # noqa: E402
from sketchshape.train.models.heads import Head, JoinedHeads  # noqa: E402
from sketchshape.train.models.pair import new_pair  # noqa: E402
from sketchshape.train.models.retriever import Retriever, Sizes  # noqa: E402
from sketchshape.train.run import train_run, train_seed  # noqa: E402

torch.set_num_threads(1)
CPU = torch.device("cpu")
DIM, KNOWN, OTHER = 32, 6, 8  # the width of the backbone `tiny`; classes with shapes, words without
PLAIN = replace(RUN, views=ViewSettings(lines=2))
SIZES = Sizes(DIM, DIM, KNOWN)
LEARNS = replace(
    PLAIN, words=WordsSettings(weight=0.8, hidden=20, epochs=6, batch=16, lr=0.1, schedule="cosine")
)


def made(seed: int = 0) -> tuple[Inputs, Part, Part]:
    """Make inputs with other words, and sketches and shapes of the kinds that these words name."""
    random = np.random.default_rng(seed)
    kinds = random.normal(size=(KNOWN + OTHER, 10))
    drawn, seen = random.normal(size=(2, 10, DIM))

    def looks(labels: np.ndarray, through: np.ndarray, count: int) -> np.ndarray:
        inside = kinds[labels] + 0.4 * random.normal(size=(len(labels), 10))
        noise = 0.6 * random.normal(size=(len(labels), count, DIM))
        return (np.maximum(inside @ through, -0.5)[:, None] + noise).astype(np.float32)

    def part(first: int, last: int, count: int, *, shape: bool = False, looked: int = 2) -> Part:
        labels = np.repeat(np.arange(first, last), count)
        make = ShapeItem if shape else SketchItem
        items = tuple(make(f"{first} {last} {n}", int(label), Path("x")) for n, label in enumerate(labels))
        if not shape:
            return Part(items, labels - first, looks(labels, drawn, looked))
        lines = np.stack([looks(labels, drawn, 2) for _ in range(2)], 1)
        return Part(items, labels - first, looks(labels, seen, 4), lines)

    ranked = part(0, KNOWN, 5, shape=True)
    test, nothing = part(0, KNOWN, 4), Part((), np.empty(0, np.int64), np.empty((0, 2, DIM), np.float32))
    sketches, words = part(0, KNOWN, 12, looked=3), part(KNOWN, KNOWN + OTHER, 12)
    names = tuple(f"class {number}" for number in range(KNOWN))
    inputs = Inputs(names, ranked, ranked, sketches, nothing, test, (), f"made {seed}", words=words)
    return inputs, part(KNOWN, KNOWN + OTHER, 4), part(KNOWN, KNOWN + OTHER, 4, shape=True)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def embed(encoder: Encoder, features: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return unit(encoder.eval()(torch.from_numpy(features[None]))[0].double().numpy())


@pytest.mark.parametrize("weight", [0.0, 0.3, 2.0])
def test_the_cosine_is_that_of_the_first_parts_and_weighted_that_of_the_second(weight: float) -> None:
    torch.manual_seed(1)
    first, second = Head(DIM, 12, 8), Head(DIM, 20, 5, standardise=True)
    joined = Encoder(Features(DIM), JoinedHeads(first, second, weight)).eval()
    assert joined.head.width == 13
    features = np.random.default_rng(2).normal(size=(6, DIM)).astype(np.float32)
    with torch.inference_mode():
        vectors = joined.embed(torch.from_numpy(features)).double().numpy()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    for a in range(6):
        for b in range(6):
            of_first, of_second = (
                embed(Encoder(Features(DIM), head), features[a])
                @ embed(Encoder(Features(DIM), head), features[b])
                for head in (first, second)
            )
            expected = (of_first + weight * of_second) / (1 + weight)
            assert vectors[a] @ vectors[b] == pytest.approx(expected, abs=1e-6)


def test_heads_of_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match="the heads take 32 and 16 features"):
        JoinedHeads(Head(32), Head(16), 1.0)


@pytest.mark.parametrize(("weight", "line_weight"), [(0.3, 1.0), (1.0, 2.5), (4.0, 0.5)])
def test_a_score_is_the_sum_of_its_parts(weight: float, line_weight: float) -> None:
    """Slowly: a sketch [s, r w], a shape [v, 0] + line_weight * (drawings as sketches), r = sqrt(weight)."""
    _, sketches, shapes = made()
    views, own = replace(PLAIN.views, line_weight=line_weight), replace(LEARNS.words, weight=weight)
    run = replace(LEARNS, views=views, words=own)
    words = new_pair(run, SIZES, 4, CPU).words
    plain = replace(new_pair(run, SIZES, 3, CPU), words=words)
    pair = plain.retriever(run, CPU)
    found = pair.embed_sketches(sketches.data[:5]) @ pair.embed_shapes(shapes.data[:7], shapes.lines[:7]).T
    assert found.shape == (5, 7)
    assert found.dtype == np.float32

    def drawing(looks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first = sum(embed(plain.sketches, look) for look in looks)
        second = sum(embed(words, look) for look in looks)
        length = np.sqrt(first @ first + weight * (second @ second))
        return first / length, np.sqrt(weight) * second / length

    for row in range(5):
        first, second = drawing(sketches.data[row])
        for column in range(7):
            seen = embed(plain.shapes, shapes.data[column])
            drawn = [drawing(looks) for looks in shapes.lines[column]]
            ours, theirs = sum(one for one, _ in drawn), sum(other for _, other in drawn)
            length = np.sqrt(ours @ ours + theirs @ theirs)
            ours, theirs = seen + line_weight * ours / length, line_weight * theirs / length
            score = (first @ ours + second @ theirs) / np.sqrt(ours @ ours + theirs @ theirs)
            assert found[row, column] == pytest.approx(score, abs=1e-5)


def test_rows_are_unit_and_nothing_is_as_wide_as_something() -> None:
    _, sketches, shapes = made()
    pair = new_pair(LEARNS, SIZES, 0, CPU).retriever(LEARNS, CPU)
    alone = pair.embed_shapes(shapes.data)
    for rows in (alone, pair.embed_shapes(shapes.data, shapes.lines), pair.embed_sketches(sketches.data)):
        assert rows.shape[1] == 48
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert not alone[:, 24:].any(), "views say nothing of words"
    assert pair.embed_shapes(shapes.data[:0], shapes.lines[:0]).shape == (0, 48)


def scores(pair: Retriever, sketches: Part, shapes: Part) -> float:
    ranked = pair.embed_shapes(shapes.data, shapes.lines)
    return evaluate(pair.embed_sketches(sketches.data) @ ranked.T, sketches.labels, shapes.labels).map


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Retriever, Retriever]:
    """The same without and with a words head."""
    folder = tmp_path_factory.mktemp("pairs")
    plain, learned = (
        train_seed(make_task(folder / name, made()[0], run))
        for name, run in (("plain", PLAIN), ("words", LEARNS))
    )
    assert set(plain.seconds) == {"teacher", "student"}
    assert set(learned.seconds) == {"teacher", "student", "words"}
    return plain, learned


def test_shapes_are_found_of_kinds_that_only_the_words_named(pairs: tuple[Retriever, Retriever]) -> None:
    inputs, sketches, shapes = made()
    before, after = (scores(pair, sketches, shapes) for pair in pairs)
    assert after > before + 0.05
    before, after = (scores(pair, inputs.test, inputs.gallery) for pair in pairs)
    assert after > before - 0.03


def test_teacher_and_student_are_the_same_with_a_words_head(pairs: tuple[Retriever, Retriever]) -> None:
    _, sketches, shapes = made()
    plain, learned = pairs
    assert (learned.embed_shapes(shapes.data)[:, :24] == plain.embed_shapes(shapes.data)).all()
    first = learned.embed_sketches(sketches.data[:, :1])[:, :24] * np.sqrt(1.8)
    np.testing.assert_allclose(first, plain.embed_sketches(sketches.data[:, :1]), atol=1e-6)


def test_it_learns_from_drawings_of_classes_and_of_words() -> None:
    inputs, *_ = made()
    items = wording(inputs, LEARNS)
    train, shapes, words = inputs.train, inputs.shapes, inputs.words
    assert words is not None
    parts = train.labels.tolist(), shapes.labels.tolist(), (KNOWN + words.labels).tolist()
    assert items.labels.tolist() == [label for part in parts for label in part]
    rows = items.inputs[len(train) + len(shapes) :]
    for variant, look in enumerate((0, 1, 0)):  # two looks for three variants
        assert np.array_equal(rows[:, variant], words.data[:, look])
    assert np.array_equal(items.inputs[: len(train)], train.data)
    alone = wording(replace(inputs, words=None), LEARNS)
    assert np.array_equal(alone.inputs, items.inputs[: len(train) + len(shapes)])


def test_an_interrupted_words_stage_goes_on_to_the_same_bits(
    pairs: tuple[Retriever, Retriever], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, sketches, _ = made()
    update = trainer._Loop.update

    def stopped(loop: trainer._Loop, batch: object) -> None:
        if loop.name == "words" and (loop.epoch, loop.step) == (3, 2):
            raise RuntimeError("killed")
        update(loop, batch)

    with monkeypatch.context() as patch:
        patch.setattr(trainer._Loop, "update", stopped)
        with pytest.raises(RuntimeError, match="killed"):
            train_seed(make_task(tmp_path / "cut", inputs, LEARNS))
    assert not list((tmp_path / "cut").glob("*.safetensors"))
    resumed = train_seed(make_task(tmp_path / "cut", inputs, LEARNS))
    rows = (tmp_path / "cut/log.jsonl").read_text().splitlines()
    assert [json.loads(row)["stage"] for row in rows].count("words") == 6
    assert (resumed.embed_sketches(sketches.data) == pairs[1].embed_sketches(sketches.data)).all()


def test_it_needs_line_drawings() -> None:
    with pytest.raises(ConfigError, match=r"words\.weight is 0\.3, which needs views\.lines, such as 6: "):
        RunSettings(words=WordsSettings(weight=0.3))
    with pytest.raises(ConfigError, match=r"words\.epochs is 0"):
        RunSettings(words=WordsSettings(epochs=0))


def test_without_one_nothing_is_made_for_it() -> None:
    plain, learned = new_pair(PLAIN, SIZES, 0, CPU), new_pair(LEARNS, SIZES, 0, CPU)
    assert plain.words is None
    assert learned.words is not None
    assert learned.words.head.width == plain.sketches.head.width
    for one, other in ((plain.sketches, learned.sketches), (plain.shapes, learned.shapes)):
        expected = other.state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in one.state_dict().items())


LINES = ("views.lines=2", "views.line_size=32", "train.flip_test=true")
WORDS = (*LINES, "words.weight=0.5", "words.hidden=12", "words.epochs=4", "words.batch=4")


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path_factory.getbasetemp() / "words-cache"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, random = make_world(tmp_path_factory.mktemp("words")), np.random.default_rng(5)
    for name, width, height in (("wall", 1.6, 0.7), ("tower", 0.5, 1.5)):
        for number in range(4):
            write_outline(root / f"sketches/train/{name}/{number}.png", width, height, random)
    return root


def settings(root: Path, *more: str) -> RunSettings:
    return from_tree(RunSettings, override({}, [*SETTINGS, f"data.path={json.dumps(str(root))}", *more]))


def prepared(root: Path, *more: str) -> Inputs:
    return prepare_inputs(
        load_dataset("folder", root), Preparer(settings(root, *more), workers=1, quiet=True)
    )


def test_other_words_are_read_where_a_words_head_learns(world: Path, tmp_path: Path) -> None:
    found, plain = prepared(world, *WORDS), prepared(world, *LINES)
    assert found.words is not None
    assert found.words.labels.tolist() == [0] * 4 + [1] * 4
    assert [item.id for item in found.words.items][:2] == ["train/tower/0.png", "train/tower/1.png"]
    assert found.words.data.shape[1] == 2  # as a test sketch is looked at
    assert plain.words is None
    assert found.digest != plain.digest
    without = tmp_path / "without"
    shutil.copytree(world, without)
    for name in ("wall", "tower"):
        shutil.rmtree(without / "sketches/train" / name)
    assert prepared(without, *LINES).digest == plain.digest
    assert prepared(without, *WORDS).digest == plain.digest
    unseen = prepared(world, *WORDS, "data.protocol=unseen", 'data.unseen=["rod"]')
    assert unseen.words is not None
    assert not any("rod" in item.id for item in unseen.words.items)


def test_a_run_is_measured_and_taken_up_again(world: Path, tmp_path: Path) -> None:
    run, chosen = tmp_path / "run", settings(world, *WORDS)
    record = train_run(chosen, run, workers=1, quiet=True)
    assert set(record["seeds"]["0"]["seconds"]) == {"teacher", "student", "words"}
    assert record["dataset"]["words"] == 8
    own = load_embeddings(seed_folder(run, 0) / "embeddings.npz")
    assert own.query_embeddings.shape[1] == own.gallery_embeddings.shape[1] == 16
    assert Centers.load(seed_folder(run, 0) / "centers.npz").values.shape == (3, 8)
    again = measure(run, world / "sketches/test", world / "shapes", workers=1, quiet=True)
    assert again.seeds[0].map == pytest.approx(record["seeds"]["0"]["scores"]["mAP"], abs=1e-9)
    path = seed_folder(run, 0) / "sketches.safetensors"
    tensors = load_file(path)
    assert {name for name in tensors if ".second." in name}  # the words head
    first = {name: value for name, value in tensors.items() if ".second." not in name}
    with safe_open(path, "numpy") as file:
        save_file(first, path, file.metadata())
    with pytest.raises(ArtefactError, match=r"sketches\.safetensors: altered since it was written; .*fresh"):
        measure(run, world / "sketches/test", quiet=True)
    path.unlink()
    with pytest.raises(ArtefactError, match=r"sketches\.safetensors: not readable"):
        measure(run, world / "sketches/test", quiet=True)


def test_swapped_roles_have_one_too(world: Path, tmp_path: Path) -> None:
    chosen = settings(world, *WORDS, "teacher.modality=sketch")
    record = train_run(chosen, tmp_path / "run", workers=1, quiet=True)
    again = measure(tmp_path / "run", world / "sketches/test", world / "shapes", workers=1, quiet=True)
    assert again.seeds[0].map == pytest.approx(record["seeds"]["0"]["scores"]["mAP"], abs=1e-9)
