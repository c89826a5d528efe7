"""The command `sketchshape`: parse, call, and turn errors into one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from sketchshape.cli.options import SHELLS, WAYS, PrintCompletion
from sketchshape.errors import SketchshapeError
from sketchshape.resources import VERSION
from sketchshape.say import say, speak_any_encoding

COMMANDS = (
    "demo",
    "train",
    "pretrain",
    "bench",
    "evaluate",
    "report",
    "export",
    "index",
    "search",
    "turn",
    "serve",
    "render",
    "doctor",
)

RESEARCH = frozenset(
    {"train", "pretrain", "bench", "evaluate", "report", "export"}
)  # in a folder of their own


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the words after `sketchshape`; those of the process when left out.

    Returns:
        0 done, 1 failed, 2 wrong use, 130 interrupted.
    """
    speak_any_encoding()
    words = _joined(sys.argv[1:] if argv is None else argv)
    arguments = parser(words).parse_args(words)
    try:
        return int(_module(arguments.command).run(arguments))
    except SketchshapeError as error:
        return _fail(arguments, error, error.exit_code)
    except KeyboardInterrupt:
        say("interrupted; what was finished is kept: the same command goes on from there", error=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _fail(arguments, error, 1)


def parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Build the parser of all commands, or of the one that is given alone: the others take time to load.

    Args:
        words: what is to be parsed.
    """
    first = words[0] if words else ""
    wanted = {"--version": ()}.get(first, (first,) if first in COMMANDS else COMMANDS)
    top = _Parser(
        prog="sketchshape",
        description="Find 3D shapes by drawing them: render, train, measure, report.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong use. Start with: sketchshape demo",
    )
    top.add_argument("--version", action="version", version=f"sketchshape {VERSION}")
    top.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        help='print what the shell needs to complete: eval "$(sketchshape --print-completion bash)"',
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in wanted:
        module = _module(name)
        summary = str(module.__doc__).partition("\n")[0].rstrip(".")
        sub = commands.add_parser(name, help=summary[0].lower() + summary[1:], description=module.__doc__)
        module.add(sub)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return top


def _module(command: str) -> ModuleType:
    place = "sketchshape.cli.research" if command in RESEARCH else "sketchshape.cli"
    return importlib.import_module(f"{place}.{command}")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong on one line, as other errors are said; commands have it too."""

    def error(self, message: str) -> NoReturn:
        """Print and end with the code of wrong use."""
        say(f"{self.prog}: error: {message}; {self.prog} --help explains all", error=True)
        self.exit(2)


def _joined(words: Sequence[str]) -> list[str]:
    """Join `--up -z` to `--up=-z`: else the axis is taken for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--up" and word in WAYS:
            joined[-1] = f"--up={word}"
        else:
            joined.append(word)
    return joined


def _fail(arguments: argparse.Namespace, error: Exception, code: int) -> int:
    if arguments.debug:
        trace = traceback.format_exception(error)
        for line in "".join(trace).splitlines():
            say(line, error=True)
        return code
    known = isinstance(error, SketchshapeError)
    text = (str(error) if known else " ".join(str(error).split())) or type(error).__name__
    prefix = "" if known else f"{type(error).__name__}: "
    hint = "" if known else " (--debug shows where)"
    say(f"sketchshape: error: {prefix}{text}{hint}", error=True)
    return code
