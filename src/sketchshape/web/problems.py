"""Errors as the client sees them: problem JSON [RFC 9457] that says what to do, and never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sketchshape.errors import SketchError, SketchshapeError

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "The request cannot be understood",
    401: "A token is asked for",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "This address does not take that method",
    409: "The library has changed",
    413: "That is too large",
    415: "That kind of content is not taken",
    422: "Something in the request is not right",
    429: "Too many requests",
    500: "The server failed",
    503: "The server is busy",
}


class Problem(Exception):
    """Something to tell the client.

    Args:
        status: of HTTP.
        code: a short name that programs can compare, such as `blank-drawing`.
        detail: one or two sentences: what was found, what was expected, what to do.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Make the response of a problem."""
    body = {
        "type": f"urn:sketchshape:{code}",
        "title": _TITLES.get(status, "The request failed"),
        "status": status,
        "detail": detail,
    }
    if status == 503:
        headers = {"Retry-After": "1"}
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Answer every expected exception of the app with a problem; the guard answers the others."""

    @app.exception_handler(Problem)
    def known(request: Request, error: Problem) -> JSONResponse:
        return problem(error.status, error.code, error.detail)

    @app.exception_handler(SketchshapeError)
    def ours(request: Request, error: SketchshapeError) -> JSONResponse:
        return problem(422, _code(error), _without_path(error))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, "invalid", in_words(error.errors()))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        detail, headers = str(error.detail), dict(error.headers or {})
        if error.status_code == 404:
            detail = "No such address; /docs lists them."
        elif error.status_code == 405:
            allowed = headers.get("Allow", "another one")
            detail = f"The method {request.method[:20]} is not taken here, {allowed} is; /docs lists them."
        return problem(error.status_code, "http", detail, headers)


def in_words(errors: Any) -> str:
    """Write the findings of a validation as one sentence for each.

    Args:
        errors: of pydantic; a place such as (query, limit) or (strokes, 0) in each.
    """
    return " ".join(f"{_place(error['loc'])}: {_lower(error['msg'])}." for error in list(errors)[:5])


def _place(location: tuple[str | int, ...]) -> str:
    if len(location) > 1 and location[0] in ("query", "path", "body"):
        location = location[1:]
    return ".".join(str(part)[:50] for part in location[:3]) or "request"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _code(error: SketchshapeError) -> str:
    if isinstance(error, SketchError):
        return "blank-drawing" if "no ink" in error.cause else "drawing"
    return "refused"


def _without_path(error: SketchshapeError) -> str:
    # The path of a file error is the server's business; a sketch of a request has none.
    cause = getattr(error, "cause", None)
    if cause is None:
        return str(error)
    subject = "The drawing" if isinstance(error, SketchError) else "The file of this shape"
    if "no ink" in cause:
        return "The drawing is blank. Draw a line or two, and shapes that look like it will show up."
    return f"{subject}: {cause}."
