"""ONNX Runtime sends nothing and leaves nothing: seen in the home folder and in what the process asks for."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_world import make_world, write_config

from sketchshape.resources import SAMPLE

OFF = "ORT_DISABLE_TELEMETRY"
RUN = [sys.executable, "-c", "import sys; from sketchshape.cli.main import main; sys.exit(main())"]
TRACE = ["strace", "-f", "-qq", "-s", "256", "-e", "trace=connect,sendto,sendmmsg"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def environment(home: Path) -> dict[str, str]:
    """Without the switch, and with a home of its own where the cache of this machine is used."""
    left_out = (OFF, "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "HOME": str(home), "SKETCHSHAPE_CACHE": str(home.with_name("cache"))}


def library(folder: Path) -> Path:
    folder.mkdir()
    for path in sorted((SAMPLE / "shapes/chair").iterdir())[:2]:
        shutil.copy(path, folder)
    (folder / "drawing.json").write_bytes(
        (SAMPLE / "sketches/test/chair.ndjson").read_bytes().splitlines()[0]
    )
    return folder


def abroad(trace: Path) -> list[str]:
    """The lines of a trace in which another machine, or a server of names, is asked."""
    lines = trace.read_text(errors="replace").splitlines()
    return [line for line in lines if re.search(r"AF_INET6?\b|nscd|resolve|\\x?0*events", line)]


def test_index_and_search_leave_no_file_in_a_home_and_ask_nobody(home: Path, tmp_path: Path) -> None:
    folder, index, trace = library(tmp_path / "library"), tmp_path / "index", tmp_path / "trace"
    tracing = [*TRACE, "-o", str(trace)] if shutil.which("strace") else []
    for words in (["index", folder, "--out", index], ["search", index, folder / "drawing.json"]):
        command = [*tracing, *RUN, *map(str, words)]
        done = subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert not tracing or abroad(trace) == []
    assert list(home.rglob("*")) == []


@pytest.mark.slow
def test_serving_looks_up_no_host_for_a_minute(home: Path, tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("needs strace, to see what a library in C++ asks for")
    folder, index, trace = library(tmp_path / "library"), tmp_path / "index", tmp_path / "trace"
    subprocess.run([*RUN, "index", str(folder), "--out", str(index)], env=environment(home), check=True)
    command = [*TRACE, "-o", str(trace), *RUN, "serve", str(index), "--port", "0"]
    with subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert "2 shapes at" in process.stdout.readline()
        time.sleep(60)
        os.killpg(process.pid, signal.SIGKILL)
    assert abroad(trace) == []
    assert list(home.rglob("*")) == []


@pytest.mark.slow
def test_training_and_exporting_ask_nobody(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra [train]")
    if not shutil.which("strace"):
        pytest.skip("needs strace, to see what a library in C++ asks for")
    data, run, trace = tmp_path / "world", tmp_path / "run", tmp_path / "trace"
    make_world(data, 2, 3)
    config = write_config(tmp_path / "small.toml")
    chosen = [f"data.path={json.dumps(str(data))}", "teacher.epochs=1", "student.epochs=1"]
    words = [
        "train",
        config,
        "--out",
        run,
        "--workers",
        "1",
        *(part for one in chosen for part in ("--set", one)),
    ]
    for command in (words, ["evaluate", run], ["export", run, tmp_path / "bundle"]):
        called = [*TRACE, "-o", str(trace), *RUN, *map(str, command)]
        done = subprocess.run(called, env=environment(home), capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stderr
        # torch asks who the user is, which goes by nscd too; a name of a machine would be asked for abroad
        assert [line for line in abroad(trace) if "nscd" not in line] == []
