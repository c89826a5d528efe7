"""What single compared methods are made of, each against its definition."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from feature_world import make_inputs, make_task  # noqa: E402

from sketchshape.config import run as settings  # noqa: E402
from sketchshape.datasets.parts import Part  # noqa: E402
from sketchshape.encoders.likeness import likeness  # noqa: E402
from sketchshape.train.data.pairs import PairBatch  # noqa: E402
from sketchshape.train.losses.class_means import class_mean_loss  # noqa: E402
from sketchshape.train.losses.contrastive import four_term_loss  # noqa: E402
from sketchshape.train.losses.triplet import batch_hard_loss  # noqa: E402
from sketchshape.train.methods import dca, dchml, dcml, lwbr, siamese, subspace  # noqa: E402
from sketchshape.train.models.heads import Head  # noqa: E402
from sketchshape.train.models.retriever import Sizes  # noqa: E402
from sketchshape.train.models.views import draw_views  # noqa: E402

torch.set_num_threads(1)
DIM, VIEWS = 6, 5
RUN, SIZES = settings.RunSettings(head=settings.HeadSettings(hidden=8, width=7)), Sizes(DIM, DIM, 3)


def _draw(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


def _batch(width=DIM, views=VIEWS):
    labels = torch.arange(3).repeat(4)
    return PairBatch(_draw(12, width), labels, _draw(6, views, width, seed=1), labels[:6])


def test_views_are_drawn_without_return_and_for_each_shape_its_own():
    shapes = torch.arange(200)[:, None] * 100 + torch.arange(VIEWS)
    torch.manual_seed(0)
    drawn = draw_views(shapes, 3)
    assert drawn.shape == (200, 3)
    assert (drawn // 100 == torch.arange(200)[:, None]).all()
    kept = {tuple(sorted(row)) for row in (drawn % 100).tolist()}
    assert all(len(set(row)) == 3 for row in kept)
    assert len(kept) == math.comb(VIEWS, 3)
    assert draw_views(shapes, 99).sort(1).values.equal(shapes)


def test_siamese_takes_the_nearest_view():
    sketches, shapes = _draw(3, 4).numpy(), _draw(2, VIEWS, 4, seed=1).numpy()
    expected = [[min(np.abs(x - view).sum() for view in shape) for shape in shapes] for x in sketches]
    found = likeness(siamese.Siamese.likeness).between(sketches, shapes)
    assert 1 / found - 1 == pytest.approx(np.array(expected), rel=1e-5)


@pytest.mark.parametrize("kind", [dca.DCA, dcml.DCML, dchml.DCHML, lwbr.LWBR])
def test_the_others_take_the_euclidean_distance(kind):
    sketches, shapes = _draw(3, 4).numpy(), _draw(5, 4, seed=1).numpy()
    expected = [[math.dist(x, y) for y in shapes.tolist()] for x in sketches.tolist()]
    found = likeness(kind.likeness).between(sketches, shapes)
    assert 1 / found - 1 == pytest.approx(np.array(expected), rel=1e-5)


def test_siamese_counts_a_view_as_an_item_of_its_shapes_class():
    options = siamese.Options(views=VIEWS, near=1.0, far=0.0)
    method = siamese.Siamese(RUN, SIZES, options, 0).eval()
    batch = _batch()
    with torch.no_grad():
        loss = method.loss(batch)
        sketches, views = method.sketches(batch.sketches), method.shapes(batch.shapes).flatten(0, 1)
    items = [sketches.tolist(), views.tolist()]
    labels = [batch.sketch_labels.tolist(), [y for y in batch.shape_labels.tolist() for _ in range(VIEWS)]]

    def mean(one, two):
        squares = [
            sum(abs(x - y) for x, y in zip(a, b, strict=True)) ** 2
            for i, a in enumerate(items[one])
            for j, b in enumerate(items[two])
            if labels[one][i] == labels[two][j] and (one != two or i < j)
        ]
        return sum(squares) / len(squares) / 2

    assert float(loss) == pytest.approx(mean(0, 1) + mean(0, 0) + mean(1, 1), rel=1e-4)


def test_dchml_adds_the_four_terms_of_the_hidden_layers():
    torch.manual_seed(0)
    options = dchml.Options(hidden_margin=100.0)
    method, batch = dchml.DCHML(RUN, SIZES, options, 0).eval(), _batch()
    torch.manual_seed(0)
    plain = dcml.DCML(RUN, SIZES, options, 0).eval()  # the same networks
    with torch.no_grad():
        both = method.loss(batch)
        hidden = method.sketches[:3](batch.sketches), method.shapes.network[:3](batch.shapes.mean(1))
        outputs = plain.loss(batch)
        ends = plain.sketches(batch.sketches), plain.shapes(batch.shapes)
    assert hidden[0].shape[1] == hidden[1].shape[1] == 1000
    more = four_term_loss(hidden[0], batch.sketch_labels, hidden[1], batch.shape_labels, 100.0)
    assert float(more) > 1
    four = four_term_loss(ends[0], batch.sketch_labels, ends[1], batch.shape_labels, options.margin)
    assert float(outputs) == pytest.approx(float(four), rel=1e-6)
    assert float(both) == pytest.approx(float(outputs + more), rel=1e-6)


def test_lwbr_embeds_alike_views_as_one_of_them_and_in_any_order():
    network = lwbr.Barycentric(DIM, lwbr.Options(bins=12)).eval()
    shapes = _draw(3, VIEWS, DIM)
    with torch.no_grad():
        one = network(shapes[:, :1])
        assert torch.allclose(network(shapes[:, :1].expand(-1, 4, -1)), one, atol=1e-6)
        assert torch.allclose(network(shapes.flip(1)), network(shapes), atol=1e-6)
        assert not torch.allclose(network(shapes), one, atol=1e-6)


def test_the_gradient_reaches_the_layer_before_the_barycenter():
    method = lwbr.LWBR(RUN, SIZES, lwbr.Options(bins=12, margin=100.0), 0)
    method.loss(_batch()).backward()
    slopes = method.shapes.views.network[1][0].weight.grad
    assert float(slopes.abs().max()) > 0
    assert bool(slopes.isfinite().all())


def test_a_metric_of_dca_learns_from_its_own_modality_alone():
    torch.manual_seed(0)
    options = dca.Options(margin=3.0, dropout=0.0)
    method, batch = dca.Metrics(SIZES, options), _batch()
    parts = {
        "sketches": (method.sketches(batch.sketches), batch.sketch_labels),
        "shapes": (method.shapes(batch.shapes), batch.shape_labels),
    }
    losses = {name: batch_hard_loss(*part, *part, 3.0) for name, part in parts.items()}
    total = method.loss(batch)
    assert float(total.detach()) == pytest.approx(float(sum(losses.values()).detach()), rel=1e-6)
    assert min(float(loss.detach()) for loss in losses.values()) > 0
    slopes = {}
    for name, loss in losses.items():
        method.zero_grad()
        loss.backward()
        other = {"sketches": "shapes", "shapes": "sketches"}[name]
        assert all(one.grad is None for one in getattr(method, other).parameters())
        assert any(float(one.grad.abs().max()) > 0 for one in getattr(method, name).parameters())
        slopes[name] = [one.grad.clone() for one in getattr(method, name).parameters()]
    method.zero_grad()
    total.backward()  # of both at once, each network still has the gradient of its own loss
    for name, expected in slopes.items():
        for one, slope in zip(getattr(method, name).parameters(), expected, strict=True):
            assert torch.allclose(one.grad, slope, rtol=1e-5, atol=1e-7)
    (turn,) = method.turns()
    learned = [id(one) for group in turn.groups for one in group.parameters]
    assert sorted(learned) == sorted(id(one) for one in method.parameters())


def test_the_turns_of_dca_move_the_discriminator_and_the_transformation_and_nothing_else():
    method = dca.Transfer(dca.Options())
    judge, transform = method.turns()
    assert (judge.name, transform.name) == ("judge", "transform")
    for turn, network in ((judge, method.judge), (transform, method.transform)):
        learned = [id(one) for group in turn.groups for one in group.parameters]
        assert sorted(learned) == sorted(id(one) for one in network.parameters())


def test_the_discriminator_is_left_to_itself_and_the_transformation_lowers_three_terms():
    torch.manual_seed(0)
    options = dca.Options(adversarial=0.5, means=2.0)
    method, batch = dca.Transfer(options).eval(), _batch(128, 1)
    moved, shapes = method.transform(batch.sketches), batch.shapes[:, 0]
    judge, transform = method.turns()
    judged = judge.loss(batch)
    judged.backward()
    assert all(one.grad is None for one in method.transform.parameters())
    chances = [method.judge(rows)[:, 0].sigmoid().tolist() for rows in (shapes, moved)]
    told = [-math.log(p) for p in chances[0]], [-math.log(1 - p) for p in chances[1]]
    assert float(judged.detach()) == pytest.approx(sum(told[0]) / 6 + sum(told[1]) / 12, rel=1e-5)
    loss = transform.loss(batch)
    pairs = moved, batch.sketch_labels, shapes, batch.shape_labels
    fooled = sum(-math.log(p) for p in chances[1]) / 12
    expected = batch_hard_loss(*pairs, 5.0) + 0.5 * fooled + 2.0 * class_mean_loss(*pairs)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)


def test_a_shape_is_nearest_to_points_in_its_subspace():
    torch.manual_seed(0)
    network = subspace.Subspaces(Head(DIM, 8, 7), 2).eval()
    with torch.no_grad():
        bases = network(_draw(3, VIEWS, DIM)).numpy()
    assert bases.shape == (3, 2, 7)
    assert bases @ bases.transpose(0, 2, 1) == pytest.approx(np.broadcast_to(np.eye(2), (3, 2, 2)), abs=1e-5)
    inside = np.stack([3 * basis[0] - 4 * basis[1] for basis in bases])
    ours = likeness(subspace.PointToSubspace.likeness)
    found = ours.between(ours.prepare(inside), bases)
    assert np.sqrt(1 - np.diag(found)) == pytest.approx(np.zeros(3), abs=1e-3)
    assert (found.argmax(1) == np.arange(3)).all()
    residual = inside[0] / 5 - bases[1].T @ (bases[1] @ inside[0] / 5)
    assert np.sqrt(1 - found[0, 1]) == pytest.approx(np.linalg.norm(residual), rel=1e-4)
    points = subspace.Points(Head(DIM, 8, 7)).eval()
    with torch.no_grad():
        assert points(_draw(9, DIM)).norm(dim=1).tolist() == pytest.approx([1.0] * 9, rel=1e-6)


def test_common_centers_start_at_the_class_means_of_the_views(tmp_path):
    torch.manual_seed(0)
    method = subspace.PointToSubspace(RUN, Sizes(DIM, DIM, 2), subspace.Options(), 0).eval()
    shapes = Part((), np.array([0, 1, 0]), _draw(3, VIEWS, DIM).numpy())
    inputs = replace(make_inputs(1, 1), shapes=shapes, classes=("a", "b"))
    method.start(make_task(tmp_path, inputs))
    with torch.no_grad():
        rows = method.shapes.views(torch.from_numpy(shapes.data)).mean(1)
        units = torch.nn.functional.normalize(rows, dim=1)
    assert torch.allclose(method.centers[0], (units[0] + units[2]) / 2, atol=1e-6)
    assert torch.allclose(method.centers[1], units[1], atol=1e-6)
