"""Pre-training on drawings: what is read and left out, batches, the kept stem, resuming, and use in a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from small_words import pretrain_settings as settings  # noqa: E402
from small_words import write_words  # noqa: E402

from sketchshape.cli.main import main  # noqa: E402
from sketchshape.config.pretrain import SourceSettings  # noqa: E402
from sketchshape.config.run import TeacherSettings  # noqa: E402
from sketchshape.datasets.drawings import read_drawings, split_drawings  # noqa: E402
from sketchshape.errors import ArtefactError, ConfigError, DatasetError  # noqa: E402
from sketchshape.images import StrokeChanges, draw_strokes, prepare  # noqa: E402
from sketchshape.train.cgn.words import WordClassifier  # noqa: E402
from sketchshape.train.data.drawings import DrawingItems, picture  # noqa: E402
from sketchshape.train.models.backbones import build_backbone  # noqa: E402
from sketchshape.train.models.encoder import Encoder  # noqa: E402
from sketchshape.train.models.heads import Head  # noqa: E402
from sketchshape.train.pretrain import pretrain  # noqa: E402

torch.set_num_threads(1)
NONE = StrokeChanges(0, 0, 0, 0, 0, 0, 0, 0, (3.2, 3.2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words(tmp_path_factory.mktemp("words") / "strokes")


def test_recognised_drawings_are_read_and_those_left_out_are_not(folder: Path) -> None:
    words = read_drawings(folder, frozenset({"flat0", "tall3"}))
    assert words.names == ("cross", "flat", "tall")
    assert len(words) == 3 * 24 - 3 - 2
    assert not {"flat0", "tall3", "flat1", "cross1"} & set(words.keys)
    assert all(
        key.startswith(words.names[label]) for key, label in zip(words.keys, words.labels, strict=True)
    )


def test_held_out_drawings_do_not_depend_on_the_others(folder: Path) -> None:
    words = read_drawings(folder)
    left, held = split_drawings(words, 0.3)
    assert set(left.keys) | set(held.keys) == set(words.keys)
    assert not set(left.keys) & set(held.keys)
    assert 0 < len(held) < len(left)
    fewer = words.only(range(0, len(words), 2))
    assert set(split_drawings(fewer, 0.3)[1].keys) == set(held.keys) & set(fewer.keys)


@pytest.mark.parametrize(
    ("content", "error", "match"),
    [
        (None, DatasetError, "no .ndjson files"),
        ('{"key_id": "1"}', ArtefactError, r"cat.ndjson:1: not a drawing \(KeyError\('drawing'\)\)"),
        ("[", ArtefactError, "cat.ndjson:1: not a drawing"),
        (
            '{"key_id": "1", "recognized": false, "drawing": [[[1], [2]]]}',
            DatasetError,
            "no recognised drawing",
        ),
    ],
)
def test_bad_folders_are_refused(tmp_path: Path, content, error, match) -> None:
    if content is not None:
        (tmp_path / "cat.ndjson").write_text(content)
    with pytest.raises(error, match=match):
        read_drawings(tmp_path)


def test_a_batch_holds_the_pictures_that_a_search_would_see(folder: Path) -> None:
    words = read_drawings(folder)
    data = DrawingItems(words, 32, NONE)
    (batch,) = data.batches(len(words), seed=0, epoch=0)
    order = np.random.default_rng([0, 0]).permutation(len(words))
    for image, label, index in zip(batch.inputs, batch.labels, order, strict=True):
        expected = prepare(draw_strokes(words.strokes[index], 256, 3.2), 32)
        assert np.abs(image.numpy().astype(int) - expected).max() <= 2  # moved to other units and back
        assert label == words.labels[index]


def test_batches_depend_on_seed_and_epoch_alone_and_start_anywhere(folder: Path) -> None:
    data = DrawingItems(read_drawings(folder), 24, StrokeChanges())
    assert data.steps(16) == 4  # of 69, the last 5 are left out
    whole = list(data.batches(16, seed=1, epoch=2))
    again = list(
        DrawingItems(data.words, 24, StrokeChanges(), workers=5).batches(16, seed=1, epoch=2, start=2)
    )
    assert len(whole) == 4
    for one, other in zip(whole[2:], again, strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.labels, other.labels)
    other = next(data.batches(16, seed=1, epoch=3))
    assert not torch.equal(other.inputs, whole[0].inputs)


def test_words_with_few_drawings_can_be_seen_as_often_as_the_others(folder: Path) -> None:
    words = read_drawings(folder)
    few = words.only([n for n in range(len(words)) if words.labels[n] or n % 8 == 0])
    counts = np.bincount(few.labels)
    assert counts[0] * 5 < counts[1]

    def seen(balance: float, epoch: int = 0) -> list[int]:
        (batch,) = DrawingItems(few, 16, NONE).batches(len(few), seed=3, epoch=epoch, balance=balance)
        return np.bincount(batch.labels).tolist()

    assert seen(0) == counts.tolist()
    even = len(few) / 3
    assert all(abs(count - even) <= 1 for count in seen(1))
    often = counts**0.5 / (counts**0.5).sum() * len(few)
    assert np.abs(np.array(seen(0.5)) - often).max() <= 1
    one, again, other = (
        list(DrawingItems(few, 16, NONE).batches(8, seed=3, epoch=n, balance=1)) for n in (0, 0, 1)
    )
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(one, again, strict=True))
    assert not all(torch.equal(a.labels, b.labels) for a, b in zip(one, other, strict=True))


def test_the_stem_stays_as_it_was_and_the_rest_learns() -> None:
    backbone = build_backbone("tiny", "none", 32, seed=0)
    method = WordClassifier(Encoder(backbone, Head(backbone.dim, 16, 8)), 3, TeacherSettings(), stem=1)
    method.train()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in method.parameters() if p.requires_grad], 0.1)
    images = torch.randint(0, 256, (8, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(8) % 3
    from sketchshape.train.data.items import Batch

    method.loss(Batch(images, labels)).backward()
    optimizer.step()
    changed = {name for name, value in backbone.state_dict().items() if not torch.equal(value, before[name])}
    kept = [name for name in before if name.startswith(("layers.0.", "layers.1."))]
    assert kept
    assert not changed & set(kept)  # the running statistics too
    assert any(name.endswith("weight") for name in changed)


def test_words_are_learned_and_the_backbone_serves_a_run(folder: Path, tmp_path: Path) -> None:
    path = pretrain(settings(folder), tmp_path / "run", quiet=True)
    rows = (tmp_path / "run/log.csv").read_text().splitlines()
    column = rows[0].split(",").index("accuracy")
    assert float(rows[-1].split(",")[column]) > 0.8  # a third by chance
    backbone = build_backbone("tiny", str(path), 32)
    fresh = build_backbone("tiny", "none", 32, seed=0)
    assert not torch.equal(backbone.state_dict()["layers.0.weight"], fresh.state_dict()["layers.0.weight"])
    again = pretrain(settings(folder), tmp_path / "run", quiet=True)  # done already
    assert again.read_bytes() == path.read_bytes()
    with pytest.raises(ArtefactError, match="other settings or drawings"):
        pretrain(settings(folder, stem=1), tmp_path / "run", quiet=True)
    pretrain(settings(folder, stem=1), tmp_path / "run", quiet=True, fresh=True)


@pytest.mark.parametrize("part", [0.0, 0.2])
def test_what_is_held_out_is_told_where_something_is(
    part: float, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = replace(settings(folder).classifier, epochs=1)
    pretrain(
        settings(folder, data=SourceSettings(str(folder), validation=part), classifier=short),
        tmp_path / "run",
    )
    said = capsys.readouterr().err
    assert "drawings of 3 words" in said
    assert ("right words" in said) == bool(part)
    assert "nan" not in said


def test_pictures_of_held_out_drawings_are_plain(folder: Path) -> None:
    words = read_drawings(folder)
    np.testing.assert_array_equal(
        picture(words.strokes[0], 32), prepare(draw_strokes(words.strokes[0], 256, 3.2), 32)
    )


def test_wrong_use_is_one_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "pretrain.toml"
    config.write_text("")
    assert main(["pretrain", str(config)]) == 2
    assert "--data DIR" in capsys.readouterr().err
    bad = ["pretrain", str(config), "--data", str(folder), "--out", str(tmp_path / "o")]
    assert main([*bad, "--set", "data.left_out=nowhere.txt"]) != 0
    assert "nowhere.txt" in capsys.readouterr().err
    assert main([*bad, "--set", "strokes.dorp=1"]) != 0
    assert "dorp" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="left_out"):
        pretrain(
            settings(folder, data=SourceSettings(str(folder), "nowhere.txt")), tmp_path / "o", quiet=True
        )
