"""What every engine promises, asked of all that are installed."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine_places import WIDTH, engines, open_rows, unit_rows

from sketchshape.engines import ENGINES, Engine, Rows, Where, engine_named
from sketchshape.errors import ArtefactError, MissingExtraError
from sketchshape.types import F32, I64

COUNT = 60


@pytest.fixture(params=engines(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def kind(engine: str) -> type[Engine]:
    return engine_named(engine)


@pytest.fixture
def where(kind: type[Engine], engine_url: str, tmp_path: Path) -> Where:
    place = Where(tmp_path, engine_url, f"sketchshape_{secrets.token_hex(4)}")
    try:
        kind.bring(open_rows(0), place)
    except MissingExtraError as error:
        pytest.skip(str(error))
    return place


def some(whole: Rows, places: I64) -> Rows:
    return replace(whole, keys=[whole.keys[place] for place in places], rows=whole.rows[places])


def nearest(held: Rows, queries: F32, k: int, among: I64 | None = None) -> set[int]:
    """The places of the k nearest of each query, as one would look for them."""
    found = set()
    for query in queries:
        cosines = [(-sum(map(float, query * held.file[row])), place) for place, row in enumerate(held.rows)]
        found |= {
            place for _, place in sorted(one for one in cosines if among is None or one[1] in among)[:k]
        }
    return found


def check(kind: type[Engine], held: Rows, where: Where, among: I64 | None = None) -> None:
    """An engine that is opened now holds these rows, and finds the nearest of them."""
    queries = unit_rows(np.random.default_rng(7).normal(size=(3, WIDTH)))
    engine = kind(held, where)
    assert len(engine) == len(held)
    for k in (1, 10, max(1, len(held))):
        found = engine.search(queries, k, among)
        assert found.dtype == np.int64
        assert (np.diff(found) > 0).all(), "each once, rising"
        # Numbers of 16 bits may change the places of two that are next to each other.
        assert len(nearest(held, queries, k, among) ^ set(found.tolist())) <= 2
    engine.close()


def test_what_is_added_is_found(kind: type[Engine], where: Where) -> None:
    check(kind, open_rows(0), where)
    for count in (COUNT // 3, COUNT):
        held = open_rows(COUNT)
        held = some(held, np.arange(2 * count))
        kind.bring(held, where)
        check(kind, held, where)


def test_what_is_removed_is_not_found(kind: type[Engine], where: Where) -> None:
    whole = open_rows(COUNT)
    kind.bring(whole, where)
    for step in (10, 3, 2):  # few of a graph are left in it, many are not
        left = some(whole, np.delete(np.arange(len(whole)), np.arange(0, len(whole), step)))
        kind.bring(left, where)
        check(kind, left, where)
    kind.bring(open_rows(0), where)
    check(kind, open_rows(0), where)
    kind.bring(whole, where)
    check(kind, whole, where)


def test_what_is_replaced_is_found_as_it_is_now(kind: type[Engine], where: Where) -> None:
    before, after = open_rows(COUNT), open_rows(COUNT, seed=1)
    kind.bring(before, where)
    kept = np.arange(COUNT)  # half of the contents are others, in the same rows of another file
    file = np.where(np.isin(np.arange(len(before.file)), before.rows[kept])[:, None], before.file, after.file)
    keys = [*before.keys[:COUNT], *after.keys[COUNT:]]
    mixed = replace(after, keys=keys, file=file.astype(np.float32))
    kind.bring(mixed, where)
    check(kind, mixed, where)


def test_rows_may_be_numbered_anew(kind: type[Engine], where: Where) -> None:
    before = open_rows(COUNT)
    kind.bring(before, where)
    order = np.random.default_rng(3).permutation(len(before))
    anew = Rows(
        before.made_with,
        [before.keys[place] for place in order],
        np.arange(len(order)),
        before.vectors(order),
    )
    kind.bring(anew, where)
    check(kind, anew, where)


def test_only_what_is_asked_for_is_found(kind: type[Engine], where: Where) -> None:
    held = open_rows(COUNT)
    kind.bring(held, where)
    for among in (np.arange(0, len(held), 2), np.arange(30, 45), np.array([5])):
        queries = unit_rows(np.random.default_rng(8).normal(size=(2, WIDTH)))
        engine = kind(held, where)
        found = engine.search(queries, 4, among)
        assert set(found.tolist()) == nearest(held, queries, 4, among)
        engine.close()


def test_what_another_process_adds_or_takes_away_disturbs_nobody(kind: type[Engine], where: Where) -> None:
    whole = open_rows(COUNT)
    first = some(whole, np.arange(COUNT))
    kind.bring(first, where)
    engine = kind(first, where)
    later = some(whole, np.arange(COUNT // 2, 2 * COUNT))
    kind.bring(later, where)
    queries = unit_rows(np.random.default_rng(9).normal(size=(2, WIDTH)))
    found = engine.search(queries, 4 * COUNT)
    assert set(found.tolist()) <= set(range(COUNT)), "places of the rows that it was opened for"
    assert set(found.tolist()) >= set(range(COUNT // 2, COUNT)), "all that was held before and after"
    engine.close()


def test_vectors_of_another_network_are_refused(kind: type[Engine], where: Where) -> None:
    kind.bring(open_rows(COUNT), where)
    other = open_rows(COUNT, network="second")
    if kind is engine_named("exact"):
        return  # the index itself refuses: tests/index/test_build.py
    with pytest.raises(ArtefactError, match=r"another network .*first.*second"):
        kind(other, where)
    with pytest.raises(ArtefactError, match=r"another network .*first.*second"):
        kind.bring(other, where)
    check(kind, open_rows(COUNT), where)
    kind.bring(other, where, fresh=True)
    check(kind, other, where)


def test_where_nothing_is_held_the_command_is_named(kind: type[Engine], where: Where, tmp_path: Path) -> None:
    if kind is engine_named("exact"):
        return  # it needs nothing
    nowhere = Where(tmp_path / "elsewhere", where.url, "sketchshape_elsewhere")
    with pytest.raises(ArtefactError, match=f"--out {nowhere.index} --engine"):
        kind(open_rows(COUNT), nowhere)


def test_a_run_that_brings_nothing_new_writes_nothing(kind: type[Engine], where: Where) -> None:
    kind.bring(open_rows(COUNT), where)
    before = {path: path.stat().st_mtime_ns for path in where.index.rglob("*")}
    kind.bring(open_rows(COUNT), where)
    assert {path: path.stat().st_mtime_ns for path in where.index.rglob("*")} == before


def test_ids_are_of_contents_and_not_of_rows() -> None:
    held = open_rows(COUNT)
    assert len(set(held.ids.tolist())) == len(held)
    assert (held.ids >= 0).all()
    np.testing.assert_array_equal(some(held, np.arange(5, 9)).ids, held.ids[5:9])
    np.testing.assert_array_equal(held.places(held.ids[::-1]), np.arange(len(held))[::-1])
    assert held.places(np.array([-1, held.ids[3] + 1])).tolist() == [-1, -1]
