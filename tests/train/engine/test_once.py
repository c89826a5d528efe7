"""Teachers that are equal are trained once: for several tasks, in several processes, across a stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import feature_world  # noqa: E402
from feature_world import RUN, make_inputs, make_task  # noqa: E402

from sketchshape.runs.log import read_log  # noqa: E402
from sketchshape.train.engine import fit as trainer  # noqa: E402
from sketchshape.train.run import train_seed  # noqa: E402

torch.set_num_threads(1)
FEW = make_inputs(shapes=2, sketches=4)
SHORT = replace(RUN, teacher=replace(RUN.teacher, epochs=2), student=replace(RUN.student, epochs=2))
OTHER = replace(SHORT, student=replace(SHORT.student, weight=0.4))
TAUGHT, LEARNED = 2 * 2, 2 * 3  # steps: 24 shapes and 48 sketches in batches of 16, two epochs


def _counted(patch, stop_at=None):
    """Count the steps of the trainer, and press Ctrl-C in one of them, which is still finished."""
    calls, real = [], trainer.step_seed

    def step_seed(*where):
        calls.append(where)
        if len(calls) == stop_at:
            signal.raise_signal(signal.SIGINT)
        return real(*where)

    patch.setattr(trainer, "step_seed", step_seed)
    return calls


def _steps(folder, run=SHORT, inputs=FEW, seed=0, **more):
    """Train, and count the steps."""
    with pytest.MonkeyPatch.context() as patch:
        calls = _counted(patch)
        trained = train_seed(make_task(folder, inputs, run, seed, **more))
    return trained, len(calls)


def _bits(trained):
    rows = trained.embed_sketches(FEW.test.data), trained.embed_shapes(FEW.gallery.data)
    return tuple(one.tobytes() for one in (*rows, trained.centers.values))


def _teachers(folder):
    return sorted(path.name for path in folder.glob("*.safetensors"))


def _rows(folder, stage):
    rows = [row for row in read_log(folder) if row["stage"] == stage]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_tasks_whose_students_differ_share_a_teacher_to_the_same_bits(tmp_path):
    teachers = tmp_path / "teachers"
    first, steps = _steps(tmp_path / "a", teachers=teachers)
    assert steps == TAUGHT + LEARNED
    other, steps = _steps(tmp_path / "b", OTHER, teachers=teachers)
    assert steps == LEARNED
    assert len(_teachers(teachers)) == 1
    for run, found, folder in ((SHORT, first, "a"), (OTHER, other, "b")):
        alone, steps = _steps(tmp_path / f"{folder} alone", run)
        assert steps == TAUGHT + LEARNED
        assert _bits(found) == _bits(alone)
        for stage in ("teacher", "student"):
            assert _rows(tmp_path / folder, stage) == _rows(tmp_path / f"{folder} alone", stage)
            assert len(_rows(tmp_path / folder, stage)) == 2
        assert not found.sketches.training
        assert not found.shapes.training
    assert _bits(first) != _bits(other)
    assert not (tmp_path / "b/teacher.checkpoint").exists()
    assert (tmp_path / "b/log.csv").read_text().count("teacher,") == 2


def test_what_it_took_is_told_though_another_task_has_spent_it(tmp_path):
    first, _ = _steps(tmp_path / "a", teachers=tmp_path / "teachers")
    other, _ = _steps(tmp_path / "b", OTHER, teachers=tmp_path / "teachers")
    assert other.seconds["teacher"] == first.seconds["teacher"] > 0
    logs = [[row for row in read_log(tmp_path / name) if row["stage"] == "teacher"] for name in "ab"]
    assert logs[0] == logs[1]  # with their seconds
    again, steps = _steps(tmp_path / "b", OTHER, teachers=tmp_path / "teachers")  # done already
    assert (steps, again.seconds) == (0, other.seconds)
    assert _bits(again) == _bits(other)


def test_center_softmax_takes_the_teacher_of_cgn(tmp_path):
    first, _ = _steps(tmp_path / "a", teachers=tmp_path / "teachers")
    soft = replace(SHORT, method="center_softmax")
    found, steps = _steps(tmp_path / "b", soft, teachers=tmp_path / "teachers")
    alone, whole = _steps(tmp_path / "c", soft)
    assert (steps, whole) == (LEARNED, TAUGHT + LEARNED)
    assert _bits(found) == _bits(alone)
    shapes = FEW.gallery.data
    assert np.array_equal(found.embed_shapes(shapes), first.embed_shapes(shapes))


CHANGES = {
    "rate": {"run": replace(SHORT, teacher=replace(SHORT.teacher, lr=0.05))},
    "margin": {"run": replace(SHORT, teacher=replace(SHORT.teacher, margin=0.2))},
    "classifier": {"run": replace(SHORT, teacher=replace(SHORT.teacher, classifier="simplex"))},
    "modality": {"run": replace(SHORT, teacher=replace(SHORT.teacher, modality="sketch"))},
    "hidden": {"run": replace(SHORT, head=replace(SHORT.head, hidden=40))},
    "standardise": {"run": replace(SHORT, head=replace(SHORT.head, standardise=False))},
    "pool": {"run": replace(SHORT, views=replace(SHORT.views, pool="mean+max"))},
    "precision": {"run": replace(SHORT, train=replace(SHORT.train, precision="bf16"))},
    "seed": {"seed": 1},
    "data": {"inputs": make_inputs(shapes=2, sketches=4, seed=1)},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_another_teacher_is_trained_anew(tmp_path, change):
    _steps(tmp_path / "a", teachers=tmp_path / "teachers")
    found, steps = _steps(tmp_path / "b", **change, teachers=tmp_path / "teachers")
    alone, whole = _steps(tmp_path / "c", **change)
    assert steps == whole > LEARNED
    assert len(_teachers(tmp_path / "teachers")) == 2
    assert _bits(found) == _bits(alone)


def test_what_the_teacher_never_sees_trains_none_anew(tmp_path):
    _steps(tmp_path / "a", teachers=tmp_path / "teachers")
    fresh = make_inputs(shapes=2, sketches=4, seed=1)
    inputs = replace(FEW, train=fresh.train, test=fresh.test, validation=fresh.validation, digest="other")
    _, steps = _steps(tmp_path / "b", inputs=inputs, teachers=tmp_path / "teachers")
    assert steps == LEARNED


def test_an_interrupted_teacher_goes_on(tmp_path, monkeypatch):
    expected, _ = _steps(tmp_path / "whole")
    task = make_task(tmp_path / "a", FEW, SHORT, teachers=tmp_path / "teachers")
    with monkeypatch.context() as patch:
        _counted(patch, stop_at=3)
        with pytest.raises(KeyboardInterrupt):
            train_seed(task)
    assert not _teachers(tmp_path / "teachers")  # nothing that others could take for a teacher
    found, steps = _steps(tmp_path / "a", teachers=tmp_path / "teachers")
    assert steps == TAUGHT - 3 + LEARNED
    assert _bits(found) == _bits(expected)
    _, steps = _steps(tmp_path / "b", OTHER, teachers=tmp_path / "teachers")
    assert steps == LEARNED


def test_an_interrupted_student_does_not_teach_again(tmp_path, monkeypatch):
    expected, _ = _steps(tmp_path / "whole")
    with monkeypatch.context() as patch:
        _counted(patch, stop_at=TAUGHT + 2)
        with pytest.raises(KeyboardInterrupt):
            train_seed(make_task(tmp_path / "a", FEW, SHORT, teachers=tmp_path / "teachers"))
    found, steps = _steps(tmp_path / "a", teachers=tmp_path / "teachers")
    assert steps == LEARNED - 2
    assert _bits(found) == _bits(expected)


WORKER = """
import sys, time
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
from feature_world import RUN, make_inputs, make_task
from sketchshape.train.engine import fit as trainer
from sketchshape.train.run import train_seed

