"""What words mean: by the table of concepts, among the words of a bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from sketchshape.resources import SYNONYMS
from sketchshape.search.thesaurus import STEP, Concepts, Thesaurus, forms, shipped, spelled

WORDS = (
    "chair",
    "couch",
    "car",
    "police car",
    "airplane",
    "dog",
    "palm tree",
    "tree",
    "mouse",
    "The Eiffel Tower",
)


@pytest.fixture(scope="module")
def thesaurus() -> Thesaurus:
    return Thesaurus(WORDS)


def meaning(thesaurus: Thesaurus, term: str) -> dict[str, float]:
    return {WORDS[place]: weight for place, weight in thesaurus.meaning(term).items()}


@pytest.mark.parametrize(
    ("term", "word"),
    [
        *(
            ("sofa", "couch"),
            ("automobile", "car"),
            ("plane", "airplane"),
            ("chairs", "chair"),
            ("mice", "mouse"),
        ),
        *(("palm trees", "palm tree"), ("the eiffel tower", "The Eiffel Tower"), ("dogs", "dog")),
    ],
)
def test_another_name_for_a_word_and_its_plural_mean_the_word(
    thesaurus: Thesaurus, term: str, word: str
) -> None:
    assert meaning(thesaurus, term)[word] == 1.0


def test_what_is_above_words_means_all_below_it_with_less_weight_by_distance(thesaurus: Thesaurus) -> None:
    vehicle = meaning(thesaurus, "vehicle")
    assert vehicle.keys() == {"car", "police car", "airplane"}
    assert 1 > vehicle["car"] > vehicle["police car"] == pytest.approx(STEP * vehicle["car"])
    assert meaning(thesaurus, "furniture").keys() == {"chair", "couch"}
    assert meaning(thesaurus, "animal").keys() == {"dog", "mouse"}
    assert meaning(thesaurus, "seat") == {"chair": STEP, "couch": STEP}


def test_a_kind_of_a_word_means_the_nearest_word_above(thesaurus: Thesaurus) -> None:
    assert meaning(thesaurus, "poodle") == {"dog": STEP}
    assert meaning(thesaurus, "rocking chair") == {"chair": STEP}
    assert meaning(thesaurus, "patrol car") == {"police car": 1.0}, "not any car"
    assert {WORDS[place] for place in thesaurus.kind_of("car")} == {"car"}, "a car is not a police car"
    assert thesaurus.kind_of("animal") == {}, "an animal need not be a dog"


def test_what_means_nothing_has_no_meaning_and_the_beginning_of_a_word_is_enough(
    thesaurus: Thesaurus,
) -> None:
    for term in ("xyzzy", "img", "0032", "ai", ""):
        assert meaning(thesaurus, term) == {}, term
    assert meaning(thesaurus, "airp") == {"airplane": STEP}


def test_a_text_is_parted_into_the_longest_terms_that_mean_something(thesaurus: Thesaurus) -> None:
    terms = thesaurus.read("Red palm-tree, old chairs; red")
    assert list(terms) == [("red",), ("palm", "tree"), ("old",), ("chairs",)]
    assert thesaurus.read("") == thesaurus.read(" ,; ") == {}


def test_only_the_words_that_are_given_can_be_meant() -> None:
    assert Thesaurus(["bicycle"]).meaning("sofa") == {}
    assert Thesaurus([]).meaning("chair") == {}
    other = Thesaurus(["blorp", "car (sedan)"])
    assert other.meaning("blorp") == {0: 1.0}, "a word that the table lacks is known too"
    assert other.meaning("automobile") == {1: 1.0}, "brackets only tell words apart"


def test_meanings_are_those_of_a_slow_walk(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("# told\nthing\t\nseat\t0\nchair|stool\t1\tchair\nthrone\t2\nsofa\t1\tcouch\n")
    small = Thesaurus(["couch", "chair"], Concepts(table))
    assert small.meaning("thing") == {0: pytest.approx(STEP**2), 1: pytest.approx(STEP**2)}
    assert small.meaning("stools") == {1: 1.0}
    assert small.meaning("thrones") == {1: pytest.approx(STEP)}


def test_plurals_and_spellings() -> None:
    assert "fairy" in forms("fairies")
    assert {"knife", "knives"} <= {*forms("knives")}
    assert "fire woman" in forms("fire women")
    assert list(forms("glass")) == ["glass"]
    assert spelled("Palm_Tree") == spelled("palm-tree") == spelled("palm tree (tropical)") == "palm tree"


def test_the_table_that_ships_is_small_and_whole() -> None:
    assert SYNONYMS.stat().st_size < 300_000
    text = SYNONYMS.read_text(encoding="utf-8")
    assert "WordNet 3.1 Copyright 2011 by Princeton University" in text, "the licence stands at its head"
    concepts = shipped()
    every = range(len(concepts.words))
    assert {word for words in concepts.words for word in words} >= {
        "chair",
        "airplane",
        "The Mona Lisa",
        "drill",
    }
    for place in every:
        assert all(upper in every and upper != place for upper in concepts.above[place])
    assert all(name == spelled(name) and name for name in concepts.named)
