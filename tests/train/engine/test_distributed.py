"""Micro-batches and processes: the same training as with one large batch in one process."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
import train_worker  # noqa: E402
from small_world import make_world, write_config  # noqa: E402
from train_processes import launch  # noqa: E402
from train_worker import Plain, cases, data, normed, train  # noqa: E402

from sketchshape.config import load_config  # noqa: E402
from sketchshape.config import run as settings  # noqa: E402
from sketchshape.errors import ConfigError  # noqa: E402
from sketchshape.train import device as devices  # noqa: E402
from sketchshape.train.data.items import (  # noqa: E402
    Batch,
    Items,
    cut,
    step_seed,
)
from sketchshape.train.data.pairs import PairBatch  # noqa: E402
from sketchshape.train.data.sketch_augment import Augment  # noqa: E402
from sketchshape.train.engine.checkpoint import load_checkpoint  # noqa: E402
from sketchshape.train.engine.distributed import processes, world  # noqa: E402
from sketchshape.train.engine.method import (  # noqa: E402
    Method,
    Turn,
)
from sketchshape.train.models.encoder import ParameterGroup  # noqa: E402
from sketchshape.train.run import train_run  # noqa: E402

torch.set_num_threads(1)
WORKER = str(Path(train_worker.__file__))


def _near(one, other, bound=1e-9):
    return all(torch.allclose(value, other[name], rtol=0, atol=bound) for name, value in one.items())


def _equal(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize(("items", "pieces", "sizes"), [(7, 3, [3, 2, 2]), (5, 4, [3, 2]), (2, 2, [2])])
def test_a_batch_is_cut_into_pieces_of_two_or_more_with_their_fractions(items, pieces, sizes):
    batch = Batch(torch.arange(items * 2.0).reshape(items, 2), torch.arange(items))
    parts = cut(batch, pieces)
    assert [len(part.labels) for part, _ in parts] == sizes
    assert [weight for _, weight in parts] == [size / items for size in sizes]
    assert torch.equal(torch.cat([part.inputs for part, _ in parts]), batch.inputs)
    assert torch.equal(torch.cat([part.labels for part, _ in parts]), batch.labels)


def test_a_batch_of_pairs_is_not_cut():
    nothing = torch.empty(4, 1)
    batch = PairBatch(nothing, nothing, nothing, nothing)
    assert cut(batch, 1) == [(batch, 1.0)]
    with pytest.raises(ConfigError, match=r"a PairBatch cannot be cut, .*; use accumulate=1 and one process"):
        cut(batch, 2)


@pytest.mark.parametrize(("batch", "accumulate"), [(6, 2), (4, 3), (3, 4), (2, 6)])
def test_accumulated_batches_make_the_step_of_one_large_batch(tmp_path, batch, accumulate):
    large = settings.StageSettings(epochs=3, batch=12, lr=0.1)
    whole = train(Plain(), tmp_path / "whole", large)
    parts = train(Plain(), tmp_path / "parts", replace(large, batch=batch, accumulate=accumulate))
    assert _near(parts["state"], whole["state"], 1e-12)
    assert parts["losses"] == pytest.approx(whole["losses"], rel=1e-12)
    assert max(parts["sizes"]) == max(batch, 3)  # the seven are cut into 3, 2 and 2 where batches are of 2
    assert sum(parts["sizes"]) == sum(whole["sizes"]) == 3 * 31  # the last step of an epoch has 7
    other = train(Plain(), tmp_path / "other", replace(large, batch=batch))
    assert not _near(other["state"], whole["state"], 1e-3)


def test_accumulation_augments_as_one_large_batch(tmp_path):
    random = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (13, 16, 16), generator=random, dtype=torch.uint8)
    items = Items(pictures, torch.arange(13) % 3, transform=Augment(30.0))

    class Pixels(Plain):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Linear(256, 3).double()
            torch.nn.init.zeros_(self.layers.weight)
            torch.nn.init.zeros_(self.layers.bias)

        def loss(self, batch):
            return super().loss(Batch(batch.inputs.flatten(1).double() / 255, batch.labels))

    one = train(Pixels(), tmp_path / "one", settings.StageSettings(epochs=2, batch=8, lr=0.1), items)
    two = train(
        Pixels(), tmp_path / "two", settings.StageSettings(epochs=2, batch=4, accumulate=2, lr=0.1), items
    )
    assert _near(one["state"], two["state"], 1e-12)


def test_turns_are_taken_over_all_micro_batches(tmp_path):
    class Duel(Method):
        def __init__(self):
            super().__init__()
            values = torch.tensor([1.0, 2.0], dtype=torch.float64)
            self.a, self.b = torch.nn.Parameter(values[0].clone()), torch.nn.Parameter(values[1].clone())

        def turns(self):
            sides = ("a", self.loss, self.a), ("b", self.other, self.b)
            return [Turn(name, loss, [ParameterGroup([one])]) for name, loss, one in sides]

        def loss(self, batch):
            return ((self.a * self.b - batch.inputs[:, 0]) ** 2).mean()

        def other(self, batch):
            return ((self.a + self.b * batch.inputs[:, 1]) ** 2).mean()

    whole = train(Duel(), tmp_path / "whole", settings.StageSettings(epochs=2, batch=9, lr=0.01))
    parts = train(
        Duel(), tmp_path / "parts", settings.StageSettings(epochs=2, batch=3, accumulate=3, lr=0.01)
    )
    assert _near(parts["state"], whole["state"], 1e-12)
    assert parts["losses"] == pytest.approx(whole["losses"], rel=1e-12)


def test_accumulation_with_batch_norm_resumes_to_the_same_bits(tmp_path):
    stage = settings.StageSettings(epochs=2, batch=4, accumulate=3, lr=0.1, ema=0.8)
    whole = train(normed(), tmp_path / "whole", stage)

    class Stopped(Items):
        def batches(self, size, *, epoch, start, **options):
            for step, batch in enumerate(super().batches(size, epoch=epoch, start=start, **options), start):
                if (epoch, step) == (1, 1):
                    raise RuntimeError("killed")
                yield batch

    items = data()
    with pytest.raises(RuntimeError, match="killed"):
        train(
            normed(),
            tmp_path / "part",
            stage,
            Stopped(items.inputs, items.labels),
            checkpoint_every=0,
        )
    part = train(normed(), tmp_path / "part", stage)
    assert _equal(part["state"], whole["state"])
    assert part["losses"] == whole["losses"]


def test_fine_tuning_keeps_channels_last(tmp_path, monkeypatch):
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    more = '[train]\nbackbone = "finetune"\ndevice = "cpu"'
    config = write_config(tmp_path / "small.toml", more)
    words = [f"data.path={json.dumps(str(make_world(tmp_path / 'world', 2, 3)))}", "student.epochs=1"]
    run = load_config(settings.RunSettings, config, [*words, "teacher.epochs=1"])
    train_run(run, tmp_path / "run", workers=1, quiet=True)
    for name in ("teacher", "student"):
        saved = load_checkpoint(tmp_path / f"run/seed-0/{name}.checkpoint", None, torch.device("cpu"))
        weight = saved["method"]["encoder.backbone.layers.3.weight"]
        assert weight.is_contiguous(memory_format=torch.channels_last)
        assert not weight.is_contiguous()


def test_without_torchrun_there_is_one_process():
    with processes("cpu") as alone:
        assert alone == world()
        assert (alone.first, alone.size) == (True, 1)
        assert [alone.any(True), alone.any(False)] == [True, False]
        with alone.first_alone():
            alone.wait()


def test_processes_draw_different_numbers_and_the_first_one_those_of_a_single_one():
    assert step_seed(1, 2, 3, 0) == step_seed(1, 2, 3)
    assert len({step_seed(1, 2, 3, rank) for rank in range(8)}) == 8


def test_each_process_of_torchrun_has_its_own_gpu(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("LOCAL_RANK", "99")
    with pytest.raises(ConfigError, match=r"train.device is 'cuda:99': .*; expected auto, cpu or cuda:N"):
        devices.pick("cuda")
    assert devices.pick("cpu") == torch.device("cpu")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    done = launch(WORKER, "cases", str(folder), cwd=folder)
    assert done.returncode == 0, done.stderr
    alone = {name: case() for name, case in cases(tmp_path_factory.mktemp("one")).items()}
    return folder, alone, [torch.load(folder / f"found-{rank}.pt") for rank in range(2)]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked after through /proc")
class TestTwoProcesses:
    @pytest.mark.parametrize("case", ["plain", "accumulated", "averaged", "few"])
    def test_they_train_as_one_does(self, found, case):
        _, alone, both = found
        for one in both:
            assert _near(one[case]["state"], alone[case]["state"])
        assert both[0][case]["losses"] == pytest.approx(alone[case]["losses"], rel=1e-9)

    def test_each_has_half_of_a_batch(self, found):
        _, alone, both = found
        assert alone["plain"]["sizes"][:4] == [8, 8, 8, 7]
        assert [one["plain"]["sizes"][:4] for one in both] == [[4, 4, 4, 4], [4, 4, 4, 3]]
        assert [one["accumulated"]["sizes"][:2] for one in both] == [[2, 2]] * 2
        assert [one["few"]["sizes"][:2] for one in both] == [[4, 2], [4, 2]]  # two items are not cut

    def test_with_batch_norm_all_have_the_same_bits(self, found):
        _, alone, (first, second) = found
        assert _equal(first["normed"]["state"], second["normed"]["state"])
        # Each normalises by its own half, so that this is not quite the training of one process.
        assert first["normed"]["losses"] == pytest.approx(alone["normed"]["losses"], rel=0.5)
        assert not _near(first["normed"]["state"], alone["normed"]["state"], 1e-6)

    def test_only_the_first_one_validates_and_writes(self, found):
        folder, _, both = found
        assert [one["plain"]["validated"] for one in both] == [3, 0]
        rows = [json.loads(line) for line in (folder / "plain/log.jsonl").read_text().splitlines()]
        assert [row["seen"] for row in rows] == [1.0, 2.0, 3.0]

    def test_the_first_one_prepares_and_they_agree(self, found):
        _, _, both = found
        assert [one["alone"]["early"] for one in both] == [False, True]
        assert [one["alone"]["any"] for one in both] == [True, True]
        assert [one["same"]["values"] for one in both] == [[5.0] * 3] * 2

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("what", "word"), [("failing", "broken on purpose"), ("unprepared", "nothing to read")]
    )
    def test_a_failure_of_one_ends_the_other(self, tmp_path, what, word):
        began = time.monotonic()
        done = launch(WORKER, what, str(tmp_path), cwd=tmp_path)
        assert done.returncode != 0
        assert word in done.stderr
        assert time.monotonic() - began < 200  # less than the ten minutes that one waits for the other

    @pytest.mark.slow
    def test_an_interrupt_of_one_stops_both_after_the_same_step(self, tmp_path):
        done = launch(WORKER, "interrupted", str(tmp_path), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert all((tmp_path / f"interrupted-{rank}").exists() for rank in range(2))
        whole = train(Plain(), tmp_path / "whole")
        both = [torch.load(tmp_path / f"found-{rank}.pt") for rank in range(2)]
        alone = train(Plain(), tmp_path / "alone")  # one process may go on where two were
        for one in (*both, alone):
            assert len(one["sizes"]) == 8  # 12 steps, 4 before the interrupt
            assert _near(one["state"], whole["state"])

    @pytest.mark.slow
    def test_the_command_trains_and_prints_once(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
        root, config = make_world(tmp_path / "world"), write_config(tmp_path / "small.toml")
        words = ["-m", "sketchshape", "train", str(config), "--data", str(root), "--workers", "1"]
        done = launch(*words, "--out", "run", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("run: run") == 1
        assert done.stderr.count("target check") == 1
        record = json.loads((tmp_path / "run/run.json").read_text())
        assert record["seeds"]["0"]["scores"]["queries"] == 9
        rows = [json.loads(line) for line in (tmp_path / "run/seed-0/log.jsonl").read_text().splitlines()]
        assert [(row["stage"], row["epoch"]) for row in rows] == [
            (stage, epoch) for stage in ("teacher", "student") for epoch in range(1, 7)
        ]
        again = launch(*words, "--out", "run", "--json", cwd=tmp_path)  # nothing is left to do
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["seeds"] == record["seeds"]
