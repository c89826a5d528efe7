"""The exercise of CONTRIBUTING is a method like the others: short, in style, trained, kept and read back."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from feature_world import RUN, make_inputs, make_task  # noqa: E402

from sketchshape.encoders.likeness import likeness  # noqa: E402
from sketchshape.metrics import evaluate  # noqa: E402
from sketchshape.train import methods  # noqa: E402
from sketchshape.train.data.pairs import Pairs  # noqa: E402
from sketchshape.train.models.retriever import Sizes, save_networks  # noqa: E402
from sketchshape.train.run import train_seed  # noqa: E402
from sketchshape.train.trained import load_trained  # noqa: E402

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
NAME = "proxy_anchor"


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Lay the file where methods are looked for."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    folder = tmp_path_factory.mktemp("methods")
    path = folder / f"{NAME}.py"
    path.write_text(code)
    methods.__path__.append(str(folder))
    yield path
    methods.__path__.remove(str(folder))
    sys.modules.pop(f"sketchshape.train.methods.{NAME}", None)


def test_it_is_short_and_in_the_style_of_the_house(exercise: Path) -> None:
    assert len(exercise.read_text().splitlines()) < 60
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--config", str(PAGE.parent / "pyproject.toml")]
        done = subprocess.run([*command, str(exercise)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_it_learns_to_rank_is_kept_and_read_back(exercise: Path, tmp_path: Path) -> None:
    assert NAME in methods.available()
    inputs = make_inputs()
    run = RUN.__class__(**{**vars(RUN), "method": NAME, "options": {"epochs": 8, "margin": 0.2}})
    task = make_task(tmp_path, inputs, run)
    trained = train_seed(task)
    rows = trained.embed_sketches(inputs.test.data), trained.embed_shapes(inputs.gallery.data)
    found = likeness(trained.likeness).between(*rows)
    noise = np.random.default_rng(0).normal(size=found.shape)
    labels = inputs.test.labels, inputs.gallery.labels
    assert evaluate(found, *labels).map > 3 * evaluate(noise, *labels).map
    save_networks(tmp_path, trained, task.sizes, "key")
    again = load_trained(tmp_path, run, "key", torch.device("cpu"))
    np.testing.assert_array_equal(again.embed_sketches(inputs.test.data), rows[0])
    np.testing.assert_array_equal(again.embed_shapes(inputs.gallery.data), rows[1])


def test_its_loss_is_the_formula_of_the_paper(exercise: Path) -> None:
    """[ProxyAnchor] eq. (4), term by term, with sums over proxies that have an item and over all."""
    module = __import__(f"sketchshape.train.methods.{NAME}", fromlist=["Options"])
    inputs, options = make_inputs(shapes=2, sketches=4), module.Options(scale=5.0, margin=0.1)
    width = inputs.train.data.shape[-1]
    torch.manual_seed(0)
    run = RUN.__class__(**{**vars(RUN), "method": NAME})
    method = module.ProxyAnchor(run, Sizes(width, width, len(inputs.classes)), options, 0).eval()
    (batch, *_) = Pairs(inputs.train, inputs.shapes).batches(16, seed=0, epoch=0)
    with torch.no_grad():
        loss = float(method.loss(batch))
        rows = torch.cat([method.sketches(batch.sketches), method.shapes(batch.shapes)]).double()
        proxies = method.proxies.double()
    labels = torch.cat([batch.sketch_labels, batch.shape_labels]).tolist()
    pulls, pushes = [], []
    for proxy in range(len(inputs.classes)):
        own, others = 0.0, 0.0
        for row, label in zip(rows, labels, strict=True):
            near = float(row @ proxies[proxy] / row.norm() / proxies[proxy].norm())
            if label == proxy:
                own += np.exp(-5.0 * (near - 0.1))
            else:
                others += np.exp(5.0 * (near + 0.1))
        if proxy in labels:
            pulls.append(np.log(1 + own))
        pushes.append(np.log(1 + others))
    assert loss == pytest.approx(np.mean(pulls) + np.mean(pushes), rel=1e-5)
