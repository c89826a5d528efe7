"""Names that drive a terminal, that an encoding lacks, or that are not UTF-8, wherever they are printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from search_library import box

from sketchshape.cli.main import main
from sketchshape.resources import SAMPLE
from sketchshape.say import shown

RUN = [sys.executable, "-c", "import sys; from sketchshape.cli.main import main; sys.exit(main())"]
NAMES = ("a\x1b[31mred\nline", "back\r\x9b2J\u202etxt", "椅子 ± é")
NOT_UTF8 = os.fsdecode(b"St\xfchle")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="needs a file system whose names are any bytes"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with odd names and its index; one file of each kind of name is no mesh."""
    root = tmp_path_factory.mktemp("names\x1b[1m")
    for number, name in enumerate(NAMES):
        box(root / "library" / name / f"{name}.off", (1, 1 + number, 2))
        (root / "library" / f"bad {name}.off").write_text("OFF\x1b[2J\n")
    box(root / "library" / f"{NOT_UTF8}.off", (1, 2, 3))
    (root / "drawing.json").write_bytes((SAMPLE / "sketches/test/chair.ndjson").read_bytes().splitlines()[0])
    (root / f"{NOT_UTF8}.json").write_bytes((root / "drawing.json").read_bytes())
    done = subprocess.run(
        [*RUN, "index", str(root / "library"), "--out", str(root / "index")], capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert harmless(done.stdout + done.stderr)
    for name in (*NAMES, NOT_UTF8):
        assert shown(name) in done.stderr.decode()
    return root


def harmless(said: bytes) -> bool:
    return all(shown(line) == line for line in said.decode().split("\n"))


def search(place: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [*RUN, "search", str(place / "index"), *words]
    return subprocess.run(command, capture_output=True, env=os.environ | environment, timeout=120)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_table_is_printed_in_every_encoding_and_json_is_the_same_in_all(place: Path, encoding: str) -> None:
    drawing = str(place / "drawing.json")
    table = search(place, drawing, PYTHONIOENCODING=encoding)
    answer = search(place, drawing, "--json", PYTHONIOENCODING=encoding)
    assert (table.returncode, answer.returncode) == (0, 0), table.stderr + answer.stderr
    for name in NAMES:
        path = place / "library" / name / f"{name}.off"
        assert shown(path).encode(encoding, "backslashreplace") in table.stdout
    assert len(table.stdout.splitlines()) in (5, 6)  # words, a head, two shapes, and what else is said
    assert {Path(one["path"]).stem for one in json.loads(answer.stdout)["results"]} == set(NAMES)


@pytest.mark.parametrize(
    "words",
    [
        (f"{NOT_UTF8}.json",),
        ("--like", NOT_UTF8),
        ("--class", NOT_UTF8),
        ("--words", NOT_UTF8),
        ("drawing.json", "--folder", NOT_UTF8),
        ("drawing.json", "--format", NOT_UTF8),
        ("drawing.json", "--bundle", NOT_UTF8),
        (f"{NOT_UTF8}\x1b[1m\n.png",),
        (f"--{NOT_UTF8}\x1b[1m",),
    ],
)
def test_no_word_of_a_command_line_ends_in_a_traceback(
    words: tuple[str, ...], place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    try:
        code = main(["search", "index", *words])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    assert code in ((0,) if words[0] == f"{NOT_UTF8}.json" else (1, 2))
    assert "--debug" not in said.err
    assert "Encode" not in said.err
    assert harmless((said.out + said.err).encode())


def test_debug_shows_a_traceback_that_is_harmless_too(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", str(place / "index"), str(place / "library" / NAMES[0]), "--debug"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert harmless(said.encode())


def test_a_root_that_is_not_utf8_says_so_of_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        box(tmp_path / NOT_UTF8 / f"{name}.off", (1, 2, 3))
    assert main(["index", str(tmp_path / NOT_UTF8), "--out", str(tmp_path / "index"), "--json"]) == 1
    failed = json.loads(capsys.readouterr().out)["failed"]
    assert [Path(one["path"]).name for one in failed] == ["a.off", "b.off"]
    assert {one["reason"] for one in failed} == {"its name is not valid UTF-8; rename it"}
