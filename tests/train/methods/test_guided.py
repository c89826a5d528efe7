"""The methods with class centers: losses as sums of their parts, and CGN as `sketchshape train` has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from feature_world import DIM, RUN, make_inputs  # noqa: E402
from torch.nn import functional  # noqa: E402

from sketchshape.config import run as settings  # noqa: E402
from sketchshape.errors import ArtefactError, ConfigError  # noqa: E402
from sketchshape.train import Encoder, Features, Head, am_softmax_loss, class_centers  # noqa: E402
from sketchshape.train.cgn.stages import train_pair  # noqa: E402
from sketchshape.train.data.items import Batch  # noqa: E402
from sketchshape.train.data.pairs import Pairs  # noqa: E402
from sketchshape.train.losses import triplet_center_loss  # noqa: E402
from sketchshape.train.methods import center_softmax, cgn, contend, sl, tcl  # noqa: E402

torch.set_num_threads(1)
INPUTS, CPU = make_inputs(shapes=3, sketches=5), torch.device("cpu")
SHORT = replace(RUN, teacher=replace(RUN.teacher, epochs=2), student=replace(RUN.student, epochs=2))


def _contend(name, folder, options, run=SHORT):
    return contend(name, INPUTS, run, options, 0, folder, CPU, quiet=True)


def _similarity(contender):
    return contender.similarity(INPUTS.test.data, INPUTS.gallery.data)


def _of_pair(folder, run):
    pair, _ = train_pair(INPUTS, run, 0, folder, CPU, quiet=True)
    return pair.embed_sketches(INPUTS.test.data) @ pair.embed_shapes(INPUTS.gallery.data).T


def _encoder(seed=0):
    torch.manual_seed(seed)
    return Encoder(Features(DIM), Head(DIM, 16, 8))


def _batch(part):
    return Batch(torch.from_numpy(part.data[:10]), torch.from_numpy(part.labels[:10]))


def _sketches():
    data, labels = INPUTS.train.data[:10, 0], INPUTS.train.labels[:10]
    return Batch(torch.from_numpy(np.ascontiguousarray(data)), torch.from_numpy(labels))


def test_cgn_without_options_is_the_pair_of_the_run_bit_for_bit(tmp_path):
    assert np.array_equal(
        _similarity(_contend("cgn", tmp_path / "a", cgn.Options())), _of_pair(tmp_path / "b", SHORT)
    )


@pytest.mark.parametrize(
    ("options", "student"),
    [
        ({"away": "mean"}, {"away": "mean"}),
        ({"weight": 0.3, "classification": 0.5}, {"weight": 0.3, "classification": 0.5}),
        ({"epochs": 3, "lr": 0.05, "weight_decay": 0.0, "dropout": 0.2},) * 2,
    ],
)
def test_the_options_of_cgn_are_those_of_the_student(options, student, tmp_path):
    run = replace(SHORT, student=replace(SHORT.student, **student))
    found = _similarity(_contend("cgn", tmp_path / "a", cgn.Options(**options)))
    assert np.array_equal(found, _of_pair(tmp_path / "b", run))
    assert not np.array_equal(found, _of_pair(tmp_path / "c", SHORT))


def test_cgn_swapped_lets_the_sketches_teach(tmp_path):
    run = replace(SHORT, teacher=replace(SHORT.teacher, modality="sketch"))
    found = _similarity(_contend("cgn", tmp_path / "a", cgn.Options(swapped=True)))
    assert np.array_equal(found, _of_pair(tmp_path / "b", run))


def test_a_wrong_option_of_the_student_is_refused_by_the_run(tmp_path):
    with pytest.raises(ConfigError, match=r"student\.away is 'max', expected one of: sum, mean"):
        _contend("cgn", tmp_path, cgn.Options(away="max"))


def test_center_softmax_is_am_softmax_with_the_centers_as_weights():
    centers = torch.randn(12, 8, generator=torch.Generator().manual_seed(0))
    student = center_softmax.SoftmaxStudent(_encoder(), centers, settings.Student(), scale=9.0, margin=0.3)
    batch = _sketches()
    ((player, loss),) = student.updates(batch)
    expected = am_softmax_loss(_encoder()(batch.inputs), batch.labels, centers, 9.0, 0.3)
    assert player == "student"
    assert torch.equal(loss, expected)
    learned = {id(one) for group in student.players()["student"] for one in group.parameters}
    assert learned == {id(one) for one in student.encoder.parameters()}


def test_center_softmax_has_the_teacher_of_cgn_and_a_student_of_its_own(tmp_path):
    folders = [tmp_path / name for name in ("cgn", "softmax", "sharper")]
    _contend("cgn", folders[0], cgn.Options())
    sides = [_contend("center_softmax", folders[1], center_softmax.Options())]
    sides.append(_contend("center_softmax", folders[2], center_softmax.Options(scale=30.0)))
    first, second, third = (np.load(folder / "centers.npz")["values"] for folder in folders)
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)
    assert not np.array_equal(*[_similarity(side) for side in sides])
    with pytest.raises(ArtefactError, match="other settings or data"):
        _contend("center_softmax", folders[1], center_softmax.Options(margin=0.0))


def test_sl_adds_its_losses_with_their_weights():
    options = sl.Options(tight=3.0, pull=7.0, margin=1.2)
    shapes = sl.Shapes(_encoder(), 12, options, seed=1)
    batch = _batch(INPUTS.shapes)
    ((_, loss),) = shapes.updates(batch)
    embeddings = _encoder()(batch.inputs)
    centers = shapes.triplet_center.centers
    expected = functional.cross_entropy(shapes.classifier(embeddings), batch.labels)
    expected = expected + 3 * triplet_center_loss(embeddings, batch.labels, centers, 1.2, "cosine")
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    assert sum(len(group.parameters) for group in shapes.players()["shapes"]) == len([*shapes.parameters()])

    sketches = sl.Sketches(_encoder(), centers.detach(), options)
    batch = _sketches()
    ((_, loss),) = sketches.updates(batch)
    embeddings = _encoder()(batch.inputs)
    cosines = functional.cosine_similarity(embeddings, centers[batch.labels])
    expected = functional.cross_entropy(sketches.classifier(embeddings), batch.labels)
    expected = expected + 7 * (1 - cosines).mean()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)


def test_sl_pulls_sketches_to_the_mean_embedding_of_each_class(tmp_path):
    contender = _contend("sl", tmp_path, sl.Options(epochs=2))
    checkpoint = torch.load(tmp_path / "sketches.checkpoint", weights_only=True)
    means = class_centers(
        contender.pair.embed_shapes(INPUTS.shapes.data), INPUTS.shapes.labels, INPUTS.classes
    )
    assert np.array_equal(checkpoint["state"]["method"]["centers"].numpy(), means)


def test_tcl_classifies_and_centers_both_modalities_together():
    options = tcl.Options(weight=0.3, margin=2.0, lr=0.02, centers_lr=0.1, clip=0.07)
    torch.manual_seed(3)
    method = tcl.Joint(DIM, 12, RUN.head, options, seed=0).eval()  # without batch statistics and dropout
    (batch, *_) = Pairs(INPUTS.train, INPUTS.shapes, sampler="random").batches(16, seed=0, epoch=0)
    ((_, loss),) = method.updates(batch)
    sketches = method.sketches(batch.sketches)
    shapes = method.shapes.network(batch.shapes.max(1).values)
    total = 0.0
    for embeddings, labels in ((sketches, batch.sketch_labels), (shapes, batch.shape_labels)):
        centers = method.triplet_center.centers
        part = functional.cross_entropy(method.classifier(embeddings), labels)
        part = part + 0.3 * triplet_center_loss(embeddings, labels, centers, 2.0)
        total += float(part.detach()) * len(labels)
    assert float(loss.detach()) == pytest.approx(total / (16 + 8), rel=1e-5)
    networks, centers = method.players()["both"]
    assert [centers.parameters[0] is method.triplet_center.centers, len(centers.parameters)] == [True, 1]
    assert centers.factor * options.lr == pytest.approx(0.1)
    assert networks.clip == centers.clip == 0.07
    assert len(networks.parameters) + 1 == len([*method.parameters()])


def test_tcl_ranks_by_the_measure_that_is_asked_for(tmp_path):
    found = {}
    for ranking in ("cosine", "euclidean"):
        contender = _contend("tcl", tmp_path / ranking, tcl.Options(epochs=2, ranking=ranking))
        found[ranking] = _similarity(contender)
    with torch.no_grad():
        looks = [contender.sketches(torch.from_numpy(INPUTS.test.data[:, look])) for look in range(2)]
        sketches, shapes = sum(looks) / 2, contender.shapes(torch.from_numpy(INPUTS.gallery.data))
    expected = functional.cosine_similarity(sketches[:, None], shapes, dim=2)
    assert np.allclose(found["cosine"], expected, atol=1e-5)
    assert np.allclose(found["euclidean"], -(sketches[:, None] - shapes).norm(dim=2), rtol=1e-4)
    with pytest.raises(ConfigError, match="ranking is 'l2', expected one of: cosine, euclidean"):
        tcl.Options(ranking="l2")


def test_the_simplex_is_a_setting_of_the_run_under_another_name(tmp_path):
    teacher = replace(SHORT.teacher, classifier="simplex", centers="classifier", margin=0.6)
    ours = _contend("cgn", tmp_path / "a", cgn.Options(simplex=True, teacher_margin=0.6))
    assert np.array_equal(_similarity(ours), _of_pair(tmp_path / "b", replace(SHORT, teacher=teacher)))
    cosines = ours.pair.embed_shapes(INPUTS.gallery.data) @ ours.pair.embed_shapes(INPUTS.gallery.data).T
    assert np.isfinite(cosines).all()


def test_line_drawings_are_learned_from_only_where_asked(tmp_path):
    looks = np.repeat(INPUTS.train.data[:1, :1], len(INPUTS.shapes), 0)[:, None]  # any features will do
    drawn = replace(INPUTS, shapes=replace(INPUTS.shapes, lines=np.repeat(looks, 2, 1)))

    def learned(folder, inputs, **options):
        trained = contend("cgn", inputs, SHORT, cgn.Options(**options), 0, tmp_path / folder, CPU, quiet=True)
        return _similarity(trained)

    assert np.array_equal(learned("a", drawn), learned("b", INPUTS))
    assert not np.array_equal(learned("c", drawn, lines=True), learned("d", INPUTS))
    with pytest.raises(ConfigError, match=r"views\.lines"):
        learned("e", INPUTS, lines=True)
