"""What a client asks for, in any of the forms in which it may ask."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from sketchshape.images import draw_strokes, read_drawing_bytes, without_taps
from sketchshape.images.files.pictures import TooManyPixels
from sketchshape.types import U8
from sketchshape.web.limits import WORDS, Limits
from sketchshape.web.problems import Problem
from sketchshape.web.values import checked, parse_json, read_json

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of each form that is wrong
LISTS = ("formats", "faces")


class Ask(BaseModel):
    """A search: by strokes, by a shape of the library, or by a class; a picture comes beside it.

    The fields are also taken as query parameters and as fields of a multipart form.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    strokes: list[list[list[float]]] | None = Field(
        None, description="The drawing: [[xs, ys], ...], y down, any unit."
    )
    like: int | None = Field(None, description="Id of a shape: find more like it.")
    class_name: str | None = Field(
        None, alias="class", max_length=100, description="A class that was trained."
    )
    words: str = Field(
        "",
        max_length=WORDS,
        description="What names say or shapes look like; counts beside the rest.",
    )
    k: int = Field(24, ge=1, description="How many shapes to give.")
    folder: str | None = Field(
        None, max_length=255, pattern=r"^[^/\\\\]+$", description="Only shapes in folders of this name."
    )
    formats: list[Annotated[str, Field(max_length=10)]] | None = Field(
        None, max_length=10, description="Only these file formats, such as glb."
    )
    faces: tuple[int | None, int | None] | None = Field(
        None, description="Least and most triangles; null leaves an end open."
    )
    unique: bool = Field(False, description="Only the best of shapes that look the same.")


@dataclass(frozen=True)
class Question:
    """A search that was understood.

    Args:
        ask: everything but the picture.
        picture: bytes of a picture file, where one was sent.
    """

    ask: Ask
    picture: bytes | None = None

    def sketch(self, limits: Limits) -> U8 | None:
        """Draw the strokes or read the picture; None when there is neither.

        Raises:
            Problem: there is too much of it.
            SketchError: it is no drawing, or blank.
        """
        if self.picture is not None:
            return read_picture(self.picture, limits)
        if self.ask.strokes is not None:
            return draw_strokes(without_taps(self.ask.strokes))
        return None


async def read_question(request: Request, limits: Limits) -> Question:
    """Read a search from query parameters and from a body of JSON, of a form, or of a picture.

    Raises:
        Problem: it cannot be understood.
    """
    values: dict[str, Any] = _parameters(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    picture: bytes | None = None
    if kind == "application/json":
        values |= _fields(await read_json(request, limits))
    elif kind == "multipart/form-data":
        fields, picture = await _form(request)
        values |= fields
    elif kind.startswith("image/") or kind == "application/octet-stream":
        picture = await request.body()
    elif kind or await request.body():
        raise Problem(
            415,
            "content-type",
            f"The content type is {kind or 'not given'}; send application/json with strokes, "
            "multipart/form-data with a picture, or a picture itself as image/png or image/jpeg.",
        )
    return Question(_checked(values, limits), picture)


def read_picture(data: bytes, limits: Limits) -> U8:
    """Read the bytes of a picture, or of another file of a drawing, as ink on paper.

    Raises:
        Problem: it has too many pixels.
        SketchError: it is no drawing, or blank.
    """
    try:
        return read_drawing_bytes(data, "sketch", limits.pixels)
    except TooManyPixels:
        raise Problem(
            413,
            "too-many-pixels",
            f"The picture has more than {limits.pixels:,} pixels; send a smaller one.",
        ) from None


def _parameters(request: Request) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        values[name] = _parsed(name, value)
    return values


def _parsed(name: str, text: str) -> Any:
    """Read a value of a form or an address: lists are JSON, or parted by commas."""
    if name == "strokes" or text.startswith("["):
        return parse_json(text)
    if name in LISTS:
        return [part.strip() or None for part in text.split(",")]
    return text


async def _form(request: Request) -> tuple[dict[str, Any], bytes | None]:
    picture: bytes | None = None
    body = await request.body()  # whole first: a client that hangs up in the middle leaves no file open
    if not body.rstrip().endswith(b"--"):
        raise Problem(400, "form", "The form is not well formed: it has no end.")
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=20)
    parser.spool_max_size = len(body) + 1  # no drawing is written to a disk
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Problem(400, "form", f"The form is not well formed: {error.message[:200]}") from None
    for _, value in form.multi_items():
        if isinstance(value, UploadFile):
            picture = await value.read()
    await form.close()
    fields = {name: _parsed(name, text) for name, text in form.multi_items() if isinstance(text, str)}
    return fields, picture


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, list):  # the strokes alone
        return {"strokes": value}
    if not isinstance(value, dict):
        raise Problem(400, "json", 'The body is not an object such as {"strokes": [[[0, 9], [0, 9]]]}.')
    return value


def _checked(values: dict[str, Any], limits: Limits) -> Ask:
    ask = checked(Ask, values, limits)
    if ask.k > limits.results:
        raise Problem(422, "invalid", f"k: {ask.k} shapes are more than {limits.results}.")
    return ask
