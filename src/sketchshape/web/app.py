"""The service: search by drawing over HTTP, and the page that does it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from sketchshape.resources import VERSION
from sketchshape.search import Searcher
from sketchshape.web.described import EVERYWHERE
from sketchshape.web.following import Following
from sketchshape.web.gate.clients import Clients
from sketchshape.web.gate.guard import Guard
from sketchshape.web.gate.pace import Pace
from sketchshape.web.gate.place import ANY, Place, check_root_path
from sketchshape.web.gate.token import Token
from sketchshape.web.library import Library
from sketchshape.web.limits import Limits
from sketchshape.web.metrics import MEDIA_TYPE, Metrics
from sketchshape.web.problems import add_handlers
from sketchshape.web.routes import add_routes
from sketchshape.web.turning import Turning
from sketchshape.web.work import Work

STATIC = Path(__file__).parent / "static"
ABOUT = (
    "Find 3D shapes by drawing them. `POST /api/search` takes strokes as JSON, a picture, or a form; "
    "errors are problem JSON with a `detail` that says what to do."
)


def create_app(
    searcher: Searcher,
    *,
    limits: Limits | None = None,
    hosts: Sequence[str] = (ANY,),
    full_paths: bool = True,
    root_path: str = "",
    read_only: bool = False,
    token: str = "",
    rate: float = 0.0,
    rate_own: bool = True,
    proxies: Sequence[str] = (),
    metrics: Metrics | None = None,
) -> FastAPI:
    """Make the service of one library.

    Args:
        searcher: of the library's index.
        limits: how much one client may ask for.
        hosts: names under which the service may be called; with `LOCAL`, where it is for this machine alone,
            no other web site reaches it through a name of its own.
        full_paths: give the paths of files in full; without, only from the library's root.
        root_path: path under which a proxy has the service, such as /shapes.
        read_only: shapes cannot be turned.
        token: without it, nobody is let in; empty lets in everybody.
        rate: requests per second of one client; 0 is without end.
        rate_own: whether the rate holds for programs of this machine too.
        proxies: addresses of proxies that are trusted to tell for whom they ask.
        metrics: what counts, where the caller shows it; None counts too, and shows it at /metrics.

    Returns:
        The application, for uvicorn or another ASGI server.

    Raises:
        UsageError: the root path is none, or one of the service's own addresses; a proxy is no address.
    """
    limits = limits or Limits()
    work, counts = Work(limits.workers, limits.waiting), metrics or Metrics(len(searcher))
    clients = Clients(proxies)
    library = Library(searcher, limits)
    turning = Turning(library, allowed=not read_only)
    following = Following(library)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        following.start()
        yield
        following.close()
        work.close()
        turning.close()

    app = FastAPI(
        title="sketchshape",
        version=VERSION,
        description=ABOUT,
        docs_url=None,  # the usual pages load their scripts from elsewhere; ours is in `static`
        redoc_url=None,
        redirect_slashes=False,  # it would name the host that a proxy asked for
        lifespan=lifespan,
        responses=EVERYWHERE,
    )
    add_handlers(app)
    add_routes(app, library, turning, work, limits, full_paths)
    if metrics is None:

        @app.get(
            "/metrics",
            summary="Counts and times for Prometheus",
            response_class=Response,
            responses={200: {"content": {"text/plain": {}}}},
        )
        async def prometheus() -> Response:
            return Response(counts.text(), media_type=MEDIA_TYPE)

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    @app.get("/docs", include_in_schema=False)
    def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html", headers={"cache-control": "no-cache"})

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")

    app.mount("/static", _Static(directory=STATIC), name="static")
    app.root_path = check_root_path(root_path, [getattr(route, "path", "") for route in app.routes])
    if token:
        app.add_middleware(Token, token=token, root=app.root_path, clients=clients)
    app.add_middleware(Place, hosts=hosts, root_path=app.root_path)
    if rate:
        app.add_middleware(Pace, rate=rate, clients=clients, own=rate_own)
    app.add_middleware(Guard, limits=limits, metrics=counts)
    return app


class _Static(StaticFiles):
    """Files that a browser asks about again, so that a new version is seen at once."""

    def file_response(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response
