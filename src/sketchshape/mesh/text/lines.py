"""The lines and numbers of a text file as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchshape.errors import MeshError
from sketchshape.mesh.text.commas import WARNING, without_commas
from sketchshape.mesh.text.join import join
from sketchshape.mesh.text.plain import plain
from sketchshape.mesh.text.scan import COMMA, POWERS, SLASH, SPACE, first_words, gather, parse, split
from sketchshape.types import F64, I64, U8

LARGEST_INDEX = 2.0**53
QUOTED = 200  # bytes of a line of which an error quotes the first words; a line may be a whole file


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of a text without indentation, comments (from "#" on) and blank lines.

    Args:
        path: the file, for errors.
        text: (B,) uint8, the whole file as `plain` gives it.
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
    def of(cls, path: Path, data: bytes, *, continued: bool = False) -> Lines:
        """Decode and split the content of a file.

        Args:
            path: the file, for errors.
            data: its bytes; a line ends with LF, CR LF or CR.
            continued: a backslash at the end of a line continues it.
        """
        data = plain(data)
        text = np.frombuffer(data, np.uint8)
        if not (continued and b"\\" in data):
            return cls(path, text, *split(text))
        text = text.copy()
        taken = join(text)
        start, end, number = split(text)
        return cls(path, text, start, end, number + np.searchsorted(taken, start))

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, which: slice | np.ndarray) -> Lines:
        return Lines(self.path, self.text, self.start[which], self.end[which], self.number[which])

    def words(self, i: int) -> list[str]:
        """The words of line `i`."""
        return self.text[self.start[i] : self.end[i]].tobytes().decode("latin-1").split()

    def keywords(self) -> I64:
        """The first word of each line as `keyword` gives it: (L,)."""
        return first_words(self.text, self.start, self.end)

    def numbers(self, skip: int | I64 = 0, what: str = "a number", *, slashes: bool = False) -> Rows:
        """Parse lines that hold numbers only.

        Args:
            skip: bytes to leave out at the start of each line, such as a keyword; one number, or (L,).
            what: what is expected, for the error.
            slashes: leave out what follows a "/" in a word.

        Raises:
            MeshError: a word is not a number.
        """
        tail = SLASH if slashes else SPACE
        start, warnings = self.start + skip, tuple[str, ...]()
        values, offset, bad = parse(self.text, start, self.end, tail, POWERS)
        if bad >= 0 and (found := without_commas(self.text, start, self.end)):
            text, decimal = found
            values, offset, bad = parse(text, start, self.end, tail, POWERS)
            warnings = (WARNING,) if decimal else ()
        if bad >= 0:
            commas = (
                ", with points and no commas" if COMMA in self.text[self.start[bad] : self.end[bad]] else ""
            )
            raise self.error(bad, f"expected {what}{commas}")
        return Rows(self, values, offset, warnings)

    def error(self, i: int, cause: str) -> MeshError:
        """The error of line `i`, which is quoted."""
        start, end = int(self.start[i]), int(self.end[i])
        found = " ".join(self.text[start : min(end, start + QUOTED)].tobytes().decode("latin-1").split())
        found = found if len(found) < 60 else found[:57] + "..."
        return MeshError(self.path, f"{cause}, found {found!r}", line=int(self.number[i]))


@dataclass(frozen=True, eq=False)
class Rows:
    """The numbers of some lines.

    Args:
        lines: where they stand.
        values: (T,) float64, all numbers in order.
        offset: (L + 1,) the numbers of line i are `values[offset[i]:offset[i + 1]]`.
        warnings: what was guessed in reading them.
    """

    lines: Lines
    values: F64
    offset: I64
    warnings: tuple[str, ...] = ()

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
        """Read lists of whole numbers: as `lists`, as integers."""
        items, offset = self.lists(at, what)
        return self.whole(items, offset, what), offset

    def lists(self, at: I64, what: str) -> tuple[F64, I64]:
        """Read lists that stand behind their own length, one per line.

        Args:
            at: (L,) where in `values` the length of each list stands.
            what: what a list is, for the error.

        Returns:
            (C,) the items of all lists, and (L + 1,) where each list begins among them.

        Raises:
            MeshError: a length is no whole number, or the line is shorter than its length says.
        """
        self.require(at < self.offset[1:], f"expected {what}")
        length = self.values[at]
        room = (self.offset[1:] - at - 1).astype(np.float64)
        whole = (length >= 0) & (length == np.floor(length))
        self.require(whole, f"expected {what} that begins with its number of corners")
        self.require(length <= room, f"expected {what} with as many corners as it announces")
        offset = offsets(length.astype(np.int64))
        return gather(self.values, at + 1, np.diff(offset)), offset

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


def keyword(word: bytes) -> int:
    """A word of at most seven lower-case letters as the number that `Lines.keywords` has for it."""
    return int.from_bytes(word, "big")


def offsets(lengths: I64) -> I64:
    """Where lists of these lengths (L,) begin when they follow each other: (L + 1,), the last is the sum."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
