"""The cache of views: content decides, a bad entry or file stops nothing, processes change no byte."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from render_shapes import box, sphere

from sketchshape import say
from sketchshape.errors import MeshError, UsageError
from sketchshape.render import cached_views, render_lines, render_views, view_cache, view_key
from sketchshape.render.view_cache import Drawn, views_of
from sketchshape.render.workers import stop_idle
from sketchshape.types import Mesh

SIZE = 32
PARAMETERS = {"count": 2, "size": SIZE, "up": None, "style": "shaded"}


def write_off(path: Path, mesh: Mesh) -> Path:
    lines = ["OFF", f"{len(mesh.vertices)} {len(mesh.faces)} 0"]
    lines += [" ".join(repr(float(x)) for x in v) for v in mesh.vertices]
    lines += [f"3 {a} {b} {c}" for a, b, c in mesh.faces]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def shapes(tmp_path: Path) -> list[Path]:
    """Five shapes; the third is not one."""
    paths = [write_off(tmp_path / f"s{k}.off", box((-1, -1, -1), (1, k + 1, 1))) for k in range(5)]
    paths[2].write_text("OFF\nnonsense\n")
    return paths


def collect(paths: list[Path], cache: Path, **more: object) -> dict[int, object]:
    return dict(cached_views(paths, cache=cache, **{**PARAMETERS, **more}))  # type: ignore[arg-type]


def mark(path: Path, cache: Path, warnings: tuple[str, ...] = ()) -> np.ndarray:
    """Put other views in place of those of a file, so that they show whether it is drawn again."""
    key = view_key(path, **PARAMETERS)
    views = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE), np.uint8)
    view_cache._write(cache / f"{key}.png", key, Drawn(views, warnings), "marked")
    return views


@pytest.mark.parametrize(("style", "render"), [("shaded", render_views), ("lines", render_lines)])
def test_the_views_are_those_of_the_renderer_and_a_bad_file_is_named(style, render, shapes, tmp_path) -> None:
    found = collect(shapes, tmp_path / "cache", style=style)
    assert sorted(found) == [0, 1, 2, 3, 4]
    for k in (0, 1, 3, 4):
        np.testing.assert_array_equal(found[k], render(box((-1, -1, -1), (1, k + 1, 1)), 2, SIZE))
    assert isinstance(found[2], MeshError)
    assert found[2].path == shapes[2]


def test_warnings_are_heard_from_the_cache_as_when_drawn(shapes, tmp_path) -> None:
    text = shapes[1].read_text().splitlines()
    counts = text[1].split()
    text[1] = f"{counts[0]} {int(counts[1]) + 1} 0"
    shapes[1].write_text("\n".join([*text, "2 0 1"]))
    said: list[dict[int, tuple[str, ...]]] = []
    for _ in range(2):
        said.append({})
        found = collect(shapes, tmp_path / "cache", heard=said[-1].__setitem__)
        assert list(said[-1]) == [1]
        assert said[-1][1][0].startswith("left out 1 of ")
        views = mark(shapes[1], tmp_path / "cache", said[-1][1])
    assert said[0] == said[1]
    np.testing.assert_array_equal(found[1], views)


def test_a_new_reader_does_not_use_the_views_of_an_old_one(shapes, tmp_path, monkeypatch) -> None:
    options = (tmp_path / "cache", 2, SIZE, None, "shaded")
    before = views_of(shapes[0], *options).views
    mark(shapes[0], tmp_path / "cache")
    monkeypatch.setattr(view_cache, "READER_VERSION", view_cache.READER_VERSION + 1)
    assert np.array_equal(views_of(shapes[0], *options).views, before)
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_a_warning(shapes, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(say, "_warned", set())
    (tmp_path / "file").write_text("no folder")
    found = collect(shapes, tmp_path / "file" / "cache")
    for k in (0, 1, 3, 4):
        np.testing.assert_array_equal(found[k], render_views(box((-1, -1, -1), (1, k + 1, 1)), 2, SIZE))
    said = capsys.readouterr().err
    assert said.count("\n") == said.count("cannot be written to") == 1


def test_a_second_time_nothing_is_drawn(shapes, tmp_path) -> None:
    collect(shapes, tmp_path / "cache")
    views = {k: mark(shapes[k], tmp_path / "cache") for k in (0, 1, 3, 4)}
    found = collect(shapes, tmp_path / "cache")
    for k, before in views.items():
        np.testing.assert_array_equal(found[k], before)
        assert found[k].flags.writeable


def test_the_same_content_under_another_name_is_the_same_entry(shapes, tmp_path) -> None:
    views = mark(shapes[0], tmp_path / "cache")
    copy = tmp_path / "copy.OFF"
    copy.write_bytes(shapes[0].read_bytes())
    np.testing.assert_array_equal(collect([copy], tmp_path / "cache")[0], views)


@pytest.mark.parametrize("damage", ["empty", "garbage", "cut", "turned bit", "other entry", "other picture"])
def test_a_damaged_entry_is_drawn_again(damage: str, shapes, tmp_path) -> None:
    cache = tmp_path / "cache"
    first = collect(shapes[:2], cache)
    entry, other = (cache / f"{view_key(path, **PARAMETERS)}.png" for path in shapes[:2])
    whole = entry.read_bytes()
    entry.write_bytes(
        {
            "empty": b"",
            "garbage": b"not a picture",
            "cut": whole[: len(whole) // 2],
            "turned bit": whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:],
            "other entry": other.read_bytes(),
            "other picture": b"",
        }[damage]
    )
    if damage == "other picture":
        Image.fromarray(np.zeros((7, 7), np.uint8)).save(entry)
    np.testing.assert_array_equal(collect(shapes[:1], cache)[0], first[0])
    with Image.open(entry) as mended:
        assert mended.text["key"] == entry.stem
        np.testing.assert_array_equal(np.array(mended).reshape(2, SIZE, SIZE), first[0])


def test_the_key_depends_on_all_that_changes_the_views(shapes, monkeypatch) -> None:
    keys = {view_key(shapes[0], **PARAMETERS), view_key(shapes[1], **PARAMETERS)}
    for change in ({"count": 3}, {"size": 33}, {"up": "z"}, {"style": "lines"}, {"elevations": (10.0,)}):
        keys.add(view_key(shapes[0], **{**PARAMETERS, **change}))
    renamed = shapes[0].rename(shapes[0].with_suffix(".obj"))
    keys.add(view_key(renamed, **PARAMETERS))
    monkeypatch.setattr(view_cache, "RENDERER_VERSION", view_cache.RENDERER_VERSION + 1)
    keys.add(view_key(renamed, **PARAMETERS))
    assert len(keys) == 9
    assert view_key(renamed, **PARAMETERS) == view_key(renamed, **{**PARAMETERS, "up": "y"})
    assert view_key(renamed, **PARAMETERS) == view_key(renamed, **PARAMETERS, elevations=[30.0])


def test_rings_of_cameras_are_cached_one_after_the_other(shapes, tmp_path) -> None:
    for style in ("shaded", "lines"):
        options = {"style": style, "elevations": (30.0, -10.0)}
        drawn, again = (collect(shapes[:1], tmp_path, **options)[0] for _ in range(2))
        np.testing.assert_array_equal(drawn, again)
        for ring, elevation in enumerate((30.0, -10.0)):
            alone = collect(shapes[:1], tmp_path, style=style, elevations=(elevation,))[0]
            np.testing.assert_array_equal(drawn[2 * ring : 2 * ring + 2], alone)


def test_the_key_of_a_gltf_file_covers_its_buffers(tmp_path) -> None:
    path, buffer = tmp_path / "a.gltf", tmp_path / "my data.bin"
    path.write_text(json.dumps({"buffers": [{"uri": "my%20data.bin"}, {"uri": "data:,"}, {}]}))
    keys = set()
    for content in (b"1", b"2"):
        buffer.write_bytes(content)
        keys.add(view_key(path, **PARAMETERS))
    buffer.unlink()
    keys.add(view_key(path, **PARAMETERS))
    assert len(keys) == 3


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_no_byte(workers: int, shapes, tmp_path) -> None:
    write_off(shapes[4], sphere(20, 30, bumps=0.2))
    found = collect(shapes, tmp_path / "cache", workers=workers)
    assert isinstance(found.pop(2), MeshError)
    assert sorted(found) == [0, 1, 3, 4]
    for k in (0, 1, 3):
        np.testing.assert_array_equal(found[k], render_views(box((-1, -1, -1), (1, k + 1, 1)), 2, SIZE))
    np.testing.assert_array_equal(found[4], render_views(sphere(20, 30, bumps=0.2), 2, SIZE))


def test_a_file_that_kills_its_worker_or_hangs_is_named_and_the_rest_is_drawn(tmp_path, monkeypatch) -> None:
    paths = [write_off(tmp_path / f"s{k}.off", box((-1, -1, -1), (1, k + 1, 1))) for k in range(8)]
    (tmp_path / "deadly.py").write_text(
        "import os, time\n"
        "from sketchshape.render import view_cache\n"
        "real = view_cache.views_of\n"
        "def views_of(path, *rest):\n"
        "    if path.name in ('s3.off', 's4.off'): os.kill(os.getpid(), 11)\n"
        "    if path.name == 's5.off': time.sleep(60)\n"
        "    if path.name == 's6.off': bytearray(3 * 10**9)\n"
        "    if path.name == 's7.off': os._exit(3)\n"
        "    return real(path, *rest)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import deadly

    stop_idle()
    monkeypatch.setattr(view_cache, "views_of", deadly.views_of)
    found = collect(paths, tmp_path / "cache", workers=2, timeout=3, memory=2e9)
    assert sorted(found) == list(range(8))
    assert {k for k, views in found.items() if isinstance(views, MeshError)} == {3, 4, 5, 6, 7}
    assert str(found[3]).startswith(f"{paths[3]}: cannot be drawn: ")
    for k, reason in ((4, "SIGSEGV"), (5, "took more than 3 s"), (6, "more than 2 GB"), (7, "exit code 3")):
        assert reason in str(found[k])


def test_any_failure_to_draw_is_an_error_of_the_file(shapes, tmp_path, monkeypatch) -> None:
    (tmp_path / "failing.py").write_text("def views_of(*_): raise LookupError('what nobody thought of')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import failing

    stop_idle()
    monkeypatch.setattr(view_cache, "views_of", failing.views_of)
    found = collect(shapes[:1], tmp_path / "cache")
    assert isinstance(found[0], MeshError)
    assert "LookupError: what nobody thought of" in str(found[0])


def test_nothing_to_draw_and_no_file_are_errors_of_the_file(tmp_path) -> None:
    point = write_off(tmp_path / "point.off", Mesh(np.ones((3, 3)), np.array([[0, 1, 2]])))
    found = collect([point, tmp_path / "absent.off"], tmp_path / "cache")
    assert [found[k].path.name for k in (0, 1)] == ["point.off", "absent.off"]
    assert not (tmp_path / "cache").exists()


def test_stopped_in_the_middle_every_entry_is_whole(shapes, tmp_path) -> None:
    cache = tmp_path / "cache"
    stream = cached_views(shapes[:2] * 20, cache=cache, workers=2, **PARAMETERS)
    next(stream)
    with pytest.raises(KeyboardInterrupt):
        stream.throw(KeyboardInterrupt())
    entries = os.listdir(cache)
    assert 1 <= len(entries) <= 2
    for name in entries:
        with Image.open(cache / name) as image:
            assert f"{image.text['key']}.png" == name
            image.load()


def test_no_more_is_drawn_ahead_than_is_asked_for(shapes, tmp_path) -> None:
    paths = [write_off(tmp_path / f"n{k}.off", box((-1, -1, -1), (1, k + 1, 1))) for k in range(15)]
    stream = cached_views(paths, cache=tmp_path / "cache", workers=2, **PARAMETERS)
    next(stream)
    time.sleep(0.5)
    stream.close()
    assert 1 <= len(list((tmp_path / "cache").glob("[!.]*"))) <= 5


def test_the_default_place_is_the_cache_folder(shapes, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SKETCHSHAPE_CACHE", str(tmp_path / "home"))
    list(cached_views(shapes[:1], **PARAMETERS))
    assert os.listdir(tmp_path / "home" / "views") == [f"{view_key(shapes[0], **PARAMETERS)}.png"]


def test_wrong_calls_fail_at_once(shapes, tmp_path) -> None:
    with pytest.raises(UsageError, match="'sketchy', expected one of: shaded, lines"):
        cached_views(shapes, cache=tmp_path, **{**PARAMETERS, "style": "sketchy"})
    with pytest.raises(UsageError, match="workers is 0"):
        cached_views(shapes, cache=tmp_path, workers=0, **PARAMETERS)
    assert list(cached_views([], cache=tmp_path, **PARAMETERS)) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", ["pipe.off", "pipe.gltf"])
def test_a_pipe_is_named_and_not_waited_for(name: str, tmp_path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(MeshError, match=rf"{name}: cannot be read: is not a regular file"):
        view_key(tmp_path / name, **PARAMETERS)
