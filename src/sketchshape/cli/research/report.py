"""Write the tables, curves and pictures of a run as one HTML page."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from sketchshape.cli.options import existing_folder
from sketchshape.say import say


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a trained run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the report (RUN/report)")
    parser.add_argument("--open", action="store_true", help="show the page in the browser")


def run(arguments: argparse.Namespace) -> int:
    """Write the report and say where it is."""
    from sketchshape.report import write_report

    existing_folder(arguments.run, "the folder of a run, such as runs/psb76")
    folder = write_report(arguments.run, arguments.out)
    say(f"report: {folder / 'index.html'}")
    if arguments.open:
        webbrowser.open((folder / "index.html").resolve().as_uri())
    return 0
