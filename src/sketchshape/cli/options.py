"""Options that several commands share."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketchshape.errors import UsageError

if TYPE_CHECKING:
    from sketchshape.index import Catalogue

SHELLS = ("bash", "zsh", "tcsh")
FOLDERS = frozenset({"DIR", "FOLDER", "INDEX", "OUT", "RUN"})  # what help calls the value of such an option
WAYS = ("auto", "y", "z", "x", "-y", "-z", "-x")  # what may point up; auto: what the shape looks like
FILES = frozenset({"FILE", "SHAPE"})
ENGINES = ("exact", "faiss", "faiss-hnsw", "pgvector", "milvus")
ENGINE_URL = "SKETCHSHAPE_ENGINE_URL"


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`: one JSON object on standard output, nothing else there."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add `--workers`: how many processes render."""
    parser.add_argument(
        "--workers", type=positive, metavar="N", help="processes that render (default: all cores)"
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add `--timeout` and `--memory`: what one file may take before it counts as failed."""
    parser.add_argument(
        "--timeout", type=_seconds, default=60.0, metavar="SECONDS", help="for each step of a file (60)"
    )
    parser.add_argument(
        "--memory", type=_size, default=4e9, metavar="SIZE", help="for a file, such as 500MB or 8GB (4GB)"
    )


def add_up(parser: argparse.ArgumentParser, help: str, **more: Any) -> None:
    """Add `--up`: which axis of the files points up; None where it is not given."""
    parser.add_argument("--up", choices=WAYS, help=help, **more)


def add_engine(parser: argparse.ArgumentParser, default: str) -> None:
    """Add `--engine` and `--engine-url`: what holds the vectors beside the index; None where not given."""
    parser.add_argument("--engine", choices=ENGINES, help=f"what tells which vectors are near ({default})")
    parser.add_argument(
        "--engine-url",
        metavar="URL",
        help=f"of the engine's server; also {ENGINE_URL}, which others do not see",
    )


def engine_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Give the engine and the address of its server that a command was given."""
    return {"engine": arguments.engine, "engine_url": arguments.engine_url or os.environ.get(ENGINE_URL)}


def shape_of(catalogue: Catalogue, text: str) -> int:
    """Give the id of a shape that is named by it or by its file.

    Raises:
        UsageError: it is neither.
    """
    if text.isdecimal():
        return int(text)
    found = catalogue.find(Path(os.path.abspath(text)))
    if found is None:
        raise UsageError(f"{text}: neither an id nor a file of the index")
    return found


def add_set(parser: argparse.ArgumentParser, example: str) -> None:
    """Add `--set KEY=VALUE`, which may be repeated; the example is a setting of the command."""
    help = f"change one setting, such as {example}"
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=help)


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _size(text: str) -> float:
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([MG])B?", text.strip(), re.IGNORECASE)
    value = float(found[1]) * {"M": 1e6, "G": 1e9}[found[2].upper()] if found else 0
    if not 0 < value < 1e18:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500MB or 8GB")
    return value


def existing_folder(path: Path, what: str) -> Path:
    """Give the folder back, or say that it is missing.

    Raises:
        UsageError: there is no such folder.
    """
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder; expected {what}")
    return path


class PrintCompletion(argparse.Action):
    """Print the script of a shell and end."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Say of each option what its value is, and leave the rest to shtab."""
        import shtab  # here, for a tenth of a second that no other command needs to wait

        for action in _all_actions(parser):
            if action.metavar in FOLDERS:
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
            elif action.type is Path or action.metavar in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
        print(shtab.complete(parser, str(values)))
        parser.exit()


def _all_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    found = []
    for action in parser._actions:
        found.append(action)
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found += _all_actions(command)
    return found
