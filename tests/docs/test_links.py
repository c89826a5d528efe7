"""What the documentation names exists: links, paths, modules, and the floors of the map for newcomers."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path
from pkgutil import resolve_name

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
NAMED = re.compile(r"\b(?:configs|scripts|docs|benchmarks|tests|examples)/[\w./-]+\.(?:toml|txt|py|md|png)\b")
BELOW = re.compile(r"`((?:train|encoders|render|metrics|datasets|runs|report)/[\w/.]*)`")
DOTTED = re.compile(r"`(?:python -m )?(sketchshape(?:\.\w+)+)")
GIT = shutil.which("git") if (ROOT / ".git").exists() else None
LISTED = subprocess.run([GIT, "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout if GIT else ""
TRACKED = [ROOT / line for line in LISTED.splitlines() if (ROOT / line).is_file()]
MARKDOWN = [path for path in TRACKED if path.suffix == ".md"]
SPEAKING = [path for path in TRACKED if path.suffix in (".md", ".toml", ".py") and "tests" not in path.parts]

pytestmark = pytest.mark.skipif(not TRACKED, reason="not a checkout: the documentation is not here")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    """The anchors of the headings of a page, as they are made on GitHub."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """Name the relative links of a page that lead nowhere, those to a heading that is not there too."""
    wrong = []
    for pair in LINK.findall(page.read_text(encoding="utf-8")):
        target, _, anchor = "".join(pair).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = page.parent / target if target else page
        if not there.exists() or (anchor and anchor not in anchors(there.read_text(encoding="utf-8"))):
            wrong.append(f"{name(page)}: {''.join(pair)}")
    return wrong


def absent(paths: list[Path], pattern: re.Pattern[str], below: Path) -> list[str]:
    """Name what files speak of and what is not there."""
    return [
        f"{name(path)}: {found}"
        for path in paths
        for found in sorted(set(pattern.findall(path.read_text(encoding="utf-8"))))
        if not (below / found).exists()
    ]


def test_relative_links_lead_somewhere() -> None:
    assert [link for page in MARKDOWN for link in broken(page)] == []


def test_paths_that_are_named_exist() -> None:
    assert absent(SPEAKING, NAMED, ROOT) == []


def test_files_of_the_package_that_are_named_exist() -> None:
    pages = [page for page in MARKDOWN if "src" not in page.parts]
    assert absent(pages, BELOW, ROOT / "src/sketchshape") == []


def resolves(dotted: str) -> bool:
    try:
        return resolve_name(dotted) is not None
    except (ImportError, AttributeError):
        return False


def test_modules_and_what_is_in_them_are_where_they_are_said_to_be() -> None:
    pytest.importorskip("torch")
    said = {(name(path), dotted) for path in SPEAKING for dotted in DOTTED.findall(path.read_text("utf-8"))}
    assert len(said) > 8
    assert sorted(pair for pair in said if not resolves(pair[1])) == []


def test_the_readme_is_one_page() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 160


def test_the_map_has_the_floors_of_the_architecture() -> None:
    tree = ast.parse((ROOT / "tests/test_architecture.py").read_text(encoding="utf-8"))
    floors = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("FLOORS", "TRAIN")
    }
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    maps = [
        [set(line.split("  ")[0].split()) for line in reversed(block.splitlines())]
        for block in re.findall(r"^```text\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    ]
    assert maps[0] == [set(floor) for floor in floors["FLOORS"] if floor != ("__main__",)]
    assert maps[1] == [set(floor) for floor in floors["TRAIN"]]
