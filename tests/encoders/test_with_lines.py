"""Views and line drawings of a shape become one embedding."""

from __future__ import annotations

import numpy as np
import pytest

from sketchshape.encoders.lines import with_lines


def rows(*shape: int) -> np.ndarray:
    made = np.random.default_rng(len(shape)).random(shape).astype(np.float32)
    return made / np.linalg.norm(made, axis=-1, keepdims=True)


@pytest.mark.parametrize("weight", [0.0, 0.7, 3.0])
@pytest.mark.parametrize("power", [0.3, 0.6, 1.0])
def test_it_is_the_sum_of_two_unit_rows(weight: float, power: float) -> None:
    views, drawn = rows(4, 9), rows(5, 4, 9)
    found = with_lines(views, drawn, weight, power)
    assert found.dtype == np.float32
    for n in range(4):
        lines = np.zeros(9)
        for drawing in drawn[:, n].astype(np.float64):
            raised = np.array([entry**power for entry in drawing])
            lines += raised / np.sqrt((raised**2).sum())
        joined = views[n] + weight * lines / np.sqrt((lines**2).sum())
        np.testing.assert_allclose(found[n], joined / np.sqrt((joined**2).sum()), atol=2e-6)


def test_one_shape_alone_is_joined_as_among_others() -> None:
    views, drawn = rows(4, 9), rows(5, 4, 9)
    alone = [with_lines(view, drawn[:, n], 0.7, 0.6) for n, view in enumerate(views)]
    np.testing.assert_allclose(alone, with_lines(views, drawn, 0.7, 0.6), atol=1e-6)


def test_a_low_power_makes_drawings_say_less_surely_what_they_are() -> None:
    sure = np.array([[0.99, 0.1, 0.1]], np.float32)
    sure /= np.linalg.norm(sure)
    nothing = np.zeros(3, np.float32)
    spread = [with_lines(nothing, sure, 1.0, power)[1] for power in (1.0, 0.6, 0.2)]
    assert spread == sorted(spread)
    assert spread[0] < spread[-1]
