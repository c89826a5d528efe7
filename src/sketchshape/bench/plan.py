"""What a comparison is made of: the file that `sketchshape bench` reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sketchshape.config import from_tree, load_config
from sketchshape.config.run import Run
from sketchshape.errors import ConfigError, UsageError
from sketchshape.train.methods import options_class

SECTIONS = frozenset(one.name for one in fields(Run)) - {"name"}


@dataclass(frozen=True)
class Entry:
    """One row of the table: a method with its options.

    Args:
        label: its name in the table.
        method: a file in `sketchshape.train.methods`.
        note: a sentence below the table.
        options: of the method; what is left out has its default.
        search: option -> list of the values that a search draws from.
    """

    label: str = ""
    method: str = ""
    note: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """The label as the name of a folder."""
        return re.sub(r"[^a-z0-9]+", "-", self.label.lower()).strip("-")

    def settings(self, changes: dict[str, Any] | None = None) -> Any:
        """Give the method's `Options`, with some of them changed.

        Raises:
            ConfigError: there is no such method, or it has no such option; the message names those it has.
        """
        kind = options_class(self.method)
        known = [one.name for one in fields(kind)]
        wanted = {**self.options, **(changes or {})}
        for name in wanted:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                meant = f"did you mean {near[0]!r}? " if near else ""
                raise ConfigError(
                    f"{self.label}: method {self.method} has no option {name!r}; {meant}"
                    f"Its options are: {', '.join(sorted(known))}"
                )
        return from_tree(kind, wanted, self.label, "options.")


@dataclass(frozen=True)
class Budget:
    """How a search is done, the same for all methods.

    Args:
        budget: settings that are tried of each method, its own first.
        seed: of the draws; trainings have seed 0.
        validation: fraction of the training sketches that the settings are compared on.
    """

    budget: int = 8
    seed: int = 0
    validation: float = 0.2


@dataclass(frozen=True)
class Bench:
    """A comparison: the root of its TOML file.

    Args:
        name: of the comparison.
        seeds: each method is trained with each.
        baseline: label of the method that differences are taken to.
        run: what is the same for all methods: data, views, backbone, head, teacher, student, train.
        search: how settings are searched.
        methods: the rows.
    """

    name: str = "bench"
    seeds: tuple[int, ...] = (0, 1, 2)
    baseline: str = "CGN"
    run: Run = field(default_factory=Run)
    search: Budget = field(default_factory=Budget)
    methods: tuple[Entry, ...] = ()

    def chosen(self, labels: Sequence[str]) -> list[Entry]:
        """Find methods by their labels; no labels are all methods. Raises as `entry` does."""
        return [self.entry(label) for label in labels] or list(self.methods)

    def entry(self, label: str) -> Entry:
        """Find a method by its label or the name of its folder.

        Raises:
            UsageError: there is none; the message names those that there are.
        """
        for entry in self.methods:
            if label in (entry.label, entry.slug):
                return entry
        known = ", ".join(entry.label for entry in self.methods)
        raise UsageError(f"{self.name} has no method {label!r}; expected one of: {known}")


def load_bench(path: Path, overrides: Iterable[str] = ()) -> Bench:
    """Read a comparison and check all of it, before anything is trained.

    Args:
        path: the TOML file.
        overrides: texts `key=value`; a key of a run, such as data.protocol, needs no `run.` before it.

    Returns:
        The comparison; `run.train.seeds` are its seeds.

    Raises:
        UsageError: the file is not there.
        ConfigError: a key, method, option or value is wrong.
    """
    bench = load_config(Bench, path, [_in_run(text) for text in overrides])
    if not bench.methods:
        raise ConfigError(f"{path}: no method, expected at least one table [[methods]]")
    if not bench.seeds:
        raise ConfigError(f"{path}: seeds is empty, expected at least one integer, such as [0]")
    if bench.run.train.trunk != "frozen":
        raise ConfigError(f"{path}: train.trunk is {bench.run.train.trunk!r}; a comparison needs frozen")
    if not 0 < bench.search.validation <= 0.5 or bench.search.budget < 1:
        raise ConfigError(f"{path}: search has {bench.search}, expected budget 1 or more, validation to 0.5")
    for entry in bench.methods:
        _check(entry, path)
    for name in ("label", "slug"):
        found = [getattr(entry, name) for entry in bench.methods]
        if double := next((one for one in found if found.count(one) > 1), None):
            raise ConfigError(f"{path}: two methods have the label {double!r}; give each its own")
    if bench.baseline not in [entry.label for entry in bench.methods]:
        raise ConfigError(f"{path}: baseline is {bench.baseline!r}, expected the label of one of the methods")
    run = replace(bench.run, name=bench.name, train=replace(bench.run.train, seeds=bench.seeds))
    return replace(bench, run=run)


def _check(entry: Entry, path: Path) -> None:
    if not entry.slug:
        raise ConfigError(f"{path}: a method has the label {entry.label!r}, expected letters or digits")
    if "," in entry.label:  # --only takes labels with commas between them
        raise ConfigError(f"{path}: the label {entry.label!r} has a comma, expected one without")
    entry.settings()
    for name, values in entry.search.items():
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{path}: search.{name} of {entry.label} is {values!r}, expected a list")
        for value in values:
            entry.settings({name: value})


def _in_run(text: str) -> str:
    return f"run.{text}" if text.partition(".")[0] in SECTIONS else text
