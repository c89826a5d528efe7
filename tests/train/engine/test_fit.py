"""The trainer: its steps against plain SGD, exact resumption, refusals, logs."""

from __future__ import annotations

import csv
import json
import math
import re
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.config import run as settings  # noqa: E402
from sketchshape.errors import ArtefactError, ConfigError  # noqa: E402
from sketchshape.runs.log import read_log  # noqa: E402
from sketchshape.train.cgn.student import Student  # noqa: E402
from sketchshape.train.cgn.teacher import Teacher  # noqa: E402
from sketchshape.train.data.items import Items  # noqa: E402
from sketchshape.train.data.sketch_augment import Augment  # noqa: E402
from sketchshape.train.engine.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from sketchshape.train.engine.fit import DivergedError, fit  # noqa: E402
from sketchshape.train.engine.method import (  # noqa: E402
    Method,
    Turn,
)
from sketchshape.train.engine.sgd import SGD, learning_rate  # noqa: E402
from sketchshape.train.engine.step import Stepper  # noqa: E402
from sketchshape.train.models.backbones import build_backbone  # noqa: E402
from sketchshape.train.models.encoder import Encoder, Features, ParameterGroup  # noqa: E402
from sketchshape.train.models.heads import Head  # noqa: E402
from sketchshape.train.models.stored import write_tensors  # noqa: E402

torch.set_num_threads(1)
STAGE = settings.TeacherSettings(epochs=3, batch=4, lr=0.05, views_min=2, schedule="cosine")


def _teacher(options=STAGE, dropout=0.3):
    """A teacher with everything that is random in a step: dropout and subsets of views."""
    torch.manual_seed(1)
    return Teacher(Encoder(Features(12), Head(12, hidden=10, width=6, dropout=dropout)), 3, options)


def _shapes(count=18, shift=0.0):
    features = np.random.default_rng(0).normal(size=(count, 5, 12)).astype(np.float32)
    features += np.eye(12, dtype=np.float32)[np.arange(count) % 3][:, None] * 3 + shift
    return Items(features, np.arange(count) % 3)


def _run(folder, method=None, data=None, stage=STAGE, **options):
    method = method or _teacher()
    given = {"seed": 0, "folder": folder, "name": "teacher", "quiet": True} | options
    return method, fit(method, data or _shapes(), stage, **given)


def _same(one, other):
    return all(torch.equal(value, other.state_dict()[key]) for key, value in one.state_dict().items())


def _figures(result):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in result.history]


class _Stopped:
    """Data that fails before one step of one epoch, as if the process were killed there."""

    def __init__(self, data, epoch, step, error):
        self.data, self.at, self.error = data, (epoch, step), error

    def steps(self, size):
        return self.data.steps(size)

    def digest(self):
        return self.data.digest()

    def batches(self, size, *, epoch, start, **options):
        for step, batch in enumerate(self.data.batches(size, epoch=epoch, start=start, **options), start):
            if (epoch, step) == self.at:
                raise self.error
            yield batch


def test_training_lowers_the_loss_and_separates_the_classes(tmp_path):
    stage = replace(STAGE, epochs=15, batch=6)
    method, result = _run(tmp_path, _teacher(stage, dropout=0.0), stage=stage)
    losses = [row["loss"] for row in result.history]
    assert losses[-1] < 0.5 * losses[0]
    data = _shapes()
    with torch.no_grad():
        scores = method.classifier.scores(method.encoder(torch.from_numpy(data.inputs)))
    assert torch.equal(scores.argmax(1), data.labels)


