"""The identity of a run: what changes it and what does not, by every setting that there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, fields, is_dataclass, make_dataclass, replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sketchshape.config import from_tree, to_tree
from sketchshape.config.run import (
    DataSettings,
    RunSettings,
    StageSettings,
    StudentSettings,
    TeacherSettings,
    TrainSettings,
    ViewSettings,
    WordsSettings,
)
from sketchshape.errors import ConfigError
from sketchshape.files import digest
from sketchshape.runs import identity as module
from sketchshape.runs.identity import differing, identity, stage_identity

FREE = {"name", "data.path", "train.seeds", "train.device"}  # decide no number of a seed
LINES = RunSettings(views=ViewSettings(lines=6))  # some settings are allowed only beside another one
STAGES = ("teacher", "student", "words")


def names(settings: Any, prefix: str = "") -> Iterator[str]:
    """List every setting, with dots between the levels."""
    for one in fields(settings):
        value = getattr(settings, one.name)
        if is_dataclass(value):
            yield from names(value, f"{prefix}{one.name}.")
        else:
            yield prefix + one.name


def get(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def put(settings: Any, name: str, value: Any) -> Any:
    first, _, rest = name.partition(".")
    return replace(settings, **{first: put(getattr(settings, first), rest, value) if rest else value})


def others(value: Any) -> list[Any]:
    """Give values that a setting might have instead."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value + 32]
    if isinstance(value, float):
        return [value / 2, value + 0.25]
    if isinstance(value, str):
        return [value + "x"]
    if isinstance(value, tuple):
        return [value + (value or ("x",))]
    return [{"lr": 0.5}]


def changed(base: RunSettings, name: str) -> RunSettings | None:
    """Change one setting to anything that is allowed there; None where nothing is."""
    value = get(base, name)
    untried = others(value)
    while untried:
        other = untried.pop(0)
        if other == value:
            continue
        try:
            return put(base, name, other)
        except ConfigError as error:
            listed = str(error).partition("expected one of: ")[2]
            untried += [one for one in listed.split(", ") if one and one != value and other == value + "x"]
    return None


ALL = tuple(names(RunSettings()))


def test_the_settings_are_found() -> None:
    assert {*FREE, "method", "options", "views.pool", "student.weight", "words.hidden", "data.unseen"} < {
        *ALL
    }
    assert len(ALL) > 80
    assert len({*ALL}) == len(ALL)


@pytest.mark.parametrize("name", ALL)
def test_every_setting_that_decides_numbers_changes_it_and_the_others_do_not(name: str) -> None:
    tried = [(base, changed(base, name)) for base in (RunSettings(), LINES)]
    allowed = [(base, other) for base, other in tried if other is not None]
    assert allowed
    for base, other in allowed:
        assert get(base, name) != get(other, name)
        assert (identity(base) == identity(other)) == (name in FREE)


def test_no_two_changes_have_the_same_identity() -> None:
    runs = [
        run
        for base in (RunSettings(), LINES)
        for name in ALL
        if name not in FREE and (run := changed(base, name))
    ]
    distinct = {repr(run): run for run in [RunSettings(), LINES, *runs]}
    hashes = {identity(run) for run in distinct.values()}
    assert len(hashes) == len(distinct) > 2 * 80 - 20


def test_two_changes_at_once_are_both_seen() -> None:
    chosen = [
        "method",
        "data.share",
        "views.count",
        "head.width",
        "teacher.lr",
        "student.away",
        "train.augment",
    ]
    seen = {identity(RunSettings())}
    for one, other in combinations(chosen, 2):
        first = changed(RunSettings(), one)
        assert first is not None
        both = changed(first, other)
        assert both is not None
        seen.add(identity(both))
    assert len(seen) == 1 + 7 * 6 // 2


