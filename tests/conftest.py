"""Where engines that are tested keep what they hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from postgres import postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="needs the extra [pgvector]")
    pytest.importorskip("pgvector", reason="needs the extra [pgvector]")
    try:
        with postgres() as url:
            yield url
    except ImportError as error:
        pytest.skip(str(error))


@pytest.fixture
def engine_url(request: pytest.FixtureRequest) -> str:
    """The address for the engine of a test whose parameter is `engine`."""
    if request.getfixturevalue("engine") == "pgvector":
        return str(request.getfixturevalue("postgres_url"))
    return ""
