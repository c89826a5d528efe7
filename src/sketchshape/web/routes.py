"""The addresses of the API."""

from __future__ import annotations

import io
import time
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi import Path as InPath
from PIL import Image
from pydantic import BaseModel

from sketchshape.encoders.confidence import UNSURE
from sketchshape.mesh import FORMATS
from sketchshape.resources import VERSION
from sketchshape.search import Searcher
from sketchshape.types import Ranking
from sketchshape.web.answers import (
    Bounds,
    Info,
    Map,
    Page,
    Results,
    Shape,
    Turned,
    UnknownWord,
    Word,
    to_shape,
)
from sketchshape.web.ask import Question, read_picture, read_question
from sketchshape.web.described import (
    BODY,
    BYTES,
    ERRORS,
    JSON,
    KIND,
    PICTURE,
    SAID,
    TURN,
    UNREAD,
    file_answers,
)
from sketchshape.web.library import Library
from sketchshape.web.limits import WORDS, Limits
from sketchshape.web.problems import Problem
from sketchshape.web.turning import Turn, Turning
from sketchshape.web.values import checked, read_json
from sketchshape.web.work import Work

Id = Annotated[int, InPath(ge=0, le=2**62, description="Id of a shape.")]
FOREVER = {"cache-control": "private, max-age=31536000, immutable"}  # the address carries hash and way up
ASK_AGAIN = {"cache-control": "private, no-cache"}


def add_routes(
    app: FastAPI,
    library: Library,
    turning: Turning,
    work: Work,
    limits: Limits,
    full_paths: bool,
) -> None:
    """Add every address under /api, and whether the service is up."""

    def results(question: Question) -> Results:
        start = time.perf_counter()
        searcher = library.searcher
        ranking = find(searcher, library, question, limits)
        scores = dict(zip(ranking.ids, zip(ranking.scores.tolist(), ranking.ups, strict=True), strict=True))
        found = library.entries(ranking.ids)
        shapes = [to_shape(entry, *scores[entry.id], full_path=full_paths) for entry in found]
        spent = round((time.perf_counter() - start) * 1e3, 2)
        sure = ranking.confidence
        return Results.model_construct(
            shapes=shapes,
            total=len(searcher),
            confidence=None if sure is None else round(sure, 4),
            doubtful=sure is not None and sure < UNSURE,
            taken_for=[
                Word(word=one.word, probability=round(one.probability, 4)) for one in ranking.taken_for
            ],
            unknown=[UnknownWord(word=one.word, near=list(one.near)) for one in ranking.unknown],
            milliseconds=spent,
        )

    @app.post(
        "/api/search",
        response_model=Results,
        summary="Search by a drawing, a picture, a shape, a class or words",
        responses={**ERRORS, 400: UNREAD, 415: KIND},
        openapi_extra=BODY,
    )
    async def search(request: Request) -> Response:
        question = await read_question(request, limits)
        return _json(await work.search(results, question))

    @app.post(
        "/api/drawing",
        summary="A file of a drawing, as black ink on white paper",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}, 422: ERRORS[422]},
        openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": PICTURE}}}},
    )
    async def drawing(request: Request) -> Response:
        ink = await work.files(read_picture, await request.body(), limits)
        stream = io.BytesIO()
        Image.fromarray(ink).save(stream, "PNG")
        return Response(stream.getvalue(), media_type="image/png")

    @app.get("/api/shapes", response_model=Page, summary="List the library", responses={422: ERRORS[422]})
    async def shapes(
        offset: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1)] = 48,
        mixed: Annotated[bool, Query(description="From all over the library, not by rising id.")] = False,
    ) -> Response:
        if limit > limits.results:
            raise Problem(422, "invalid", f"limit: {limit} shapes are more than {limits.results}.")
        entries = await work.search(
            library.mixed if mixed else library.searcher.catalogue.entries, offset, limit
        )
        listed = [to_shape(entry, full_path=full_paths) for entry in entries]
        return _json(Page.model_construct(shapes=listed, total=len(library.searcher), offset=offset))

    @app.get("/api/shapes/{id}", response_model=Shape, summary="Describe a shape", responses=ERRORS)
    async def shape(id: Id) -> Response:
        return _json(to_shape(await work.search(library.entry, id), full_path=full_paths))

    @app.put(
        "/api/shapes/{id}/up",
        response_model=Turned,
        summary="Turn a shape, or the files of its format in its folder",
        responses={
            **ERRORS,
            400: UNREAD,
            415: KIND,
            202: {"model": Turned, "description": "It goes on; /api/turn tells how far it is."},
            403: SAID | {"description": "The service is read-only, or a page of another site asked."},
            409: SAID | {"description": "The library is in work, or the file changed."},
        },
        openapi_extra=TURN,
    )
    async def turn(request: Request, id: Id) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise Problem(415, "content-type", f'Send {JSON}, such as {{"up": "z"}}.')
        await turning.turn(id, checked(Turn, await read_json(request, limits), limits))
        said = _turned(turning, to_shape(await work.search(library.entry, id), full_path=full_paths))
        return _json(said, 202 if said.running else 200)

    @app.get("/api/turn", response_model=Turned, summary="How far the turning of shapes is")
    async def turned() -> Response:
        return _json(_turned(turning))

    @app.get("/api/shapes/{id}/thumbnail.png", **file_answers("Picture of a shape", "image/png"))
    async def thumbnail(id: Id, v: str = "") -> Response:
        picture = await work.files(library.thumbnail, id)
        return Response(picture, media_type="image/png", headers=FOREVER if v else ASK_AGAIN)

    @app.get("/api/shapes/{id}/mesh.glb", **file_answers("A shape as GLB", "model/gltf-binary"))
    async def mesh(id: Id, plain: bool = False, v: str = "") -> Response:
        data = await work.files(library.glb, id, plain=plain)
        return Response(data, media_type="model/gltf-binary", headers=FOREVER if v else ASK_AGAIN)

    @app.get("/api/shapes/{id}/file/{name}", **file_answers("The file of a shape", BYTES))
    async def file(id: Id, name: str) -> Response:
        # The name is for the browser's download folder; which file it is, the id alone says.
        _, data = await work.files(library.file, id)
        headers = FOREVER | {"content-disposition": "attachment"}
        return Response(data, media_type=BYTES, headers=headers)

    @app.get("/api/map", response_model=Map, summary="The library as a map")
    async def map() -> Response:
        return _json(await work.files(lambda: library.map))

    @app.get("/api/info", response_model=Info, summary="What is served")
    async def info() -> Response:
        labels = (await work.files(lambda: library.searcher.folders)).labels
        return _json(
            Info(
                version=VERSION,
                shapes=len(library.searcher),
                turning=turning.allowed,
                labels=labels[:200],
                classes=list(library.searcher.bundle.classes),
                formats=[suffix.removeprefix(".") for suffix in FORMATS],
                bundle=library.searcher.bundle.hash,
                limits=Bounds(**asdict(limits), words=WORDS),
            )
        )

    @app.get("/healthz", summary="Is it up?")
    async def healthz() -> dict[str, str | int]:
        return {"status": "ok", "shapes": len(library.searcher)}


