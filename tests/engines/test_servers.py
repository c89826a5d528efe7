"""Engines with a server: a short look at each, and what is said where it cannot be used."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import pytest
from engine_places import SLOW, open_rows
from postgres import postgres
from search_library import box, projection

from sketchshape.cli.main import main
from sketchshape.encoders.bundle import Bundle
from sketchshape.engines import Where, engine_named
from sketchshape.engines.engine import without_password
from sketchshape.errors import SketchshapeError, UsageError
from sketchshape.index import Catalogue, build_index
from sketchshape.search import Searcher

STROKES = [[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]
EXTRAS = {"pgvector": "psycopg", "milvus": "pymilvus"}
NOBODY = {"pgvector": "postgresql://me:secret@127.0.0.1:1/shapes", "milvus": "http://me:secret@127.0.0.1:1"}


@pytest.fixture(params=SLOW)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    pytest.importorskip(EXTRAS[name], reason=f"needs the extra [{name}]")
    return name


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Bundle, "open", lambda path=None: projection())
    for number in range(3):
        box(tmp_path / f"library/box{number}.off", (1, 1 + 0.3 * number, 2))
    return tmp_path / "library"


def test_one_vector_is_held_replaced_and_found(engine: str, engine_url: str, tmp_path: Path) -> None:
    where = Where(tmp_path, engine_url, f"sketchshape_{secrets.token_hex(4)}")
    kind = engine_named(engine)
    for seed in (0, 1):
        held = open_rows(5, seed=seed)
        kind.bring(held, where)
        opened = kind(held, where)
        assert opened.search(held.vectors(np.array([3])), 1).tolist() == [3]
        assert len(opened) == len(held)
        opened.close()


def test_a_server_that_is_not_there_costs_nothing(
    engine: str, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["index", str(library), "--out", str(library.parent / "index"), "--up", "y", "--workers", "1"]
    assert main(words) == 0
    capsys.readouterr()
    assert main([*words, "--engine", engine, "--engine-url", NOBODY[engine]]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith(f"sketchshape: error: {without_password(NOBODY[engine])}, sketchshape_")
    assert "start it, look at --engine-url, or give --engine exact" in line
    assert "secret" not in line
    assert main(["search", str(library.parent / "index"), "--words", "box"]) == 0, "the index is as it was"


def test_an_address_of_something_else_is_named(engine: str, library: Path) -> None:
    for url in ("ftp://example.org", "example.org:5432"):
        with pytest.raises(UsageError, match=f"engine {engine} .*{url}.*expected --engine-url"):
            build_index(
                *(library, library.parent / "index"), quiet=True, workers=1, engine=engine, engine_url=url
            )


def test_pgvector_needs_an_address(library: Path) -> None:
    pytest.importorskip("psycopg", reason="needs the extra [pgvector]")
    with pytest.raises(UsageError, match=r"needs a server.*postgresql://USER@HOST/DATABASE"):
        build_index(library, library.parent / "index", quiet=True, workers=1, engine="pgvector")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:secret@host:5/db?sslmode=require", "postgresql://me@host:5/db?sslmode=require"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("http://root:a:b@host:19530", "http://root@host:19530"),
        ("", ""),
    ],
)
def test_no_password_is_said(url: str, said: str) -> None:
    assert without_password(url) == said


@pytest.mark.slow
def test_a_service_goes_on_where_its_server_ends(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("psycopg", reason="needs the extra [pgvector]")
    index, options = library.parent / "index", {"bundle": projection(), "quiet": True, "workers": 1}
    try:
        with postgres() as url:
            build_index(library, index, engine="pgvector", engine_url=url, **options)
            searcher = Searcher.open(index)
            before = searcher.search(STROKES)
            with Catalogue(index) as catalogue:
                assert catalogue.fact("engine_url", "") == url
    except ImportError as error:
        pytest.skip(str(error))
    assert searcher.search(STROKES).ids == before.ids
    assert searcher.search(STROKES).ids == before.ids
    assert capsys.readouterr().err.count("all shapes are compared") == 1
    with pytest.raises(SketchshapeError, match="--engine exact"):
        Searcher.open(index)
    assert Searcher.open(index, engine="exact").search(STROKES).ids == before.ids
    box(library / "new.off", (3, 1, 1))
    with pytest.raises(SketchshapeError, match="start it"):
        build_index(library, index, **options)
    build_index(library, index, engine="exact", **options)
    assert len(Searcher.open(index)) == 4


@pytest.mark.slow
def test_a_server_that_is_started_anew_is_asked_again(library: Path) -> None:
    psycopg = pytest.importorskip("psycopg", reason="needs the extra [pgvector]")
    try:
        with postgres() as url:
            held, where = open_rows(9), Where(library.parent, url, "sketchshape_again")
            kind = engine_named("pgvector")
            kind.bring(held, where)
            opened = kind(held, where)
            query = held.vectors(np.array([4]))
            assert opened.search(query, 1).tolist() == [4]
            with psycopg.connect(url) as other:  # as if the server had been down for a moment
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()"
                )
            assert opened.search(query, 1).tolist() == [4]
            opened.close()
    except ImportError as error:
        pytest.skip(str(error))


def test_a_file_of_milvus_is_for_one_process(tmp_path: Path) -> None:
    pytest.importorskip("pymilvus", reason="needs the extra [milvus]")
    fcntl = pytest.importorskip("fcntl", reason="locks as other systems have them")
    (tmp_path / "milvus.db").mkdir()
    with (tmp_path / "milvus.db/LOCK").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(SketchshapeError, match=r"milvus.db: in use by another process.*--engine-url"):
            engine_named("milvus").bring(open_rows(3), Where(tmp_path, "", "sketchshape_locked"))
