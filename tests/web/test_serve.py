"""The command `serve`, as a process, and the example client against it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")

from web_server import serving, shapes_of, sketch

import sketchshape as ss
from sketchshape.cli import serve
from sketchshape.cli.main import main
from sketchshape.encoders import Bundle
from sketchshape.encoders.confidence import Confidence
from sketchshape.index import build_index
from sketchshape.search import Searcher
from sketchshape.web import create_app

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from sketchshape.cli.main import main; sys.exit(main())",
    "serve",
]
CLIENT = Path(__file__).parents[2] / "examples" / "client.py"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("library")
    for name, path in shapes_of("chair", "key", count=2):
        (root / name).mkdir(exist_ok=True)
        (root / name / path.name).write_bytes(path.read_bytes())
    build_index(root, root.with_name("index"), quiet=True)
    return root.with_name("index")


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a process that a failed test does not leave behind."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def address(index: Path) -> Iterator[str]:
    with started([*COMMAND, str(index), "--port", "0"]) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("sketchshape: 4 shapes at http://127.0.0.1:")
        yield line.split()[4]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130)


def client(address: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CLIENT), "--server", address, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_example_client_finds_and_saves(address: str, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text(json.dumps(sketch("key", 1)))
    done = client(address, str(tmp_path / "key.json"), "-k", "2", "--save", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert [Path(line.split()[-1]).parent.name for line in done.stdout.splitlines()] == ["key", "key"]
    assert all(len(ss.load_mesh(path).faces) for path in (tmp_path / "out").glob("*.glb"))
    assert len(list((tmp_path / "out").iterdir())) == 2
    blank = tmp_path / "blank.json"
    blank.write_text("[]")
    done = client(address, str(blank))
    assert (done.returncode, "blank" in done.stderr) == (1, True)


def test_the_example_client_says_where_nothing_is_alike(index: Path, tmp_path: Path) -> None:
    bundle = replace(Bundle.open(), confidence=Confidence(9.0, 1.0))  # sure of nothing but the same
    searcher = Searcher.open(index, bundle)
    (tmp_path / "key.json").write_text(json.dumps(sketch("key", 1)))
    with serving(create_app(searcher)) as service:
        done = client(str(service.base_url), str(tmp_path / "key.json"))
        by_words = client(str(service.base_url), "--words", "key")
    sure = searcher.search(sketch("key", 1)).confidence
    assert f"nothing there looks much like this drawing (confidence {sure:.2f})" in done.stderr
    assert len(done.stdout.splitlines()) == 4
    assert (by_words.returncode, by_words.stderr) == (0, "")


def test_a_client_without_a_service_is_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        done = client(f"http://127.0.0.1:{free.getsockname()[1]}", "--like", "1")
    assert (done.returncode, "sketchshape serve" in done.stderr) == (1, True)


def test_a_port_that_is_taken_and_an_index_that_is_none(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", str(index), "--port", str(taken.getsockname()[1])]) == 2
    assert "another --port" in capsys.readouterr().err
    assert main(["serve", str(tmp_path)]) == 2
    assert "sketchshape index" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["serve", str(index), "--port", "70000"])


@pytest.mark.parametrize(
    ("host", "local", "shown"),
    [
        ("127.0.0.1", True, "127.0.0.1"),
        ("localhost", True, "localhost"),
        ("::1", True, "[::1]"),
        ("0.0.0.0", False, "localhost"),
        ("192.168.1.5", False, "192.168.1.5"),
    ],
)
def test_which_addresses_are_this_machine_alone(host: str, local: bool, shown: str) -> None:
    assert serve._is_local(host) is local
    assert serve._shown(host) == shown


@pytest.mark.slow
def test_the_demo_ends_by_serving_the_sample(tmp_path: Path) -> None:
    asked = f"argparse.Namespace(out=pathlib.Path({str(tmp_path / 'demo')!r}), port=0, workers=None)"
    code = f"import argparse, pathlib; from sketchshape.cli import demo; demo._draw({asked})"
    with started([sys.executable, "-c", code]) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Draw what you have in mind")
        line = process.stdout.readline()
        assert line.startswith("sketchshape: 175 shapes at http://127.0.0.1:")
        found = client(line.split()[4], "--words", "chair", "-k", "2").stdout.splitlines()
        assert len(found) == 2
        assert all("/chair/" in one for one in found)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert (tmp_path / "demo-index").is_dir()
