"""The moving average of the weights: against a slow loop, in validation, at the end, across a stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.config import from_tree, to_tree  # noqa: E402
from sketchshape.config import run as settings  # noqa: E402
from sketchshape.errors import ConfigError  # noqa: E402
from sketchshape.train.cgn.teacher import Teacher  # noqa: E402
from sketchshape.train.data.items import Items  # noqa: E402
from sketchshape.train.engine.ema import Averaged  # noqa: E402
from sketchshape.train.engine.fit import fit  # noqa: E402
from sketchshape.train.models.encoder import Encoder, Features  # noqa: E402
from sketchshape.train.models.heads import Head  # noqa: E402

torch.set_num_threads(1)
STAGE = settings.TeacherSettings(epochs=3, batch=6, lr=0.1, ema=0.7)


class _Recorded(Teacher):
    """A teacher that keeps a copy of its weights before each step."""

    def loss(self, batch):
        if not hasattr(self, "seen"):
            self.seen = []
        self.seen.append(_copy(self))
        return super().loss(batch)


def _copy(method):
    return {name: value.clone() for name, value in method.state_dict().items()}


def _teacher(kind=Teacher, stage=STAGE):
    torch.manual_seed(0)
    return kind(Encoder(Features(5), Head(5, hidden=4, width=3, dropout=0.2)), 2, stage)


def _data():
    random = np.random.default_rng(0)
    return Items(random.normal(size=(18, 5)).astype(np.float32), np.arange(18) % 2)


def _run(folder, method, stage=STAGE, **options):
    return fit(
        method,
        options.pop("data", _data()),
        stage,
        seed=0,
        folder=folder,
        name="teacher",
        quiet=True,
        **options,
    )


def _slow(weights, decay):
    """The formula, entry by entry: the start, and then each step's weights."""
    average = {name: value.double().clone() for name, value in weights[0].items()}
    for step, now in enumerate(weights[1:], 1):
        keep = min(decay, (1 + step) / (10 + step))
        for name, value in now.items():
            if value.is_floating_point():
                average[name] = keep * average[name] + (1 - keep) * value.double()
            else:
                average[name] = value.double()
    return average


@pytest.mark.parametrize("decay", [0.2, 0.7, 0.99])
def test_the_final_network_is_the_average_of_a_slow_loop(tmp_path, decay):
    stage = replace(STAGE, ema=decay)
    method = _teacher(_Recorded, stage)
    _run(tmp_path, method, stage)
    plain = _teacher(Teacher, replace(stage, ema=0.0))
    _run(tmp_path / "plain", plain, replace(stage, ema=0.0))
    weights = [*method.seen, plain.state_dict()]  # the average is only looked at: the steps are the same
    assert len(weights) == 10
    expected = _slow(weights, decay)
    for name, value in method.state_dict().items():
        assert torch.allclose(value.double(), expected[name], rtol=1e-5, atol=1e-6), name
    name = "encoder.head.2.running_mean"  # statistics of a batch-norm too
    assert not torch.allclose(method.state_dict()[name], plain.state_dict()[name], rtol=1e-3)
    assert method.state_dict()["encoder.head.2.num_batches_tracked"] == 9


def test_validation_sees_the_average_and_training_does_not(tmp_path):
    method, seen = _teacher(_Recorded), []
    _run(tmp_path, method, validate=lambda: seen.append(_copy(method)) or {})
    plain = _teacher(_Recorded, replace(STAGE, ema=0.0))
    _run(tmp_path / "plain", plain, replace(STAGE, ema=0.0))
    for one, other in zip(method.seen, plain.seen, strict=True):
        assert all(torch.equal(value, other[name]) for name, value in one.items())
    weights = [*plain.seen, plain.state_dict()]
    for epoch in (1, 2, 3):
        expected = _slow(weights[: 3 * epoch + 1], STAGE.ema)
        for name, value in seen[epoch - 1].items():
            assert torch.allclose(value.double(), expected[name], rtol=1e-5, atol=1e-6), name


@pytest.mark.parametrize("at", [2, 4, 9])
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path, at):
    whole = _teacher()
    _run(tmp_path / "whole", whole)

    class Stopping(Teacher):
        count = 0

        def loss(self, batch):
            self.count += 1
            if self.count == at:
                raise RuntimeError("killed")
            return super().loss(batch)

    with pytest.raises(RuntimeError, match="killed"):
        _run(tmp_path / "part", _teacher(Stopping), checkpoint_every=0)
    method = _teacher()
    assert _run(tmp_path / "part", method).resumed
    assert all(torch.equal(value, whole.state_dict()[name]) for name, value in method.state_dict().items())
    again = _teacher()
    _run(tmp_path / "part", again)  # a finished run gives the average, and its checkpoint stays as it is
    assert all(torch.equal(value, whole.state_dict()[name]) for name, value in again.state_dict().items())


def test_what_does_not_change_keeps_its_bits():
    class Fixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("centers", torch.rand(50, generator=torch.Generator().manual_seed(0)))

    method = Fixed()
    before, averaged = method.centers.clone(), Averaged(method, 0.99)
    for _ in range(100):
        averaged.update()
    averaged.apply()
    assert torch.equal(method.centers, before)


def test_the_weights_come_back_after_a_failed_validation():
    method = torch.nn.Linear(2, 2)
    averaged, moved = Averaged(method, 0.9), torch.ones(2, 2)
    method.weight.data.copy_(moved)

    def fail():
        with averaged.applied():
            assert not torch.equal(method.weight, moved)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert torch.equal(method.weight, moved)


@pytest.mark.parametrize("value", [-0.1, 1.0])
def test_a_decay_out_of_range_is_refused(value):
    tree = to_tree(settings.RunSettings())
    tree["student"]["ema"] = value
    with pytest.raises(ConfigError, match=r"student.ema is .*, expected 0.0 to 0.99999"):
        from_tree(settings.RunSettings, tree)