def find(searcher: Searcher, library: Library, question: Question, limits: Limits) -> Ranking:
    """Search by what was asked: a drawing, a shape or a class, each with words; or words alone.

    Raises:
        Problem: nothing was asked, or more than one thing.
        SketchshapeError: the search refuses.
    """
    ask, sketch = question.ask, question.sketch(limits)
    given = [sketch is not None, ask.like is not None, ask.class_name is not None]
    if sum(given) > 1 or (question.picture is not None and ask.strokes is not None):
        raise Problem(
            422, "too-much", "Give one of: strokes, a picture, `like`, `class`; words go with each of them."
        )
    if not any(given) and not ask.words.strip():
        raise Problem(
            422, "nothing", "Nothing to search for. Give strokes, a picture, `like`, `class`, or words."
        )
    rest: dict[str, Any] = {
        "words": ask.words,
        "folder": ask.folder,
        "formats": ask.formats,
        "faces": ask.faces,
        "unique": ask.unique,
    }
    if ask.like is not None:
        return searcher.like(library.entry(ask.like).id, ask.k, **rest)
    if ask.class_name is not None:
        return searcher.by_class(ask.class_name, ask.k, **rest)
    return searcher.search(sketch, ask.k, **rest)


def _turned(turning: Turning, shape: Shape | None = None) -> Turned:
    return Turned.model_construct(
        running=turning.running, done=turning.done, total=turning.total, failed=turning.failed, shape=shape
    )


def _json(answer: BaseModel, status: int = 200) -> Response:
    # Our own values in our own classes: written straight, not checked and copied first.
    return Response(answer.model_dump_json(), status, media_type="application/json")
