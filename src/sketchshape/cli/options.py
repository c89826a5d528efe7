"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from sketchshape.errors import UsageError


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`: one JSON object on standard output, nothing else there."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add `--workers`: how many processes render."""
    parser.add_argument(
        "--workers", type=positive, metavar="N", help="processes that render (default: all cores)"
    )


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def existing_folder(path: Path, what: str) -> Path:
    """Give the folder back, or say that it is missing.

    Raises:
        UsageError: there is no such folder.
    """
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder; expected {what}")
    return path
