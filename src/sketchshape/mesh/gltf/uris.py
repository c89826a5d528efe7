"""Where the bytes of a glTF buffer are: in the URI itself, or in a file beside."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from sketchshape import zips
from sketchshape.errors import MeshError
from sketchshape.mesh.gltf.container import decoded
from sketchshape.mesh.seen import HEAD, stranger

LONGEST = 2**26  # bytes of JSON that names other files; it is read where nothing guards the memory


def fetch(path: Path, uri: str) -> bytes:
    """Give the bytes that a URI names.

    Args:
        path: the glTF file; relative URIs start from its folder.
        uri: of a buffer, in the forms that browsers and exporters take too: base64 without its padding, with
            the letters for URLs, escaped or broken into lines; backslashes, blanks and the wrong letter case
            in the name of a file.

    Raises:
        MeshError: there is no such file, or the data cannot be decoded.
    """
    if uri.lstrip()[:5].lower() == "data:":
        return _inline(path, uri.lstrip()[5:])
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]", uri):
        raise MeshError(path, f"its buffer {uri[:60]!r} is not a file beside it")
    file = beside(path, uri)
    if file is None:
        raise MeshError(path, f"its buffer {uri[:200]!r} is missing, expected it beside the file")
    try:
        data = zips.read(file)
    except OSError as error:
        raise MeshError(path, f"its buffer {uri[:200]!r} {error.strerror or error}") from error
    if data[:1] in b"v<\n " and (
        what := stranger(data[:HEAD], "")
    ):  # of text; numbers may look like anything
        raise MeshError(path, f"its buffer {uri[:200]!r} is {what}")
    return data


def beside(path: Path, uri: str) -> Path | None:
    """Find the file that a relative URI names; None where there is none."""
    spellings = [unquote(uri), uri]
    spellings += [spelling.replace("\\", "/") for spelling in spellings]
    spellings += [re.split("[?#]", spellings[-1])[0]]
    for spelling in spellings:
        parts = [part for part in spelling.split("/") if part not in ("", ".")]
        file = path.parent
        for part in parts:
            file = file.parent if part == ".." and zips.split(file) else file / part
        if parts and _is_file(file):
            return file
    parts = [part for part in spellings[2].split("/") if part not in ("", ".")]
    return _any_case(path.parent, parts)


def companions(path: Path) -> list[Path]:
    """Files that a glTF file in JSON takes its geometry from, of those that are there."""
    if path.suffix.lower() != ".gltf":
        return []
    try:
        if zips.state(path)[0] > LONGEST:  # it holds its geometry in itself
            return []
        buffers = decoded(zips.read(path))["buffers"]
        uris = [str(buffer["uri"]) for buffer in buffers if "uri" in buffer]
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return []  # Whatever is wrong with it, reading the mesh will say so.
    local = [uri for uri in uris if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]", uri)]
    return [file for uri in local if (file := beside(path, uri))]


def _inline(path: Path, uri: str) -> bytes:
    head, _, body = uri.partition(",")
    if head.split(";")[-1].strip().lower() != "base64":
        return unquote_to_bytes(body)
    letters = re.sub(r"\s", "", unquote(body)).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MeshError(path, f"the base64 of its buffer cannot be decoded: {error}") from error


def _any_case(folder: Path, parts: list[str]) -> Path | None:
    """Find a file as a disk does that does not tell letter cases, or ways to write an accent, apart."""
    if not parts or ".." in parts:
        return None
    return next((file for file in _matches(folder, parts) if _is_file(file)), None)


def _matches(folder: Path, parts: list[str]) -> Iterator[Path]:
    for name in sorted(zips.names(folder)):
        if _folded(name) == _folded(parts[0]):
            if len(parts) == 1:
                yield folder / name
            else:
                yield from _matches(folder / name, parts[1:])


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _is_file(path: Path) -> bool:
    try:
        return zips.is_file(path)
    except (OSError, ValueError):  # a name that no file can have
        return False
