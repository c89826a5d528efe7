"""Intervals of differences: classes, queries and trainings drawn anew; and Holm's correction of many."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from sketchshape.bench.tables import bootstrap
from sketchshape.bench.tables.bootstrap import resampled_means
from sketchshape.bench.tables.significance import holm, interval, two_sided
from sketchshape.files import digest

LABELS = np.array([7, 3, 3, 9, 3, 7, 9, 9, 9, 3, 1])  # four classes of 4, 2, 4 and 1, mixed


def world(methods: int, seeds: int, queries: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).random((methods, seeds, queries)))


class TestResampledMeans:
    @pytest.mark.parametrize("at_a_time", [1, 70, 10**6])
    def test_it_is_the_slow_loop_with_the_same_random_numbers(
        self, at_a_time: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bootstrap, "_DRAWS", at_a_time)
        precision, seeds = [*world(2, 3, 11), *world(1, 2, 11, 5)], [(0, 1, 2), (0, 1, 2), (0, 4)]
        found = resampled_means(precision, seeds, LABELS, resamples=60, seed=3)
        classes, queries = np.random.default_rng([3, 0]), np.random.default_rng([3, 1])
        streams = {
            own: np.random.default_rng([3, 2, int(digest("trainings", list(own))[:8], 16)])
            for own in set(seeds)
        }
        for resample in range(60):
            drawn = []
            for _ in range(4):
                label = [1, 3, 7, 9][classes.integers(4)]
                own = [place for place in range(11) if LABELS[place] == label]
                drawn += [own[int(queries.random() * len(own))] for _ in own]
            rows = {own: [stream.integers(len(own)) for _ in own] for own, stream in streams.items()}
            for method in range(3):
                total = 0.0
                for row in rows[seeds[method]]:
                    for query in drawn:
                        total += precision[method][row, query]
                mean = total / (len(drawn) * len(seeds[method]))
                assert found[method, resample] == pytest.approx(mean, abs=1e-12)

    def test_a_method_has_the_same_draws_whatever_stands_beside_it(self) -> None:
        precision = world(3, 2, 11)
        alone = resampled_means(precision[:1], [(5, 6)], LABELS, resamples=90)
        beside = resampled_means(precision[::-1], [(0, 1), (0, 1), (5, 6)], LABELS, resamples=90)
        np.testing.assert_allclose(beside[2], alone[0], atol=1e-12)

    def test_one_class_with_one_seed_has_the_variance_of_a_mean(self) -> None:
        (values,) = world(1, 1, 40)
        found = resampled_means([values], [(0,)], np.zeros(40, np.int64), resamples=20_000)
        assert found.mean() == pytest.approx(values.mean(), abs=4 * values.std() / np.sqrt(40 * 20_000))
        assert found.var() == pytest.approx(values.var() / 40, rel=0.04)  # 4 deviations of such an estimate

    def test_equal_classes_have_the_variance_of_two_stages(self) -> None:
        """Of the class means, and of the mean within a class, both over the number of drawn classes."""
        values = world(1, 1, 60)[0] + np.repeat(np.arange(12) / 6, 5)
        found = resampled_means([values], [(0,)], np.repeat(np.arange(12), 5), resamples=20_000)
        parts = values.reshape(12, 5)
        exact = (parts.mean(axis=1).var() + (parts.var(axis=1) / 5).mean()) / 12
        assert found.var() == pytest.approx(exact, rel=0.04)
        assert exact > 2 * values.var() / 60  # queries of a class are alike: they are worth less than 60

    def test_trainings_add_their_variance_and_those_with_the_same_seeds_go_together(self) -> None:
        up, down = np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.4, 0.3])
        precision = [np.repeat(one[:, None], 11, axis=1) for one in (up, down, down)]
        means = resampled_means(precision, [(0, 1, 2), (0, 1, 2), (3, 4, 5)], LABELS, resamples=20_000)
        together, apart = means[0] - means[1], means[0] - means[2]
        assert together.var() == pytest.approx((up - down).var() / 3, rel=0.04)
        assert apart.var() == pytest.approx((up.var() + down.var()) / 3, rel=0.04)

    def test_few_classes_have_an_exact_distribution(self) -> None:
        """Three classes of one query each: of 27 equally likely draws the extreme ones have 1/27."""
        values = np.array([[0.0, 0.2, 1.0]])
        found = resampled_means([values], [(0,)], np.array([2, 0, 1]), resamples=27_000)[0]
        shares = {round(np.mean(one), 9): 0 for one in product(values[0], repeat=3)}
        for one in product(values[0], repeat=3):
            shares[round(np.mean(one), 9)] += 1 / 27
        seen, counts = np.unique(np.round(found, 9), return_counts=True)
        assert seen.tolist() == sorted(shares)
        for value, count in zip(seen, counts, strict=True):
            share = shares[value]
            assert count / 27_000 == pytest.approx(share, abs=4 * np.sqrt(share / 27_000))
        whole = interval(float(values.mean()), found)
        assert (whole.low, whole.high) == (0, 1)

    def test_larger_classes_weigh_more_as_in_the_mean_over_queries(self) -> None:
        """The draw of class 0 twice, once or never has 1/4, 1/2, 1/4, and its 9 queries stand beside 1."""
        values, labels = np.array([[1.0] * 9 + [0.0]]), np.array([0] * 9 + [1])
        found = resampled_means([values], [(0,)], labels, resamples=8000)[0]
        seen, counts = np.unique(found, return_counts=True)
        assert seen.tolist() == [0, 0.9, 1]
        assert counts / 8000 == pytest.approx([0.25, 0.5, 0.25], abs=0.02)

    @pytest.mark.parametrize(
        ("values", "seeds"),
        [
            (np.zeros((1, 10)), (0,)),
            (np.zeros((2, 11)), (0,)),
            (np.full((1, 11), np.nan), (0,)),
            (np.zeros((0, 11)), ()),
        ],
    )
    def test_what_cannot_be_drawn_from(self, values: np.ndarray, seeds: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="expected finite"):
            resampled_means([values], [seeds], LABELS)


class TestInterval:
    def test_a_constant_difference_has_no_width_and_none_is_never_sure(self) -> None:
        (base,) = world(1, 3, 11)
        means = resampled_means([base, base + 0.3, base.copy()], [(0, 1, 2)] * 3, LABELS)
        more = interval(0.3, means[1] - means[0])
        assert (more.mean, more.low, more.high) == (0.3, 0.3, 0.3)
        assert more.p == pytest.approx(2 / 10_001)
        assert more.sure
        same = interval(0.0, means[2] - means[0])
        assert (same.low, same.high, same.p, same.sure) == (0, 0, 1, False)

    def test_a_shift_of_a_method_moves_its_interval_by_just_that(self) -> None:
        one, other = world(2, 3, 11)
        means = resampled_means([one, other, other + 0.25], [(0, 1, 2)] * 3, LABELS)
        before, after = interval(0.1, means[1] - means[0]), interval(0.35, means[2] - means[0])
        moved = [after.mean - before.mean, after.low - before.low, after.high - before.high]
        assert moved == pytest.approx([0.25] * 3, abs=1e-11)

    def test_the_other_way_round_everything_has_the_other_sign(self) -> None:
        one, other = world(2, 3, 11)
        first, second = resampled_means([one, other], [(0, 1, 2)] * 2, LABELS)
        forth, back = interval(0.1, first - second), interval(-0.1, second - first)
        assert (back.mean, back.low, back.high) == pytest.approx((-forth.mean, -forth.high, -forth.low))
        assert back.p == forth.p

    def test_the_interval_is_between_quantiles(self) -> None:
        found = interval(0.5, np.arange(1001) / 1000)
        assert (found.low, found.high) == pytest.approx((0.025, 0.975))

    @pytest.mark.parametrize("paired", [True, False])
    def test_it_covers_the_truth_where_an_interval_over_queries_alone_does_not(self, paired: bool) -> None:
        """Worlds with 24 classes that differ in how much better a method is, and trainings that vary."""
        random, labels, alone = np.random.default_rng(8), np.repeat(np.arange(24), 6), np.zeros(144, np.int64)
        seeds = [tuple(range(5)), tuple(range(5)) if paired else tuple(range(5, 10))]
        hits = np.zeros(2)
        for number in range(150):
            gain = 0.05 + random.normal(0, 0.1, 24)[labels]
            trainings = [random.normal(0, 0.02, (5, 1)) for _ in range(2)]
            base = random.normal(0.5, 0.2, (1, 144)) + trainings[0] + random.normal(0, 0.1, (5, 144))
            other = base.mean(axis=0) + gain + trainings[1] + random.normal(0, 0.1, (5, 144))
            both = resampled_means([base, other], seeds, labels, resamples=200, seed=number)
            means = [base.mean(axis=0, keepdims=True), other.mean(axis=0, keepdims=True)]
            narrow = resampled_means(means, [(0,), (0,)], alone, resamples=200, seed=number)
            for place, (first, second) in enumerate((both, narrow)):
                one = interval(0, second - first)
                hits[place] += one.low <= 0.05 <= one.high
        assert 0.90 <= hits[0] / 150 <= 0.99
        assert hits[1] / 150 < 0.80


class TestTwoSided:
    def test_the_estimator_counts_the_other_side_and_one_more(self) -> None:
        assert two_sided(np.array([0.1] * 97 + [-0.1] * 2)) == pytest.approx(2 * 3 / 100)
        assert two_sided(np.array([-0.1] * 97 + [0.1] * 2)) == pytest.approx(2 * 3 / 100)
        assert two_sided(np.full(99, 0.1)) == pytest.approx(2 / 100)
        assert two_sided(np.array([0.1, -0.1])) == 1

    def test_a_normal_difference_has_the_p_of_its_distance(self) -> None:
        drawn = np.random.default_rng(0).normal(0.0196, 0.01, 200_000)
        assert two_sided(drawn) == pytest.approx(0.05, abs=0.002)


class TestHolm:
    def test_the_steps_are_those_of_the_publication(self) -> None:
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
        assert holm([0.2]) == [0.2]
        assert holm([]) == []
        assert holm([0.5, 0.6, 0.7]) == [1, 1, 1]
        assert holm([0.02, 0.02]) == [0.04, 0.04]

    def test_it_decides_as_the_step_down_procedure_does(self) -> None:
        """From the smallest on, reject while p is at most 0.05 / (those that are left); then stop."""
        random = np.random.default_rng(3)
        for count in range(1, 9):
            for _ in range(50):
                values = (random.random(count) ** 3).tolist()
                rejected, left = set(), count
                for place in np.argsort(values):
                    if values[place] > 0.05 / left:
                        break
                    rejected.add(int(place))
                    left -= 1
                assert {place for place, p in enumerate(holm(values)) if p <= 0.05} == rejected

    def test_corrected_values_keep_the_order_and_are_never_smaller(self) -> None:
        values = np.random.default_rng(4).random(12) ** 2
        found = np.array(holm(values.tolist()))
        assert (np.diff(found[np.argsort(values)]) >= 0).all()
        assert (found >= values).all()
        assert (found <= np.minimum(1, 12 * values) + 1e-12).all()  # never more than Bonferroni
        order = np.random.default_rng(5).permutation(12)
        np.testing.assert_array_equal(holm(values[order].tolist()), found[order])

    def test_it_is_the_closed_test_of_bonferroni(self) -> None:
        """The corrected p of one is the largest that Bonferroni gives in any part of the family with it."""
        values = [0.004, 0.03, 0.011, 0.4, 0.02]
        for place, found in enumerate(holm(values)):
            parts = [part for k in range(1, 6) for part in combinations(range(5), k) if place in part]
            closed = max(min(1, len(part) * min(values[one] for one in part)) for part in parts)
            assert found == pytest.approx(closed)
