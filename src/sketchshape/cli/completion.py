"""`sketchshape --print-completion bash`: what a shell needs to complete commands, options and paths."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

SHELLS = ("bash", "zsh", "tcsh")
FOLDERS = frozenset({"DIR", "FOLDER", "INDEX", "OUT", "RUN"})  # what help calls the value of such an option
FILES = frozenset({"FILE", "SHAPE"})


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
