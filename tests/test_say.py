"""What is printed is one line, harmless in a terminal, and possible in every encoding."""

from __future__ import annotations

import ast
import io
import json
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sketchshape
from sketchshape.say import say, say_json, shown, speak_any_encoding

TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


def test_every_control_character_is_escaped_and_every_other_letter_kept() -> None:
    for code in range(0x3000):
        letter = chr(code)
        bad = unicodedata.category(letter) in ("Cc", "Zl", "Zp") or letter in TURNS
        expected = ascii(letter)[1:-1] if bad else letter
        assert shown(letter) == expected, hex(code)


def test_bytes_of_a_name_that_is_not_utf8_are_shown_as_bytes() -> None:
    assert shown(b"St\xfchle\n".decode(errors="surrogateescape")) == r"St\xfchle\n"
    assert shown("\ud800") == r"\ud800"
    assert shown(Path("a\x1b[31m\rb")) == r"a\x1b[31m\rb"


@given(st.text(st.characters(codec=None)))
def test_one_line_stays_one_line_that_utf8_can_write(text: str) -> None:
    line = shown(text)
    assert line.encode().decode() == line
    assert len(line.splitlines()) <= 1
    assert shown(line) == line


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "cp437", "shift_jis"])
def test_letters_that_an_encoding_lacks_are_escaped(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    monkeypatch.setattr(sys, "stdout", stream)
    speak_any_encoding()
    said = "椅子 é ± \ud800"
    say(said)
    say_json({"name": said + "\x7f\x85\u202e"})
    line, answer = stream.buffer.getvalue().split(b"\n")[:2]  # type: ignore[attr-defined]
    assert line == said.replace("\ud800", r"\ud800").encode(encoding, "backslashreplace")
    assert json.loads(answer) == {"name": said + "\x7f\x85\u202e"}
    assert answer.isascii()


def test_nothing_is_printed_past_this_place() -> None:
    root = Path(sketchshape.__file__).parent
    found = {
        (str(path.relative_to(root)), node.lineno)
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    # `options.py` prints a script for a shell.
    assert {name for name, _ in found} == {"say.py", "cli/options.py"}
