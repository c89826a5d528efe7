"""The container of glTF: its JSON, and the binary chunk of a GLB."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from sketchshape.errors import MeshError
from sketchshape.mesh.soup import Warnings

MAGIC, HEAD, JSON_CHUNK, BIN_CHUNK = b"glTF", 12, 0x4E4F534A, 0x004E4942
PADDING = b"\0 \t\r\n"  # blanks by the letter, NUL by many exporters
CHUNKS = 1000  # that are looked at; a file has two, and a few of its own kinds


class Chunks(NamedTuple):
    """A GLB taken apart.

    Args:
        text: the JSON.
        at: where it begins in the file.
        binary: the binary chunk, empty where there is none.
        cut: whether the file ends before the last chunk that was read does.
    """

    text: bytes
    at: int
    binary: bytes
    cut: bool


def unpack(path: Path, data: bytes, warnings: Warnings) -> tuple[dict[str, Any], bytes]:
    """Give the JSON of a glTF file, and its binary chunk, empty where there is none.

    Raises:
        MeshError: the file is of another version, ends too early, or has no JSON object.
    """
    if not data.startswith(MAGIC):
        return _parsed(path, data, 0), b""
    version, length = _words(data, 4)
    if version != 2:
        raise MeshError(path, _version(f"{version}.0"), byte=4)
    chunks = _chunks(data)
    short = f"the file ends too early: {length} bytes promised"
    if not chunks.text:
        if length > len(data):
            raise MeshError(path, short, byte=len(data))
        raise MeshError(path, "the GLB has no JSON chunk", byte=HEAD)
    found = _parsed(path, chunks.text, chunks.at) if not chunks.cut or chunks.binary else None
    if found is None or ((chunks.cut or length > len(data)) and _binary_bytes(found) > len(chunks.binary)):
        raise MeshError(path, short, byte=len(data))
    if length != len(data):
        warnings.add(f"its head promises {length} bytes, the file has {len(data)}")
    return found, chunks.binary


def _chunks(data: bytes) -> Chunks:
    """Find the first chunk of each kind, others are passed over; what follows both is not looked at."""
    text, begin, binary, at, cut = b"", HEAD, b"", HEAD, False
    for _ in range(CHUNKS):
        if at + 8 > len(data) or (text and binary):
            break
        size, kind = _words(data, at)
        chunk, end = data[at + 8 : at + 8 + size], at + 8 + size
        if kind == JSON_CHUNK and not text:
            text, begin = chunk, at + 8
        elif kind == BIN_CHUNK and not binary:
            binary = chunk
        cut = kind in (JSON_CHUNK, BIN_CHUNK) and end > len(data)
        padded = -(-end // 4) * 4  # some forget to count the padding
        at = padded if _words(data, end)[1] != BIN_CHUNK == _words(data, padded)[1] else end
    return Chunks(text, begin, binary, cut)


def decoded(text: bytes) -> Any:
    """Read JSON in UTF-8, 16 or 32; in an older encoding too, of which names alone are spoiled.

    Whole numbers are integers, also where they are written as 4.0: to most readers they are the same.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(text, parse_float=_number)
    except UnicodeDecodeError:
        return json.loads(text.decode("latin-1"), parse_float=_number)


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _parsed(path: Path, text: bytes, at: int) -> dict[str, Any]:
    """Read the JSON, and refuse what is not of version 2."""
    try:
        found = decoded(text.rstrip(PADDING) if at else text)
    except json.JSONDecodeError as error:
        raise MeshError(path, f"not valid JSON: {error.msg}", byte=at + error.pos) from error
    except RecursionError as error:
        raise MeshError(path, "its JSON is nested too deep, expected lists and objects of glTF") from error
    if not isinstance(found, dict):
        raise MeshError(path, "expected a JSON object of glTF")
    asset = found.get("asset")
    version = str((asset.get("version") if isinstance(asset, dict) else None) or "2.0")
    if isinstance(found.get("meshes"), dict):
        version = "1.0"  # its meshes have names; not every exporter wrote the version
    if not re.match(r"2(\.|$)", version):
        raise MeshError(path, _version(version))
    return found


def _version(version: str) -> str:
    version += "" if "." in version else ".0"
    return f"is glTF of version {version}, expected 2.0; convert it, e.g. with Blender or gltf-pipeline"


def _binary_bytes(found: dict[str, Any]) -> int:
    """How many bytes the binary chunk must have."""
    first = (found.get("buffers") or [{}])[0]
    return 0 if first.get("uri") or "extensions" in first else int(first.get("byteLength", 0))


def _words(data: bytes, at: int) -> tuple[int, int]:
    return int.from_bytes(data[at : at + 4], "little"), int.from_bytes(data[at + 4 : at + 8], "little")
