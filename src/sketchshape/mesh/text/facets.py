"""The facets of a text STL as a stream of words: it has no lines, but for the name of a solid."""

from __future__ import annotations

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.mesh.text.lines import keyword
from sketchshape.mesh.text.scan import HASH, NEWLINE, RETURN, SPACE
from sketchshape.types import I64, U8

SOLID, FACET, NORMAL, OUTER = keyword(b"solid"), keyword(b"facet"), keyword(b"normal"), keyword(b"outer")
VERTEX, END = keyword(b"vertex"), keyword(b"end")
ENDSOLID, ENDLOOP, ENDFACET = keyword(b"endsoli"), keyword(b"endloop"), keyword(b"endface")
KEYWORDS = (SOLID, ENDSOLID, FACET, OUTER, VERTEX, ENDLOOP, ENDFACET, END)  # as `first_words` cuts them


@compiled()
def facets(text: U8) -> tuple[I64, I64, I64, I64, int]:
    """Find the vertices of each facet.

    Returns:
        For each vertex (V,): the first byte of its keyword, the end of its third number, its line, its facet,
        counted from 0; and the last keyword of the text, 0 where it has none.
    """
    room = 1 + np.sum((text | SPACE) == 118)  # v
    start, end = np.empty(room, np.int64), np.empty(room, np.int64)
    number, facet = np.empty(room, np.int64), np.empty(room, np.int64)
    found, line, group, last, i, size = 0, 1, -1, 0, 0, len(text)
    filled = True  # whether the facet has a loop with vertices, so that another one is a facet of its own
    while i < size:
        if text[i] <= SPACE:
            line += _ends(text, i)
            i += 1
            continue
        if text[i] == HASH:
            while i < size and text[i] != NEWLINE and text[i] != RETURN:
                i += 1
            continue
        begin = i
        i, word = _word(text, i)
        if word not in KEYWORDS:
            continue
        if word == END:  # as in "end facet"
            while i < size and text[i] <= SPACE:
                line += _ends(text, i)
                i += 1
            i, word = _word(text, i)
            word = ENDSOLID if word == SOLID else ENDFACET if word == FACET else ENDLOOP
        last = word
        if word in (SOLID, ENDSOLID):
            i = _name(text, i)
        elif word == FACET or (word == OUTER and filled):
            group, filled = group + 1, False
        elif word == ENDFACET:
            filled = True
        elif word == VERTEX:
            group, filled = max(group, 0), True
            start[found], end[found], number[found], facet[found] = begin, i, line, group
            for _ in range(3):
                at, below = i, line
                while at < size and text[at] <= SPACE:
                    below += _ends(text, at)
                    at += 1
                after, word = _word(text, at)
                if at == size or word in KEYWORDS:
                    break
                i, line, end[found] = after, below, after
            found += 1
    return start[:found].copy(), end[:found].copy(), number[:found].copy(), facet[:found].copy(), last


@compiled()
def _ends(text: U8, i: int) -> int:
    """1 where a line ends at byte `i`, else 0; CR LF ends at its LF."""
    if text[i] == NEWLINE:
        return 1
    return int(text[i] == RETURN and (i + 1 == len(text) or text[i + 1] != NEWLINE))


@compiled()
def _word(text: U8, i: int) -> tuple[int, int]:
    """Where the word at `i` ends, and its first seven letters as `first_words` gives them."""
    begin, code = i, 0
    while i < len(text) and text[i] > SPACE:
        if i < begin + 7:
            letter = int(text[i])
            code = code * 256 + (letter | SPACE if 65 <= letter <= 90 else letter)
        i += 1
    return i, code


@compiled()
def _name(text: U8, i: int) -> int:
    """Where the name of a solid ends: with its line, or before "facet normal" or "facet outer"."""
    before, at_facet = 0, i
    while i < len(text) and text[i] != NEWLINE and text[i] != RETURN:
        if text[i] <= SPACE:
            i += 1
            continue
        begin = i
        i, word = _word(text, i)
        if before == FACET and word in (NORMAL, OUTER):
            return at_facet
        before, at_facet = word, begin
    return i
