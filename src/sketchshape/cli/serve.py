"""Serve an index: the page on which one draws, and the API.

Open the address that is printed in a browser. Only this machine can reach it unless --host says otherwise.
"""

from __future__ import annotations

import argparse
import gc
import ipaddress
import os
import threading
import webbrowser
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sketchshape.cli.options import add_engine, engine_of
from sketchshape.cli.strangers import RATE, SHORT, TOKEN, add_strangers, read_token, to_port
from sketchshape.errors import UsageError
from sketchshape.say import say


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `serve`."""
    parser.add_argument("index", type=Path, metavar="INDEX", help="folder that `sketchshape index` wrote")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine)")
    parser.add_argument(
        "--port", type=to_port, default=8000, help="port to listen on (8000; 0 takes a free one)"
    )
    parser.add_argument("--bundle", type=Path, metavar="FOLDER", help="encoders (default: those that ship)")
    parser.add_argument(
        "--root-path",
        default="",
        metavar="PATH",
        help="path under which a proxy has the service, such as /shapes; passed on by it or taken off",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which it may be asked, such as shapes.example.org; may be repeated",
    )
    parser.add_argument(
        "--read-only",
        action=argparse.BooleanOptionalAction,
        help="nobody can turn shapes on the page (the default where others than this machine may ask)",
    )
    add_engine(parser, "the one of the index")
    add_strangers(parser)
    parser.add_argument("--open", action="store_true", help="open the page in a browser")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    serve(
        arguments.index,
        arguments.host,
        arguments.port,
        arguments.bundle,
        root_path=arguments.root_path,
        names=arguments.allowed_host,
        read_only=arguments.read_only,
        token=read_token(arguments),
        unlocked=arguments.no_token,
        rate=arguments.rate,
        proxies=arguments.trusted_proxy,
        metrics=arguments.metrics,
        browse=arguments.open,
        **engine_of(arguments),
    )
    return 0


def serve(
    index: Path,
    host: str,
    port: int,
    bundle: Path | None = None,
    *,
    root_path: str = "",
    names: Sequence[str] = (),
    read_only: bool | None = None,
    token: str = "",
    unlocked: bool = False,
    rate: float | None = None,
    proxies: Sequence[str] = (),
    metrics: tuple[str, int] | None = None,
    browse: bool = False,
    engine: str | None = None,
    engine_url: str | None = None,
) -> None:
    """Serve an index until Ctrl-C or SIGTERM, and print the address.

    Args:
        index: folder that `sketchshape index` wrote.
        host: address to listen on; others than loopback need a token, or `unlocked`.
        port: to listen on; 0 takes a free one.
        bundle: encoders; None is those that ship.
        root_path: path under which a proxy has the service.
        names: by which it may be asked, beside those of this machine; without any, a service that listens to
            this machine alone may be asked by its names only, and another one by every name.
        read_only: nobody can turn shapes; None is so where others than this machine may ask.
        token: without it nobody is let in; empty lets in everybody.
        unlocked: that everybody is let in is meant so.
        rate: requests per second of one client, 0 without end; None is `RATE` for other machines.
        proxies: that are trusted to tell for whom they ask.
        metrics: host and port of the counts for Prometheus.
        browse: open the page in a browser.
        engine: that holds the vectors; None is the one that the index was made with.
        engine_url: of its server; None is the one that the index was made with.

    Raises:
        MissingExtraError: the extra [serve] is not installed, or that of the engine.
        UsageError: a port is taken, there is no index, a name, a proxy, the token or the root path is none,
            or others can reach the service and it is neither locked nor said that it is open.
    """
    # Before NumPy is imported: OpenBLAS spins for 25 ms after each product, on cores that others need.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    local = _is_local(host)
    if not (local or token or unlocked):
        raise UsageError(
            f"--host {host} lets other machines in: give --token TOKEN, --token-file FILE or {TOKEN}, or "
            "--no-token where everybody may see and download these shapes"
        )
    from sketchshape.encoders import Bundle

    encoders = Bundle.open(bundle)
    with ThreadPoolExecutor(1) as pool:  # the encoder is loaded while the index is read
        loading = pool.submit(encoders.load)
        from sketchshape.search import Searcher
        from sketchshape.web import LOCAL, create_app
        from sketchshape.web.gate import server
        from sketchshape.web.gate.place import ANY, check_host
        from sketchshape.web.gate.token import check_token
        from sketchshape.web.metrics import Metrics

        searcher = Searcher.open(index, encoders, engine=engine, engine_url=engine_url)
    loading.result()
    hosts = (*LOCAL, *map(check_host, names)) if local or names else (ANY,)
    proxied = bool(names or root_path.strip("/"))  # then others reach it, who need not know where files are
    ours = local and not proxied
    closed = not ours if read_only is None else read_only
    counts = Metrics(len(searcher)) if metrics or not ours else None
    app = create_app(
        searcher,
        hosts=hosts,
        full_paths=ours,
        root_path=root_path,
        read_only=closed,
        token=check_token(token) if token else "",
        rate=(0 if ours else RATE) if rate is None else rate,
        rate_own=rate is not None,
        proxies=proxies,
        metrics=counts,
    )
    counted = counts.serve(*metrics) if counts and metrics else 0
    listening = server.listen(host, port)
    if len(searcher):
        searcher.search([[[0, 9, 9], [0, 0, 9]]], 1)  # the encoder is loaded before the first person draws
    address = f"http://{_shown(host)}:{listening.getsockname()[1]}{app.root_path}"
    say(f"sketchshape: {len(searcher)} shapes at {address} (API: {address}/docs); Ctrl-C stops")
    if metrics:
        say(f"Counts for Prometheus: http://{_shown(metrics[0])}:{counted}/metrics")
    _warn(address, ours, closed, token)
    if browse:
        link = f"{address}/?token={token}" if token else f"{address}/"
        threading.Timer(0.5, webbrowser.open, (link,)).start()
    gc.collect()
    gc.freeze()  # what is loaded stays: to look through it again and again would delay answers
    server.run(app, listening)


def _warn(address: str, ours: bool, closed: bool, token: str) -> None:
    may = "see and download" if closed else "see, download and turn"
    if token:
        say(f"Who has the token can {may} these shapes: {address}/?token=TOKEN opens the page.", error=True)
        if len(token) < SHORT:
            say(f"The token is shorter than {SHORT} letters: it can be guessed.", error=True)
    elif not ours:
        say(f"Everybody who can reach it can {may} these shapes.", error=True)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str) -> str:
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"[{name}]" if ":" in name else name
