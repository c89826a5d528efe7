"""More drawings for `sketchshape pretrain`: icons of many sets, as strokes, beside those of Quick, Draw!.

    npm pack @iconify/json@2.2.535 && tar xzf iconify-json-2.2.535.tgz    # 104 MB, makes ./package
    pip install resvg_py scikit-image scipy
    python scripts/data/icon_drawings.py --icons package --quickdraw DIR --out DRAWINGS

DIR holds <word>.ndjson. Each icon that `icons.txt` and its name say to be of one of these words becomes a
drawing; its key is set:name, and `collections.json` of the package has the licence of each set. The same
input gives the same drawings, on any number of cores.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from drawing_files import drawing_line, write_beside
from icon_strokes import icon_strokes

from sketchshape.progress import Steps

MOST = 80  # icons of a word, few of each set
SIZE = re.compile(r"\d+x?\d*|[a-z]?\d")  # at the end of a name
Icons = dict[str, list[tuple[str, str]]]  # of each word, set and name


@dataclass(frozen=True)
class Names:
    """What `icons.txt` says, read for some words.

    Args:
        words: the word of each name of a thing.
        styles: ends of names that tell how an icon is drawn and not what it shows.
        signs: words that are drawn on other things.
        left_out: sets that do not show things.
    """

    words: dict[str, str]
    styles: frozenset[str]
    signs: frozenset[str]
    left_out: frozenset[str]


def main() -> None:
    """Read the command line and write the drawings."""
    parser = argparse.ArgumentParser(description="Make drawings of icons, beside those of Quick, Draw!.")
    parser.add_argument("--icons", type=Path, required=True, help="folder of the package @iconify/json")
    parser.add_argument("--quickdraw", type=Path, required=True, help="folder of <word>.ndjson")
    parser.add_argument("--out", type=Path, required=True, help="folder for both, as <word>.ndjson")
    arguments = parser.parse_args()
    words = sorted(path.stem for path in arguments.quickdraw.glob("*.ndjson"))
    if not words:
        sys.exit(f"{arguments.quickdraw} has no .ndjson files, expected <word>.ndjson of Quick, Draw!")
    names = read_names(words)
    files = sorted(arguments.icons.glob("json/*.json"))
    sets = {path.stem: path for path in files if shows_things(path.stem, names)}
    if not sets:
        sys.exit(f"{arguments.icons} has no json/*.json, expected the npm package @iconify/json, unpacked")
    chosen = choose(find(sets, names))
    drawn = draw(sets, chosen)
    write_beside(arguments.quickdraw, {word: sorted(lines) for word, lines in drawn.items()}, arguments.out)
    print(f"{arguments.out}: {sum(map(len, drawn.values()))} icons of {len(drawn)} words")


def read_names(words: list[str]) -> Names:
    """Read `icons.txt`."""
    lists: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("icons.txt").read_text(encoding="utf-8").splitlines():
        key, colon, values = line.partition(": ")
        if colon and not line.startswith("#"):
            lists[key] = values.split(", ")
    known = {word: word for word in words}
    for word in words:
        known |= dict.fromkeys(lists.get(word, []), word)
    styles, signs, left_out = (frozenset(lists[key]) for key in ("!styles", "!signs", "!left out"))
    return Names(known, styles, signs, left_out)


def shows_things(name: str, names: Names) -> bool:
    """Tell whether a set has icons of things, and not of trade marks and flags."""
    return name not in names.left_out and not any(part in name for part in ("brand", "logo", "flag"))


def find(sets: dict[str, Path], names: Names) -> Icons:
    """Find the icons of each word in all sets."""
    found: Icons = defaultdict(list)
    for prefix, path in sets.items():
        for name, icon in json.loads(path.read_text(encoding="utf-8"))["icons"].items():
            crossed_out = "-off" in name or "slash" in name
            if not icon.get("hidden") and not crossed_out and (word := word_of(name, names)):
                found[word].append((prefix, name))
    return found


def word_of(name: str, names: Names) -> str | None:
    """Tell what an icon shows: its name, without its style, is a name that is known or ends in one."""
    parts = name.split("-")
    while parts and (parts[-1] in names.styles or SIZE.fullmatch(parts[-1])):
        parts.pop()
    whole = " ".join(parts)
    if whole in names.words:
        return names.words[whole]
    if (one := whole.removesuffix("s")) == names.words.get(one):
        return one
    if 2 <= len(parts) <= 3:
        for end in (" ".join(parts[-2:]), parts[-1]):
            word = names.words.get(end)
            if word and word not in names.signs and word != whole:
                return word
    return None


def choose(found: Icons) -> Icons:
    """Choose at most `MOST` icons of a word, one of each set in turn."""
    random = np.random.default_rng(0)
    return {word: list(_in_turn(icons, random))[:MOST] for word, icons in sorted(found.items())}


def _in_turn(icons: list[tuple[str, str]], random: np.random.Generator) -> Iterator[tuple[str, str]]:
    of_set: dict[str, list[str]] = defaultdict(list)
    for prefix, name in icons:
        of_set[prefix].append(name)
    for own in of_set.values():
        random.shuffle(own)
    given = 0
    for place in range(max(map(len, of_set.values()))):
        if given >= MOST:  # what is drawn by chance afterwards must not depend on icons that are not taken
            return
        left = [prefix for prefix, own in of_set.items() if len(own) > place]
        random.shuffle(left)
        given += len(left)
        yield from ((prefix, of_set[prefix][place]) for prefix in left)


def draw(sets: dict[str, Path], chosen: Icons) -> dict[str, list[str]]:
    """Draw the chosen icons: lines of an .ndjson file for each word; the same drawing is taken once."""
    jobs = [(word, prefix, name) for word, icons in chosen.items() for prefix, name in icons]
    whole: dict[str, Any] = {
        prefix: json.loads(sets[prefix].read_text(encoding="utf-8")) for prefix in {job[1] for job in jobs}
    }
    documents = (document(whole[prefix], name) for _, prefix, name in jobs)
    lines: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    with Pool() as pool, Steps("icons", len(jobs), "icons") as steps:
        results = pool.imap(icon_strokes, documents, chunksize=50)
        for (word, prefix, name), strokes in zip(jobs, results, strict=True):
            steps.advance()
            if strokes is None or (drawing := json.dumps(strokes)) in seen:
                continue
            seen.add(drawing)
            lines[word].append(drawing_line(word, f"{prefix}:{name}", strokes))
    return lines


def document(icons: dict[str, Any], name: str) -> str:
    """Give the whole SVG of an icon of a set."""
    icon = icons["icons"][name]
    width, height = (icon.get(side, icons.get(side, 16)) for side in ("width", "height"))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {width} {height}" '
        f'width="{width}" height="{height}">{icon["body"].replace("currentColor", "#000")}</svg>'
    )


if __name__ == "__main__":
    main()
