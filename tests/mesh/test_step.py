"""STEP: a box written by hand, and what the library says of files that it cannot read."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mesh_files import absolute_area
from step_files import box

from sketchshape.errors import MeshError
from sketchshape.mesh import load_mesh
from sketchshape.mesh.libraries import step
from sketchshape.render.limits import Limits
from sketchshape.render.workers import Crew, WorkerDied

pytest.importorskip("cascadio", reason="needs the extra [step]")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "step"


def stored(folder: Path, text: str, name: str = "a.step") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("name", ["a.step", "b.STP"])
def test_a_box_lies_as_in_the_file(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    mesh = load_mesh(stored(tmp_path, box((2, 3, 4)), name))
    assert len(mesh.faces) == 12
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), [0.002, 0.003, 0.004], rtol=1e-5)
    assert absolute_area(mesh) == pytest.approx(52e-6, rel=1e-5)
    assert mesh.warnings == ()
    assert capfd.readouterr() == ("", "")


def test_a_file_is_converted_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stored(tmp_path, box((2, 3, 4)))
    first = load_mesh(path)
    (kept,) = cache.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(step.subprocess, "run", lambda *_, **__: pytest.fail("converted again"))
        np.testing.assert_array_equal(load_mesh(path).vertices, first.vertices)
    kept.write_bytes(kept.read_bytes()[:-1])  # a damaged one is made again
    np.testing.assert_array_equal(load_mesh(path).vertices, first.vertices)
    assert int.from_bytes(kept.read_bytes()[8:12], "little") == kept.stat().st_size


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("ISO-10303-21;", "", "broken STEP: ERR StepFile"),
        (
            "ADVANCED_FACE",
            "ADVANCED_FACE(",
            "no faces to draw: 0 vertices, but no face with three of them; ERR",
        ),
        ("PLANE(", "PLAN(", "no faces to draw"),
    ],
)
def test_what_the_library_prints_is_the_error(
    tmp_path: Path, old: str, new: str, cause: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(MeshError) as caught:
        load_mesh(stored(tmp_path, box((2, 3, 4)).replace(old, new)))
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_crash_of_the_library_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "CONVERT", "import os; os.abort()")
    with pytest.raises(MeshError, match="the reader ended with code -"):
        load_mesh(stored(tmp_path, box((2, 3, 4))))
    monkeypatch.setattr(step, "CONVERT", "import time; time.sleep(60)")
    monkeypatch.setattr(step, "LONGEST", 0.2)
    with pytest.raises(MeshError, match=r"not triangles after 0\.2 seconds"):
        load_mesh(stored(tmp_path, box((2, 3, 4))))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends by itself")
def test_a_reader_that_takes_too_long_ends_with_its_worker(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    crew = Crew(Limits(timeout=1.0))
    begin = time.monotonic()
    with pytest.raises(WorkerDied, match="took more than 1 s"):
        crew.call(read_slowly, stored(tmp_path, box((2, 3, 4))), said)
    assert time.monotonic() - begin < 30
    process = Path("/proc", said.read_text())
    while process.exists() and "zombie" not in (process / "status").read_text():
        assert time.monotonic() - begin < 40
        time.sleep(0.05)


def read_slowly(path: Path, said: Path) -> None:
    """Read a file, where the library that converts it does nothing."""
    head, _, _ = step.CONVERT.partition("import cascadio")
    write = f"open({str(said)!r}, 'w').write(str(os.getpid()))"
    step.CONVERT = head + f"import time\n{write}\ntime.sleep(60)\n"
    load_mesh(path)


def test_without_the_package_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "find_spec", lambda name: None)
    with pytest.raises(MeshError, match=r"cascadio is not installed; run: pip install 'sketchshape\[step\]'"):
        load_mesh(stored(tmp_path, box((2, 3, 4))))
