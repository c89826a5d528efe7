"""Serve an index: the page on which one draws, and the API.

Open the address that is printed in a browser. Only this machine can reach it unless --host says otherwise.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from sketchshape.errors import UsageError
from sketchshape.say import say


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `serve`."""
    parser.add_argument("index", type=Path, metavar="INDEX", help="folder that `sketchshape index` wrote")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine)")
    parser.add_argument(
        "--port", type=_port, default=8000, help="port to listen on (8000; 0 takes a free one)"
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
        browse=arguments.open,
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
    browse: bool = False,
) -> None:
    """Serve an index until Ctrl-C, and print the address.

    Args:
        index: folder that `sketchshape index` wrote.
        host: address to listen on; others than loopback are told that everybody can see the shapes.
        port: to listen on; 0 takes a free one.
        bundle: encoders; None is those that ship.
        root_path: path under which a proxy has the service.
        names: by which it may be asked, beside those of this machine; without any, a service that listens to
            this machine alone may be asked by its names only, and another one by every name.
        read_only: nobody can turn shapes; None is so where others than this machine may ask.
        browse: open the page in a browser.

    Raises:
        MissingExtraError: the extra [serve] is not installed.
        UsageError: the port is taken, there is no index, or a name or the root path is none.
    """
    # Before NumPy is imported: OpenBLAS spins for 25 ms after each product, on cores that others need.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    from sketchshape.search import Searcher
    from sketchshape.web import LOCAL, create_app
    from sketchshape.web.gate.place import ANY, check_host

    local = _is_local(host)
    hosts = (*LOCAL, *map(check_host, names)) if local or names else (ANY,)
    proxied = bool(names or root_path.strip("/"))  # then others reach it, who need not know where files are
    searcher = Searcher.open(index, bundle)
    ours = local and not proxied
    closed = not ours if read_only is None else read_only
    app = create_app(searcher, hosts=hosts, full_paths=ours, root_path=root_path, read_only=closed)
    listening = _listen(host, port)
    if len(searcher):
        searcher.search([[[0, 9, 9], [0, 0, 9]]], 1)  # the encoder is loaded before the first person draws
    address = f"http://{_shown(host)}:{listening.getsockname()[1]}{app.root_path}"
    say(f"sketchshape: {len(searcher)} shapes at {address} (API: {address}/docs); Ctrl-C stops")
    if not ours:
        may = "see and download" if closed else "see, download and turn"
        say(f"Everybody who can reach it can {may} these shapes.", error=True)
    if browse:
        threading.Timer(0.5, webbrowser.open, (f"{address}/",)).start()
    _serve(app, listening)


def _serve(app: object, listening: socket.socket) -> None:
    import uvicorn

    settings = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody can write them, and nothing here depends on them
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(settings).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once only where the protocol is named; else each waits 40 ms for more
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        reason = error.strerror or error
        raise UsageError(
            f"cannot listen on {host}:{port}: {reason}; choose another --port or --host"
        ) from error
    listening.listen(128)
    return listening


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str) -> str:
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"[{name}]" if ":" in name else name


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)
