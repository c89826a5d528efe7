"""Which benchmark a list is of, by its name or its sizes: for a message where another one was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Sizes = Mapping[str, tuple[int, int]]

SIZES: Mapping[str, Sizes] = {  # layout -> list -> (classes, items)
    "shrec13": {"Model": (90, 1258), "Sketch_Train": (90, 4500), "Sketch_Test": (90, 2700)},
    "shrec14": {"Model": (171, 8987), "Sketch_Train": (171, 8550), "Sketch_Test": (171, 5130)},
    "psb76": {"Model": (90, 1258), "Sketch_Train": (76, 2022), "Sketch_Test": (76, 1107)},
}
SHREC12 = ((13, 260), (20, 400), (13, 250))  # shapes, basic and extended, and sketches


def by_size(size: tuple[int, int]) -> str | None:
    """Tell which benchmark a list is of.

    Args:
        size: numbers of classes and items.

    Returns:
        Its layout, or shrec12, which has none; None where the sizes are of no benchmark.
    """
    known = [name for name, sizes in SIZES.items() if size in sizes.values()]
    return known[0] if known else "shrec12" if size in SHREC12 else None


def by_name(names: Iterable[str]) -> tuple[str, str] | None:
    """Tell which benchmark lists are of.

    Args:
        names: of files.

    Returns:
        The first list that is one by its name, and its layout, or shrec12, which has none; None without any.
    """
    for name in sorted(names):
        if found := re.search(r"shrec(?:20)?(12|13|14).*\.cla$", name, re.IGNORECASE):
            return name, f"shrec{found[1]}"
        if name.lower() in {f"{part}.cla".lower() for part in SIZES["psb76"]}:
            return name, "psb76"
    return None


def advice(name: str) -> str:
    """Say what to do with the lists of a benchmark.

    Args:
        name: what `by_size` or `by_name` gives.
    """
    if name == "shrec12":
        return (
            "SHREC'12, of which there is no layout: sort its files into shapes/<class>/* and "
            "sketches/{train,test}/<class>/* and set data.layout=folder"
        )
    return f"{title(name)}: set data.layout={name}"


def title(name: str) -> str:
    """Write the name of a benchmark: SHREC'13."""
    return name.replace("shrec", "SHREC'")
