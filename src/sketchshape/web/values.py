"""JSON that strangers send, checked by counting before anything is made of it.

A library that checks values makes an error for each wrong one, many times larger than the value. So that no
request costs more than its size, what is too much is refused first, and of what is wrong the first is told.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from sketchshape.web.limits import Limits
from sketchshape.web.problems import Problem, in_words

FIELDS = 40  # of an object; no request has more than a dozen
LISTED = 100  # values in a list that is no drawing

M = TypeVar("M", bound=BaseModel)


async def read_json(request: Request, limits: Limits) -> Any:
    """Read the JSON of a body, and no more of it than is taken.

    Raises:
        Problem: it is too large, or not well formed.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limits.text:
            raise Problem(
                413,
                "too-large",
                f"The JSON is larger than {limits.text / 1e6:g} MB; simplify the drawing, or send a picture.",
            )
    return parse_json(bytes(body))


def parse_json(text: str | bytes) -> Any:
    """Parse JSON.

    Raises:
        Problem: it is not well formed, or too deep.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Problem(400, "json", "The JSON is not well formed.") from None


def checked(kind: type[M], values: Any, limits: Limits) -> M:
    """Make what was asked for of values, which may be anything.

    Args:
        kind: of what is asked for; a field `strokes` in it is a drawing.
        values: the parsed JSON.
        limits: of the service.

    Raises:
        Problem: there is too much, or something is wrong.
    """
    if isinstance(values, dict):
        if len(values) > FIELDS:
            raise Problem(422, "invalid", f"{len(values)} fields are more than anything here takes.")
        for name, value in values.items():
            if name == "strokes":
                check_strokes(value, limits)
            elif isinstance(value, list | dict) and len(value) > LISTED:
                raise Problem(422, "invalid", f"{name[:50]}: {len(value)} values are more than {LISTED}.")
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise Problem(422, "invalid", in_words(found)) from None


def check_strokes(strokes: Any, limits: Limits) -> None:
    """Refuse a drawing that is too large or has something else in it than numbers.

    Args:
        strokes: [[xs, ys], ...], or anything else; None is no drawing.
        limits: of the service.

    Raises:
        Problem: 413 where there is too much of it, 422 where it is no drawing.
    """
    if strokes is None:
        return
    if not isinstance(strokes, list):
        raise _wrong("strokes", "a list of [xs, ys]", strokes)
    points = numbers = 0
    for at, stroke in enumerate(strokes[: limits.strokes]):
        if not isinstance(stroke, list) or not 2 <= len(stroke) <= 3:
            raise _wrong(f"strokes.{at}", "[xs, ys]", stroke)
        for axis, values in enumerate(stroke):
            if not isinstance(values, list):
                raise _wrong(f"strokes.{at}.{axis}", "a list of numbers", values)
            points, numbers = points + len(values) * (axis == 0), numbers + len(values)
            if max(points, numbers // 3) > limits.points:
                raise _large(len(strokes), f"{max(points, len(values))} points or more", limits)
            for place, number in enumerate(values):
                if isinstance(number, bool) or not isinstance(number, int | float):
                    raise _wrong(f"strokes.{at}.{axis}.{place}", "a number", number)
    if len(strokes) > limits.strokes:
        raise _large(len(strokes), f"{points} points in the first {limits.strokes}", limits)


def _large(strokes: int, points: str, limits: Limits) -> Problem:
    return Problem(
        413,
        "too-many-strokes",
        f"The drawing has {strokes} strokes and {points}; at most {limits.strokes} and {limits.points} are "
        "taken. Simplify it.",
    )


def _wrong(place: str, expected: str, found: Any) -> Problem:
    kinds = {str: "a text", bool: "true or false", list: "a list", dict: "an object", type(None): "null"}
    return Problem(
        422, "invalid", f"{place}: expected {expected}, found {kinds.get(type(found), 'a number')}."
    )
