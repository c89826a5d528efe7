"""Head, encoder and the two methods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sketchshape.config import run as settings  # noqa: E402
from sketchshape.train.cgn.student import Student  # noqa: E402
from sketchshape.train.cgn.teacher import Teacher  # noqa: E402
from sketchshape.train.data.items import Batch  # noqa: E402
from sketchshape.train.losses.am_softmax import am_softmax_loss  # noqa: E402
from sketchshape.train.losses.guidance import guidance_loss  # noqa: E402
from sketchshape.train.models.backbones import build_backbone  # noqa: E402
from sketchshape.train.models.encoder import Encoder, Features  # noqa: E402
from sketchshape.train.models.heads import Head  # noqa: E402
from sketchshape.train.models.views import some_views  # noqa: E402

torch.set_num_threads(1)


def _encoder(backbone=None, width=8, dropout=0.0):
    torch.manual_seed(0)
    backbone = backbone or Features(32)
    return Encoder(backbone, Head(backbone.dim, hidden=16, width=width, dropout=dropout))


def _pictures(*shape):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (*shape, 16, 16), dtype=np.uint8))


def test_the_head_is_its_layers_written_out():
    head = Head(6, hidden=5, width=4)
    x = torch.randn(9, 6)

    def norm(y, number):
        mean, var = y.mean(0), y.var(0, unbiased=False)
        return (y - mean) / (var + 1e-5).sqrt() * head[number].weight + head[number].bias

    hidden = norm(x @ head[1].weight.T, 2).clamp(min=0)
    assert torch.allclose(head(x), norm(hidden @ head[4].weight.T, 5), atol=1e-5)
    kinds = [type(layer).__name__ for layer in head]
    assert kinds == ["Dropout", "Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d"]


def test_embeddings_have_negative_entries():
    embedded = _encoder().embed(torch.rand(64, 32))
    assert 0.3 < float((embedded < 0).float().mean()) < 0.7
    assert torch.allclose(embedded.norm(dim=1), torch.ones(64), atol=1e-6)


def test_views_are_averaged_before_the_head():
    encoder = _encoder().eval()
    views = torch.rand(5, 4, 32)
    assert torch.allclose(encoder(views), encoder(views.mean(1)), atol=1e-6)
    assert torch.allclose(encoder(views), encoder(views.flip(1)), atol=1e-6)  # in any order


def test_the_strongest_answer_of_any_view_can_stand_beside_the_mean():
    torch.manual_seed(0)
    encoder = Encoder(Features(32), Head(64, hidden=16, width=8), "mean+max").eval()
    views = torch.rand(5, 4, 32)
    both = torch.cat([views.mean(1), views.max(1).values], 1)
    assert torch.allclose(encoder(views), encoder.head(both), atol=1e-6)
    with pytest.raises(ValueError, match="the backbone gives 64 features, the head takes 32"):
        Encoder(Features(32), Head(32), "mean+max")


def test_pictures_and_stored_features_take_the_same_path():
    backbone = build_backbone("tiny", "none", 16)
    full = _encoder(backbone).eval()
    stored = Encoder(Features(32), full.head).eval()
    sketches, shapes = _pictures(3), _pictures(3, 4)
    with torch.no_grad():
        features = torch.stack([backbone(views) for views in shapes])
        assert torch.allclose(full(sketches), stored(backbone(sketches)), atol=1e-6)
        assert torch.allclose(full(shapes), stored(features), atol=1e-6)


def test_inputs_of_a_wrong_kind_are_refused():
    with pytest.raises(ValueError, match=r"expected \(B, \.\.\.\) or \(B, V, \.\.\.\) of features"):
        _encoder()(torch.rand(2, 3, 4, 32))
    with pytest.raises(ValueError, match=r"of a picture \(H, W\) each"):
        _encoder(build_backbone("tiny", "none", 16))(torch.zeros(2, 16, dtype=torch.uint8))
    with pytest.raises(ValueError, match="the backbone gives 32 features, the head takes 8"):
        Encoder(Features(32), Head(8))


def test_parameter_groups_hold_every_parameter_once():
    encoder = _encoder(build_backbone("tiny", "none", 16))
    head, backbone = encoder.groups(0.1)
    assert (head.factor, backbone.factor) == (1.0, 0.1)
    held = [id(one) for group in (head, backbone) for one in group.parameters]
    assert sorted(held) == sorted(id(one) for one in encoder.parameters())
    assert len(_encoder().groups(0.1)) == 1


@pytest.mark.parametrize("modality", ["shape", "sketch"])
def test_the_teacher_yields_its_am_softmax_loss(modality):
    encoder = _encoder()
    teacher = Teacher(encoder, 3, settings.TeacherSettings(scale=9.0, margin=0.2, modality=modality))
    inputs = torch.rand(6, 4, 32) if modality == "shape" else torch.rand(6, 32)
    batch = Batch(inputs, torch.tensor([0, 1, 2, 0, 1, 2]))
    (turn,) = teacher.turns()
    loss = turn.loss(batch)
    assert turn.name == "loss"
    expected = am_softmax_loss(encoder(inputs), batch.labels, teacher.classifier.weight, 9.0, 0.2)
    assert torch.equal(loss, expected)
    held = {id(one) for group in turn.groups for one in group.parameters}
    assert held == {id(one) for one in teacher.parameters()}


def test_the_student_yields_guidance_and_what_is_added():
    encoder, centers = _encoder(), torch.randn(3, 8)
    batch = Batch(torch.rand(6, 32), torch.tensor([0, 1, 2, 0, 1, 2]))
    options = settings.StudentSettings(weight=0.2, away="mean")
    student = Student(encoder, centers, options)
    (turn,) = student.turns()
    loss = turn.loss(batch)
    guidance = guidance_loss(encoder(batch.inputs), batch.labels, centers, 0.2, "mean")
    assert turn.name == "loss"
    assert torch.equal(loss, guidance)
    assert student.classifier is None
    assert not student.centers.requires_grad
    both = Student(encoder, centers, replace(options, classification=0.5))
    (turn,) = both.turns()
    loss = turn.loss(batch)
    own = am_softmax_loss(encoder(batch.inputs), batch.labels, both.classifier.weight)
    assert float(loss.detach()) == pytest.approx(float((guidance + 0.5 * own).detach()), rel=1e-5)
    held = {id(one) for group in turn.groups for one in group.parameters}
    assert held == {id(one) for one in both.parameters()}


def test_the_student_refuses_centers_that_do_not_fit():
    with pytest.raises(ValueError, match=r"centers have shape \(3, 9\), expected \(N, 8\)"):
        Student(_encoder(), torch.randn(3, 9), settings.StudentSettings())
    with pytest.raises(ValueError, match="at least 2 classes"):
        Student(_encoder(), torch.randn(1, 8), settings.StudentSettings())


def test_some_views_are_different_views_of_each_shape():
    inputs = torch.arange(5 * 12).reshape(5, 12, 1)
    torch.manual_seed(0)
    sizes, subsets = set(), set()
    for _ in range(60):
        taken = some_views(inputs, 6)[:, :, 0]
        sizes.add(taken.shape[1])
        for row, values in enumerate(taken.tolist()):
            assert len(set(values)) == len(values)
            assert set(values) <= set(range(row * 12, row * 12 + 12))
            subsets.add(tuple(value - row * 12 for value in values))
    assert sizes == {6, 7, 8, 9, 10, 11, 12}
    assert len(subsets) > 250  # each shape has a choice of its own
    assert some_views(inputs, 12) is inputs


def test_the_teacher_sees_subsets_of_views_only_where_asked():
    encoder = _encoder().eval()
    batch = Batch(torch.rand(6, 12, 32), torch.tensor([0, 1, 2, 0, 1, 2]))
    for least, changes in ((0, False), (6, True)):
        teacher = Teacher(encoder, 3, settings.TeacherSettings(views_min=least))
        losses = {float(teacher.loss(batch).detach()) for _ in range(5)}
        assert (len(losses) > 1) == changes
