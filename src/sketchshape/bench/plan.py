"""What a comparison is made of: the file that `sketchshape bench` reads."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sketchshape.bench.budget import Budget, Searched
from sketchshape.config import from_tree, load_config, override, to_tree
from sketchshape.config.run import RunSettings
from sketchshape.errors import ConfigError, UsageError
from sketchshape.train.methods import checked, options_class

OWN = ("teacher.", "student.", "head.", "views.lines", "views.line_weight", "views.pool")
TEST, VALIDATION = "test", "validation"
SECTIONS = frozenset(one.name for one in fields(RunSettings)) - {"name"}


@dataclass(frozen=True)
class Entry:
    """One row of the table: a method with its options.

    Args:
        label: its name in the table.
        method: a file in `sketchshape.train.methods`.
        note: a sentence below the table.
        settings: of the run, by which this row differs from the others, such as [student] weight = 0.0.
        options: of the method; what is left out has its default.
        search: setting (student.lr) or option -> list of the values that a search draws from.
        searched: what a search that chose the settings and options had.
        group: heading that it stands under; rows of different groups are never compared.
        looks: how often test sketches were looked at with its recipe; 0 means as the comparison says.
    """

    label: str = ""
    method: str = ""
    note: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)
    searched: Searched = field(default_factory=Searched)
    group: str = ""
    looks: int = 0

    @property
    def slug(self) -> str:
        """The label as the name of a folder."""
        return re.sub(r"[^a-z0-9]+", "-", self.label.lower()).strip("-")

    @property
    def values(self) -> dict[str, list[Any]]:
        """What a search draws from: setting or option -> values."""
        return flat(self.search)

    def changed(self, changes: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give the settings and the options of this row, with changes put over them.

        Args:
            changes: setting (with dots) or option (without) -> value.

        Returns:
            Setting (with dots) -> value, and option -> value.
        """
        wanted = {**flat(self.settings), **self.options, **(changes or {})}
        settings = {key: value for key, value in wanted.items() if "." in key}
        return settings, {key: value for key, value in wanted.items() if "." not in key}

    def run(self, common: RunSettings, changes: Mapping[str, Any] | None = None) -> RunSettings:
        """Give the settings of this row.

        Args:
            common: what is the same for all rows.
            changes: setting (with dots) or option (without) -> value, put over those of the row.

        Returns:
            The run, with its method and all options of that.

        Raises:
            ConfigError: there is no such method, setting or option, or the setting is of all rows.
        """
        settings, options = self.changed(changes)
        if wrong := [key for key in settings if not key.startswith(OWN)]:
            raise ConfigError(
                f"{self.label}: {wrong[0]} is the same for all methods; expected settings of "
                f"{', '.join(OWN)}, others belong in [run]"
            )
        self._know(options)
        tree = override(to_tree(common), [f"{key}={json.dumps(value)}" for key, value in settings.items()])
        return checked(
            from_tree(RunSettings, {**tree, "method": self.method, "options": options}, self.label)
        )

    def _know(self, wanted: Iterable[str]) -> None:
        known = [one.name for one in fields(options_class(self.method))]
        for name in wanted:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                meant = f"did you mean {near[0]!r}? " if near else ""
                has = f"Its options are: {', '.join(sorted(known))}" if known else "It has none, but settings"
                raise ConfigError(f"{self.label}: method {self.method} has no option {name!r}; {meant}{has}")


