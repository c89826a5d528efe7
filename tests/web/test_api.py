"""The API, over a real socket, on a small library with a shape in each format."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")

import httpx
from mesh_files import SIDES, TETRA, obj, off, ply, stl_binary, tetra_gltf
from web_server import serving, shapes_of, sketch

import sketchshape as ss
from sketchshape.encoders.confidence import UNSURE, Confidence
from sketchshape.images import draw_strokes
from sketchshape.index import build_index
from sketchshape.search import Searcher
from sketchshape.web import Limits, create_app
from sketchshape.web import library as library_module
from sketchshape.web.glb import to_glb
from sketchshape.web.limits import WORDS

CLASSES = ("chair", "cactus", "key", "house")
CONVERTED = ("off", "obj", "stl", "ply")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("library")
    for name, path in shapes_of(*CLASSES):
        (root / name).mkdir(exist_ok=True)
        shutil.copy(path, root / name)
    mesh = ss.load_mesh(next(iter(shapes_of("chair")))[1])
    (root / "formats").mkdir()
    content = {
        "off": off(mesh.vertices, mesh.faces),
        "obj": obj(mesh.vertices, mesh.faces),
        "stl": stl_binary(),
        "ply": ply("<", mesh.vertices, mesh.faces),
    }
    for suffix in CONVERTED:
        (root / "formats" / f"stool.{suffix}").write_bytes(content[suffix])
    (root / "secret.txt").write_text("not a shape")
    return root


@pytest.fixture(scope="module")
def searcher(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    index = tmp_path_factory.mktemp("index")
    build_index(library, index, quiet=True)
    return Searcher.open(index)


@pytest.fixture(scope="module")
def client(searcher: Searcher) -> Iterator[httpx.Client]:
    limits = Limits(body=400_000, pixels=1_000_000, strokes=50, points=2_000, results=40)
    with serving(create_app(searcher, limits=limits)) as client:
        yield client


def png(strokes: list[Any], size: int = 256) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(draw_strokes(strokes, size)).save(stream, "PNG")
    return stream.getvalue()


def ids(response: httpx.Response) -> list[int]:
    assert response.status_code == 200, response.text
    return [shape["id"] for shape in response.json()["shapes"]]


def problem(response: httpx.Response, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    said = response.json()
    assert said["type"] == f"urn:sketchshape:{code}"
    assert said["status"] == status
    assert said["title"]
    assert "Traceback" not in response.text
    assert ".py" not in response.text
    return str(said["detail"])


# ---- search


def test_every_form_of_a_drawing_gives_the_ranking_of_the_library(
    client: httpx.Client, searcher: Searcher
) -> None:
    strokes = sketch("cactus", 1)
    expected = searcher.search(strokes, 7)
    picture = png(strokes)
    answers = [
        client.post("/api/search", json={"strokes": strokes, "k": 7}),
        client.post("/api/search?k=7", json=strokes),
        client.post("/api/search?k=7", content=picture, headers={"content-type": "image/png"}),
        client.post("/api/search", files={"picture": ("a.png", picture, "image/png")}, data={"k": "7"}),
        client.post("/api/search?k=7", files={"anything": ("a", picture)}),
    ]
    assert [ids(answer) for answer in answers] == [list(expected.ids)] * len(answers)
    scores = [shape["score"] for shape in answers[0].json()["shapes"]]
    assert scores == pytest.approx(expected.scores, abs=1e-4)
    assert answers[0].json()["total"] == len(searcher)


def test_files_of_other_programs_are_taken_as_pictures_are(client: httpx.Client, searcher: Searcher) -> None:
    strokes = sketch("cactus", 1)
    lines = [{"type": "freedraw", "x": 0, "y": 0, "points": np.transpose(s).tolist()} for s in strokes]
    scene = json.dumps({"type": "excalidraw", "elements": lines}).encode()
    line = json.dumps({"word": "cactus", "drawing": strokes}).encode() + b"\n"
    expected = list(searcher.search(strokes, 7).ids)
    for name, data in (("a.excalidraw", scene), ("a.jsonl", line)):
        assert ids(client.post("/api/search?k=7", files={"picture": (name, data)})) == expected
        drawn = client.post("/api/drawing", content=data)
        assert drawn.headers["content-type"] == "image/png"
        np.testing.assert_array_equal(
            np.asarray(Image.open(io.BytesIO(drawn.content))), draw_strokes(strokes)
        )
    assert "expected" in problem(client.post("/api/drawing", content=b'{"a": 1}'), 422, "drawing")
    assert "PNG" in problem(client.post("/api/drawing", content=b"text"), 422, "drawing")


@pytest.mark.parametrize("dot", [[[[5], [5]]], [[[5, 5], [7, 7]]]])
def test_a_dot_is_not_searched_for(client: httpx.Client, dot: Any) -> None:
    assert "Draw a line or two" in problem(client.post("/api/search", json=dot), 422, "blank-drawing")


def test_the_answer_says_how_sure_it_is(searcher: Searcher) -> None:
    strokes = sketch("key", 1)
    middle = float(np.mean([searcher.search(strokes, folder=one).scores[0] for one in (None, "cactus")]))
    knowing = Searcher(searcher.catalogue, replace(searcher.bundle, confidence=Confidence(9.0, middle)))
    ignorant = Searcher(searcher.catalogue, replace(searcher.bundle, confidence=None))
    with serving(create_app(knowing)) as client:

        def told(**question: Any) -> float | None:
            said = client.post("/api/search", json=question)
            assert said.status_code == 200, said.text
            found: float | None = said.json()["confidence"]
            assert said.json()["doubtful"] is (found is not None and found < UNSURE)
            return found

        expected = knowing.search(strokes).confidence
        assert (
            told(strokes=strokes) == told(strokes=strokes, words="key") == pytest.approx(expected, abs=1e-4)
        )
        away = knowing.search(strokes, folder="cactus").confidence
        assert away is not None
        assert expected is not None
        assert told(strokes=strokes, folder="cactus") == pytest.approx(away, abs=1e-4)
        assert away < UNSURE < expected
        assert away < 0.5 < expected
        assert told(strokes=strokes, faces=[1, 1]) is None
        assert told(words="key") == 1, "a name says so"
        assert told(words="xyzzy") is None, "nothing is found"
        assert told(like=int(searcher.ids[0])) is None
        assert told(**{"class": "key"}) is None
        described = client.get("/openapi.json").json()["components"]["schemas"]["Results"]["properties"]
        number, null = described["confidence"]["anyOf"]
        assert number == {"type": "number", "minimum": 0, "maximum": 1}
        assert null == {"type": "null"}
    with serving(create_app(ignorant)) as client:
        answer = client.post("/api/search", json={"strokes": strokes}).json()
        assert answer["confidence"] is None


def test_like_class_and_words_ask_the_searcher(client: httpx.Client, searcher: Searcher) -> None:
    first = int(searcher.ids[0])
    assert ids(client.post("/api/search", json={"like": first, "k": 5})) == list(searcher.like(first, 5).ids)
    by_class = ids(client.post("/api/search", json={"class": "key", "k": 5}))
    assert by_class == list(searcher.by_class("key", 5).ids)
    assert ids(client.post("/api/search?words=cactus")) == list(searcher.search(None, 24, words="cactus").ids)


def test_the_answer_says_what_a_drawing_is_taken_for_and_which_words_are_unknown(
    client: httpx.Client, searcher: Searcher
) -> None:
    strokes = sketch("chair")
    said = client.post("/api/search", json={"strokes": strokes, "words": "key xyzzy cactis"}).json()
    taken = searcher.search(strokes).taken_for
    assert [one["word"] for one in said["taken_for"]] == [one.word for one in taken]
    assert said["taken_for"][0]["word"] == "chair"
    shares = [one["probability"] for one in said["taken_for"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1
    assert said["unknown"] == [{"word": "xyzzy", "near": []}, {"word": "cactis", "near": ["cactus"]}]
    alone = client.post("/api/search", json={"words": "xyzzy"}).json()
    assert (alone["shapes"], alone["taken_for"], alone["unknown"]) == ([], [], said["unknown"][:1])
    by_looks = client.post("/api/search", json={"words": "seat"}).json()
    assert by_looks["shapes"][0]["tags"][0] == "chair", (
        "by the name of its folder, which is another word for it"
    )
    assert by_looks["confidence"] > 0.5


def test_filters_hold_for_every_result(client: httpx.Client, searcher: Searcher) -> None:
    strokes = sketch("chair")

    def shapes(**rest: Any) -> list[dict[str, Any]]:
        found = client.post("/api/search", json={"strokes": strokes, "k": 40, **rest}).json()["shapes"]
        assert found
        return list(found)

    assert {shape["tags"][0] for shape in shapes(folder="key")} == {"key"}
    assert {shape["format"] for shape in shapes(formats=["obj", "stl"])} == {"obj", "stl"}
    median = sorted(entry.faces for entry in searcher.catalogue.entries())[len(searcher) // 2]
    assert all(shape["faces"] <= median for shape in shapes(faces=[None, median]))
    assert all(shape["faces"] >= median for shape in shapes(faces=[median, None]))
    form = client.post("/api/search", data={"words": "stool", "formats": "ply,off", "k": "9"}, files={})
    assert form.status_code == 415  # a plain form is not one of the three bodies
    multipart = client.post(
        "/api/search", files={"p": ("p", png(strokes))}, data={"formats": "ply,off", "k": "9"}
    )
    assert {shape["format"] for shape in multipart.json()["shapes"]} == {"ply", "off"}


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({"strokes": []}, 422, "blank-drawing", "Draw a line"),
        ({"strokes": [[[], []]]}, 422, "blank-drawing", "Draw a line"),
        ({"strokes": [[[1], [1, 2]]]}, 422, "drawing", "stroke 1"),
        ({"strokes": [[[1], ["a"]]]}, 422, "invalid", "strokes"),
        ({"strokes": [[[0], [0]]] * 51}, 413, "too-many-strokes", "51 strokes"),
        ({"strokes": [[[0.5] * 2001, [0] * 2001]]}, 413, "too-many-strokes", "2001 points"),
        ({"strokes": [[[1e300], [0]]]}, 422, "drawing", "finite"),
        ({"strokes": [[[0, 1], [0, 1]]], "k": 0}, 422, "invalid", "k"),
        ({"strokes": [[[0, 1], [0, 1]]], "k": 41}, 422, "invalid", "40"),
        ({"strokes": [[[0, 1], [0, 1]]], "like": 1}, 422, "too-much", "one of"),
        ({"path": "/etc/passwd"}, 422, "invalid", "path"),
        ({"words": "chair", "folder": "../.."}, 422, "invalid", "folder"),
        ({"words": "chair", "folder": "/etc"}, 422, "invalid", "folder"),
        ({"like": 10**9}, 404, "no-shape", "1000000000"),
        ({"like": -1}, 404, "no-shape", "-1"),
        ({"class": "unicorn"}, 422, "refused", "unicorn"),
        ({}, 422, "nothing", "strokes"),
    ],
)
def test_a_wrong_question_is_a_problem_that_helps(
    client: httpx.Client, body: Any, status: int, code: str, said: str
) -> None:
    assert said in problem(client.post("/api/search", json=body), status, code)


def test_bodies_that_are_no_drawing(client: httpx.Client) -> None:
    def post(content: bytes, kind: str) -> httpx.Response:
        return client.post("/api/search", content=content, headers={"content-type": kind})

    assert "well formed" in problem(post(b"{", "application/json"), 400, "json")
    assert "well formed" in problem(post(b"[" * 100_000, "application/json"), 400, "json")
    assert "well formed" in problem(post(b"\xff\xfe", "application/json"), 400, "json")
    assert "object" in problem(post(b"3", "application/json"), 400, "json")
    assert "PNG" in problem(post(b"no picture", "image/png"), 422, "drawing")
    assert "text/plain" in problem(post(b"x", "text/plain"), 415, "content-type")
    blank = io.BytesIO()
    Image.new("L", (64, 64), 255).save(blank, "PNG")
    assert "blank" in problem(post(blank.getvalue(), "image/png"), 422, "blank-drawing")
    broken = client.post(
        "/api/search", content=b"x", headers={"content-type": "multipart/form-data; boundary=y"}
    )
    assert broken.status_code == 400
    assert broken.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("side", [1_200, 20_000])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    client: httpx.Client, side: int
) -> None:
    bomb = io.BytesIO()
    Image.new("1", (side, side)).save(bomb, "PNG")
    answer = client.post("/api/search", content=bomb.getvalue(), headers={"content-type": "image/png"})
    assert "1,000,000 pixels" in problem(answer, 413, "too-many-pixels")


def test_a_large_body_is_refused_announced_or_not(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    headers = {"content-type": "image/png"}
    problem(client.post("/api/search", content=b"x" * 400_001, headers=headers), 413, "too-large")
    problem(client.post("/api/search", content=chunks(), headers=headers), 413, "too-large")
    assert client.get("/healthz").json()["status"] == "ok"


def test_many_at_once_get_what_each_alone_gets(client: httpx.Client) -> None:
    drawings = [sketch(name, number) for name in CLASSES for number in range(3)]
    alone = [ids(client.post("/api/search", json={"strokes": one})) for one in drawings]
    with ThreadPoolExecutor(8) as pool:
        together = list(
            pool.map(lambda one: ids(client.post("/api/search", json={"strokes": one})), drawings * 4)
        )
    assert together == alone * 4


def test_too_many_that_wait_are_told_to_come_again(searcher: Searcher) -> None:
    go, entered = threading.Event(), threading.Semaphore(0)
    slow = Searcher.search

    class Waiting(Searcher):
        def search(self, *args: Any, **kwargs: Any) -> Any:
            entered.release()
            go.wait(20)
            return slow(self, *args, **kwargs)

    waiting = Waiting(searcher.catalogue, searcher.bundle)
    with (
        serving(create_app(waiting, limits=Limits(workers=2, waiting=2))) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        body = {"strokes": sketch("key")}
        held = [pool.submit(client.post, "/api/search", json=body) for _ in range(2)]
        assert all(entered.acquire(timeout=15) for _ in held)  # both of them are in the library now
        answer = client.post("/api/search", json=body, timeout=60)
        problem(answer, 503, "busy")
        assert answer.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        go.set()
        assert [one.result().status_code for one in held] == [200, 200]


# ---- shapes


def test_the_library_is_listed_in_parts_and_each_shape_described(
    client: httpx.Client, searcher: Searcher
) -> None:
    parts = [
        client.get("/api/shapes", params={"offset": start, "limit": 7}).json() for start in range(0, 16, 7)
    ]
    listed = [shape for part in parts for shape in part["shapes"]]
    assert [shape["id"] for shape in listed] == searcher.ids.tolist()
    assert {part["total"] for part in parts} == {len(searcher)}
    for shape in listed[::5]:
        entry = searcher.catalogue.get(shape["id"])
        assert client.get(f"/api/shapes/{entry.id}").json() == shape
        assert (shape["path"], shape["faces"], shape["size"]) == (str(entry.path), entry.faces, entry.size)
    mixed = client.get("/api/shapes", params={"mixed": True, "limit": 40}).json()["shapes"]
    assert sorted(shape["id"] for shape in mixed) == searcher.ids.tolist()
    problem(client.get("/api/shapes?limit=41"), 422, "invalid")
    problem(client.get("/api/shapes?offset=-1"), 422, "invalid")


def test_a_thumbnail_is_the_second_view_on_transparent_paper(
    client: httpx.Client, searcher: Searcher
) -> None:
    for entry in searcher.catalogue.entries():
        answer = client.get(f"/api/shapes/{entry.id}/thumbnail.png")
        assert answer.headers["content-type"] == "image/png"
        picture = np.asarray(Image.open(io.BytesIO(answer.content)))
        compare_with_the_view(picture, ss.render_views(ss.load_mesh(entry.path), 12, 640)[1])


def compare_with_the_view(picture: np.ndarray, view: np.ndarray) -> None:
    """A picture shows the shape of a view as large as fits: clear where paper is, dark where the view is."""
    size = len(picture)
    rows, columns = (np.flatnonzero((view < 255).any(axis)) for axis in (1, 0))
    side = max(np.ptp(rows), np.ptp(columns)) + 3
    top, left = (rows[0] + rows[-1] + 1 - side) / 2, (columns[0] + columns[-1] + 1 - side) / 2
    place = (np.arange(size) + 0.5) * side / size
    paper = np.pad(view, side, constant_values=255)
    expected = paper[np.ix_((top + place + side).astype(int), (left + place + side).astype(int))]
    alpha = picture[..., 3]
    assert ((alpha > 127) == (expected < 255)).mean() > 0.98
    inside = (alpha == 255) & (expected < 255)
    assert inside.sum() > 0.5 * (expected < 255).sum()
    grey = picture[..., :3].mean(-1)[inside]
    box = [edge + side for edge in (left, top, left + side, top + side)]
    smooth = np.asarray(Image.fromarray(paper).resize((size, size), Image.Resampling.BILINEAR, box=box))
    assert np.corrcoef(grey, smooth[inside])[0, 1] > 0.9
    filled = [np.ptp(np.flatnonzero((alpha > 0).any(axis))) for axis in (1, 0)]
    assert size - 6 <= max(filled) < size


def test_a_large_file_is_shown_by_a_view_of_the_search(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "LARGE", 0)
    for entry in searcher.catalogue.entries():
        data = library_module.Library(searcher, Limits()).thumbnail(entry.id)
        picture = np.asarray(Image.open(io.BytesIO(data)))
        compare_with_the_view(picture, ss.render_views(ss.load_mesh(entry.path))[1])


@pytest.mark.parametrize("suffix", [*CONVERTED, "glb"])
def test_every_format_is_given_as_glb_with_the_same_triangles(
    client: httpx.Client, searcher: Searcher, suffix: str, tmp_path: Path
) -> None:
    entry = next(one for one in searcher.catalogue.entries() if one.format == f".{suffix}")
    for query in ("", "?plain=true"):
        answer = client.get(f"/api/shapes/{entry.id}/mesh.glb{query}")
        assert answer.headers["content-type"] == "model/gltf-binary"
        (tmp_path / "a.glb").write_bytes(answer.content)
        own, given = ss.load_mesh(entry.path), ss.load_mesh(tmp_path / "a.glb")
        np.testing.assert_array_equal(given.vertices[given.faces], own.vertices[own.faces])
        magic, version, length = struct.unpack_from("<4sII", answer.content)
        assert (magic, version, length) == (b"glTF", 2, len(answer.content))


@pytest.mark.parametrize("suffix", CONVERTED)
def test_another_reader_finds_the_same_triangles_in_the_glb(
    client: httpx.Client, searcher: Searcher, suffix: str
) -> None:
    trimesh = pytest.importorskip("trimesh", reason="needs the extra [dev]")
    entry = next(one for one in searcher.catalogue.entries() if one.format == f".{suffix}")
    answer = client.get(f"/api/shapes/{entry.id}/mesh.glb")
    content = entry.path.read_bytes().replace(b"comment \xc5 caf\x85\n", b"", 1)  # trimesh wants UTF-8 there
    original = trimesh.load_mesh(io.BytesIO(content), file_type=suffix, process=False)
    given = trimesh.load_mesh(io.BytesIO(answer.content), file_type="glb", process=False)
    assert len(given.faces) == entry.faces > 0
    np.testing.assert_array_equal(_triangles(given), _triangles(original))
    np.testing.assert_array_equal(given.bounds, original.bounds)
    assert given.extents == pytest.approx(entry.bounds)


def _triangles(mesh: Any) -> np.ndarray:
    """The triangles in an order of their own, each from its least corner on in its winding."""
    corners = np.asarray(mesh.vertices, np.float32)[mesh.faces]
    turns = np.stack([np.roll(corners, turn, axis=1).reshape(-1, 9) for turn in range(3)], 1)
    return np.array(sorted(min(map(tuple, same)) for same in turns.tolist()))


def test_a_written_glb_is_laid_out_as_the_specification_says() -> None:
    mesh = ss.Mesh(TETRA, SIDES)
    data = to_glb(mesh)
    size, kind = struct.unpack_from("<I4s", data, 12)
    scene = json.loads(data[20 : 20 + size])
    length, name = struct.unpack_from("<I4s", data, 20 + size)
    binary = data[28 + size :]
    assert (kind, name) == (b"JSON", b"BIN\0")
    assert size % 4 == length % 4 == 0
    assert scene["buffers"] == [{"byteLength": length}]
    assert length == len(binary)
    views = [binary[v["byteOffset"] :][: v["byteLength"]] for v in scene["bufferViews"]]
    np.testing.assert_array_equal(np.frombuffer(views[0], "<f4").reshape(-1, 3), mesh.vertices)
    np.testing.assert_array_equal(np.frombuffer(views[1], "<u4").reshape(-1, 3), mesh.faces)
    position, index = scene["accessors"]
    assert (position["min"], position["max"]) == (TETRA.min(0).tolist(), TETRA.max(0).tolist())
    assert (position["count"], index["count"]) == (len(TETRA), SIDES.size)


def test_the_file_itself_is_given_to_be_saved(client: httpx.Client, searcher: Searcher) -> None:
    entry = searcher.catalogue.entries()[0]
    shape = client.get(f"/api/shapes/{entry.id}").json()
    answer = client.get(shape["file"])
    assert answer.content == entry.path.read_bytes()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert shape["file"].partition("?")[0].endswith(entry.path.name)


@pytest.mark.parametrize("last", ["thumbnail.png", "mesh.glb", "file/x.glb", ""])
def test_no_shape_of_that_id(client: httpx.Client, last: str) -> None:
    for id in ("99999", str(2**62)):
        problem(client.get(f"/api/shapes/{id}/{last}".rstrip("/")), 404, "no-shape")
    for id in ("x", "-1", "1.5", str(2**80)):
        problem(client.get(f"/api/shapes/{id}/{last}".rstrip("/")), 422, "invalid")


@pytest.mark.parametrize(
    "address",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/js/%2e%2e/%2e%2e/%2e%2e/app.py",
        "/static//etc/passwd",
        "/api/shapes/1/file/..%2f..%2fsecret.txt",
        "/secret.txt",
        "/api/shapes/../../secret.txt",
    ],
)
def test_nothing_outside_the_library_is_readable(client: httpx.Client, library: Path, address: str) -> None:
    request = client.build_request("GET", address)
    request.url = request.url.copy_with(raw_path=address.encode())
    answer = client.send(request)
    assert answer.status_code == 404 or answer.content in [
        path.read_bytes() for path in library.rglob("*.glb")
    ]  # a name after `file/` is only a name
    assert b"not a shape" not in answer.content
    assert b"import" not in answer.content


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_file_that_leads_elsewhere_since_it_was_indexed_is_not_given(library: Path, tmp_path: Path) -> None:
    root = tmp_path / "library"
    (root / "a").mkdir(parents=True)
    source = next(library.rglob("*.off"))
    for name in ("one.off", "two.off"):
        shutil.copy(source, root / "a" / name)
    secret = tmp_path / "secret.off"
    secret.write_bytes(source.read_bytes() + b"# secret\n")
    build_index(root, tmp_path / "index", quiet=True)
    (root / "a" / "one.off").unlink()
    (root / "a" / "one.off").symlink_to(secret)
    (root / "a" / "two.off").unlink()
    with serving(create_app(Searcher.open(tmp_path / "index"))) as client:
        for id in (1, 2):
            for last in ("thumbnail.png", "mesh.glb", "file/one.off"):
                answer = client.get(f"/api/shapes/{id}/{last}")
                assert "sketchshape index" in problem(answer, 409, "changed")
                assert str(tmp_path) not in answer.text


def test_triangles_from_outside_of_the_library_are_not_given(tmp_path: Path) -> None:
    root, scene = tmp_path / "library", tetra_gltf()
    for place in (root / "a/b", root / "bins"):
        place.mkdir(parents=True)
    (root / "bins" / "t.bin").write_bytes(scene.binary)
    (tmp_path / "secret.bin").write_bytes(scene.binary)
    (root / "a/b/link.bin").symlink_to(tmp_path / "secret.bin")
    uris = {"inside": "../../bins/t.bin", "outside": "../../../secret.bin", "through": "link.bin"}
    for name, uri in uris.items():
        (root / f"a/b/{name}.gltf").write_bytes(scene.gltf(uri))
    build_index(root, tmp_path / "index", quiet=True)
    searcher = Searcher.open(tmp_path / "index")
    found = {entry.path.stem: entry.id for entry in searcher.catalogue.entries()}
    assert found.keys() == uris.keys()
    with serving(create_app(searcher)) as client:
        assert client.get(f"/api/shapes/{found['inside']}/mesh.glb").status_code == 200
        for name in ("outside", "through"):
            said = problem(client.get(f"/api/shapes/{found[name]}/mesh.glb"), 409, "outside")
            assert "outside of the library" in said
            assert str(tmp_path) not in said


def test_a_library_that_is_indexed_again_meanwhile_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "library"
    for name, path in shapes_of("chair", "key"):
        (root / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / name)
    build_index(root, tmp_path / "index", quiet=True)
    with serving(create_app(Searcher.open(tmp_path / "index"))) as client:
        before = ids(client.post("/api/search", json={"strokes": sketch("chair")}))
        shutil.rmtree(root / "chair")
        build_index(root, tmp_path / "index", quiet=True)
        left = {shape["id"] for shape in client.get("/api/shapes").json()["shapes"]}
        assert len(left) == 3
        after = ids(client.post("/api/search", json={"strokes": sketch("chair")}))
        assert after == [id for id in before if id in left]
        assert set(ids(client.get("/api/shapes?mixed=true"))) == left
        gone = next(id for id in before if id not in left)
        problem(client.get(f"/api/shapes/{gone}/thumbnail.png"), 404, "no-shape")


def test_a_library_without_shapes_is_served(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library/bad.off").write_text("nothing")
    assert build_index(tmp_path / "library", tmp_path / "index", quiet=True).shapes == 0
    with serving(create_app(Searcher.open(tmp_path / "index"))) as client:
        for address in ("/api/shapes", "/api/shapes?mixed=true", "/api/map", "/api/info", "/healthz", "/"):
            assert client.get(address).status_code == 200
        for ask in ({"strokes": sketch("chair")}, {"words": "chair"}, {"class": "chair"}):
            assert ids(client.post("/api/search", json=ask)) == []
        problem(client.post("/api/search", json={"like": 1}), 404, "no-shape")


def test_paths_are_not_told_to_other_machines(searcher: Searcher, library: Path) -> None:
    with serving(create_app(searcher, full_paths=False)) as client:
        text = client.get("/api/shapes").text + client.post("/api/search", json={"words": "chair"}).text
    assert str(library) not in text
    assert {shape["path"].count("/") for shape in json.loads(text.partition("}{")[0] + "}")["shapes"]} == {1}


# ---- the rest


def test_map_info_health_and_metrics(client: httpx.Client, searcher: Searcher) -> None:
    found = client.get("/api/map").json()
    assert found["ids"] == searcher.ids.tolist()
    assert all(len(found[name]) == len(searcher) for name in ("x", "y", "label"))
    assert 0 <= min(found["x"] + found["y"]) <= max(found["x"] + found["y"]) <= 1
    folders = [entry.tags[0] for entry in searcher.catalogue.entries()]
    assert [found["labels"][label] for label in found["label"]] == folders
    for axis, values in enumerate(searcher.library_map().T):
        assert (
            np.argsort(found["xy"[axis]], kind="stable").tolist()
            == np.argsort(values, kind="stable").tolist()
        )
    info = client.get("/api/info").json()
    assert info["shapes"] == len(searcher)
    assert set(info["labels"]) == {*CLASSES, "formats"}
    assert info["limits"] == {
        "body": 400_000,
        "pixels": 1_000_000,
        "strokes": 50,
        "points": 2_000,
        "results": 40,
        "words": WORDS,
    }
    assert client.get("/healthz").json() == {"status": "ok", "shapes": len(searcher)}
    before = _count(client)
    client.post("/api/search", json={})
    assert _count(client) == before + 1
    text = client.get("/metrics").text
    assert f"sketchshape_shapes {len(searcher)}.0" in text
    assert 'route="/api/shapes/{id}"' in text


def test_the_metrics_are_what_prometheus_reads(client: httpx.Client) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    for _ in range(3):
        client.get("/api/shapes/1")
    client.request("BREW", "/healthz")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {name: families[name].type for name in families if not name.endswith("_created")} == {
        "sketchshape_requests": "counter",
        "sketchshape_request_seconds": "histogram",
        "sketchshape_shapes": "gauge",
    }
    asked: dict[str, float] = {}
    for sample in families["sketchshape_requests"].samples:
        if sample.name.endswith("_total"):
            asked[sample.labels["route"]] = asked.get(sample.labels["route"], 0) + sample.value
            assert sample.labels["method"] != "BREW"
    assert asked["/api/shapes/{id}"] >= 3
    timed = families["sketchshape_request_seconds"].samples
    for route, number in asked.items():
        own = [sample for sample in timed if sample.labels.get("route") == route]
        buckets = [sample.value for sample in own if sample.name.endswith("_bucket")]
        assert buckets == sorted(buckets)
        assert buckets[-1] == number == next(one.value for one in own if one.name.endswith("_count"))


@pytest.mark.parametrize(
    "address",
    ["/", "/healthz", "/metrics", "/api/shapes", "/api/shapes/1/thumbnail.png", "/static/js/main.js", "/no"],
)
def test_head_is_get_without_a_body(client: httpx.Client, address: str) -> None:
    full, head = client.get(address), client.head(address)
    assert head.status_code == full.status_code
    assert head.content == b""
    assert head.headers["content-type"] == full.headers["content-type"]
    if address != "/metrics":  # which counts both
        assert head.headers["content-length"] == str(len(full.content))


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("GET", "/api/search", "POST"),
        ("HEAD", "/api/search", "POST"),
        ("DELETE", "/api/shapes/1", "GET"),
        ("BREW", "/healthz", "GET"),
        ("POST", "/", "GET"),
    ],
)
def test_a_method_that_is_not_taken_is_told_which_is(
    client: httpx.Client, method: str, address: str, allowed: str
) -> None:
    answer = client.request(method, address)
    assert answer.status_code == 405
    assert allowed in answer.headers["allow"].split(", ")
    if method != "HEAD":
        assert f"{allowed} is; /docs" in problem(answer, 405, "http")


def _count(client: httpx.Client) -> float:
    line = 'sketchshape_requests_total{method="POST",route="/api/search",status="422"} '
    found = [row for row in client.get("/metrics").text.splitlines() if row.startswith(line)]
    return float(found[0].removeprefix(line)) if found else 0.0


@pytest.mark.parametrize(
    "address", ["/", "/docs", "/api/info", "/api/shapes/x", "/nothing", "/static/js/main.js"]
)
def test_every_answer_has_the_security_headers(client: httpx.Client, address: str) -> None:
    headers = client.get(address).headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"


def test_the_page_names_no_other_server(client: httpx.Client) -> None:
    from sketchshape.web.app import STATIC

    for path in [*STATIC.glob("*.html"), *STATIC.glob("css/*.css"), *STATIC.glob("js/**/*.js")]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        lines = [line for line in text.splitlines() if "//" in line.replace("// ", "") and "http" in line]
        assert all(line.lstrip().startswith("//") for line in lines), path  # sources of data, in comments
        assert " style=" not in text
        assert " onclick=" not in text
    assert {path.parent.name for path in STATIC.glob("*/*") if "LICENSE" in path.name} == {"fonts", "vendor"}


def test_the_description_of_the_api_is_whole(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    validator = pytest.importorskip("openapi_spec_validator", reason="needs the extra [dev]")
    validator.validate(described)
    assert {
        "/api/search",
        "/api/drawing",
        "/api/shapes",
        "/api/shapes/{id}",
        "/api/shapes/{id}/thumbnail.png",
        "/api/shapes/{id}/mesh.glb",
        "/api/shapes/{id}/file/{name}",
        "/api/shapes/{id}/up",
        "/api/turn",
        "/api/map",
        "/api/info",
        "/healthz",
        "/metrics",
    } == set(described["paths"])
    body = described["paths"]["/api/search"]["post"]["requestBody"]["content"]
    assert {"application/json", "multipart/form-data", "image/png"} <= set(body)


def test_no_traceback_leaves_the_server(searcher: Searcher, capfd: pytest.CaptureFixture[str]) -> None:
    class Broken(Searcher):
        def search(self, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("a secret in /home/somebody")

    with serving(create_app(Broken(searcher.catalogue, searcher.bundle))) as client:
        detail = problem(client.post("/api/search", json={"strokes": [[[0, 1], [0, 1]]]}), 500, "failed")
    assert "secret" not in detail
    assert "log" in detail


def test_another_name_of_this_machine_is_refused_when_local(searcher: Searcher) -> None:
    from sketchshape.web import LOCAL

    with serving(create_app(searcher, hosts=LOCAL)) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 403
