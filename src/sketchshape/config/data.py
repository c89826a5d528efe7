"""Which shapes and sketches a run has: the section [data]."""

from __future__ import annotations

from dataclasses import dataclass

from sketchshape.config.checks import one_of, within
from sketchshape.errors import ConfigError


@dataclass(frozen=True)
class DataSettings:
    """Which shapes and sketches.

    Args:
        layout: a file in `sketchshape.datasets.layouts`: shrec13, shrec14, psb76 or folder.
        path: root folder; `--data` on the command line overrides it; "sample" is the bundled sample.
        validation: fraction 0..0.5 of the training sketches of each class that is held out of training. The
            default is ours; the paper learns from all of them, 0.
        fold: which part of that size is held out: with validation = 0.2 the parts 0 to 4 have all sketches.
        up: the axis that points up in the mesh files: y, z, x, or -y, -z, -x.
        protocol: closed (all shapes are learned from and ranked, the paper), held-out (a fifth of the shapes
            is kept for ranking) or unseen (whole classes are); see `sketchshape.datasets.protocols`.
        held_out_least: shapes that a class must have for some of them to be held out.
        unseen: names of the classes that the protocol unseen leaves out; empty is every fifth by a hash.
        share: of the training sketches of each class that is learned from, up to 1, for learning curves;
            a smaller share is a part of a larger one.
        sources: of the layout psb76, the collections whose sketches are learned from and tested with, of
            quickdraw, sketchy and tuberlin; empty is all.
    """

    layout: str = "folder"
    path: str = ""
    validation: float = 0.1
    fold: int = 0
    up: str = "y"
    protocol: str = "closed"
    held_out_least: int = 10
    unseen: tuple[str, ...] = ()
    share: float = 1.0
    sources: tuple[str, ...] = ()


def check_data(data: DataSettings) -> None:
    """Check which shapes and sketches are asked for.

    Args:
        data: the settings.

    Raises:
        ConfigError: a value is out of its range.
    """
    one_of("data.up", data.up, ("y", "z", "x", "-y", "-z", "-x"))
    one_of("data.protocol", data.protocol, ("closed", "held-out", "unseen"))
    within("data.share", data.share, 0.001, 1.0)
    within("data.held_out_least", data.held_out_least, 3, 100_000)
    within("data.validation", data.validation, 0.0, 0.5)
    _check_fold(data.fold, data.validation)


def fold_count(fraction: float) -> int:
    """Tell how many parts of a size there are beside each other.

    Args:
        fraction: of the whole that a part is, 0..1.

    Returns:
        At least 1, also where the part is empty.
    """
    return int(1 / fraction + 1e-9) if fraction else 1


def _check_fold(fold: int, validation: float) -> None:
    last = fold_count(validation) - 1
    if not 0 <= fold <= last:
        parts = (
            f"the parts of data.validation = {validation}"
            if last
            else "set data.validation to 0.2 for 5 parts"
        )
        raise ConfigError(f"data.fold is {fold}, expected 0 to {last}: {parts}")