def test_a_step_is_sgd_with_momentum_and_decay_at_the_scheduled_rate(tmp_path):
    stage = settings.TeacherSettings(
        epochs=4, batch=6, lr=0.1, momentum=0.8, weight_decay=0.01, decay_every=2, decay=0.5
    )

    class Linear(Method):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
            self.backbone = torch.nn.Parameter(torch.tensor([0.5, 3.0], dtype=torch.float64))

        def groups(self):
            return [ParameterGroup([self.head]), ParameterGroup([self.backbone], 0.1)]

        def loss(self, batch):
            return ((batch.inputs @ self.head - 1) ** 2).mean() + ((batch.inputs @ self.backbone) ** 2).mean()

    data = Items(np.random.default_rng(0).normal(size=(12, 2)), np.zeros(12))
    method, result = _run(tmp_path, Linear(), data, stage)
    values = {"head": np.array([1.0, -2.0]), "backbone": np.array([0.5, 3.0])}
    speed, losses = {"head": np.zeros(2), "backbone": np.zeros(2)}, []
    for epoch in range(4):
        rate = 0.1 * 0.5 ** (epoch // 2)
        for batch in data.batches(6, seed=0, epoch=epoch):
            x = batch.inputs.numpy()
            errors = {"head": x @ values["head"] - 1, "backbone": x @ values["backbone"]}
            losses.append(sum((error**2).mean() for error in errors.values()))
            for name, factor in (("head", 1.0), ("backbone", 0.1)):
                slope = 2 * x.T @ errors[name] / len(x) + 0.01 * values[name]
                speed[name] = 0.8 * speed[name] + slope
                values[name] = values[name] - rate * factor * speed[name]
    assert np.allclose(method.head.detach(), values["head"], rtol=1e-10)
    assert np.allclose(method.backbone.detach(), values["backbone"], rtol=1e-10)
    assert [row["loss"] for row in result.history] == pytest.approx(
        np.reshape(losses, (4, 2)).mean(1), rel=1e-10
    )
    assert [row["lr"] for row in result.history] == pytest.approx([0.1, 0.1, 0.05, 0.05])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_is_that_of_torch_bit_for_bit(momentum):
    random = torch.Generator().manual_seed(0)
    sides = []
    for _ in range(2):
        values = [torch.linspace(-1, 2, 7), torch.linspace(0, 1, 12).reshape(3, 4), torch.ones(2)]
        sides.append([torch.nn.Parameter(value) for value in values])
    ours = SGD([ParameterGroup(sides[0][:1]), ParameterGroup(sides[0][1:], 0.1)], momentum, 1e-2)
    groups = [{"params": sides[1][:1], "lr": 0.3}, {"params": sides[1][1:], "lr": 0.3 * 0.1}]
    theirs = torch.optim.SGD(groups, momentum=momentum, weight_decay=1e-2, foreach=False)
    for step in range(5):
        for one, other in zip(*sides, strict=True):
            gone = step == 2 and len(one) == 2  # no gradient: not moved
            one.grad = None if gone else torch.randn(one.shape, generator=random)
            other.grad = None if gone else one.grad.clone()
        ours.step(0.3)
        theirs.step()
        assert all(torch.equal(one, other) for one, other in zip(*sides, strict=True))


def test_sgd_skips_a_step_whose_scaled_gradients_overflow():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer, scaler = (
        SGD([ParameterGroup([parameter])], 0.9, 0.0),
        torch.amp.GradScaler("cpu", init_scale=8.0),
    )
    for gradient, moved in ((torch.tensor([8.0, 16.0]), True), (torch.tensor([float("inf"), 8.0]), False)):
        before = parameter.detach().clone()
        scaler.scale(torch.zeros(()))
        parameter.grad = gradient
        scaler.step(optimizer, 0.1)
        scaler.update()
        assert torch.equal(parameter, before) != moved
    assert parameter.tolist() == pytest.approx([0.9, 0.8])


def test_schedules_are_their_formulas():
    step = settings.StageSettings(lr=0.001)
    assert [learning_rate(step, epoch) for epoch in (0, 9.9, 10, 89)] == pytest.approx(
        [0.001, 0.001, 0.0009, 0.001 * 0.9**8]
    )
    cosine = settings.StageSettings(lr=0.2, schedule="cosine", epochs=60)
    assert [learning_rate(cosine, epoch) for epoch in (0, 15, 30, 60)] == pytest.approx(
        [0.2, 0.1 * (1 + math.cos(math.pi / 4)), 0.1, 0.0], abs=1e-15
    )


class _Duel(Method):
    """Two numbers with the same loss, which take turns; each turn notes what it finds."""

    def __init__(self):
        super().__init__()
        self.a, self.b = (torch.nn.Parameter(torch.tensor(value)) for value in (1.0, 2.0))
        self.found = []

    def turns(self):
        sides = ("a", self.a), ("b", self.b)
        return [Turn(name, self.loss, [ParameterGroup([one])]) for name, one in sides]

    def loss(self, batch):
        self.found.append((self.a.item(), self.b.item()))
        return self.a * self.b


def test_players_take_turns(tmp_path):
    stage = settings.StageSettings(epochs=1, batch=4, lr=0.1, momentum=0, weight_decay=0)
    method, result = _run(tmp_path, _Duel(), Items(np.zeros((8, 1)), np.zeros(8)), stage)
    found = [*method.found, (method.a.item(), method.b.item())]
    seen = list(zip(found[0::2], found[1::2], found[2::2], strict=False))
    for before, between, after in seen:
        assert between == pytest.approx((before[0] - 0.1 * before[1], before[1]))
        assert after == pytest.approx((between[0], between[1] - 0.1 * between[0]))
    assert len(seen) == 2
    assert result.history[0]["loss"] == pytest.approx(np.mean([a * b for (a, b), _, _ in seen]))
    assert result.history[0]["loss_b"] == pytest.approx(np.mean([a * b for _, (a, b), _ in seen]))


def test_a_step_gives_the_loss_of_each_turn_and_stops_at_one_that_is_not_finite():
    class Broken(_Duel):
        def turns(self):
            a, b = super().turns()
            return [a, replace(b, loss=lambda batch: self.loss(batch) * float("nan"))]

    stage, batch = settings.StageSettings(momentum=0, weight_decay=0), Items(np.zeros((2, 1)), np.zeros(2))
    (items,) = batch.batches(2, seed=0, epoch=0)
    method = _Duel()
    losses = Stepper(method, stage, torch.device("cpu"), "fp32").step(items, 0.1)
    assert losses == pytest.approx([1 * 2, 0.8 * 2])
    broken = Broken()
    losses = Stepper(broken, stage, torch.device("cpu"), "fp32").step(items, 0.1)
    assert losses == pytest.approx([2, math.nan], nan_ok=True)
    assert (broken.a.item(), broken.b.item()) == pytest.approx((0.8, 2.0))  # nothing is learned from it


def test_by_default_a_method_has_one_turn_of_all_that_can_learn():
    class Plain(Method):
        def __init__(self):
            super().__init__()
            self.one, self.kept = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2).requires_grad_(False)

        def loss(self, batch):
            return self.one(batch).sum()

    method = Plain()
    (turn,) = method.turns()
    (group,) = turn.groups
    assert (turn.name, turn.loss, group.factor, group.clip) == ("loss", method.loss, 1.0, 0.0)
    assert [id(one) for one in group.parameters] == [id(one) for one in method.one.parameters()]


