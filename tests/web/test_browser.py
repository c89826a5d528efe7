"""The page in a real browser, on the bundled sample and the encoders that ship."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")
pytest.importorskip("httpx", reason="needs the extra [dev]")
playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright for Python: the extra [dev]")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if BROWSER is None:
    pytest.skip("needs a browser: apt-get install chromium", allow_module_level=True)
pytestmark = pytest.mark.slow  # minutes: a software renderer draws the previews

import numpy as np  # noqa: E402
from engine_places import engines  # noqa: E402
from PIL import Image  # noqa: E402
from prefix_proxy import proxied  # noqa: E402
from web_server import serving, shapes_of, sketch  # noqa: E402

from sketchshape.datasets import sample_root  # noqa: E402
from sketchshape.encoders.confidence import Confidence  # noqa: E402
from sketchshape.engines import ENGINES  # noqa: E402
from sketchshape.errors import MissingExtraError  # noqa: E402
from sketchshape.images import draw_strokes  # noqa: E402
from sketchshape.index import build_index  # noqa: E402
from sketchshape.search import Searcher  # noqa: E402
from sketchshape.web import LOCAL, Limits, create_app  # noqa: E402
from sketchshape.web.limits import WORDS  # noqa: E402

ARGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # milliseconds; three dimensions without a graphics card, on a busy machine
FIRST_ROW = 4
STAR = [[[0, 300], [0, 300]], [[0, 300], [300, 0]], [[150, 150], [0, 300]]]  # not in the sample


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    index = tmp_path_factory.mktemp("index")
    build_index(sample_root() / "shapes", index, quiet=True)
    return Searcher.open(index)


@pytest.fixture(scope="module")
def address(searcher: Searcher) -> Iterator[str]:
    with serving(create_app(searcher)) as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as runner:
        browser = runner.chromium.launch(executable_path=BROWSER, args=ARGS)
        yield browser
        browser.close()


class Visitor:
    """A person at the page. What the browser complains of, and every address it asks, is kept."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce", **options}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.address = address

    def visit(self, path: str = "/") -> Visitor:
        self.page.goto(self.address + path)
        self.page.wait_for_selector("html[data-ready]", state="attached")
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until nothing is asked any more: two frames later all that follows from an event has begun."""
        frames = "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))"
        self.page.evaluate(f"new Promise(done => {frames})")
        self.until("!sketchshape.live.busy")

    def until(self, holds: str) -> None:
        """Wait for an expression; Playwright's own way is forbidden by the page's policy."""
        for _ in range(PATIENCE // 20):
            if self.page.evaluate(holds):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"not so in {PATIENCE} ms: {holds}")

    def draw(self, strokes: list[Any]) -> None:
        box = self.page.locator("#canvas").bounding_box()
        xs = [x for stroke in strokes for x in stroke[0]]
        ys = [y for stroke in strokes for y in stroke[1]]
        scale = 0.72 * box["width"] / max(max(xs) - min(xs), max(ys) - min(ys))
        for stroke in strokes:
            points = [
                (
                    box["x"] + box["width"] / 2 + (x - (max(xs) + min(xs)) / 2) * scale,
                    box["y"] + box["height"] / 2 + (y - (max(ys) + min(ys)) / 2) * scale,
                )
                for x, y in zip(*stroke, strict=True)
            ]
            self.page.mouse.move(*points[0])
            self.page.mouse.down()
            for point in points[1:]:
                self.page.mouse.move(*point)
            self.page.mouse.up()
        self.settle()

    def strokes(self) -> int:
        return int(self.page.evaluate("sketchshape.easel.drawing.strokes.length"))

    def first_row(self) -> list[str]:
        return list(self.page.locator(".tile .where").all_text_contents()[:FIRST_ROW])

    def ids(self) -> list[int]:
        return list(self.page.evaluate("sketchshape.grid.shapes.map(shape => shape.id)"))

    def title(self) -> str:
        return str(self.page.locator("#results-title").text_content())


@pytest.fixture
def visitor(browser: Any, address: str) -> Iterator[Visitor]:
    visitor = Visitor(browser, address).visit()
    yield visitor
    visitor.context.close()
    assert visitor.complaints == []
    strangers = {url for url in visitor.asked if not url.startswith((address, "blob:", "data:"))}
    assert strangers == set()


@pytest.mark.parametrize("name", ["chair", "palm tree", "key"])
def test_what_is_drawn_is_in_the_first_row(visitor: Visitor, name: str) -> None:
    assert visitor.title() == "Your library"
    visitor.draw(sketch(name.replace(" ", "_"), 2))
    assert visitor.title() == "Looks like your drawing"
    assert name in visitor.first_row()
    scores = [float(text) for text in visitor.page.locator(".tile .score").all_text_contents()]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 24


@pytest.mark.parametrize(("width", "height"), [(1280, 860), (390, 844)])
def test_the_page_says_when_nothing_looks_like_the_drawing(
    browser: Any, searcher: Searcher, width: int, height: int
) -> None:
    key = sketch("key", 2)
    clear, unclear = (float(searcher.search(one).scores[0]) for one in (key, STAR))
    assert clear > unclear + 0.2
    knowing = replace(searcher.bundle, confidence=Confidence(40.0, (clear + unclear) / 2))
    with serving(create_app(Searcher(searcher.catalogue, knowing))) as client:
        address = str(client.base_url).rstrip("/")
        visitor = Visitor(browser, address, viewport={"width": width, "height": height}).visit()
        page = visitor.page

        def layout() -> Any:
            return page.evaluate(
                "(() => { const title = document.getElementById('results-title');"
                "return {whole: title.scrollWidth <= title.clientWidth,"
                "top: document.getElementById('grid').getBoundingClientRect().top + scrollY,"
                "wide: document.documentElement.scrollWidth} })()"
            )

        visitor.draw(key)
        assert visitor.title() == "Looks like your drawing"
        before = layout()
        assert before["whole"]
        page.click("#clear")
        page.evaluate(
            "(() => { window.said = []; const spoken = document.getElementById('status');"
            "new MutationObserver(() => said.push(spoken.textContent)).observe(spoken, {childList: true})})()"
        )
        visitor.draw(STAR)
        assert visitor.title() == "Nothing much like it yet"
        assert page.locator("#meta").text_content() == f"The nearest of {len(searcher)}"
        assert layout() == before, "what is below does not move, and the title is not cut"
        assert len(visitor.ids()) == 24
        visitor.until("said.some(text => text.startsWith('Nothing much like it yet: 24 shapes, nearest '))")
        page.fill("#words", "zebra")
        visitor.settle()
        assert visitor.title() == "Nothing much like it yet", "words do not make it clearer"
        page.fill("#words", "")
        page.click("#clear")
        visitor.settle()
        assert visitor.title() == "Your library"
        visitor.until("said.at(-1).startsWith('Your library')")
        doubts = [text.startswith("Nothing") for text in page.evaluate("said")]
        assert not any(one and next for one, next in pairwise(doubts)), "said once"
        visitor.context.close()
        assert visitor.complaints == []


def test_nobody_who_just_begins_is_told_that_nothing_is_alike(browser: Any, searcher: Searcher) -> None:
    knowing = replace(searcher.bundle, confidence=Confidence(40.0, 2.0))  # sure of nothing at all
    with serving(create_app(Searcher(searcher.catalogue, knowing))) as client:
        visitor = Visitor(browser, str(client.base_url).rstrip("/")).visit()
        page = visitor.page
        box = page.locator("#canvas").bounding_box()
        across = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in across]
        page.mouse.move(*places[0])
        page.mouse.down()
        page.mouse.move(*places[1])
        page.mouse.up()
        visitor.settle()
        assert visitor.title() == "Looks like your drawing", "one short line"
        page.mouse.down()
        page.mouse.move(*places[2])
        page.mouse.move(*places[3])
        visitor.settle()
        assert visitor.title() == "Looks like your drawing", "the pen is down"
        page.mouse.up()
        visitor.settle()
        assert visitor.title() == "Nothing much like it yet"
        page.mouse.move(*places[0])
        page.mouse.down()
        page.mouse.move(*places[2])
        visitor.settle()
        assert visitor.title() == "Nothing much like it yet", "and that stays while the next line is drawn"
        page.mouse.up()
        page.click("#clear")
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
        visitor.settle()
        assert visitor.title() == "Nothing much like it yet", "one line, but a long one"
        visitor.context.close()
        assert visitor.complaints == []


def test_results_change_while_the_pen_is_down_with_one_request_at_a_time(visitor: Visitor) -> None:
    under_way, most = 0, 0

    def begin(request: Any) -> None:
        nonlocal under_way, most
        if request.url.endswith("/api/search"):
            under_way += 1
            most = max(most, under_way)

    def end(request: Any) -> None:
        nonlocal under_way
        under_way -= request.url.endswith("/api/search")

    visitor.page.on("request", begin)
    visitor.page.on("requestfinished", end)
    visitor.page.evaluate("window.seen = []; document.addEventListener('results', e => seen.push(e.detail))")
    box = visitor.page.locator("#canvas").bounding_box()
    visitor.page.mouse.move(box["x"] + 80, box["y"] + 80)
    visitor.page.mouse.down()
    for step in range(40):
        visitor.page.mouse.move(box["x"] + 80 + 6 * step, box["y"] + 80 + (step % 7) * 9)
        visitor.page.wait_for_timeout(15)
    during = visitor.page.evaluate("seen.length")
    visitor.page.mouse.up()
    visitor.settle()
    assert during >= 3
    assert most == 1
    newest = visitor.page.evaluate("[seen.at(-1).at, Math.max(...seen.map(s => s.at))]")
    assert newest[0] == newest[1]
    expected = visitor.page.evaluate(
        "import('/static/js/draw/strokes.js').then(m => fetch('/api/search', {method: 'POST',"
        "headers: {'content-type': 'application/json'},"
        "body: JSON.stringify({strokes: m.toLists(sketchshape.easel.drawing.strokes), k: 24})}))"
        ".then(r => r.json()).then(r => r.shapes.map(s => s.id))"
    )
    assert visitor.ids() == expected


def test_undo_redo_eraser_and_clear(visitor: Visitor) -> None:
    page, strokes = visitor.page, sketch("house", 1)
    visitor.draw(strokes)
    whole = visitor.ids()
    page.click("#undo")
    visitor.settle()
    assert visitor.strokes() == len(strokes) - 1
    page.keyboard.press("Control+Shift+Z")
    visitor.settle()
    assert (visitor.strokes(), visitor.ids()) == (len(strokes), whole)
    page.click("#clear")
    visitor.settle()
    assert (visitor.strokes(), visitor.title()) == (0, "Your library")
    page.keyboard.press("Control+Z")
    visitor.draw([[[0, 100], [0, 0]], [[0, 100], [100, 100]]])
    before = visitor.strokes()
    page.keyboard.press("e")
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2, steps=12)
    page.mouse.up()
    visitor.settle()
    assert visitor.strokes() >= before + 2  # each of the two long lines fell into halves
    page.click("#undo")
    assert visitor.strokes() == before


def test_the_preview_turns(visitor: Visitor) -> None:
    page = visitor.page
    page.set_viewport_size({"width": 820, "height": 560})  # few pixels: this browser draws them one by one
    visitor.draw(sketch("couch", 2))
    page.locator(".tile .open").first.click()
    page.wait_for_selector(".stage.ready")
    stage = page.locator("#preview-canvas")
    before = stage.screenshot()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 160, box["y"] + box["height"] / 2 + 10, steps=5)
    page.mouse.up()
    page.wait_for_timeout(300)
    turned = stage.screenshot()
    assert turned != before
    assert page.evaluate("sketchshape.preview.turned") > 0
    stage.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert stage.screenshot() != turned
    assert Image.open(io.BytesIO(turned)).convert("L").getextrema()[0] < 200  # there is something on it
    first = page.locator("#preview-name").text_content()
    page.keyboard.press("PageDown")
    assert page.locator("#preview-name").text_content() != first
    with page.expect_download() as download:
        page.click("#preview-download")
    path = Path(page.locator("#preview-path").text_content())
    assert download.value.path().read_bytes() == path.read_bytes()
    assert download.value.suggested_filename == path.name
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#preview-copy")
    page.wait_for_selector(".toast.up")
    assert page.evaluate("navigator.clipboard.readText()") == str(path)
    page.click("#preview-like")
    visitor.settle()
    assert visitor.title().startswith("More like")
    assert not page.locator("#preview").is_visible()


def test_a_shape_that_lies_is_tipped_over_and_found(browser: Any, tmp_path: Path) -> None:
    for name, path in shapes_of("chair", "cactus", "key", "house"):
        (tmp_path / "library" / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "library" / name)
    (tmp_path / "library/lying").mkdir()
    shutil.copy(next(iter(shapes_of("chair")))[1], tmp_path / "library/lying/one.glb")
    index = tmp_path / "index"
    build_index(tmp_path / "library", index, up="y", quiet=True)
    with serving(create_app(Searcher.open(index))) as client:
        (shape,) = (one for one in client.get("/api/shapes").json()["shapes"] if one["name"] == "one")
        turn = {"up": "x"}  # a GLB says its axis, so that only a choice for the shape lays it on its side
        assert client.put(f"/api/shapes/{shape['id']}/up", json=turn).status_code in (200, 202)
        visitor = Visitor(browser, str(client.base_url).rstrip("/")).visit()
        page = visitor.page
        visitor.draw(sketch("chair"))
        score = "sketchshape.grid.shapes.find(one => one.name === 'one').score"
        before = page.evaluate(score)
        page.click(f".tile[data-id='{shape['id']}'] .open")
        page.wait_for_selector(".stage.ready")
        thumbnail = page.get_attribute("#preview-still", "src")
        page.click("[data-tip=right]")
        visitor.until("sketchshape.preview.shape.ups[0] === 'y'")
        visitor.settle()
        assert "It is searched so" in page.inner_text("#preview-up-said")
        assert page.get_attribute("#preview-still", "src") != thumbnail
        page.keyboard.press("Shift+ArrowLeft")
        visitor.until("sketchshape.preview.shape.ups[0] === 'x'")
        page.wait_for_selector(".stage.ready")
        page.focus("#preview-canvas")
        page.keyboard.press("Shift+ArrowRight")  # also where arrows alone turn the view
        visitor.until("sketchshape.preview.shape.ups[0] === 'y'")
        page.keyboard.press("Escape")
        visitor.settle()
        after = page.evaluate(score)
        best = page.evaluate("sketchshape.grid.shapes[0].score")
        assert after > before + 0.1
        assert after == pytest.approx(best, abs=0.25)
        image = f".tile[data-id='{shape['id']}'] img"
        assert page.get_attribute(image, "src") == page.evaluate(
            "sketchshape.grid.shapes.find(one => one.name === 'one').thumbnail"
        )
        assert visitor.complaints == []
        visitor.context.close()


def test_upload_paste_and_drop_of_a_picture(visitor: Visitor, tmp_path: Path) -> None:
    page, picture = visitor.page, tmp_path / "mushroom.png"
    Image.fromarray(draw_strokes(sketch("mushroom", 1), 400)).save(picture)
    page.set_input_files("#file", picture)
    page.wait_for_selector("#picture-note:not([hidden])")
    visitor.settle()
    assert "mushroom" in visitor.first_row()
    assert page.locator("#picture-name").text_content() == "mushroom.png"
    found = visitor.ids()
    for event, holder in (("paste", "clipboardData"), ("drop", "dataTransfer")):
        page.click("#picture-remove")
        visitor.settle()
        assert visitor.title() == "Your library"
        page.evaluate(
            "async ([event, holder, bytes]) => { const data = new DataTransfer();"
            "data.items.add(new File([new Uint8Array(bytes)], 'a.png', {type: 'image/png'}));"
            "const Kind = event == 'paste' ? ClipboardEvent : DragEvent;"
            "dispatchEvent(new Kind(event, {[holder]: data, bubbles: true, cancelable: true})) }",
            [event, holder, list(picture.read_bytes())],
        )
        page.wait_for_selector("#picture-note:not([hidden])")
        visitor.settle()
        assert visitor.ids() == found
    strokes = sketch("mushroom", 1)
    lines = [{"type": "freedraw", "x": 0, "y": 0, "points": [*zip(*one, strict=True)]} for one in strokes]
    line = "".join("M" + " ".join(f"{x},{y}" for x, y in zip(*one, strict=True)) for one in strokes)
    path = f'<path d="{line}" fill="none" stroke="#333" stroke-width="4"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{path}</svg>'
    records: list[dict[str, Any]] = [{"typeName": "page", "id": "page:1", "index": "a1"}]
    for number, (xs, ys) in enumerate(strokes):
        points = [{"x": x, "y": y} for x, y in zip(xs, ys, strict=True)]
        shape = {"typeName": "shape", "id": f"shape:{number}", "parentId": "page:1", "x": 0, "y": 0}
        records.append({**shape, "type": "draw", "props": {"segments": [{"type": "free", "points": points}]}})
    for name, text in (
        ("a.excalidraw", json.dumps({"type": "excalidraw", "elements": lines})),
        ("a.svg", svg),
        ("a.tldr", json.dumps({"tldrawFileFormatVersion": 1, "records": records})),
        ("a.json", json.dumps(strokes)),
    ):
        page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": text.encode()})
        visitor.until(f"document.getElementById('picture-name').textContent === '{name}'")
        visitor.settle()
        assert visitor.first_row()[0] == "mushroom"
    page.set_input_files("#file", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    page.wait_for_selector("#notice:not([hidden])")
    assert "not a picture" in page.locator("#notice").text_content()
    assert [text for text in visitor.complaints if "422" not in text] == []
    visitor.complaints.clear()  # the browser tells of each refusal


def test_a_photograph_dropped_on_the_page_finds_what_was_drawn(visitor: Visitor) -> None:
    """A sheet on a dark desk, under a lamp from one side, larger than what the page sends."""
    random = np.random.default_rng(5)
    ink = 1 - draw_strokes(sketch("mushroom", 1), 900, 12) / 255.0
    scene = np.full((1500, 2000), 60.0)
    scene[150:1350, 250:1750] = 225
    scene[300:1200, 600:1500] -= 170 * ink
    scene = scene * np.linspace(0.65, 1, 2000) + random.normal(0, 4, scene.shape)
    photograph = io.BytesIO()
    Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)).save(photograph, "JPEG", quality=85)
    visitor.page.evaluate(
        "([bytes]) => { const data = new DataTransfer();"
        "data.items.add(new File([new Uint8Array(bytes)], 'photo.jpg', {type: 'image/jpeg'}));"
        "dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})) }",
        [list(photograph.getvalue())],
    )
    visitor.page.wait_for_selector("#picture-note:not([hidden])")
    visitor.settle()
    assert visitor.first_row()[0] == "mushroom"
    assert visitor.title() == "Looks like your drawing"


def test_a_link_gives_the_drawing_again(visitor: Visitor, browser: Any, address: str) -> None:
    visitor.draw(sketch("fish", 1))
    visitor.page.fill("#words", "pack")
    visitor.settle()
    link = visitor.page.url
    assert re.search(r"#d=[\w-]+&w=pack$", link)
    other = Visitor(browser, address).visit(link.removeprefix(address))
    assert other.strokes() == visitor.strokes()
    assert other.ids() == visitor.ids()
    assert other.page.input_value("#words") == "pack"
    other.visit("/#d=" + "!" * 9)
    other.page.wait_for_selector("#notice:not([hidden])")
    assert "not whole" in other.page.locator("#notice").text_content()
    other.context.close()


def test_words_and_filters(visitor: Visitor) -> None:
    page = visitor.page
    page.keyboard.press("/")
    page.keyboard.type("cactus")
    visitor.settle()
    assert set(visitor.first_row()) == {"cactus"}
    page.fill("#words", "")
    visitor.draw(sketch("chair", 2))
    page.click("#filters-toggle")
    page.select_option("#folder", "door")
    visitor.settle()
    assert set(visitor.first_row()) == {"door"}
    page.fill("#faces-most", "1")
    visitor.settle()
    assert "Nothing passes" in page.locator("#empty").text_content()
    page.click("#empty button")
    visitor.settle()
    assert "chair" in visitor.first_row()


def chips(visitor: Visitor) -> dict[str, str | None]:
    """The words that the drawing is taken for, and whether each is pressed."""
    buttons = visitor.page.locator("#taken-list button").all()
    return {
        button.evaluate("it => it.firstChild.data"): button.get_attribute("aria-pressed")
        for button in buttons
    }


def test_a_word_that_the_drawing_is_taken_for_can_be_taken(visitor: Visitor, searcher: Searcher) -> None:
    page = visitor.page
    assert page.locator("#taken").is_hidden()
    drawings = [sketch(name, number) for name in ("table", "chair", "key", "couch") for number in range(4)]
    told, drawing = max(
        (([one.word for one in searcher.search(drawing).taken_for], drawing) for drawing in drawings),
        key=lambda pair: len(pair[0]),
    )
    assert len(told) > 1
    visitor.draw(drawing)
    assert list(chips(visitor)) == told
    assert {*chips(visitor).values()} == {"false"}
    page.fill("#words", "pack")
    first, second = told[:2]
    page.locator("#taken-list button").nth(1).focus()
    page.keyboard.press("Enter")
    visitor.settle()
    assert page.input_value("#words") == f"pack {second}"
    assert [word for word, pressed in chips(visitor).items() if pressed == "true"] == [second]
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true", "the focus stays"
    page.locator("#taken-list button").nth(0).click()
    visitor.settle()
    assert page.input_value("#words") == f"pack {first}", "one word is meant"
    assert chips(visitor)[first] == "true"
    assert chips(visitor)[second] == "false"
    page.locator("#taken-list button").nth(0).click()
    visitor.settle()
    assert page.input_value("#words") == "pack"
    assert "true" not in chips(visitor).values()
    page.locator("#taken-list button").nth(0).click()
    page.click("#clear")
    visitor.settle()
    assert page.locator("#taken").is_hidden()
    assert page.input_value("#words") == "pack", "what was typed stays, what was meant goes with the drawing"


def test_a_word_finds_what_looks_so_and_an_unknown_one_says_so(visitor: Visitor) -> None:
    page = visitor.page
    page.fill("#words", "sofa")
    visitor.settle()
    assert set(visitor.first_row()) == {"couch"}
    assert visitor.title() == "Named or like “sofa”"
    page.fill("#words", "cactis")
    visitor.settle()
    assert "“cactis” is unknown" in page.locator("#empty").text_content()
    page.click("#empty button")
    visitor.settle()
    assert page.input_value("#words") == "cactus"
    assert set(visitor.first_row()) == {"cactus"}
    page.fill("#words", "helicopter")
    visitor.settle()
    assert "no shape looks like it" in page.locator("#empty").text_content()


def test_a_dot_is_not_asked_for(visitor: Visitor) -> None:
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.click("#canvas")
    visitor.settle()
    assert (visitor.strokes(), visitor.title()) == (1, "Your library")
    assert not [url for url in asked if url.endswith("/api/search")]
    visitor.page.click("#undo")
    visitor.draw(sketch("fish", 1))
    assert visitor.title() == "Looks like your drawing"


def test_the_keyboard_alone_is_enough(visitor: Visitor) -> None:
    page = visitor.page
    page.focus("#canvas")
    for key in [" ", *["Shift+ArrowRight"] * 4, *["Shift+ArrowDown"] * 4, *["Shift+ArrowLeft"] * 4, " "]:
        page.keyboard.press(key)
    visitor.settle()
    assert visitor.strokes() == 1
    assert visitor.title() == "Looks like your drawing"
    page.locator(".tile .open").first.focus()
    page.keyboard.press("ArrowRight")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"2\. .+, likeness -?\d\.\d\d", label)
    page.keyboard.press("Enter")
    page.wait_for_selector("#preview[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#preview:not([open])", state="attached")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == label
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input, select, a, canvas')].filter(e =>"
        "!e.getAttribute('aria-label') && !e.textContent.trim() && !e.labels?.length).map(e => e.outerHTML)"
    )
    assert unnamed == []


def test_the_map_opens_what_is_clicked(visitor: Visitor) -> None:
    page = visitor.page
    page.keyboard.press("m")
    visitor.until("document.getElementById('atlas').getAttribute('aria-busy') === 'false'")
    page.focus("#atlas")
    page.keyboard.press("+")
    page.wait_for_timeout(400)
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#map-card:not([hidden])")
    visitor.until("document.getElementById('map-status').textContent !== ''")
    said = page.locator("#map-status").text_content()
    page.keyboard.press("Enter")
    page.wait_for_selector("#preview[open]")
    assert said.startswith(page.locator("#preview-name").text_content() + ", ")
    assert "map" in page.url
    page.keyboard.press("Escape")


def test_the_page_asks_for_no_more_than_the_server_gives(browser: Any, searcher: Searcher) -> None:
    with serving(create_app(searcher, limits=Limits(results=60))) as client:
        visitor = Visitor(browser, str(client.base_url).rstrip("/")).visit()
        visitor.until("document.getElementById('words').maxLength > 0")
        assert len(visitor.ids()) == 48
        assert visitor.page.locator("#words").get_attribute("maxlength") == str(WORDS)
        visitor.page.locator("#more").click()
        visitor.until("document.querySelectorAll('#grid > li').length > 48")
        visitor.settle()
        assert len(visitor.ids()) == 60 < len(searcher)
        assert not visitor.page.locator("#more").is_visible()
        assert visitor.complaints == []
        visitor.context.close()


def test_a_server_that_is_away_is_explained_and_tried_again(browser: Any, address: str) -> None:
    visitor = Visitor(browser, address).visit()
    page = visitor.page
    page.route("**/api/search", lambda route: route.abort())
    visitor.draw([[[0, 9, 9], [0, 0, 9]]])
    page.wait_for_selector("#notice:not([hidden])")
    assert "sketchshape serve" in page.locator("#notice").text_content()
    page.unroute("**/api/search")
    page.get_by_role("button", name="Try again").click()
    visitor.settle()
    assert not page.locator("#notice").is_visible()
    assert visitor.title() == "Looks like your drawing"
    visitor.context.close()


@pytest.mark.parametrize(("width", "height"), [(320, 568), (600, 960), (800, 600), (1000, 700), (1920, 1080)])
def test_every_width_fits_and_nothing_lies_over_the_results(
    browser: Any, address: str, width: int, height: int
) -> None:
    visitor = Visitor(browser, address, viewport={"width": width, "height": height}).visit()
    page = visitor.page
    visitor.draw(sketch("fish", 1))
    page.click("#filters-toggle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = {name: page.locator(name).bounding_box() for name in ("#results", "#paper", ".tools", "#filters")}
    for name in ("#paper", ".tools"):
        beside = boxes[name]["x"] + boxes[name]["width"] <= boxes["#results"]["x"]
        above = boxes[name]["y"] + boxes[name]["height"] <= boxes["#results"]["y"]
        assert beside or above, name
    for name, box in boxes.items():
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width, name
    visitor.context.close()
    assert visitor.complaints == []


def test_a_phone_fits_and_draws_with_a_finger(browser: Any, address: str) -> None:
    phone = Visitor(
        browser, address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ).visit()
    page = phone.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#canvas").bounding_box()
    touch = phone.context.new_cdp_session(page)

    def finger(kind: str, *points: tuple[float, float]) -> None:
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": box["x"] + x, "y": box["y"] + y} for x, y in points]},
        )

    finger("touchStart", (90, 90))
    for step in range(12):
        finger("touchMove", (90 + 14 * step, 90 + 10 * step))
    finger("touchEnd")
    phone.settle()
    assert phone.strokes() == 1
    assert page.evaluate("scrollY") == 0
    assert phone.title() == "Looks like your drawing"
    small = page.evaluate(
        "[...document.querySelectorAll('.tools button, .switch button')].map(e => e.getBoundingClientRect())"
        ".filter(b => b.width && (b.width < 34 || b.height < 34)).length"
    )
    assert small == 0
    for selector, shown in ((".tile .open", "#preview[open]"), ("#help", "#help-dialog[open]")):
        page.locator(selector).first.click()
        page.wait_for_selector(shown)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("Escape")
    phone.context.close()
    assert phone.complaints == []


def test_dark_is_dark_and_is_kept(browser: Any, address: str) -> None:
    visitor = Visitor(browser, address, color_scheme="dark").visit()
    page = visitor.page
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert max(map(int, re.findall(r"\d+", page.evaluate(ground)))) < 60
    page.click("#theme")
    page.wait_for_selector("html[data-theme=light]")
    assert min(map(int, re.findall(r"\d+", page.evaluate(ground)))) > 220
    page.reload()
    assert min(map(int, re.findall(r"\d+", page.evaluate(ground)))) > 220
    visitor.context.close()


def test_an_example_draws_itself(visitor: Visitor) -> None:
    visitor.page.locator("#examples button", has_text="cactus").click()
    visitor.until("sketchshape.easel.history.canUndo")
    visitor.settle()
    assert set(visitor.first_row()) == {"cactus"}


def test_the_reference_of_the_api_shows_every_address(browser: Any, address: str) -> None:
    visitor = Visitor(browser, address)
    visitor.page.goto(address + "/docs")
    visitor.page.wait_for_selector("details.call")
    shown = visitor.page.locator("summary code").all_text_contents()
    assert {"/api/search", "/api/shapes/{id}/mesh.glb", "/metrics"} <= set(shown)
    assert all(url.startswith(address) for url in visitor.asked)
    assert visitor.complaints == []
    visitor.context.close()


@pytest.mark.parametrize(("said", "strips"), [(True, True), (True, False), (False, True)])
def test_the_page_works_under_a_path_of_a_proxy(
    browser: Any, searcher: Searcher, said: bool, strips: bool
) -> None:
    prefix = "/my/shapes"
    with (
        serving(create_app(searcher, hosts=LOCAL, root_path=prefix if said else "")) as client,
        proxied(client.base_url.port or 80, prefix, strips=strips) as outside,
    ):
        visitor = Visitor(browser, outside + prefix).visit()
        page = visitor.page
        page.set_viewport_size({"width": 820, "height": 560})  # few pixels, for the preview
        visitor.until("document.querySelectorAll('#grid img').length > 10")
        assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px Inter'))")
        visitor.draw(sketch("fish", 1))
        assert set(visitor.first_row()) == {"fish"}
        visitor.until(
            "[...document.querySelectorAll('#grid img')].slice(0, 4).every(one => one.naturalWidth)"
        )
        link = page.url
        assert link.startswith(f"{outside}{prefix}/#d=")
        page.locator(".tile .open").first.click()
        page.wait_for_selector("#preview[open]")
        page.wait_for_selector(".stage.ready")
        with page.expect_download() as saved:
            page.locator("#preview-download").click()
        assert saved.value.path().stat().st_size > 100
        page.keyboard.press("Escape")
        page.keyboard.press("m")
        visitor.until("document.getElementById('atlas').getAttribute('aria-busy') === 'false'")
        other = Visitor(browser, outside + prefix).visit(link.removeprefix(outside + prefix))
        assert other.strokes() == 0 or set(other.first_row()) == {"fish"}
        assert other.strokes() > 0
        page.goto(f"{outside}{prefix}/docs")
        page.wait_for_selector("details.call")
        assert f"{outside}{prefix}/api/search" in str(page.locator("pre").first.text_content())
        page.locator("a.brand").click()
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.url == f"{outside}{prefix}/"
        for one in (visitor, other):
            assert [url for url in one.asked if not url.startswith(("blob:", f"{outside}{prefix}/"))] == []
            assert one.complaints == []
            one.context.close()


def test_names_are_shown_harmlessly(browser: Any, tmp_path: Path) -> None:
    name = "a\u202efdp\x1b[31m<b>\n'\"&amp;"
    folder = tmp_path / "library" / f"in {name}"
    folder.mkdir(parents=True)
    for place in (folder, tmp_path / "library/other"):
        place.mkdir(exist_ok=True)
        shutil.copy(sorted((sample_root() / "shapes/chair").iterdir())[0], place / f"{name}.glb")
    build_index(tmp_path / "library", tmp_path / "index", quiet=True)
    safe = "a\\u202efdp\\u001b[31m<b>\\u000a'\"&amp;"
    with serving(create_app(Searcher.open(tmp_path / "index"))) as client:
        visitor = Visitor(browser, str(client.base_url).rstrip("/")).visit()
        page = visitor.page
        assert page.locator(".tile .name").all_text_contents() == [safe] * 2
        assert set(page.locator(".tile .where").all_text_contents()) == {f"in {safe}", "other"}
        page.locator(".tile .open").first.click()
        page.wait_for_selector("#preview[open]")
        assert page.locator("#preview-name").text_content() == safe
        assert page.locator("#preview-path").text_content().endswith(f"{safe}.glb")
        told = "[...document.querySelectorAll('*')].flatMap(one => [one.title, one.ariaLabel])"
        written = page.evaluate(f"document.body.innerText + {told}.join()")
        assert not re.search("[\u202e\x1b]", written)
        with page.expect_download() as saved:
            page.locator("#preview-download").click()
        assert saved.value.path().read_bytes() == (folder / f"{name}.glb").read_bytes()
        assert visitor.complaints == []
        visitor.context.close()


HOSTILE = (
    "<img src=x onerror=window.hacked=1>",
    "<svg onload=window.hacked=1>",
    '"><img src=x onerror=window.hacked=1>',
    "javascript:window.hacked=1",
    "${window.hacked=1} {{window.hacked=1}}",
    "<style>*{display:none}",
    "&lt;b&gt; &amp; \u202egnp.exe",
)


def test_names_of_files_and_folders_are_text_and_nothing_else(browser: Any, tmp_path: Path) -> None:
    shape = next(path for _, path in shapes_of("chair"))
    for number, name in enumerate(HOSTILE):
        (tmp_path / "library" / name).mkdir(parents=True)
        copy = tmp_path / "library" / name / f"{name}{number}{shape.suffix}"
        copy.write_bytes(shape.read_bytes())
    build_index(tmp_path / "library", tmp_path / "index", quiet=True)
    with serving(create_app(Searcher.open(tmp_path / "index"))) as client:
        answer = client.get("/api/shapes")
        assert {one["tags"][0] for one in answer.json()["shapes"]} == set(HOSTILE)
        assert answer.headers["content-type"] == "application/json"
        visitor = Visitor(browser, str(client.base_url).rstrip("/"), viewport={"width": 820, "height": 560})
        page = visitor.visit().page
        visitor.until("document.querySelectorAll('#grid img').length >= 7")
        shown = set(page.locator(".tile .where").all_text_contents())
        assert HOSTILE[0] in shown
        assert page.locator("#grid img[onerror], #grid svg[onload]").count() == 0
        visitor.draw(sketch("chair", 2))
        page.locator(".tile .open").first.click()
        page.wait_for_selector("#preview[open]")
        page.keyboard.press("Escape")
        page.click("#filters-toggle")
        assert set(page.locator("#folder option").all_text_contents()) >= {HOSTILE[0], HOSTILE[1]}
        page.select_option("#folder", HOSTILE[0])
        visitor.settle()
        page.fill("#words", HOSTILE[0])
        visitor.settle()
        page.click("#show-map")
        visitor.until("document.getElementById('atlas').getAttribute('aria-busy') === 'false'")
        visitor.visit("/#w=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E&d=%3Cscript%3E")
        assert page.evaluate("window.hacked") is None
        assert visitor.complaints == []
        visitor.context.close()


@pytest.mark.parametrize("prefix", ["", "/my/shapes"], ids=["root", "prefix"])
def test_a_link_with_the_token_opens_the_page_and_the_browser_remembers_it(
    searcher: Searcher, browser: Any, prefix: str
) -> None:
    token = "correct-horse-battery-staple"
    with serving(create_app(searcher, hosts=LOCAL, root_path=prefix, token=token)) as client:
        address = str(client.base_url).rstrip("/") + prefix
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/")
        assert "locked" in page.inner_text("h1")
        page.goto(f"{address}/?token={token}")
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.url == f"{address}/"
        shown = "[...document.querySelectorAll('#grid img')].some(one => one.naturalWidth)"
        for _ in range(200):  # the policy of the page forbids wait_for_function to evaluate this in it
            if page.evaluate(shown):
                break
            page.wait_for_timeout(100)
        assert page.evaluate(shown)
        assert token not in page.evaluate("document.cookie + document.documentElement.outerHTML")
        page.goto("data:text/html,<a href='" + f"{address}/?token={token}" + "'>shapes</a>")
        context.clear_cookies()
        page.click("a")  # from another site: a redirect would not bring the cookie
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.url == f"{address}/"
        again = context.new_page()
        again.goto(f"{address}/docs")
        again.wait_for_selector("details.call")
        context.close()


@pytest.mark.parametrize("engine", engines(ENGINES))
def test_with_every_engine_the_page_finds_the_same(
    engine: str, engine_url: str, searcher: Searcher, browser: Any, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    shutil.copytree(searcher.catalogue.path.parent, index)
    try:
        build_index(sample_root() / "shapes", index, quiet=True, engine=engine, engine_url=engine_url)
    except MissingExtraError as error:
        pytest.skip(str(error))
    strokes = sketch("chair", 1)
    with serving(create_app(Searcher.open(index))) as client:
        visitor = Visitor(browser, str(client.base_url).rstrip("/")).visit()
        visitor.draw(strokes)
        found = visitor.ids()
        assert visitor.complaints == []
        visitor.context.close()
    with serving(create_app(searcher)) as client:
        visitor = Visitor(browser, str(client.base_url).rstrip("/")).visit()
        visitor.draw(strokes)
        assert visitor.ids()[: len(found)] == found
        assert len(found) >= FIRST_ROW
        visitor.context.close()