folder, weight = Path(sys.argv[2]), float(sys.argv[3])
real, calls = trainer.step_seed, []

def step_seed(*where):
    calls.append(where)
    time.sleep(0.05)
    return real(*where)

trainer.step_seed = step_seed
stages = {"teacher": replace(RUN.teacher, epochs=2)}
stages["student"] = replace(RUN.student, epochs=2, weight=weight)
own = folder / sys.argv[3]
task = make_task(own, make_inputs(shapes=2, sketches=4), replace(RUN, **stages), teachers=folder / "teachers")
(folder / f"ready {weight}").touch()
while len(list(folder.glob("ready *"))) < 2:
    time.sleep(0.002)
trained = train_seed(task)
(own / "steps").write_text(str(len(calls)))
(own / "centers").write_bytes(trained.centers.values.tobytes())
"""


def test_two_processes_at_the_same_time_train_it_once(tmp_path):
    helpers = str(Path(feature_world.__file__).parent)
    words = [sys.executable, "-c", WORKER, helpers, str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    both = [subprocess.Popen([*words, weight], **pipes) for weight in ("0.1", "0.4")]
    try:
        end = time.monotonic() + 120
        said = [process.communicate(timeout=max(1, end - time.monotonic()))[0] for process in both]
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert [process.returncode for process in both] == [0, 0], said
    steps = [int((tmp_path / weight / "steps").read_text()) for weight in ("0.1", "0.4")]
    assert sorted(steps) == [LEARNED, TAUGHT + LEARNED]
    assert len(_teachers(tmp_path / "teachers")) == 1
    expected, _ = _steps(tmp_path / "alone")
    for weight in ("0.1", "0.4"):
        assert (tmp_path / weight / "centers").read_bytes() == expected.centers.values.tobytes()
        assert _rows(tmp_path / weight, "teacher") == _rows(tmp_path / "alone", "teacher")