def test_runs_of_one_seed_are_equal_and_of_two_seeds_are_not(tmp_path):
    one, first = _run(tmp_path / "1")
    torch.manual_seed(99)  # what happened before must not matter
    torch.rand(7)
    two, again = _run(tmp_path / "2")
    other, _ = _run(tmp_path / "3", seed=1)
    assert _same(one, two)
    assert _figures(first) == _figures(again)
    assert not _same(one, other)


def test_training_leaves_the_random_generator_alone(tmp_path):
    method = _teacher()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    _run(tmp_path, method)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("killed")])
@pytest.mark.parametrize("at", [(0, 0), (0, 3), (1, 0), (1, 2), (2, 4)])
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path, at, error):
    whole, expected = _run(tmp_path / "whole", validate=lambda: {"figure": 1.0})
    with pytest.raises(type(error)):
        _run(
            tmp_path / "part",
            data=_Stopped(_shapes(), *at, error),
            validate=lambda: {"figure": 1.0},
            checkpoint_every=0,
        )
    method, result = _run(tmp_path / "part", validate=lambda: {"figure": 1.0})
    assert result.resumed == (at != (0, 0) or isinstance(error, KeyboardInterrupt))
    assert _same(method, whole)
    assert _figures(result) == _figures(expected)
    assert [row["epoch"] for row in read_log(tmp_path / "part")] == [1, 2, 3]


def test_without_checkpoints_inside_an_epoch_the_epoch_is_repeated_to_the_same_bits(tmp_path):
    whole, expected = _run(tmp_path / "whole")
    with pytest.raises(RuntimeError):
        _run(tmp_path / "part", data=_Stopped(_shapes(), 1, 3, RuntimeError()))
    method, result = _run(tmp_path / "part")
    assert _same(method, whole)
    assert _figures(result) == _figures(expected)


def test_fine_tuning_with_augmentation_resumes_to_the_same_bits(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (10, 2, 16, 16), dtype=np.uint8)
    data = Items(pictures, np.arange(10) % 3, variants=True, transform=Augment(15.0))
    centers, stage = torch.eye(3, 6), settings.StudentSettings(epochs=2, batch=4, lr=0.1, classification=0.5)

    def student():
        torch.manual_seed(0)
        return Student(Encoder(build_backbone("tiny", "none", 16), Head(32, 8, 6)), centers, stage)

    start = student()
    whole, _ = _run(tmp_path / "whole", student(), data, stage, name="student")
    stopped = _Stopped(data, 1, 1, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path / "part", student(), stopped, stage, name="student")
    method, _ = _run(tmp_path / "part", student(), data, stage, name="student")
    assert _same(method, whole)
    changed = {
        key for key, value in start.state_dict().items() if not torch.equal(value, whole.state_dict()[key])
    }
    assert changed == set(start.state_dict()) - {"centers"}  # the backbone with its batch-norms too


