"""Render views or line drawings of shapes as PNG pictures.

Give mesh files, folders or zip archives of them; each shape becomes one picture with all its views.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from itertools import count
from pathlib import Path

from PIL import Image

from sketchshape.cli.options import add_json, add_limits, add_up, add_workers, positive
from sketchshape.errors import MeshError, UsageError
from sketchshape.files import atomic
from sketchshape.progress import Steps
from sketchshape.say import say, say_json


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `render`."""
    parser.add_argument(
        "shapes", nargs="+", type=Path, metavar="SHAPE", help="mesh file, or folder or zip archive of them"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("views"), metavar="DIR", help="folder for the pictures (views)"
    )
    parser.add_argument("--style", choices=("shaded", "lines"), default="shaded")
    parser.add_argument(
        "--count", type=positive, default=12, help="cameras of a ring around the up axis (12)"
    )
    parser.add_argument(
        "--elevation",
        type=degrees,
        nargs="+",
        default=[30.0],
        metavar="DEGREES",
        help="by how much the cameras of each ring look down (30)",
    )
    parser.add_argument("--size", type=positive, default=224, help="side of a view in pixels (224)")
    add_up(parser, "axis of the files that points up (auto: as each shape looks)", default="auto")
    parser.add_argument("--columns", type=positive, default=6, help="views in a row (6)")
    add_workers(parser)
    add_limits(parser)
    add_json(parser)


def degrees(text: str) -> float:
    """Read an elevation, -90 to 90."""
    value = float(text)
    if not -90 <= value <= 90:
        raise argparse.ArgumentTypeError(f"{text} is not within -90 to 90")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Render every shape; 1 when one of them failed."""
    from sketchshape.mesh import unread_files
    from sketchshape.render import cached_views, contact_sheet
    from sketchshape.upright.many import ways_up

    unread: Counter[str] = Counter()
    shapes, closed = _find(arguments.shapes, unread)
    targets = _targets(shapes, arguments.out)
    failures: list[str] = []
    warned: dict[str, list[str]] = {}

    def skip(reason: str) -> None:
        failures.append(reason)
        say(f"skipped {reason}", error=True)

    def heard(index: int, warnings: tuple[str, ...]) -> None:
        warned[str(shapes[index])] = list(warnings)
        for warning in warnings:
            say(f"{shapes[index]}: {warning}", error=True)

    for problem in closed:
        skip(problem)
    up = arguments.up
    if up == "auto":
        asked = {name: getattr(arguments, name) for name in ("workers", "timeout", "memory")}
        up = [ways[0] for ways in ways_up(shapes, **asked)]
    with Steps("render", len(shapes), "shapes", quiet=arguments.json) as steps:
        for index, views in cached_views(
            shapes,
            count=arguments.count,
            size=arguments.size,
            elevations=arguments.elevation,
            up=up,
            style=arguments.style,
            workers=arguments.workers,
            timeout=arguments.timeout,
            memory=arguments.memory,
            heard=heard,
        ):
            if isinstance(views, MeshError):
                skip(str(views))
            else:
                try:
                    with atomic(targets[index]) as temporary:
                        Image.fromarray(contact_sheet(views, arguments.columns)).save(temporary)
                except OSError as error:  # such as of a name that is too long, or none for the disk of --out
                    skip(f"{targets[index]}: cannot be written: {error.strerror or error}")
            steps.advance()
    done = len(shapes) + len(closed) - len(failures)
    if arguments.json:
        answer = {
            "rendered": done,
            "failed": failures,
            "warned": warned,
            "unread": dict(sorted(unread.items())),
        }
        say_json(answer | {"folder": str(arguments.out)})
    else:
        say(f"{done} of {len(shapes)} shapes rendered to {arguments.out}{os.sep}; {len(failures)} failed")
        if unread:
            say(unread_files(unread))
    return int(bool(failures))


def _find(inputs: list[Path], unread: Counter[str]) -> tuple[list[Path], list[str]]:
    """Find the mesh files, and what cannot be read; count the files of other formats."""
    from sketchshape.datasets import shape_files
    from sketchshape.mesh import FORMATS, unread_files
    from sketchshape.zips import is_folder

    found: list[Path] = []
    closed: list[str] = []

    def fail(path: Path, reason: str) -> None:
        closed.append(f"{path}: {reason}")

    for path in inputs:
        if is_folder(path):
            found += shape_files(path, fail, unread)
        else:
            found.append(path)
    if not found and not closed:
        there = unread_files(unread) or f"expected {', '.join(FORMATS)}"
        raise UsageError(f"no mesh files in {', '.join(map(str, inputs))}; {there}")
    return found, closed


def _targets(shapes: list[Path], out: Path) -> list[Path]:
    # Two shapes of the same name in different folders must not overwrite each other's picture.
    names = Counter(path.stem for path in shapes)
    taken = {name for name, number in names.items() if number == 1}
    targets = []
    for path in shapes:
        name = path.stem
        if names[name] > 1:
            name = next(one for k in count(1) if (one := f"{path.stem}-{k}") not in taken)
            taken.add(name)
        targets.append(out / f"{name}.png")
    return targets