def test_the_hash_forgets_names_and_places_only() -> None:
    plain = RunSettings(data=DataSettings(path="a"))
    same = RunSettings(
        name="other", data=DataSettings(path="b"), train=TrainSettings(seeds=(7,), device="cpu")
    )
    assert identity(plain) == identity(same)
    assert len(identity(plain)) == 64
    assert identity(plain) != identity(replace(plain, head=replace(plain.head, width=9)))


def test_a_default_that_is_written_down_is_none_the_less_a_default() -> None:
    assert identity(from_tree(RunSettings, to_tree(RunSettings()))) == identity(RunSettings())
    tree = {"data": {"layout": "psb76", "validation": 0.0}, "student": {"away": "mean"}}
    more = {"data": {**tree["data"], "protocol": "closed"}, "student": {"away": "mean", "batch": 64}}
    assert (
        identity(from_tree(RunSettings, tree))
        == identity(from_tree(RunSettings, more))
        != identity(RunSettings())
    )


LaterTeacher = make_dataclass("TeacherSettings", [("further", int, 3)], bases=(TeacherSettings,), frozen=True)
LaterRun = make_dataclass(
    "RunSettings",
    [("teacher", LaterTeacher, field(default_factory=LaterTeacher)), ("further", str, "none")],
    bases=(RunSettings,),
    frozen=True,
)