@pytest.mark.parametrize("when", ["update", "validate"])
def test_ctrl_c_finishes_the_step_and_keeps_it(tmp_path, when):
    whole, expected = _run(tmp_path / "whole", validate=lambda: {"figure": 1.0})

    class Pressed(Teacher):
        def loss(self, batch):
            found = super().loss(batch)
            self.count = getattr(self, "count", 0) + 1
            if self.count == 7 and when == "update":
                signal.raise_signal(signal.SIGINT)
            return found

    def validate():
        if when == "validate":
            signal.raise_signal(signal.SIGINT)
        return {"figure": 1.0}

    method = _teacher()
    method.__class__ = Pressed
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path / "part", method, validate=validate)
    assert signal.getsignal(signal.SIGINT) is before
    saved = load_checkpoint(tmp_path / "part" / "teacher.checkpoint", None, torch.device("cpu"))
    assert (saved["epoch"], saved["step"]) == ((1, 2) if when == "update" else (1, 0))
    resumed, result = _run(tmp_path / "part", validate=lambda: {"figure": 1.0})
    assert _same(resumed, whole)
    assert _figures(result) == _figures(expected)


def test_ctrl_c_in_the_last_validation_is_not_lost(tmp_path):
    stage = replace(STAGE, epochs=1)
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, stage=stage, validate=lambda: signal.raise_signal(signal.SIGINT) or {"figure": 1.0})
    _, result = _run(tmp_path, data=_Stopped(_shapes(), 0, 0, AssertionError("trained again")), stage=stage)
    assert [row["figure"] for row in result.history] == [1.0]


def test_a_finished_run_is_not_trained_again(tmp_path):
    one, result = _run(tmp_path)
    (tmp_path / "log.csv").unlink()
    again = _teacher()
    _, second = _run(tmp_path, again, data=_Stopped(_shapes(), 0, 0, AssertionError("trained again")))
    assert _same(again, one)
    assert second.history == result.history
    assert second.resumed
    assert (tmp_path / "log.csv").is_file()


@pytest.mark.parametrize(
    "change",
    [
        {"stage": replace(STAGE, lr=0.06)},
        {"seed": 1},
        {"precision": "bf16"},
        {"data": _shapes(shift=1.0)},
        {"key": "other"},
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change):
    _run(tmp_path)
    with pytest.raises(
        ArtefactError, match=r"teacher.checkpoint: made with other settings or data; remove it"
    ):
        _run(tmp_path, **change)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    _run(tmp_path)
    path = tmp_path / "teacher.checkpoint"
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ArtefactError, match=r"not a checkpoint .*; remove it to start over"):
        _run(tmp_path)
    write_tensors(path, {}, {"format": "99", "kind": "checkpoint", "key": "", "state": "{}"})
    with pytest.raises(ArtefactError, match="format 99, expected 3"):
        _run(tmp_path)


def test_a_checkpoint_gives_back_what_it_was_given(tmp_path):
    frame = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    shared = torch.arange(6.0)
    state = {
        "tensors": [frame, shared, shared[2:4], torch.tensor(3), torch.zeros(0, 4), torch.ones(2).bfloat16()],
        "numbers": {0: 1, 7: 0.1 + 0.2, "inf": float("inf"), "none": None, "yes": True},
        "nested": ((1, [2.5, "text"]), [], {}, ()),
    }
    save_checkpoint(tmp_path / "a", "key", state)
    found = load_checkpoint(tmp_path / "a", "key", torch.device("cpu"))
    assert found.keys() == state.keys()
    assert found["numbers"] == state["numbers"]
    assert found["nested"] == state["nested"]
    for one, other in zip(found["tensors"], state["tensors"], strict=True):
        assert torch.equal(one, other)
        assert (one.dtype, one.stride()) == (other.dtype, other.stride())
    with pytest.raises(TypeError, match="Path in a checkpoint"):
        save_checkpoint(tmp_path / "b", "key", {"path": tmp_path})


def test_a_checkpoint_with_one_bit_altered_is_refused(tmp_path):
    _run(tmp_path)
    path = tmp_path / "teacher.checkpoint"
    data, rng = path.read_bytes(), np.random.default_rng(0)
    for place in rng.integers(len(data), size=40):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << rng.integers(8)]) + data[place + 1 :])
        with pytest.raises(ArtefactError, match="remove it to start over"):
            _run(tmp_path)


