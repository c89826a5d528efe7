"""Shapes and rankings as the API gives them."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel, Field

from sketchshape.encoders.confidence import UNSURE
from sketchshape.index import Entry


class Shape(BaseModel):
    """A shape of the library."""

    id: int
    name: str = Field(description="The file name without its suffix.")
    path: str = Field(description="Where it is: in full on the same machine, else from the library's root.")
    format: str = Field(description="Suffix of the file, such as glb.")
    faces: int = Field(description="Triangles.")
    size: int = Field(description="Bytes of the file.")
    bounds: list[float] = Field(
        min_length=3,
        max_length=3,
        description="Extent along x, y (up) and z, in the file's unit, as the shape stands.",
    )
    tags: list[str] = Field(description="Names of the folders that it is in.")
    group: int = Field(description="The same for shapes that look the same.")
    ups: list[str] = Field(
        description="Axes of the file that may point up, the likeliest first; it is shown with the first up."
    )
    found: str | None = Field(
        None, description="The axis that points up in the way in which it was found; absent outside a search."
    )
    warnings: list[str] = Field(description="What of the file was left out or guessed.")
    score: float | None = Field(
        None, description="Likeness, at most 1 without words; absent outside a search."
    )
    thumbnail: str = Field(description="Its picture; like the others an address below that of the page.")
    mesh: str = Field(description="The shape as GLB.")
    file: str = Field(description="The file itself.")


class Word(BaseModel):
    """A word that a drawing is taken for."""

    word: str
    probability: float = Field(ge=0, le=1)


class UnknownWord(BaseModel):
    """A word that was asked for in vain: no name has it, and the networks do not know it."""

    word: str
    near: list[str] = Field(description="Words that may have been meant.")


class Results(BaseModel):
    """The answer to a search, the most alike first."""

    shapes: list[Shape]
    total: int = Field(description="Shapes in the library.")
    confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Probability that a shape of what was drawn, or else of what the words say, is there, "
        "among those that the filters allow. Null where neither was given or nothing found, and where the "
        "networks cannot tell.",
    )
    doubtful: bool = Field(
        description="Whether more likely than not nothing of the kind is there: the confidence is below "
        f"{UNSURE}."
    )
    taken_for: list[Word] = Field(
        description="What the drawing is taken for, the likeliest first; one of them, sent as `words` with "
        "the drawing, says that it is meant. None where nothing was drawn."
    )
    unknown: list[UnknownWord] = Field(
        description="Of the words those that no name has and that mean nothing."
    )
    milliseconds: float = Field(description="That the search took in the server.")


class Page(BaseModel):
    """A part of the library."""

    shapes: list[Shape]
    total: int
    offset: int


class Map(BaseModel):
    """The library as a map: shapes that look alike lie near each other.

    A library of more than 50,000 shapes is shown by as many of them, from all over it.
    """

    ids: list[int]
    x: list[float] = Field(description="0 to 1.")
    y: list[float] = Field(description="0 to 1.")
    label: list[int] = Field(description="For each shape, the place of its name in `labels`; -1 for none.")
    labels: list[str] = Field(description="The folders.")
    total: int = Field(description="Shapes in the library.")


class Turned(BaseModel):
    """How far the turning of shapes is."""

    running: bool
    done: int = Field(description="Shapes that are done.")
    total: int = Field(description="Shapes to be done; 0 where nothing has to be drawn again.")
    failed: str = Field(description="Why it ended early; empty where it did not.")
    shape: Shape | None = Field(None, description="The shape that was turned, as it stands now.")


class Bounds(BaseModel):
    """How much one request may ask for."""

    body: int = Field(description="Bytes.")
    pixels: int = Field(description="Of a picture, width times height.")
    strokes: int = Field(description="Of a drawing.")
    points: int = Field(description="Of a drawing, over all its strokes.")
    results: int = Field(description="Shapes in one answer.")
    words: int = Field(description="Letters of the words.")


class Info(BaseModel):
    """What is served, and with which limits."""

    version: str
    shapes: int
    labels: list[str] = Field(description="The folders by which shapes are told apart, at most 200.")
    classes: list[str] = Field(description="The classes that the networks were trained on.")
    formats: list[str]
    bundle: str = Field(description="Hash of the networks.")
    turning: bool = Field(description="Whether shapes can be turned here.")
    limits: Bounds


class Said(BaseModel):
    """A problem [RFC 9457]."""

    type: str = Field(description="Such as `urn:sketchshape:blank-drawing`; programs compare this.")
    title: str
    status: int
    detail: str = Field(description="What was found, what was expected, what to do.")


def to_shape(
    entry: Entry, score: float | None = None, found: str | None = None, *, full_path: bool = True
) -> Shape:
    """Describe a shape of the catalogue.

    Args:
        entry: of the catalogue.
        score: of a search.
        found: the axis that points up in the way in which a search found it.
        full_path: name the whole path, not only that from the library's root.
    """
    address, version = f"api/shapes/{entry.id}", f"{entry.hash[:10]}{entry.up}"
    inside = "/".join((*entry.tags, entry.path.name))
    return Shape.model_construct(  # the values are our own: no need to check them for each result
        id=entry.id,
        name=entry.path.stem,
        path=str(entry.path) if full_path else inside,
        format=entry.format.removeprefix("."),
        faces=entry.faces,
        size=entry.size,
        bounds=list(entry.bounds),
        tags=list(entry.tags),
        group=entry.group,
        ups=list(entry.ups),
        found=found,
        warnings=list(entry.warnings),
        score=None if score is None else round(float(score), 4),
        thumbnail=f"{address}/thumbnail.png?v={version}",
        mesh=f"{address}/mesh.glb?v={version}",
        file=f"{address}/file/{quote(entry.path.name)}?v={version}",
    )
