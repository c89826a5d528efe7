"""Bytes of a text file, however it is encoded, to ASCII wherever a mesh is described."""

from __future__ import annotations

import codecs
import re

import numpy as np

MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16, so it is asked for first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ZEROS = {
    "-000": "utf-32-le",
    "000-": "utf-32-be",
    "-0-0": "utf-16-le",
    "0-0-": "utf-16-be",
}
"""Which of each four bytes are zero where ASCII stands in wider units."""
SAMPLE = 4096

OTHERS = re.compile(
    rb"\xc2[\x85\xa0]|\xe2\x80[\x80-\x8b\xa8\xa9\xaf]|\xe2\x81[\x9f\xa0]|\xe2\x88\x92|\xe3\x80\x80|\xef\xbb\xbf|\xa0"
)
"""Blanks, ends of lines and the minus sign that are not ASCII, in UTF-8; and the blank of Latin-1."""
ENDS = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
MINUS = b"\xe2\x88\x92"


def plain(data: bytes) -> bytes:
    """Decode a text so that numbers and keywords are ASCII, and blanks are ASCII blanks.

    Other letters, as in names and comments, stay what they are, in UTF-8 or in any code of one byte.
    """
    if code := encoding(data):
        data = data.decode(code, "replace").encode("utf-8", "replace")
    return data if data.isascii() else OTHERS.sub(_ascii, data)


def encoding(data: bytes) -> str | None:
    """Name the encoding of a text in units of two or four bytes, by its mark or by its zeros; else None."""
    for mark, code in MARKS:
        if data.startswith(mark):
            return code
    sample = np.frombuffer(data[: min(SAMPLE, len(data) // 4 * 4)], np.uint8).reshape(-1, 4)
    if len(sample) < 2:
        return None
    share = np.mean(sample == 0, axis=0)
    if np.any((share > 0.1) & (share < 0.6)):
        return None
    return ZEROS.get("".join("0" if zero else "-" for zero in share > 0.1))


def _ascii(match: re.Match[bytes]) -> bytes:
    """An ASCII stand-in of as many bytes."""
    letter = b"\n" if match[0] in ENDS else b"-" if match[0] == MINUS else b" "
    return letter.rjust(len(match[0]))