@pytest.mark.parametrize("base", [{}, {"method": "tcl", "student": StudentSettings(ema=0.5)}])
def test_a_setting_of_a_later_version_leaves_older_hashes_as_they_are(
    base: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = identity(RunSettings(**base))
    monkeypatch.setattr(module, "RunSettings", LaterRun)
    assert identity(LaterRun(**base)) == before
    changed_ones = (
        LaterRun(**base, further="some"),
        LaterRun(**base, teacher=LaterTeacher(further=4)),
        LaterRun(**base, teacher=LaterTeacher(lr=0.5)),
    )
    assert len({before, *map(identity, changed_ones)}) == 4


def test_a_section_of_a_later_version_leaves_older_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity(RunSettings())
    section = make_dataclass("Section", [("size", int, 3)], frozen=True)
    own = [("section", section, field(default_factory=section))]
    later = make_dataclass("RunSettings", own, bases=(RunSettings,), frozen=True)
    monkeypatch.setattr(module, "RunSettings", later)
    assert identity(later()) == before
    assert identity(later(section=section(size=4))) != before


def test_stages_of_later_versions_keep_their_hash_while_the_setting_has_its_default() -> None:
    assert stage_identity(LaterTeacher()) == stage_identity(TeacherSettings())
    assert stage_identity(LaterTeacher(ema=0.9)) == stage_identity(TeacherSettings(ema=0.9))
    assert stage_identity(LaterTeacher(further=4)) != stage_identity(TeacherSettings())


@pytest.mark.parametrize("kind", [StageSettings, TeacherSettings, StudentSettings, WordsSettings])
def test_every_setting_of_a_stage_changes_its_hash(kind: type[StageSettings]) -> None:
    plain = kind()
    changes = [replace(plain, **{one.name: others(getattr(plain, one.name))[-1]}) for one in fields(plain)]
    assert all(other != plain for other in changes)
    assert len({stage_identity(one) for one in (plain, *changes)}) == len(fields(plain)) + 1


def test_stages_of_two_kinds_are_not_the_same() -> None:
    assert (
        len(
            {
                stage_identity(kind())
                for kind in (StageSettings, TeacherSettings, StudentSettings, WordsSettings)
            }
        )
        == 4
    )


def test_settings_that_came_later_are_told_apart() -> None:
    run, plain = RunSettings(), TeacherSettings()
    assert stage_identity(plain) != stage_identity(replace(plain, ema=0.9))
    assert stage_identity(plain) != stage_identity(replace(plain, classifier="simplex"))
    assert identity(run) != identity(replace(run, teacher=replace(plain, accumulate=2)))
    assert identity(run) != identity(replace(run, student=replace(run.student, ema=0.5)))
    worded = replace(run, views=ViewSettings(lines=6), words=WordsSettings(weight=1.0))
    even = replace(worded, words=WordsSettings(weight=1.0, balance=1.0))
    wider = replace(worded, words=WordsSettings(weight=1.0, hidden=257))
    assert len({identity(one) for one in (run, LINES, worded, even, wider)}) == 5


def test_unit_means_have_the_hash_that_they_had_as_means_and_plain_means_one_of_their_own() -> None:
    """Runs of before, whose centers of length 1 were called mean and the default, are what they were."""
    run, plain = RunSettings(), TeacherSettings(centers="mean")
    assert identity(run) == identity(replace(run, teacher=TeacherSettings(centers="unit-mean")))
    assert identity(run) == digest("run", 2, {})
    assert identity(replace(run, teacher=plain)) == digest("run", 2, {"teacher": {"centers": "mean"}})
    assert stage_identity(TeacherSettings()) == digest("TeacherSettings", 2, {})
    assert stage_identity(plain) == digest("TeacherSettings", 2, {"centers": "mean"})


def test_protocols_are_told_apart() -> None:
    data = (
        DataSettings(),
        DataSettings(protocol="held-out"),
        DataSettings(protocol="held-out", held_out_least=5),
        DataSettings(protocol="unseen"),
        DataSettings(protocol="unseen", unseen=("chair",)),
    )
    assert len({identity(RunSettings(data=one)) for one in data}) == 5


def paths(tree: Mapping[str, Any], before: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Lay a tree out: each value under the way to it."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found.update(paths(value, (*before, key)))
        else:
            found[(*before, key)] = value
    return found


def slow(tree: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """`differing`, literally: of all values in the tree those that the defaults do not have in that place."""
    usual, result = paths(defaults), {}
    for way, value in paths(tree).items():
        if way not in usual or value != usual[way]:
            place = result
            for part in way[:-1]:
                place = place.setdefault(part, {})
            place[way[-1]] = value
    return result


SHAPE = {"a": None, "b": {"c": None, "d": {"e": None}}, "f": {"g": None}}
VALUES = st.integers(0, 2) | st.sampled_from(["", "x"]) | st.lists(st.integers(0, 1), max_size=2)


def trees(shape: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({key: VALUES if one is None else trees(one) for key, one in shape.items()})


# A busy machine makes trees slowly, which says nothing of what is tested.
patient = settings(suppress_health_check=[HealthCheck.too_slow])


@patient
@given(trees(SHAPE), trees(SHAPE))
def test_differing_is_its_slow_transcription(tree: dict[str, Any], defaults: dict[str, Any]) -> None:
    assert differing(tree, defaults) == slow(tree, defaults)
    assert differing(tree, tree) == {}


@patient
@given(trees(SHAPE), trees(SHAPE), trees(SHAPE))
def test_trees_differ_alike_only_if_they_are_alike(
    one: dict[str, Any], other: dict[str, Any], defaults: dict[str, Any]
) -> None:
    assert (differing(one, defaults) == differing(other, defaults)) == (one == other)


@patient
@given(trees(SHAPE), trees(SHAPE), st.sampled_from(["a", "b", "f"]))
def test_what_the_defaults_lack_differs(tree: dict[str, Any], defaults: dict[str, Any], gone: str) -> None:
    fewer = {key: value for key, value in defaults.items() if key != gone}
    found = differing(tree, fewer)
    assert found[gone] == tree[gone]
    assert found == slow(tree, fewer)
    nested = {**tree, "b": {**tree["b"], "new": {"h": 1}}}
    assert differing(nested, defaults)["b"]["new"] == {"h": 1}
    assert differing(nested, defaults) == slow(nested, defaults)


def test_differing_leaves_what_it_is_given_as_it_is() -> None:
    tree, defaults = {"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2, "d": 4}}
    assert differing(tree, defaults) == {"b": {"d": 3}}
    assert (tree, defaults) == ({"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2, "d": 4}})
