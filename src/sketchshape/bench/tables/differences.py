"""How far methods are from each baseline: one family of differences for each."""

from __future__ import annotations

from dataclasses import replace

from sketchshape.bench.results import Results
from sketchshape.bench.tables.bootstrap import RESAMPLES, resampled_means
from sketchshape.bench.tables.significance import holm, interval
from sketchshape.report.table import Interval

LEVEL_TEXT = (
    "with its bootstrap 95 % interval: classes, queries within them and seeds are drawn anew "
    f"{RESAMPLES:,} times. In bold the interval has no 0 and the difference is significant at 5 % after "
    "Holm's correction over the rows of its column."
)


def differences(results: Results) -> dict[str, dict[str, Interval]]:
    """Compare the mAP of each method with that of each baseline.

    Args:
        results: the comparison, as far as it is trained.

    Returns:
        Method -> baseline -> the difference as fractions, with p corrected over all methods that are compared
        with the same baseline: those of its group. A baseline is not compared with itself, nor anything with
        one that is not trained.
    """
    trained = {method.entry.label: method for method in results.trained}
    bases = [label for label in results.bench.baselines if label in trained]
    if len(trained) < 2 or not bases:
        return {}
    rows = [method.precision for method in trained.values()]
    seeds = [tuple(method.seeds) for method in trained.values()]
    labels = next(iter(trained.values())).labels
    means = dict(zip(trained, resampled_means(rows, seeds, labels), strict=True))
    whole = {label: float(method.precision.mean()) for label, method in trained.items()}
    found: dict[str, dict[str, Interval]] = {label: {} for label in trained}
    for base in bases:
        group = results.group(trained[base].entry.group)
        others = [method.entry.label for method in group if method.entry.label != base]
        own = [interval(whole[one] - whole[base], means[one] - means[base]) for one in others]
        corrected = holm([one.p for one in own])
        for label, one, p in zip(others, own, corrected, strict=True):
            found[label][base] = replace(one, p=p)
    return found
