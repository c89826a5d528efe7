"""The page's colours and markup, as far as they can be judged without a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")

from sketchshape.web.app import STATIC
from sketchshape.web.limits import WORDS, Limits

LEAST = 4.5  # [WCAG 2.2] 1.4.3, text
LEAST_MARK = 3.0  # [WCAG 2.2] 1.4.11, the outline of what has the focus
TEXT = [
    *((ink, paper) for ink in ("text", "soft") for paper in ("ground", "card", "well")),
    *(("accent", paper) for paper in ("ground", "card", "accent-well")),
    ("on-accent", "accent"),
    ("bad", "bad-well"),
    ("ground", "text"),  # a message that comes and goes
    ("ink", "card"),
]


def colours(mode: str) -> dict[str, str]:
    """The colours of a mode; dark ones stand over the light ones."""
    text = (STATIC / "css/base.css").read_text()
    blocks = re.findall(r':root(?:\[data-theme="dark"\])? \{(.*?)\}', text, re.DOTALL)
    assert len(blocks) == 2
    found: dict[str, str] = {}
    for block in blocks[: 1 + (mode == "dark")]:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    return found


def luminance(colour: str) -> float:
    """[WCAG 2.2] relative luminance."""
    levels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), TEXT)
def test_text_stands_out(mode: str, ink: str, paper: str) -> None:
    found = colours(mode)
    assert contrast(found[ink], found[paper]) >= LEAST


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("paper", ["ground", "card", "well"])
def test_the_focus_stands_out(mode: str, paper: str) -> None:
    found = colours(mode)
    assert contrast(found["accent"], found[paper]) >= LEAST_MARK


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


def test_what_the_markup_refers_to_is_there() -> None:
    elements = Elements((STATIC / "index.html").read_text()).found
    ids = [about["id"] for _, about in elements if "id" in about]
    assert len(ids) == len(set(ids))
    for tag, about in elements:
        for name in ("aria-labelledby", "aria-describedby", "aria-controls"):
            assert about.get(name) is None or about[name] in ids
        if tag == "use":
            assert (about["href"] or "").removeprefix("#") in ids
        if tag == "canvas":
            assert about["tabindex"] == "0"
            assert about["aria-label"]
        if tag in ("link", "script") and (about.get("href") or about.get("src") or "").startswith("/static/"):
            where = str(about.get("href") or about.get("src"))
            assert (STATIC / where.removeprefix("/static/")).is_file()


def test_the_page_and_the_client_leave_doubt_and_limits_to_the_server() -> None:
    own = Limits()  # its 1,000 strokes are left out: the paper has 1,000 units, and a kilobyte 1,000 bytes
    limits = {own.body, own.pixels, own.points, own.results, own.faces, WORDS}
    client = Path(__file__).parents[2] / "examples/client.py"
    for path in (*STATIC.glob("js/**/*.js"), *STATIC.glob("*.html"), client):
        text = re.sub(r"\b(\d+)_(?=\d)", r"\1", path.read_text())
        assert not re.search(r"confidence\W{0,12}[<>]", text), path
        if path.name != "examples.js":  # coordinates of drawings
            assert not limits & {int(number) for number in re.findall(r"(?<![\w.-])\d+(?![\w.])", text)}, path


def test_what_the_scripts_ask_for_by_id_is_there() -> None:
    ids = set(re.findall(r'id="([\w-]+)"', (STATIC / "index.html").read_text()))
    for path in STATIC.glob("js/**/*.js"):
        if path.name == "docs.js":
            continue
        wanted = set(re.findall(r"\$\('([\w-]+)'\)", path.read_text()))
        assert wanted <= ids, path.name
    assert "prefers-reduced-motion" in (STATIC / "css/base.css").read_text()