@dataclass(frozen=True)
class Bench:
    """A comparison: the root of its TOML file.

    Args:
        name: of the comparison.
        seeds: each method is trained with each.
        baseline: label of the method that differences are taken to, or several; pictures show the first.
        run: what is the same for all methods: data, views, backbone, head, teacher, student, train.
        search: how settings are searched.
        methods: the rows.
        looks: how often test sketches were looked at with this recipe; 0 is not said.
        asks: which sketches are ranked for: test, or validation, those that data.validation holds out.
    """

    name: str = "bench"
    seeds: tuple[int, ...] = (0, 1, 2)
    baseline: str | tuple[str, ...] = "CGN"
    run: RunSettings = field(default_factory=RunSettings)
    search: Budget = field(default_factory=Budget)
    methods: tuple[Entry, ...] = ()
    looks: int = 0
    asks: str = TEST

    @property
    def groups(self) -> tuple[str, ...]:
        """The headings of the rows in their order; one that is empty where there are none."""
        return tuple(dict.fromkeys(entry.group for entry in self.methods))

    @property
    def baselines(self) -> tuple[str, ...]:
        """The methods that differences are taken to, the main one first."""
        return (self.baseline,) if isinstance(self.baseline, str) else self.baseline

    @property
    def prepared(self) -> RunSettings:
        """What the features are made for: line drawings are there if a row asks for them."""
        most = max(entry.run(self.run).views.lines for entry in self.methods)
        return replace(self.run, views=replace(self.run.views, lines=most))

    def validating(self) -> Bench:
        """Give the same rows, asked with validation sketches: those that a search holds out, if none are."""
        held = self.run.data.validation or self.search.validation
        return replace(
            self, asks=VALIDATION, run=replace(self.run, data=replace(self.run.data, validation=held))
        )

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
    if bench.run.train.backbone != "frozen":
        raise ConfigError(
            f"{path}: train.backbone is {bench.run.train.backbone!r}; a comparison needs frozen"
        )
    plan = bench.search
    if not 0 < plan.validation <= 0.5 or plan.budget < 1 or not 0 <= plan.seconds < math.inf:
        raise ConfigError(
            f"{path}: search has {plan}, expected budget 1 or more, seconds 0 or more, validation to 0.5"
        )
    if bench.asks not in (TEST, VALIDATION):
        raise ConfigError(f"{path}: asks is {bench.asks!r}, expected {TEST} or {VALIDATION}")
    if bench.asks == VALIDATION and not bench.run.data.validation:
        raise ConfigError(f"{path}: asks for validation sketches; give data.validation, such as 0.2")
    for entry in bench.methods:
        _check(entry, bench.run, path)
    for name in ("label", "slug"):
        found = [getattr(entry, name) for entry in bench.methods]
        if double := next((one for one in found if found.count(one) > 1), None):
            raise ConfigError(f"{path}: two methods have the label {double!r}; give each its own")
    if "" in bench.groups and len(bench.groups) > 1:
        bare = next(entry.label for entry in bench.methods if not entry.group)
        raise ConfigError(f"{path}: {bare} has no group and other rows have; give all of them one, or none")
    if min(bench.looks, *(entry.looks for entry in bench.methods)) < 0:
        raise ConfigError(f"{path}: looks is negative, expected how often test sketches were looked at, or 0")
    known, wanted = [entry.label for entry in bench.methods], bench.baselines
    if not wanted or len(set(wanted)) < len(wanted) or not set(wanted) <= set(known):
        raise ConfigError(
            f"{path}: baseline is {to_tree(bench)['baseline']!r}, expected the label of one of the methods, "
            "or a list of such"
        )
    run = replace(bench.run, name=bench.name, train=replace(bench.run.train, seeds=bench.seeds))
    return replace(bench, run=run)


def _check(entry: Entry, run: RunSettings, path: Path) -> None:
    if not entry.slug:
        raise ConfigError(f"{path}: a method has the label {entry.label!r}, expected letters or digits")
    if "," in entry.label:  # --only takes labels with commas between them
        raise ConfigError(f"{path}: the label {entry.label!r} has a comma, expected one without")
    entry.run(run)
    had = entry.searched
    if had.settings < 0 or not 0 <= had.seconds < math.inf or not 0 <= had.validation <= 1:
        raise ConfigError(
            f"{path}: searched of {entry.label} is {to_tree(had)}, expected settings and seconds of 0 or "
            "more, validation from 0 to 1"
        )
    for name, values in entry.values.items():
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{path}: search.{name} of {entry.label} is {values!r}, expected a list")
        for value in values:
            entry.run(run, {name: value})


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Write nested settings with dots: {"student": {"lr": 0.1}} is {"student.lr": 0.1}."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found


def _in_run(text: str) -> str:
    return f"run.{text}" if text.partition(".")[0] in SECTIONS else text
