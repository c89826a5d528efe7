"""Words that mean something: by names, by other words in names, and by looks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from search_library import box, projection

import sketchshape as ss
from sketchshape.encoders.vocabulary import Vocabulary
from sketchshape.index import build_index
from sketchshape.search import Searcher
from sketchshape.search.looks import Looks
from sketchshape.search.names import Names
from sketchshape.search.ranker import LEAST_TAKEN, TAKEN
from sketchshape.search.words import LOOKS, SAME, WEIGHT, Words
from sketchshape.types import F32, Unknown

STROKES = [[[0, 100, 100, 0, 0], [0, 0, 60, 60, 0]]]
KNOWN = ("chair", "couch", "palm tree", "dog")
FILES = ("IMG_0032", "chair", "Sofa_7", "PalmTree", "poodle")


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Five boxes; the first looks like a couch by all means, the others like a dog."""
    root = tmp_path_factory.mktemp("words")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKETCHSHAPE_CACHE", str(root / "cache"))
        for number, name in enumerate(FILES):
            box(root / f"library/{name}.off", (1, 1, 6) if not number else (4, 1, 1 + 0.01 * number))
        build_index(root / "library", root / "index", bundle=projection(), up="y", quiet=True)
    plain = Searcher.open(root / "index", projection())
    vectors = dict(
        zip((path.stem for path in map(Path, plain._paths)), plain._vectors[plain._rows], strict=True)
    )
    couch, dog = vectors["IMG_0032"], vectors["poodle"]
    away = -(couch + dog) / np.linalg.norm(couch + dog)
    words = Vocabulary(KNOWN, np.stack([away, couch, away, dog]), 400.0)
    return Searcher(plain.catalogue, replace(projection(), words=words))


def found(searcher: Searcher, words: str) -> list[str]:
    return [path.stem for path in searcher.search(None, 9, words=words).paths]


def test_a_shape_is_found_by_what_it_looks_like_whatever_its_name(searcher: Searcher) -> None:
    assert found(searcher, "couch") == found(searcher, "sofas") == ["Sofa_7", "IMG_0032"]
    assert found(searcher, "seat") == ["Sofa_7", "chair", "IMG_0032"], (
        "by another word in the name, alike the first path, then by looks"
    )


def test_the_very_word_in_a_name_stays_ahead_and_numbers_find_by_name(searcher: Searcher) -> None:
    assert found(searcher, "sofa")[0] == "Sofa_7"
    assert found(searcher, "0032") == found(searcher, "img") == ["IMG_0032"]
    assert found(searcher, "palm trees")[0] == "PalmTree"
    dogs = found(searcher, "dog")
    assert dogs[0] == "poodle"
    assert "IMG_0032" not in dogs


def test_scores_are_as_they_are_told(searcher: Searcher) -> None:
    ranking = searcher.search(None, 9, words="couch")
    named, looking = ranking.scores
    assert named == pytest.approx(WEIGHT * SAME, abs=1e-3), (
        "its name has another word for it, it looks like a dog"
    )
    assert looking == pytest.approx(WEIGHT * LOOKS, abs=1e-3)
    assert SAME + LOOKS < 1
    mixed = dict(zip(*(lambda r: (r.ids, r.scores))(searcher.search(STROKES, 9, words="couch")), strict=True))
    plain = dict(zip(*(lambda r: (r.ids, r.scores))(searcher.search(STROKES, 9)), strict=True))
    gains = {searcher.catalogue.get(id).path.stem: mixed[id] - plain[id] for id in plain}
    assert gains["Sofa_7"] == pytest.approx(named, abs=1e-6)
    assert gains["IMG_0032"] == pytest.approx(looking, abs=1e-6)
    assert gains["poodle"] == pytest.approx(0, abs=1e-3)


