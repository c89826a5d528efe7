"""Compiled loops over the bytes of text files: lines, their first words, numbers, and pieces of arrays."""

from __future__ import annotations

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.types import F64, I64, U8

NEWLINE, RETURN, SPACE, HASH, SLASH, BACKSLASH = 10, 13, 32, 35, 47, 92
PLUS, COMMA, MINUS, POINT, ZERO, ONE = 43, 44, 45, 46, 48, 49
POWERS: F64 = 10.0 ** np.arange(309, dtype=np.float64)


@compiled()
def gather(array: np.ndarray, starts: I64, lengths: I64) -> np.ndarray:
    """Put pieces of an array one after the other: piece i has `lengths[i]` items from `starts[i]` on."""
    pieces = np.empty(lengths.sum(), array.dtype)
    to = 0
    for i in range(len(starts)):
        for k in range(lengths[i]):
            pieces[to] = array[starts[i] + k]
            to += 1
    return pieces


@compiled()
def within_number(text: U8, i: int) -> bool:
    """Whether the "#" at `i` is that of 1.#INF, 1.#IND, 1.#QNAN, 1.#SNAN or 1.#J of old C libraries."""
    if i < 2 or i + 1 >= len(text) or text[i - 2] != ONE or text[i - 1] not in (POINT, COMMA):
        return False
    return text[i + 1] in (73, 74, 81, 83)  # I J Q S


@compiled()
def split(text: U8) -> tuple[I64, I64, I64]:
    """First byte, end and 1-based number of each line that has more than blanks and a comment: (L,) each."""
    room = 1
    for letter in text:
        room += letter in (NEWLINE, RETURN)
    start, end, number = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    found, line, i, size = 0, 1, 0, len(text)
    while i < size:
        while i < size and text[i] <= SPACE and text[i] != NEWLINE and text[i] != RETURN:
            i += 1
        first = last = i
        while i < size and text[i] != NEWLINE and text[i] != RETURN:
            if text[i] == HASH and not within_number(text, i):
                while i < size and text[i] != NEWLINE and text[i] != RETURN:
                    i += 1
                break
            i += 1
            last = i
        while last > first and text[last - 1] <= SPACE:
            last -= 1
        if last > first:
            start[found], end[found], number[found] = first, last, line
            found += 1
        if i + 1 < size and text[i] == RETURN and text[i + 1] == NEWLINE:
            i += 1
        i += 1
        line += 1
    return start[:found].copy(), end[:found].copy(), number[:found].copy()


@compiled()
def first_words(text: U8, start: I64, end: I64) -> I64:
    """The first word of each line in lower case, its first seven letters as digits of base 256: (L,)."""
    found = np.zeros(len(start), np.int64)
    for line in range(len(start)):
        code = 0
        for i in range(start[line], min(end[line], start[line] + 7)):
            letter = int(text[i])
            if letter <= SPACE:
                break
            code = code * 256 + (letter | SPACE if 65 <= letter <= 90 else letter)
        found[line] = code
    return found


@compiled()
def parse(text: U8, start: I64, end: I64, tail: int, powers: F64) -> tuple[F64, I64, int]:
    """Parse all words of the lines as numbers.

    Args:
        text: (B,) the file.
        start: (L,) first byte of each line.
        end: (L,) one past its last byte.
        tail: the letter from which on a word is left out.
        powers: POWERS; a table that is handed over is not compiled in.

    Returns:
        All numbers (T,), where those of each line begin (L + 1,), and the first line with another word or -1.
    """
    offset = np.zeros(len(start) + 1, np.int64)
    for line in range(len(start)):
        gap, count = True, 0
        for i in range(start[line], end[line]):
            blank = text[i] <= SPACE
            count += gap and not blank
            gap = blank
        offset[line + 1] = offset[line] + count
    values = np.empty(offset[-1], np.float64)
    for line in range(len(start)):
        i = start[line]
        for k in range(offset[line], offset[line + 1]):
            while text[i] <= SPACE:
                i += 1
            values[k], i, good = _number(text, i, end[line], tail, powers)
            if not good:
                return values, offset, line
    return values, offset, -1


@compiled(error_model="numpy")
def _number(text: U8, i: int, end: int, tail: int, powers: F64) -> tuple[float, int, bool]:
    """Parse one word: its value, where it ends, and whether it is a number.

    Up to 15 digits with an exponent within 22 are rounded once, others a few times.
    """
    negative = text[i] == MINUS
    if negative or text[i] == PLUS:
        i += 1
    mantissa, exponent, digits = 0, 0, 0
    after_point = False
    while i < end:
        digit = int(text[i]) - ZERO
        if 0 <= digit <= 9:
            digits += 1
            if mantissa < 100_000_000_000_000_000:  # ten times that still fits into 64 bits
                mantissa = mantissa * 10 + digit
                exponent -= after_point
            else:
                exponent += not after_point
        elif text[i] == POINT and not after_point:
            after_point = True
        else:
            break
        i += 1
    good = digits > 0
    if good and i < end and (text[i] | SPACE) in (100, 101):  # d, e
        i += 1
        below = i < end and text[i] == MINUS
        if i < end and (below or text[i] == PLUS):
            i += 1
        size, first = 0, i
        while i < end and 0 <= int(text[i]) - ZERO <= 9:
            size = min(size * 10 + int(text[i]) - ZERO, 9999)
            i += 1
        good = i > first
        exponent += -size if below else size
    value = float(mantissa)
    if mantissa == 0:
        exponent = 0
    while exponent < 0:
        step = min(-exponent, 308)
        value /= powers[step]
        exponent += step
    while exponent > 0:
        step = min(exponent, 308)
        value *= powers[step]
        exponent -= step
    letters = (text[i] | SPACE, text[i + 1] | SPACE) if i + 1 < end else (0, 0)
    named = digits == 0 and letters in ((105, 110), (110, 97))  # "in", "na": infinity, nan and their kin
    if named or (digits == 1 and i < end and text[i] == HASH and within_number(text, i)):
        value, good = np.nan, True
    elif i < end and text[i] > SPACE and text[i] != tail:
        good = False
    while i < end and text[i] > SPACE:
        i += 1
    return (-value if negative else value), i, good
