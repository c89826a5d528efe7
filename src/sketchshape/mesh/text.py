"""The lines and numbers of a text file as arrays: what OFF, OBJ, and the text forms of STL and PLY share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.scan import POWERS, SLASH, SPACE, gather, parse, split
from sketchshape.types import F64, I64, U8

LARGEST_INDEX = 2.0**53


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of a text without indentation, comments (from "#" on) and blank lines.

    Args:
        path: the file, for errors.
        text: (B,) uint8, the whole file.
        start: (L,) first byte of each line.
        end: (L,) one past its last byte.
        number: (L,) its 1-based number in the file.
    """

    path: Path
    text: U8
    start: I64
    end: I64
    number: I64

    @classmethod
    def of(cls, path: Path, data: bytes) -> Lines:
        """Split the content of a file; a line ends with LF, CR LF or CR."""
        text = np.frombuffer(data, np.uint8)
        return cls(path, text, *split(text))

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, which: slice | np.ndarray) -> Lines:
        return Lines(self.path, self.text, self.start[which], self.end[which], self.number[which])

    def words(self, i: int) -> list[str]:
        """The words of line `i`."""
        return self.text[self.start[i] : self.end[i]].tobytes().decode("latin-1").split()

    def begin_with(self, word: bytes) -> np.ndarray:
        """Which lines have `word`, in lower case, as their first word: (L,) bool."""
        after = self.start + len(word)
        found = after <= self.end
        for i, letter in enumerate(word):
            found &= (self.text[np.minimum(self.start + i, self.end - 1)] | SPACE) == letter
        at_end = (after == self.end) | (self.text[np.minimum(after, self.end - 1)] <= SPACE)
        return np.asarray(found & at_end)

    def numbers(self, skip: int = 0, what: str = "a number", *, slashes: bool = False) -> Rows:
        """Parse lines that hold numbers only.

        Args:
            skip: bytes to leave out at the start of each line, such as a keyword.
            what: what is expected, for the error.
            slashes: leave out what follows a "/" in a word.

        Raises:
            MeshError: a word is not a number.
        """
        tail = SLASH if slashes else SPACE
        values, offset, bad = parse(self.text, self.start + skip, self.end, tail, POWERS)
        if bad >= 0:
            raise self.error(bad, f"expected {what}")
        return Rows(self, values, offset)

    def error(self, i: int, cause: str) -> MeshError:
        """The error of line `i`, which is quoted."""
        found = " ".join(self.words(i))
        found = found if len(found) < 60 else found[:57] + "..."
        return MeshError(self.path, f"{cause}, found {found!r}", line=int(self.number[i]))


@dataclass(frozen=True, eq=False)
class Rows:
    """The numbers of some lines.

    Args:
        lines: where they stand.
        values: (T,) float64, all numbers in order.
        offset: (L + 1,) the numbers of line i are `values[offset[i]:offset[i + 1]]`.
    """

    lines: Lines
    values: F64
    offset: I64

    def columns(self, count: int, what: str) -> F64:
        """The first numbers of each line: (L, count) float64.

        Args:
            count: how many numbers each line must have at least.
            what: what a line is, for the error.

        Raises:
            MeshError: a line has fewer numbers.
        """
        have = np.diff(self.offset)
        self.require(have >= count, f"expected {what} of {count} numbers")
        if np.all(have == count):
            return self.values.reshape(-1, count)
        first: F64 = self.values[self.offset[:-1, None] + np.arange(count)]
        return first

    def counted(self, at: I64, what: str) -> tuple[I64, I64]:
        """Read lists that stand behind their own length, one per line.

        Args:
            at: (L,) where in `values` the length of each list stands.
            what: what a list is, for the error.

        Returns:
            (C,) the items of all lists as integers, and (L + 1,) where each list begins among them.

        Raises:
            MeshError: a length or an item is no whole number, or the line is shorter than its length says.
        """
        self.require(at < self.offset[1:], f"expected {what}")
        length = self.values[at]
        room = (self.offset[1:] - at - 1).astype(np.float64)
        whole = (length >= 0) & (length == np.floor(length))
        self.require(whole, f"expected {what} that begins with its number of corners")
        self.require(length <= room, f"expected {what} with as many corners as it announces")
        offset = offsets(length.astype(np.int64))
        items = gather(self.values, at + 1, np.diff(offset))
        return self.whole(items, offset, what), offset

    def whole(self, items: F64, offset: I64, what: str) -> I64:
        """Turn numbers to integers.

        Args:
            items: (C,) float64.
            offset: (L + 1,) where those of each line begin.
            what: what a line is, for the error.

        Raises:
            MeshError: a number is not whole.
        """
        fraction = np.flatnonzero(items != np.floor(items))
        if len(fraction):
            line = int(np.searchsorted(offset, fraction[0], side="right")) - 1
            raise self.lines.error(line, f"expected {what} of whole numbers")
        return np.clip(items, -LARGEST_INDEX, LARGEST_INDEX).astype(np.int64)

    def require(self, holds: np.ndarray, cause: str) -> None:
        """Raise MeshError for the first line where `holds` (L,) is False."""
        if not holds.all():
            raise self.lines.error(int(np.argmin(holds)), cause)


def offsets(lengths: I64) -> I64:
    """Where lists of these lengths (L,) begin when they follow each other: (L + 1,), the last is the sum."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
