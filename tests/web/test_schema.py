"""What the description of the API promises holds for requests that are made from it, good and bad."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
schemathesis = pytest.importorskip("schemathesis", reason="needs the extra [dev]")

from hypothesis import HealthCheck, given, seed, settings  # noqa: E402
from hypothesis.errors import Unsatisfiable  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from web_server import serving, small_index  # noqa: E402

from sketchshape.search import Searcher  # noqa: E402
from sketchshape.web import create_app  # noqa: E402

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], str]]:
    app = create_app(Searcher.open(small_index(tmp_path_factory.mktemp("small"))))
    with serving(app) as client:
        yield app.openapi(), str(client.base_url).rstrip("/")


def tried(described: dict[str, Any], base: str, examples: int) -> int:
    """Ask each operation with values that its description allows and forbids; give how often."""
    schema = schemathesis.openapi.from_dict(described)
    count = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in schemathesis.GenerationMode:

            @seed(19)
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                nonlocal count
                count += 1
                case.validate_response(case.call(base_url=base), checks=CHECKS)

            with contextlib.suppress(
                Unsatisfiable
            ):  # an address that takes nothing can be given nothing wrong
                ask()
    return count


def test_requests_from_the_description_get_what_it_says(service: tuple[dict[str, Any], str]) -> None:
    assert tried(*service, examples=12) > 150


@pytest.mark.slow
def test_many_requests_from_the_description_get_what_it_says(service: tuple[dict[str, Any], str]) -> None:
    assert tried(*service, examples=200) > 2_000
