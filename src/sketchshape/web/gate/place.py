"""Where the service is: the names under which it may be asked, who may send a browser to it, and its path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sketchshape.errors import UsageError
from sketchshape.web.problems import problem

ANY = "*"
LOCAL = ("127.0.0.1", "localhost", "[::1]", "testserver")
_TOLD = (b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest")


class Place:
    """Refuse requests for other names and from pages of other sites; read every path from the own root.

    A browser tells which site's page asks; a program tells nothing, and may ask.

    What a proxy says of the request that it got (Forwarded, X-Forwarded-For, -Host, -Prefix) is not read:
    anybody can write such headers, and all addresses that the service gives are relative.

    Args:
        app: what answers.
        hosts: names, `*.example.org` for all below one, `*` for any.
        root_path: of the service, such as /shapes; a proxy may pass it on or take it off.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], root_path: str) -> None:
        self._app, self._root = app, root_path
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, path = _name(_host(scope)), scope["path"]
        if not self._may_ask(name):
            answer = problem(
                403,
                "host",
                f"The service is not asked under the name {name[:100]!r}; start it with --allowed-host NAME "
                "for each of its names.",
            )
            await answer(scope, receive, send)
        elif (other := self._elsewhere(scope)) is not None:
            answer = problem(
                403,
                "elsewhere",
                f"A page of another site, {other[:100]!r}, asked for this; only its own may. "
                "Behind a proxy, let it pass on the name that the browser asked for (Host), and allow it: "
                "--allowed-host NAME.",
            )
            await answer(scope, receive, send)
        elif path == self._root != "":  # from here, what is relative would be one folder too high
            await RedirectResponse(f"{self._root}/", 308)(scope, receive, send)
        else:
            path = path if path.startswith(f"{self._root}/") else self._root + path
            scope.update(root_path=self._root, path=path)  # in place: the count asks it for its route
            await self._app(scope, receive, send)

    def _elsewhere(self, scope: Scope) -> str | None:
        """Give the site that asks where it is another one; a person may follow its link to the page."""
        headers = {key: value.decode("latin-1") for key, value in scope["headers"] if key in _TOLD}
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        if site == "same-origin":
            return None
        if site in ("cross-site", "same-site"):
            follows = scope["method"] in ("GET", "HEAD") and headers.get(b"sec-fetch-mode") == "navigate"
            return None if follows and headers.get(b"sec-fetch-dest") == "document" else origin or site
        if origin is None or _netloc(origin) == _host(scope):
            return None
        there = _name(_netloc(origin))  # other ports of this machine are other sites
        known = ANY not in self._hosts and there not in LOCAL and self._may_ask(there)
        return None if known else origin

    def _may_ask(self, name: str) -> bool:
        above = {f"*{name[at:]}" for at, letter in enumerate(name) if letter == "."}
        return not self._hosts.isdisjoint({ANY, name} | above)


def check_root_path(text: str, own: Iterable[str]) -> str:
    """Give a path prefix as it is used: with a slash before it and none behind; empty for none.

    Args:
        text: as somebody writes it: `shapes`, `/shapes/`, `/`.
        own: paths of the service itself.

    Raises:
        UsageError: it is no path, or begins as an address of the service itself does, so that nobody could
            tell whether a proxy took it off.
    """
    parts = [part for part in text.split("/") if part]
    if not all(
        part.isascii() and part.isprintable() and not set(part) & set(" ?#%\\\"'<>") for part in parts
    ):
        raise UsageError(f"--root-path {text!r} is not a path such as /shapes")
    if any(part in (".", "..") for part in parts) or "://" in text:
        raise UsageError(f"--root-path {text!r} is not a path such as /shapes: give it without the host")
    root = "".join(f"/{part}" for part in parts)
    if parts and parts[0] in {path.split("/")[1] for path in own if path}:
        raise UsageError(
            f"--root-path {root} begins as an address of the service itself does; choose another, such as "
            "/shapes"
        )
    return root


def check_host(text: str) -> str:
    """Give a name as it is compared.

    Raises:
        UsageError: it is not a name alone.
    """
    name = text.strip().lower()
    bare = name.removeprefix("*.").removesuffix(".")
    port = ":" in bare and not (bare.startswith("[") and bare.endswith("]"))
    if name != ANY and (not bare or port or not set(bare).isdisjoint("*/ @,") or not bare.isprintable()):
        raise UsageError(
            f"--allowed-host {text!r} is not a name such as shapes.example.org, without scheme, port and "
            "path; *.example.org allows all names below one, [::1] is an address of version 6"
        )
    return name.removesuffix(".")


def _host(scope: Scope) -> str:
    """What the request is for, in lower case; empty where it says nothing, or several things."""
    given = [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]
    return given[0].strip().lower() if len(given) == 1 else ""


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin.lower()).netloc
    except ValueError:  # such as an address of version 6 without its end
        return ""


def _name(host: str) -> str:
    """Take the port off."""
    end = host.find("]") + 1 if host.startswith("[") else host.find(":")
    return (host[:end] if end > 0 else host).removesuffix(".")
