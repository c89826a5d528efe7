"""What is printed for people: a line each, harmless in a terminal, and never an error of its encoding."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

WORKER = "SKETCHSHAPE_WORKER"  # set in processes whose caller speaks for them
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 with newline and escape, delete, C1: they drive the terminal and break lines
    "\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"  # turn the order of letters, or break lines
    "\ud800-\udfff\ufeff]"  # bytes of a name that is not UTF-8; a mark that nobody sees
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_warned: set[str] = set()
heard: list[str] = []
"""In a worker process: the warnings that its caller is to say."""


def shown(text: object) -> str:
    r"""Give a text as it can be shown on one line: `a\nb` and `\x1b` in place of what a terminal obeys.

    Args:
        text: a name, a path, a message; anything else becomes its string.
    """
    return _CONTROLS.sub(lambda found: _escaped(found[0]), str(text))


def say(line: object = "", *, error: bool = False) -> None:
    """Print one line on standard output, or on standard error.

    Args:
        line: of text; control characters in it, such as those of file names, are escaped.
        error: print on standard error.
    """
    print(shown(line), file=sys.stderr if error else sys.stdout, flush=True)


def say_json(value: Any) -> None:
    """Print a value as one line of JSON on standard output: in ASCII, so valid in whatever encoding."""
    print(json.dumps(value), flush=True)


def warn(text: str) -> None:
    """Print a warning on standard error, the same one only once."""
    if WORKER in os.environ:
        heard.append(text)
    elif text not in _warned:
        _warned.add(text)
        say(f"warning: {text}", error=True)


def speak_any_encoding() -> None:
    r"""Let standard output escape letters that its encoding lacks, as standard error does: `\u6905`."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def _escaped(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte, as Python keeps it in a name
        return f"\\x{code - 0xDC00:02x}"
    return _SHORT.get(letter) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
