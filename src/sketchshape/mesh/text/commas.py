"""Commas between or within numbers: decimal commas, and lists such as "1, 2, 3" or "1,2,3"."""

from __future__ import annotations

import re

import numpy as np

from sketchshape.types import I64, U8

AT_END = re.compile(rb",(?=\s|\Z)")
THOUSANDS = re.compile(rb"[-+]?[1-9]\d{0,2},\d{3}")
WARNING = "numbers have decimal commas, which were read as points"


def without_commas(text: U8, start: I64, end: I64) -> tuple[U8, bool] | None:
    """Replace the commas of lines by blanks, or by points where they can only be decimal commas.

    A comma at the end of a word parts words. One within a word is decimal if no number has a point, and no
    word has two; else it parts words if the line has no blanks that do. All else can be read in two ways.

    Args:
        text: (B,) the file.
        start: (L,) first byte of each line.
        end: (L,) one past its last byte.

    Returns:
        (B,) a text that has the same lines at the same places, and whether commas became points; None where
        there are no commas, or where it is not sure what they mean.
    """
    mark = np.zeros(len(text) + 1, np.int32)
    np.add.at(mark, start, 1)
    np.add.at(mark, end, -1)
    body = np.where(np.cumsum(mark[:-1]) > 0, text, 10).astype(np.uint8).tobytes()
    if b"," not in body:
        return None
    body = AT_END.sub(b" ", body)
    words = [word for word in body.split() if b"," in word]
    decimal = False
    if b"." in body or any(word.count(b",") > 1 for word in words):
        if any(b"," in line and len(line.split()) > 1 for line in body.split(b"\n")):
            return None
        body = body.replace(b",", b" ")
    elif words:
        if all(THOUSANDS.fullmatch(word) for word in words):
            return None
        body, decimal = body.replace(b",", b"."), True
    return np.frombuffer(body, np.uint8), decimal