def test_a_checkpoint_that_would_run_code_is_not_opened(tmp_path):
    class Run:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    torch.save({"format": 2, "key": "", "state": Run()}, tmp_path / "teacher.checkpoint")
    with pytest.raises(ArtefactError, match="not a checkpoint"):
        _run(tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_diverged_loss_stops_with_the_place_and_a_remedy(tmp_path, value):
    features = np.array(_shapes().inputs)
    features[5] = value
    with pytest.raises(
        DivergedError, match=r"teacher: the loss is nan in epoch 1, step \d.*--set teacher.lr=0.005"
    ):
        _run(tmp_path, data=Items(features, np.arange(18) % 3))
    assert not (tmp_path / "teacher.checkpoint").exists()


def test_logs_have_one_row_for_each_stage_and_epoch(tmp_path):
    seen = []

    def validate():
        seen.append(method.training)
        return {"map": 0.25 * len(seen)}

    method = _teacher()
    _run(tmp_path, method, validate=validate)
    centers, stage = torch.eye(3, 6), settings.StudentSettings(epochs=2, batch=4)
    student = Student(Encoder(Features(12), Head(12, 8, 6)), centers, stage)
    sketches = Items(np.random.default_rng(0).normal(size=(9, 12)).astype(np.float32), np.arange(9) % 3)
    _run(tmp_path, student, sketches, stage, name="student")
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    places = [("teacher", 1), ("teacher", 2), ("teacher", 3), ("student", 1), ("student", 2)]
    assert [(row["stage"], row["epoch"]) for row in rows] == places
    assert [row["map"] for row in rows[:3]] == [0.25, 0.5, 0.75]
    assert seen == [False] * 3
    assert all(row["seconds"] >= 0 and math.isfinite(row["loss"]) for row in rows)
    with (tmp_path / "log.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [(row["stage"], int(row["epoch"])) for row in table] == places
    assert [float(row["loss"]) for row in table] == [row["loss"] for row in rows]
    assert [row["map"] for row in table] == ["0.25", "0.5", "0.75", "", ""]


def test_mixed_precision_computes_the_network_in_bf16_and_keeps_weights_in_float32(tmp_path):
    kinds = []

    class Looking(Teacher):
        def loss(self, batch):
            self.encoder.head[1].register_forward_hook(lambda module, inputs, out: kinds.append(out.dtype))
            return super().loss(batch)

    stage = replace(STAGE, views_min=0, lr=1e-3, batch=9)
    method = _teacher(stage, dropout=0.0)
    method.__class__ = Looking
    _, result = _run(tmp_path, method, stage=stage, precision="bf16")
    assert set(kinds) == {torch.bfloat16}
    assert {value.dtype for value in method.state_dict().values()} == {torch.float32, torch.int64}
    _, full = _run(tmp_path / "fp32", _teacher(stage, dropout=0.0), stage=stage)
    assert result.history[-1]["loss"] == pytest.approx(full.history[-1]["loss"], rel=0.02)
    assert result.history[-1]["loss"] != full.history[-1]["loss"]
    with pytest.raises(ConfigError, match="fp16, which needs a GPU"):
        _run(tmp_path / "fp16", precision="fp16")


def test_progress_tells_the_epoch_and_the_loss(tmp_path, capsys):
    _run(tmp_path, quiet=False)
    shown = capsys.readouterr().err
    assert "teacher: 15/15" in shown
    assert re.search(r"epoch 3/3 loss \d+\.\d{3}", shown)


def test_a_backbone_that_is_frozen_by_hand_stays_as_it_is(tmp_path):
    backbone = build_backbone("tiny", "none", 16).requires_grad_(False)
    teacher = Teacher(Encoder(backbone, Head(32, 8, 6)), 3, STAGE)
    assert len(teacher.groups()) == 2  # head and classifier
    before = {key: value.clone() for key, value in backbone.named_parameters()}
    pictures = np.random.default_rng(0).integers(0, 256, (6, 3, 16, 16), dtype=np.uint8)
    _run(tmp_path, teacher, Items(pictures, np.arange(6) % 3))
    assert all(torch.equal(value, before[key]) for key, value in backbone.named_parameters())


def test_importing_without_torch_names_the_extra():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from sketchshape.errors import MissingExtraError\n"
        "try:\n    import sketchshape.train\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "torch is not installed; run: pip install 'sketchshape[train]'"
