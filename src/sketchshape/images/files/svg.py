"""SVG drawings become pictures; what reaches out of the file, or unfolds without end, is refused."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from sketchshape.errors import MissingExtraError

SIDE = 1024  # pixels of the longer side of the picture
DECLARED = 200  # bytes in which an XML declaration ends; what stands there is no drawing yet
MAX_BYTES = 20_000_000
MAX_DEPTH = 500  # of elements in elements
MAX_ELEMENTS = 200_000  # with all that `use` repeats
INSIDE = ("#", "data:image/png", "data:image/jpeg", "data:image/jpg", "data:image/gif", "data:image/webp")
DRAWN = ("image", "use", "feImage", "pattern", "linearGradient", "radialGradient", "textPath")


@dataclass
class _Element:
    """An element as far as it counts how much is drawn."""

    repeats: str = ""
    children: list[_Element] = field(default_factory=list)


def draw_svg(data: bytes) -> bytes:
    """Draw an SVG file; texts are left out.

    Args:
        data: of the file.

    Returns:
        A PNG with transparency.

    Raises:
        ValueError: it is damaged, refers to another file, declares entities, or is too large.
        MissingExtraError: resvg_py is not installed.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"has {len(data)} bytes, expected at most {MAX_BYTES}; simplify it")
    _check(data)
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise MissingExtraError("resvg_py", "svg") from None
    text = data.decode(_encoding(data), errors="replace").lstrip("\ufeff")
    head = re.sub(r"(<\?xml[^>]*?)\s+encoding=(\"[^\"]*\"|'[^']*')", r"\1", text[:DECLARED], count=1)
    text = head + text[DECLARED:]
    try:
        return bytes(svg_to_bytes(svg_string=text, skip_system_fonts=True, width=SIDE, height=SIDE, dpi=96))
    except ValueError as error:
        raise ValueError(f"is not an SVG that can be drawn: {error}") from None


def _encoding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    found = re.match(rb"\s*<\?xml[^>]*encoding=[\"']([\w.-]+)[\"']", data[:DECLARED])
    name = found[1].decode() if found else "utf-8"
    try:
        codecs.lookup(name)
    except LookupError:
        return "utf-8"
    return name


def _check(data: bytes) -> None:
    """Read all elements before any of them is drawn."""
    root = _Element()
    open_now, named = [root], dict[str, _Element]()

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if len(open_now) == 1 and name != "svg":
            raise ValueError(f"is XML with <{tag[:40]}>, expected <svg>")
        if len(open_now) > MAX_DEPTH:
            raise ValueError(f"has elements more than {MAX_DEPTH} deep; simplify it")
        link = next((v.strip() for k, v in attributes.items() if k.rpartition(":")[2] == "href"), "")
        if name in DRAWN and link and not link.lower().startswith(INSIDE):
            raise ValueError(f"refers to {link[:60]!r} outside the file; put it into the file")
        element = _Element(link[1:] if name == "use" else "")
        open_now[-1].children.append(element)
        open_now.append(element)
        named.setdefault(attributes.get("id", ""), element)

    def entity(name: str, *_: object) -> None:
        raise ValueError(f"declares the entity {name[:40]!r}, expected none; save it as plain SVG")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EntityDeclHandler = start, entity
    parser.EndElementHandler = lambda tag: open_now.pop() and None
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(f"is not an SVG: {error}") from None
    _count(root, named)


def _count(root: _Element, named: dict[str, _Element]) -> None:
    """Count what is drawn when every `use` is unfolded, and stop where it is too much."""
    waiting, count = [root], 0
    while waiting:
        element = waiting.pop()
        count += 1
        if count > MAX_ELEMENTS:
            raise ValueError(f"draws more than {MAX_ELEMENTS} elements with those it repeats; simplify it")
        waiting += element.children
        if element.repeats in named and element.repeats:
            waiting.append(named[element.repeats])
