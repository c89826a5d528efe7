"""Lines that a backslash continues, as OBJ has them, put into one."""

from __future__ import annotations

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.mesh.text.scan import (
    BACKSLASH,
    HASH,
    MINUS,
    NEWLINE,
    PLUS,
    POINT,
    RETURN,
    SPACE,
    within_number,
)
from sketchshape.types import I64, U8


@compiled()
def join(text: U8) -> I64:
    """Overwrite backslashes at the end of lines, and these ends, with blanks.

    Blanks may follow the backslash. Within a comment it continues nothing, and neither does it where the next
    line begins with the keyword of a vertex or face and a number: there it ends a name or a folder.

    Args:
        text: (B,) the file, changed in place; no byte changes its place.

    Returns:
        Where the ends of lines were that are no more.
    """
    taken, found, i, size, comment = np.empty(np.sum(text == BACKSLASH), np.int64), 0, 0, len(text), False
    while i < size:
        after = i + 1
        if text[i] == NEWLINE or text[i] == RETURN:
            comment = False
        elif text[i] == HASH and not within_number(text, i):
            comment = True
        elif text[i] == BACKSLASH and not comment:
            while after < size and text[after] <= SPACE and text[after] != NEWLINE and text[after] != RETURN:
                after += 1
            if after == size:
                text[i] = SPACE
            elif text[after] <= SPACE:
                below = after + 1
                below += text[after] == RETURN and below < size and text[below] == NEWLINE
                text[i] = SPACE
                if not _statement(text, below):
                    text[i:below] = SPACE
                    taken[found] = after
                    found += 1
                    after = below
        i = after
    return taken[:found].copy()


@compiled()
def _statement(text: U8, i: int) -> bool:
    """Whether a line begins with v, vt, vn, vp, f, fo, l or p, and then a number or a backslash."""
    size = len(text)
    while i < size and text[i] <= SPACE and text[i] != NEWLINE and text[i] != RETURN:
        i += 1
    if i + 1 >= size:
        return False
    first, second = text[i] | SPACE, text[i + 1] | SPACE
    if first not in (118, 102, 108, 112):  # v f l p
        return False
    i += 1
    if (first == 118 and second in (116, 110, 112)) or (first == 102 and second == 111):  # vt vn vp, fo
        i += 1
    gap = i
    while i < size and (text[i] == SPACE or text[i] == 9):
        i += 1
    if i == size or text[i] == BACKSLASH:
        return i < size
    return i > gap and (48 <= text[i] <= 57 or text[i] in (PLUS, MINUS, POINT))
