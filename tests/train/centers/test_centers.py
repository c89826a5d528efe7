"""Class centers, and the closed form of where the guidance loss leads."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.errors import ArtefactError  # noqa: E402
from sketchshape.runs.centers import Centers  # noqa: E402
from sketchshape.train.centers.class_centers import class_centers  # noqa: E402
from sketchshape.train.centers.target_check import target_check  # noqa: E402
from sketchshape.train.losses.guidance import guidance_loss  # noqa: E402

torch.set_num_threads(1)
TIGHT = {"tolerance_grad": 1e-13, "tolerance_change": 1e-16}


def _random(classes, width=256, seed=0):
    return np.random.default_rng(seed).normal(size=(classes, width))


def _simplex(classes):
    return np.eye(classes) - 1 / classes


def _rows():
    lengths = np.linspace(0.1, 10, 30)[:, None]
    return np.random.default_rng(0).normal(size=(30, 8)) * lengths, np.arange(30) % 4


def test_centers_are_the_means_of_the_rows_of_a_class():
    """[CGN] section 3.2, literally: the average of the features of a class, each as it is."""
    embeddings, labels = _rows()
    found = class_centers(embeddings, labels, list("abcd"))
    for y in range(4):
        total, count = [0.0] * 8, 0
        for row, label in zip(embeddings, labels, strict=True):
            if label == y:
                total, count = [one + other for one, other in zip(total, row, strict=True)], count + 1
        assert found[y] == pytest.approx([one / count for one in total], rel=1e-6)
    assert found.dtype == np.float32
    assert np.array_equal(class_centers(embeddings, labels, list("abcd"), "mean"), found)
    assert np.allclose(class_centers(3 * embeddings, labels, list("abcd")), 3 * found, rtol=1e-6)


def test_unit_mean_centers_are_the_means_of_unit_rows():
    embeddings, labels = _rows()
    found = class_centers(embeddings, labels, list("abcd"), "unit-mean")
    for y in range(4):
        rows = [
            row / np.sqrt((row**2).sum()) for row, label in zip(embeddings, labels, strict=True) if label == y
        ]
        assert np.allclose(found[y], sum(rows) / len(rows), atol=1e-7)
    assert found.dtype == np.float32
    scaled = embeddings * np.linspace(0.1, 10, 30)[:, None]
    assert np.allclose(class_centers(scaled, labels, list("abcd"), "unit-mean"), found, atol=1e-7)
    plain = class_centers(embeddings, labels, list("abcd"))
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(plain, found, strict=True)]
    assert max(cosines) < 0.99, "a long row turns a plain mean"


def test_the_length_of_a_center_changes_neither_loss_nor_target():
    """[CGN] eq. (2) and (3) divide by it."""
    centers, lengths = _random(6, 4, seed=2), np.linspace(0.01, 90, 6)[:, None]
    sketches, labels = torch.tensor(_random(9, 4, seed=3)), torch.arange(9) % 6
    losses = [guidance_loss(sketches, labels, torch.tensor(rows)) for rows in (centers, lengths * centers)]
    assert float(losses[0]) == pytest.approx(float(losses[1]), abs=1e-12)
    checks = [target_check(rows) for rows in (centers, lengths * centers)]
    assert checks[0].cosine == pytest.approx(checks[1].cosine, abs=1e-12)
    assert np.array_equal(checks[0].center, checks[1].center)


def test_a_wrong_kind_of_center_is_named():
    with pytest.raises(ValueError, match="kind is 'median', expected one of: mean, unit-mean"):
        class_centers(np.ones((1, 3)), np.array([0]), ["a"], "median")


def test_a_class_without_items_is_named():
    with pytest.raises(ValueError, match="no training item of class chair, rabbit"):
        class_centers(np.ones((2, 3)), np.array([0, 2]), ["ant", "chair", "bee", "rabbit"])


@pytest.mark.parametrize(("labels", "message"), [([0, 2], "labels are 0 to 2"), ([0], r"labels \(1,\)")])
def test_centers_refuse_wrong_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        class_centers(np.ones((2, 3)), np.array(labels), ["a", "b"])


@pytest.mark.parametrize("away", ["sum", "mean"])
@pytest.mark.parametrize("weight", [0.0, 0.1, 0.8])
def test_target_is_the_minimum_of_the_loss_on_the_sphere(away, weight):
    centers = _random(6, 4, seed=2) + 0.4
    check = target_check(centers, weight, away)
    rows = torch.tensor(centers)
    point = torch.tensor(_random(6, 4, seed=3), requires_grad=True)
    optimizer = torch.optim.LBFGS([point], max_iter=300, line_search_fn="strong_wolfe", **TIGHT)

    def loss():
        optimizer.zero_grad()
        value = guidance_loss(point, torch.arange(6), rows, weight, away)
        value.backward()
        return value

    for _ in range(5):
        optimizer.step(loss)
    unit = torch.nn.functional.normalize
    table = (unit(point.detach()) @ unit(rows).T).numpy()
    assert check.cosine == pytest.approx(np.diag(table), abs=1e-5)
    assert np.array_equal(check.center, table.argmax(1))
    assert np.array_equal(check.nearest, table.argmax(1) == np.arange(6))


@pytest.mark.parametrize(("classes", "published"), [(90, 0.75), (171, 0.61)])
def test_random_centers_of_zero_mean_keep_most_of_the_direction(classes, published):
    found = np.mean([target_check(_random(classes, seed=s)).cosine.mean() for s in range(5)])
    assert found == pytest.approx(1 / np.sqrt(1 + 0.01 * (classes - 1)), abs=0.02)  # orthogonal centers
    assert found == pytest.approx(published, abs=0.04)
    assert target_check(_random(classes)).nearest.all()


def test_simplex_centers_are_their_own_targets():
    check = target_check(_simplex(90))
    assert check.cosine == pytest.approx(np.ones(90))
    assert check.warning([str(y) for y in range(90)]) is None


@pytest.mark.parametrize(("classes", "published"), [(90, -0.40), (171, -0.48)])
def test_centers_behind_a_relu_turn_the_loss_against_itself(classes, published):
    centers = np.maximum(_random(classes), 0)
    check = target_check(centers)
    assert check.cosine.mean() == pytest.approx(published, abs=0.02)
    assert (check.cosine < 0).all()
    assert target_check(centers, away="mean").nearest.all()
    warning = check.warning([f"class{y}" for y in range(classes)])
    assert warning is not None
    assert f"leads {classes} of {classes} classes away" in warning
    assert f"and {classes - 3} more" in warning
    assert "student.away=mean" in warning


def test_a_target_nearer_to_another_center_is_named():
    angles = np.radians([0, 10, 15])  # the class in the middle is pushed to the far side
    centers = np.stack([np.cos(angles), np.sin(angles)], 1)
    check = target_check(centers, 2.0)
    assert check.nearest.tolist() == [True, False, True]
    assert check.center.tolist() == [0, 2, 2]
    assert "bee (cosine -1.00, nearer to cat)" in str(check.warning(["ant", "bee", "cat"]))


def test_orthogonal_centers_have_a_closed_form_cosine():
    assert target_check(np.eye(10), 0.1).cosine == pytest.approx(np.full(10, 1 / np.sqrt(1 + 9 * 0.01)))
    assert target_check(np.eye(10), 0.9, "mean").cosine == pytest.approx(
        np.full(10, 1 / np.sqrt(1 + 9 * 0.01))
    )


def test_target_check_refuses_what_the_loss_refuses():
    for centers, weight, away in (
        (np.eye(3), -1, "sum"),
        (np.eye(3), 0.1, "max"),
        (np.ones((1, 3)), 0.1, "sum"),
    ):
        with pytest.raises(ValueError, match="expected"):
            target_check(centers, weight, away)


def test_centers_survive_a_file(tmp_path):
    made = Centers(_random(3, 5).astype(np.float32), ("ant", "bée", "cat"), "k1")
    made.save(tmp_path / "run" / "centers.npz")
    back = Centers.load(tmp_path / "run" / "centers.npz", "k1")
    assert np.array_equal(back.values, made.values)
    assert (back.classes, back.key, back.values.dtype) == (made.classes, "k1", np.float32)
    assert Centers.load(tmp_path / "run" / "centers.npz").key == "k1"


def test_centers_of_other_settings_or_damaged_are_refused(tmp_path):
    path = tmp_path / "centers.npz"
    with pytest.raises(ArtefactError, match="train the teacher again"):
        Centers.load(path)
    Centers(np.ones((2, 2), np.float32), ("a", "b"), "k1").save(path)
    with pytest.raises(ArtefactError, match="other settings or data; remove it"):
        Centers.load(path, "k2")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ArtefactError, match="no class centers"):
        Centers.load(path)
    np.savez(path, format=99, key="k", values=np.ones((1, 1)), classes=np.array(["a"]))
    with pytest.raises(ArtefactError, match="format 99, expected 1"):
        Centers.load(path)
