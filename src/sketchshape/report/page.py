"""One HTML file that needs nothing beside it: the table, the pictures, how it was made, the limits."""

from __future__ import annotations

import json
import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from PIL import Image

from sketchshape.report.formats import head, lines, numbers
from sketchshape.report.style import DPI
from sketchshape.report.table import Table

LIMITS = {
    "closed": "The gallery is closed, as in the paper: its shapes are the ones that were learned from. "
    "The scores say nothing about shapes that are added later, nor about classes that were not trained.",
    "held-out": "The gallery is the fifth of the shapes of the larger classes that was held out of training.",
    "unseen": "The gallery is of classes that were left out of training altogether.",
}


@dataclass(frozen=True)
class Picture:
    """A picture of the page.

    Args:
        name: file name without the suffix.
        title: heading.
        alt: what it shows, for those who cannot see it.
        caption: the sentence below it.
        fit: "wide" may be scrolled on a small screen, "whole" on any; else it shrinks.
    """

    name: str
    title: str
    alt: str
    caption: str
    fit: str = ""


def build_page(template: str, table: Table, pictures: Sequence[Picture], folder: Path, **rest: Any) -> str:
    """Fill a template that extends base.html.j2.

    Args:
        template: "PACKAGE/FILE": a file in the folder `templates` of a package such as sketchshape.report.
        table: of scores.
        pictures: drawn already.
        folder: where their PNG files are.
        **rest: what else the template needs.

    Returns:
        The HTML, with the pictures inside it.
    """
    package, _, file = template.partition("/")
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, "templates") for name in (package, "sketchshape.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    body = lines(table)
    return environment.get_template(file).render(
        table=table,
        head=head(table),
        numbers=numbers(table),
        blocks=[
            (name, [(table.rows[place], body[place]) for place in places]) for name, places in table.blocks
        ],
        pictures={picture.name: _embedded(picture, folder) for picture in pictures},
        **rest,
    )


def settings_text(tree: Mapping[str, Any]) -> str:
    """Write nested settings as TOML: values first, then the sections."""
    values = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    sections = {key: value for key, value in tree.items() if isinstance(value, Mapping)}
    # JSON has the same text for numbers, strings, booleans and lists of them.
    blocks = ["\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())]
    blocks += [f"[{name}]\n{settings_text(section)}" for name, section in sections.items()]
    return "\n\n".join(block for block in blocks if block)


def command_text(command: str | Sequence[str]) -> str:
    """Write a command line, or that there was none."""
    text = command if isinstance(command, str) else shlex.join(command)
    return text or "(no command line: started from Python)"


def _embedded(picture: Picture, folder: Path) -> dict[str, Any]:
    """Give a picture as text, and the CSS pixels at which it is as wide as it was drawn."""
    path = folder / f"{picture.name}.png"
    with Image.open(path) as opened:
        width = round(opened.width * 96 / DPI)
    source = "data:image/png;base64," + b64encode(path.read_bytes()).decode("ascii")
    return {**asdict(picture), "source": source, "width": width}