def test_words_alone_say_how_sure_they_are(searcher: Searcher) -> None:
    def sure(words: str) -> float | None:
        return searcher.search(None, words=words).confidence

    assert sure("chair") == 1, "a name has it"
    assert sure("dog") == pytest.approx(1, abs=1e-3), "one looks like it by all means"
    assert sure("seat") == pytest.approx(0.9, abs=1e-3), "a couch is one, a concept away"
    assert sure("couch xyzzy") == pytest.approx(0.5, abs=1e-3), "half of the words"
    assert sure("xyzzy") is None
    assert searcher.search(STROKES, words="dog").confidence is None, "that of the drawing, which is not told"


def test_an_unknown_word_is_named_with_what_may_have_been_meant(searcher: Searcher) -> None:
    ranking = searcher.search(None, words="couhc")
    assert (len(ranking), ranking.unknown) == (0, (Unknown("couhc", ("couch",)),))
    assert searcher.search(None, words="xyzzy").unknown == (Unknown("xyzzy", ()),)
    assert searcher.search(None, words="0033").unknown == (Unknown("0033", ()),), "a number is not mistyped"
    mixed = searcher.search(STROKES, words="chair xyzzy")
    assert [one.word for one in mixed.unknown] == ["xyzzy"]
    assert mixed.paths[0].stem == "chair"
    assert searcher.search(None, words="chair").unknown == ()
    assert searcher.search(None, words="palm tree").unknown == (), "no shape looks so, but a name has it"


def test_a_drawing_is_taken_for_the_likeliest_words(searcher: Searcher) -> None:
    words = searcher.bundle.words
    assert words is not None
    shares = words.of_sketch(searcher.embed(STROKES), searcher.bundle.likeness)
    taken = searcher.search(STROKES).taken_for
    best = sorted(zip(shares.tolist(), KNOWN, strict=True), reverse=True)[:TAKEN]
    assert [(one.probability, one.word) for one in taken] == [one for one in best if one[0] >= LEAST_TAKEN]
    assert searcher.search(None, words="dog").taken_for == searcher.like(1).taken_for == ()


def test_without_words_in_the_bundle_names_alone_are_searched(searcher: Searcher) -> None:
    plain = Searcher(searcher.catalogue, projection())
    assert found(plain, "sofa") == ["Sofa_7"]
    assert found(plain, "couch") == []
    assert plain.search(STROKES).taken_for == ()


def test_of_several_ways_up_the_best_looks_count() -> None:
    def best(ways: F32) -> F32:
        return np.maximum.reduceat(ways, [0, 2])

    table = np.array([[0.1, 0.7, 0.2], [0.5, 0.1, 0.1]], np.float32)
    words = Words(Names([["a"], ["b"]]), ("chair", "dog"), Looks(lambda: table, best))
    np.testing.assert_allclose(words.find("chair").gain, WEIGHT * LOOKS * np.array([0.7, 0.2]), rtol=1e-6)


def test_gains_are_those_of_a_slow_loop() -> None:
    rng = np.random.default_rng(0)
    vocabulary = ("chair", "couch", "car", "dog", "airplane")
    pool = ("chair", "sofa", "taxi", "poodle", "img", "7", "jet", "red", "plane")
    names = [[str(word) for word in rng.choice(pool, 2)] for _ in range(60)]
    table = rng.dirichlet(np.ones(5), 60).T.astype(np.float32)
    words = Words(Names(names), vocabulary, Looks(lambda: table, lambda ways: ways))
    thesaurus = words._thesaurus
    for text in ("seat", "vehicle red", "animal", "plane 7", "sofa poodle"):
        found = words.find(text).gain
        for place, own in enumerate(names):
            gain = 0.0
            for term in text.split():
                meaning = thesaurus.meaning(term)
                named = any(word.startswith(term) if len(term) > 2 else word == term for word in own)
                same = max(
                    (meaning[kind] for word in own for kind in thesaurus.kind_of(word) if kind in meaning),
                    default=0.0,
                )
                looks = sum(weight * float(table[kind, place]) for kind, weight in meaning.items())
                gain += WEIGHT * (max(named, SAME * same) + LOOKS * looks) / len(text.split())
            assert found[place] == pytest.approx(gain, abs=1e-5), (text, own)


def test_the_ranking_is_public() -> None:
    assert ss.Ranking((), np.zeros(0, np.float32), ()).taken_for == ()
