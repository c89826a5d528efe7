"""Bytes of a text file, however it is encoded, to ASCII wherever a mesh is described."""

from __future__ import annotations

import codecs

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

BLANKS = (
    "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u202f\u205f\u2060\u3000\ufeff"
)
STANDINS = {
    **dict.fromkeys(map(str.encode, BLANKS), b" "),
    **dict.fromkeys(map(str.encode, "\u0085\u2028\u2029"), b"\n"),
    "\u2212".encode(): b"-",
    b"\xa0": b" ",  # the blank of Latin-1: after those of UTF-8, which end with this byte
}
"""Blanks, ends of lines and the minus sign that are not ASCII, in UTF-8."""


def plain(data: bytes) -> bytes:
    """Decode a text so that numbers and keywords are ASCII, and blanks are ASCII blanks.

    Other letters, as in names and comments, stay what they are, in UTF-8 or in any code of one byte.
    """
    if code := encoding(data):
        data = data.decode(code, "replace").encode("utf-8", "replace")
    if not data.isascii():
        for letter, standin in STANDINS.items():
            data = data.replace(letter, standin.rjust(len(letter)))  # of as many bytes
    return data


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
