"""`index --watch` as a process: what changes in the folder is in the index soon after, and Ctrl-C ends it."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from search_library import box

from sketchshape.cli.main import main
from sketchshape.index import Catalogue
from sketchshape.index.lock import alone

pytest.importorskip("watchfiles", reason="needs the extra [watch]")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")
RUN = [sys.executable, "-c", "import sys; from sketchshape.cli.main import main; sys.exit(main())"]
PATIENCE = 60  # seconds, on a busy machine


class Watcher:
    """A process that watches, and its lines as they come."""

    def __init__(self, library: Path, index: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [*RUN, "index", str(library), "--out", str(index), "--watch", "--workers", "1", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A job in the background is started with Ctrl-C ignored, and hands that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.lines: dict[str, queue.Queue[str]] = {}
        for name in ("stdout", "stderr"):
            lines = self.lines[name] = queue.Queue()
            threading.Thread(target=self.read, args=(getattr(self.process, name), lines), daemon=True).start()

    @staticmethod
    def read(stream: Any, lines: queue.Queue[str]) -> None:
        for line in stream:
            lines.put(line.rstrip("\n"))

    def line(self, stream: str = "stdout") -> str:
        return self.lines[stream].get(timeout=PATIENCE)

    def until(self, text: str, stream: str = "stdout") -> str:
        """Wait for a line with a text, past others."""
        while text not in (line := self.line(stream)):
            pass
        return line

    def run(self, **counts: int) -> dict[str, Any]:
        """Wait for a run that did this, and nothing but this."""
        done: dict[str, Any] = json.loads(self.line())
        assert "error" not in done
        words = ("added", "changed", "moved", "removed")
        assert {word: done[word] for word in words} == dict.fromkeys(words, 0) | counts
        return done

    def quiet(self, seconds: float) -> None:
        with pytest.raises(queue.Empty):
            raise AssertionError(self.lines["stdout"].get(timeout=seconds))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    box(tmp_path / "library" / "chairs" / "a.off", (1, 2, 3))
    return tmp_path / "library"


@pytest.fixture
def watch(library: Path) -> Iterator[Any]:
    running: list[Watcher] = []

    def start(index: Path, *options: str) -> Watcher:
        running.append(Watcher(library, index, *options))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()
        for stream in (one.process.stdout, one.process.stderr):
            assert stream is not None
            stream.close()


def test_an_index_follows_its_folder(watch: Any, library: Path) -> None:
    index = library / "index"  # in the folder: what is written there makes no run
    watcher = watch(index, "--json")
    assert watcher.run(added=1)["shapes"] == 1
    box(library / "b.off", (1, 3, 3))
    box(library / "new/deep/c.off", (1, 4, 3))
    watcher.run(added=2)
    (library / "b.off").rename(library / "new/d.off")
    watcher.run(moved=1)
    box(library / "chairs/a.off", (2, 2, 5))
    watcher.run(changed=1)
    (library / "new").rename(library / "other")
    watcher.run(moved=2)
    (library / "notes.txt").write_text("no shape")
    box(library / "#recycle/a.off", (1, 2, 3))
    watcher.quiet(2.5)
    shutil.rmtree(library / "other")
    watcher.run(removed=2)
    assert watcher.stop() in (0, 130)
    with Catalogue(index) as catalogue:
        assert [entry.path for entry in catalogue.entries()] == [library / "chairs/a.off"]


@pytest.mark.slow
def test_a_file_that_is_being_written_waits_until_it_is_whole(watch: Any, library: Path) -> None:
    watcher = watch(library.with_name("index"), "--json")
    watcher.run(added=1)
    whole = box(library.with_name("whole.off"), (1, 3, 3)).read_bytes()
    with (library / "b.off").open("wb", buffering=0) as stream:
        for at in range(0, len(whole), len(whole) // 5):
            stream.write(whole[at : at + len(whole) // 5])
            time.sleep(0.5)
    done = watcher.run(added=1)
    assert done["failed"] == []
    watcher.quiet(1.5)


@pytest.mark.slow
def test_a_run_that_fails_is_said_and_tried_again(watch: Any, library: Path) -> None:
    index = library.with_name("index")
    watcher = watch(index)
    watcher.until("1 shapes (1 added")
    with alone(index):
        box(library / "b.off", (1, 3, 3))
        assert "tried again" in watcher.until("another process", "stderr")
    watcher.until("2 shapes (1 added")
    (library / "bad.off").write_text("OFF\n\x1b[1m")
    watcher.until("1 failed")
    assert "bad.off" in watcher.line("stderr")
    box(library / "c.off", (1, 5, 3))
    watcher.until("3 shapes (1 added")
    gone = library.rename(library.with_name("away"))
    assert "gone" in watcher.line("stderr")  # and of bad.off nothing again
    gone.rename(library)
    watcher.until("3 shapes (0 added")
    box(library / "d.off", (1, 6, 3))
    watcher.until("4 shapes (1 added")
    assert watcher.stop() in (0, 130)


def test_what_will_not_mend_itself_ends_it(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (library.with_name("other")).mkdir()
    (library.with_name("other") / "file").write_text("mine")
    words = ["index", str(library), "--watch", "--out"]
    assert main([*words, str(library.with_name("other"))]) == 2
    assert "holds no index" in capsys.readouterr().err
    assert main(["index", str(library / "none"), "--watch", "--out", str(library.with_name("index"))]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_without_the_extra_the_command_is_said(
    library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sketchshape.errors.find_spec", lambda name: None)
    index = library.with_name("index")
    assert main(["index", str(library), "--out", str(index), "--watch"]) == 1
    said = capsys.readouterr().err
    assert said.strip().endswith("watchfiles is not installed; run: pip install 'sketchshape[watch]'")
    assert not os.path.exists(index)
