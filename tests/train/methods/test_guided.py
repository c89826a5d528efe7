"""The methods with class centers: losses as sums of their parts, and CGN as `sketchshape train` has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from feature_world import DIM, RUN, make_inputs, make_task  # noqa: E402
from torch.nn import functional  # noqa: E402

from sketchshape.bench.features_folder import without_lines  # noqa: E402
from sketchshape.config import run as settings  # noqa: E402
from sketchshape.encoders.likeness import likeness  # noqa: E402
from sketchshape.errors import ArtefactError, ConfigError  # noqa: E402
from sketchshape.metrics import evaluate  # noqa: E402
from sketchshape.metrics.rows import unit  # noqa: E402
from sketchshape.train.centers.class_centers import class_centers  # noqa: E402
from sketchshape.train.cgn.student import Student  # noqa: E402
from sketchshape.train.cgn.teacher import Teacher  # noqa: E402
from sketchshape.train.data.items import (  # noqa: E402
    Batch,
    Items,
)
from sketchshape.train.data.pairs import Pairs  # noqa: E402
from sketchshape.train.engine.checkpoint import load_checkpoint  # noqa: E402
from sketchshape.train.engine.distributed import World  # noqa: E402
from sketchshape.train.losses.am_softmax import am_softmax_loss  # noqa: E402
from sketchshape.train.losses.triplet_center import triplet_center_loss  # noqa: E402
from sketchshape.train.methods import center_softmax, sl, tcl  # noqa: E402
from sketchshape.train.models.encoder import Encoder, Features  # noqa: E402
from sketchshape.train.models.heads import Head  # noqa: E402
from sketchshape.train.models.pair import new_pair  # noqa: E402
from sketchshape.train.models.retriever import Sizes  # noqa: E402
from sketchshape.train.run import train_seed  # noqa: E402

torch.set_num_threads(1)
INPUTS, CPU = make_inputs(shapes=3, sketches=5), torch.device("cpu")
SIZES = Sizes(DIM, DIM, len(INPUTS.classes))
SHORT = replace(RUN, teacher=replace(RUN.teacher, epochs=2), student=replace(RUN.student, epochs=2))


def _train(name, folder, run=SHORT, *, inputs=INPUTS, key=None, **options):
    return train_seed(make_task(folder, inputs, replace(run, method=name, options=options), key=key))


def _student(**changes):
    return replace(SHORT, student=replace(SHORT.student, **changes))


def _teacher(**changes):
    return replace(SHORT, teacher=replace(SHORT.teacher, **changes))


def _similarity(trained):
    rows = trained.embed_sketches(INPUTS.test.data), trained.embed_shapes(INPUTS.gallery.data)
    return likeness(trained.likeness).between(*rows)


def _by_hand(folder, run):
    """CGN from its parts: a teacher, its class centers, and a student: encoders, cosines."""
    task, pair = make_task(folder, INPUTS, run), new_pair(run, SIZES, 0, CPU)
    sketches = INPUTS.train.data, INPUTS.train.labels
    data = Items(*sketches, variants=True), Items(INPUTS.shapes.data, INPUTS.shapes.labels)
    (taught, lessons), (learner, exercises) = zip((pair.sketches, pair.shapes), data, strict=True)
    if run.teacher.modality == "shape":
        (learner, exercises), (taught, lessons) = (taught, lessons), (learner, exercises)
    teacher = Teacher(taught, len(INPUTS.classes), run.teacher, seed=0)
    task.fit(teacher, lessons, run.teacher, "teacher")
    taught.eval()
    with torch.inference_mode():
        if run.teacher.centers == "classifier":
            centers = unit(teacher.classifier.weight.numpy())
        elif run.teacher.centers == "mean":
            centers = _plain_means(taught, INPUTS.shapes if run.teacher.modality == "shape" else INPUTS.train)
        elif run.teacher.modality == "shape":
            rows = taught.embed(torch.from_numpy(INPUTS.shapes.data)).numpy()
            centers = class_centers(rows, INPUTS.shapes.labels, INPUTS.classes, "unit-mean")
        else:
            rows = pair.retriever(run, CPU).embed_sketches(INPUTS.train.data)
            centers = class_centers(rows, INPUTS.train.labels, INPUTS.classes, "unit-mean")
    student = Student(learner, torch.from_numpy(np.array(centers)), run.student, seed=0)
    task.fit(student, exercises, run.student, "student", "by hand")
    with torch.inference_mode():
        drawn = torch.from_numpy(np.ascontiguousarray(INPUTS.test.data.swapaxes(0, 1)))
        queries = functional.normalize(sum(pair.sketches.eval().embed(look) for look in drawn), dim=1)
        shapes = pair.shapes.eval().embed(torch.from_numpy(INPUTS.gallery.data))
        return pair, (queries @ shapes.T).numpy()


def _plain_means(encoder, part):
    """[CGN] section 3.2, literally: what the encoder makes of the items of a class, added up and divided."""
    if part is INPUTS.shapes:
        rows = encoder(torch.from_numpy(part.data)).numpy()
    else:
        looks = np.ascontiguousarray(part.data.swapaxes(0, 1))
        rows = sum(encoder(torch.from_numpy(look)).numpy() for look in looks) / len(looks)
    found = []
    for label in range(len(INPUTS.classes)):
        own = [row.astype(np.float64) for row, other in zip(rows, part.labels, strict=True) if other == label]
        found.append(sum(own) / len(own))
    return np.array(found, np.float32)


def _check(trained, by_hand):
    """The networks are those bit for bit, and what they make of the test part is the same."""
    pair, cosines = by_hand
    for ours, theirs in ((trained.sketches, pair.sketches), (trained.shapes, pair.shapes)):
        expected = theirs.state_dict()
        assert all(torch.equal(value, expected[key]) for key, value in ours.encoder.state_dict().items())
    assert _similarity(trained) == pytest.approx(cosines, abs=2e-6)


def _encoder(seed=0):
    torch.manual_seed(seed)
    return Encoder(Features(DIM), Head(DIM, 16, 8))


def _batch(part):
    return Batch(torch.from_numpy(part.data[:10]), torch.from_numpy(part.labels[:10]))


def _sketches():
    data, labels = INPUTS.train.data[:10, 0], INPUTS.train.labels[:10]
    return Batch(torch.from_numpy(np.ascontiguousarray(data)), torch.from_numpy(labels))


def test_cgn_is_its_parts_one_after_the_other(tmp_path):
    _check(_train("cgn", tmp_path / "a"), _by_hand(tmp_path / "b", SHORT))


@pytest.mark.parametrize(
    "run",
    [
        _student(away="mean"),
        _student(weight=0.3, classification=0.5),
        _student(epochs=3, lr=0.05, weight_decay=0.0, dropout=0.2),
        _teacher(modality="sketch"),
        _teacher(centers="mean"),
        _teacher(centers="mean", modality="sketch"),
        _teacher(classifier="simplex", centers="classifier", margin=0.6),
    ],
    ids=["mean", "classification", "stage", "swapped", "plain", "plain-swapped", "simplex"],
)
def test_the_variants_of_cgn_are_settings_of_the_run(run, tmp_path):
    trained = _train("cgn", tmp_path / "a", run)
    found = _similarity(trained)
    assert np.isfinite(found).all()
    _check(trained, _by_hand(tmp_path / "b", run))
    assert np.abs(found - _similarity(_train("cgn", tmp_path / "c"))).max() > 1e-3


def test_with_a_simplex_the_centers_are_its_corners(tmp_path):
    trained = _train("cgn", tmp_path, _teacher(classifier="simplex", centers="classifier"))
    expected = np.full((12, 12), -1 / 11)
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(trained.centers.values @ trained.centers.values.T, expected, atol=1e-5)


def test_a_wrong_option_of_the_student_is_refused_by_the_run():
    with pytest.raises(ConfigError, match=r"student\.away is 'max', expected one of: sum, mean"):
        _student(away="max")


def test_center_softmax_is_am_softmax_with_the_centers_as_weights():
    centers = torch.randn(12, 8, generator=torch.Generator().manual_seed(0))
    options = center_softmax.Options(scale=9.0, margin=0.3)
    student = center_softmax.SoftmaxStudent(_encoder(), centers, settings.StudentSettings(), options)
    batch = _sketches()
    (turn,) = student.turns()
    loss = turn.loss(batch)
    expected = am_softmax_loss(_encoder()(batch.inputs), batch.labels, centers, 9.0, 0.3)
    assert turn.name == "loss"
    assert torch.equal(loss, expected)
    learned = {id(one) for group in turn.groups for one in group.parameters}
    assert learned == {id(one) for one in student.encoder.parameters()}


def test_center_softmax_has_the_teacher_of_cgn_and_a_student_of_its_own(tmp_path):
    folders = [tmp_path / name for name in ("cgn", "softmax", "sharper")]
    taught = _train("cgn", folders[0])
    sides = [_train("center_softmax", folders[1], key="same")]
    sides.append(_train("center_softmax", folders[2], scale=30.0))
    states = [load_checkpoint(folder / "student.checkpoint", None, torch.device("cpu")) for folder in folders]
    first, second, third = (state["method"]["centers"].numpy() for state in states)
    assert np.array_equal(first, taught.centers.values)
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)
    assert not np.array_equal(*[_similarity(side) for side in sides])
    held, gallery = INPUTS.validation, INPUTS.validation_gallery
    rows = sides[0].embed_sketches(held.data), sides[0].embed_shapes(gallery.data)
    own = evaluate(rows[0] @ rows[1].T, held.labels, gallery.labels)
    last = (folders[1] / "log.csv").read_text().splitlines()
    logged = dict(zip(last[0].split(","), last[-1].split(","), strict=True))
    assert (logged["stage"], float(logged["val_map"])) == ("student", pytest.approx(own.map))
    with pytest.raises(ArtefactError, match="other settings or data"):
        _train("center_softmax", folders[1], key="same", margin=0.0)


def test_several_students_of_center_softmax_say_what_they_say_in_the_mean(tmp_path):
    alone = _train("center_softmax", tmp_path / "one")
    several = _train("center_softmax", tmp_path / "three", students=3)
    networks = list(several.sketches.networks)
    first, own = networks[0].state_dict(), alone.sketches.state_dict()
    assert first.keys() == own.keys()
    assert all(torch.equal(first[name], own[name]) for name in own)
    features = torch.from_numpy(INPUTS.test.data[:, 0])
    with torch.no_grad():
        rows = [network(features) for network in networks]
    assert not torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[1], rows[2])
    mean = functional.normalize(sum(rows) / 3, dim=1).numpy()
    np.testing.assert_allclose(several.embed_sketches(INPUTS.test.data[:, :1]), mean, atol=1e-6)
    assert np.array_equal(*[one.embed_shapes(INPUTS.gallery.data) for one in (alone, several)])
    with pytest.raises(ConfigError, match=r"options\.students is 2 and teacher\.modality is 'sketch'"):
        _train("center_softmax", tmp_path / "swapped", _teacher(modality="sketch"), students=2)
    with pytest.raises(ConfigError, match=r"options\.students"):
        _train("center_softmax", tmp_path / "none", students=0)


def test_sl_adds_its_losses_with_their_weights():
    options = sl.Options(tight=3.0, pull=7.0, margin=1.2)
    shapes = sl.Shapes(_encoder(), 12, options, seed=1)
    batch = _batch(INPUTS.shapes)
    (turn,) = shapes.turns()
    loss = turn.loss(batch)
    embeddings = _encoder()(batch.inputs)
    centers = shapes.triplet_center.centers
    expected = functional.cross_entropy(shapes.classifier(embeddings), batch.labels)
    expected = expected + 3 * triplet_center_loss(embeddings, batch.labels, centers, 1.2, "cosine")
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    assert sum(len(group.parameters) for group in turn.groups) == len([*shapes.parameters()])

    sketches = sl.Sketches(_encoder(), centers.detach(), options)
    batch = _sketches()
    loss = sketches.loss(batch)
    embeddings = _encoder()(batch.inputs)
    cosines = functional.cosine_similarity(embeddings, centers[batch.labels])
    expected = functional.cross_entropy(sketches.classifier(embeddings), batch.labels)
    expected = expected + 7 * (1 - cosines).mean()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)


def test_sl_pulls_sketches_to_the_mean_embedding_of_each_class(tmp_path):
    trained = _train("sl", tmp_path, epochs=2)
    checkpoint = load_checkpoint(tmp_path / "sketches.checkpoint", None, torch.device("cpu"))
    rows = trained.embed_shapes(INPUTS.shapes.data)
    means = class_centers(rows, INPUTS.shapes.labels, INPUTS.classes, "unit-mean")
    assert np.array_equal(checkpoint["method"]["centers"].numpy(), means)


@pytest.mark.parametrize(
    ("name", "stage"), [("cgn", "student"), ("center_softmax", "student"), ("sl", "sketches")]
)
def test_every_process_takes_the_class_centers_of_the_first_one(name, stage, tmp_path, monkeypatch):
    of_first = np.eye(len(INPUTS.classes), RUN.head.width, dtype=np.float32)
    monkeypatch.setattr(World, "of_first", lambda world, values: of_first)
    _train(name, tmp_path, **({"epochs": 2} if name == "sl" else {}))
    state = load_checkpoint(tmp_path / f"{stage}.checkpoint", None, torch.device("cpu"))
    assert np.array_equal(state["method"]["centers"].numpy(), of_first)


def test_tcl_classifies_and_centers_both_modalities_together():
    options = tcl.Options(weight=0.3, margin=2.0, lr=0.02, centers_lr=0.1, clip=0.07)
    torch.manual_seed(3)
    method = tcl.TCL(RUN, SIZES, options, seed=0).eval()  # without batch statistics and dropout
    (batch, *_) = Pairs(INPUTS.train, INPUTS.shapes).batches(16, seed=0, epoch=0)
    loss = method.loss(batch)
    sketches = method.sketches(batch.sketches)
    shapes = method.shapes.network(batch.shapes.max(1).values)
    total = 0.0
    for embeddings, labels in ((sketches, batch.sketch_labels), (shapes, batch.shape_labels)):
        centers = method.triplet_center.centers
        part = functional.cross_entropy(method.classifier(embeddings), labels)
        part = part + 0.3 * triplet_center_loss(embeddings, labels, centers, 2.0)
        total += float(part.detach()) * len(labels)
    assert float(loss.detach()) == pytest.approx(total / (16 + 8), rel=1e-5)
    (turn,) = method.turns()
    networks, centers = turn.groups
    assert [centers.parameters[0] is method.triplet_center.centers, len(centers.parameters)] == [True, 1]
    assert centers.factor * options.lr == pytest.approx(0.1)
    assert networks.clip == centers.clip == 0.07
    assert len(networks.parameters) + 1 == len([*method.parameters()])


def test_tcl_ranks_by_the_measure_that_is_asked_for(tmp_path):
    found = {}
    for ranking in ("cosine", "euclidean"):
        trained = _train("tcl", tmp_path / ranking, epochs=2, ranking=ranking)
        found[ranking] = _similarity(trained)
        assert trained.likeness == ranking
    with torch.no_grad():
        looks = [trained.sketches(torch.from_numpy(INPUTS.test.data[:, look])) for look in range(2)]
        sketches, shapes = sum(looks) / 2, trained.shapes(torch.from_numpy(INPUTS.gallery.data))
    expected = functional.cosine_similarity(sketches[:, None], shapes, dim=2)
    assert np.allclose(found["cosine"], expected, atol=1e-5)
    distances = (sketches[:, None] - shapes).norm(dim=2)
    assert np.allclose(1 / found["euclidean"] - 1, distances, rtol=1e-4)
    with pytest.raises(ConfigError, match="ranking is 'l2', expected one of: cosine, euclidean"):
        tcl.Options(ranking="l2")


def test_line_drawings_are_learned_from_only_where_asked(tmp_path):
    looks = np.repeat(INPUTS.train.data[:1, :1], len(INPUTS.shapes), 0)[:, None]  # any features will do
    drawn = replace(INPUTS, shapes=replace(INPUTS.shapes, lines=np.repeat(looks, 2, 1)))
    for name in ("cgn", "center_softmax"):

        def learned(folder, inputs, name=name):
            return _similarity(_train(name, tmp_path / name / folder, inputs=inputs))

        plain = learned("a", INPUTS)
        assert np.array_equal(learned("b", without_lines(drawn)), plain)
        assert not np.array_equal(learned("c", drawn), plain)
