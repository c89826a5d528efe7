"""Ask a running service for the shapes that look like a drawing; needs nothing but Python.

    sketchshape serve INDEX
    python examples/client.py drawing.png -k 5
    python examples/client.py strokes.json --words chair
    python examples/client.py --like 12 --save shapes/

A drawing is a picture, or JSON with strokes [[[x, x, ...], [y, y, ...]], ...].
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin
from urllib.request import Request, urlopen


def search(server: str, drawing: Path | None, token: str = "", **asked: Any) -> dict[str, Any]:
    """Find shapes.

    Args:
        server: address of the service.
        drawing: file of a picture or of strokes; None where `asked` says it all.
        token: of the service, where it has one.
        asked: k, words, like, class, folder and so on; see /docs of the service.

    Returns:
        What the service answers: `shapes`, the most alike first, `confidence`, the probability 0..1 that a
        shape of what was drawn is among them all, None where the service cannot tell, and whether it is
        `doubtful`.
    """
    address, key = urljoin(server.rstrip("/") + "/", "api/search"), authorization(token)
    if drawing is None or drawing.suffix == ".json":
        body = dict(asked)
        if drawing is not None:
            body["strokes"] = json.loads(drawing.read_text())
        request = Request(address, json.dumps(body).encode(), {"content-type": "application/json"} | key)
    else:
        picture = drawing.read_bytes()
        kind = {"content-type": "application/octet-stream"}
        request = Request(f"{address}?{urlencode(asked)}", picture, kind | key)
    with urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def authorization(token: str) -> dict[str, str]:
    """Give the header that a service with a token asks for."""
    return {"authorization": f"Bearer {token}"} if token else {}


def main() -> int:
    """Search, print a table, and save the shapes as GLB where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("drawing", nargs="?", type=Path)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--words", default="")
    parser.add_argument("--like", type=int, metavar="ID")
    parser.add_argument("--server", default="http://127.0.0.1:8000")
    parser.add_argument("--token", default=os.environ.get("SKETCHSHAPE_TOKEN", ""))
    parser.add_argument("--save", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    asked = {"k": options.k, "words": options.words} | (
        {} if options.like is None else {"like": options.like}
    )
    try:
        answer = search(options.server, options.drawing, options.token, **asked)
    except HTTPError as error:
        print(json.load(error)["detail"], file=sys.stderr)
        return 1
    except URLError as error:
        print(
            f"{options.server} does not answer ({error.reason}); run: sketchshape serve INDEX",
            file=sys.stderr,
        )
        return 1
    if answer["doubtful"]:
        how = f"(confidence {answer['confidence']:.2f})"
        print(f"nothing there looks much like this drawing {how}; the nearest are shown", file=sys.stderr)
    for shape in answer["shapes"]:
        score = "" if shape["score"] is None else f"{shape['score']:.3f}"
        print(f"{shape['id']:>6}  {score:>6}  {shape['path']}")
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            address = urljoin(options.server.rstrip("/") + "/", shape["mesh"])
            with urlopen(Request(address, headers=authorization(options.token)), timeout=60) as mesh:
                (options.save / f"{shape['id']}-{shape['name']}.glb").write_bytes(mesh.read())
    return 0


if __name__ == "__main__":
    sys.exit(main())
