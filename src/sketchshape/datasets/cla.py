"""Classification files (.cla) of the Princeton Shape Benchmark, in which SHREC gives its lists."""

from __future__ import annotations

from pathlib import Path

from sketchshape.errors import DatasetError


def read_cla(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Read the items of each class.

    The first line is `PSB 1`, the second the numbers of classes and items; then `class parent count` stands
    before the ids of each class. Empty lines and any kind of line end are allowed.

    Args:
        path: the file.

    Returns:
        Class name -> ids, both in the order of the file.

    Raises:
        DatasetError: the file cannot be read or breaks the format; the message names the line.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror or error}") from error
    words = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
    if not words or words[0][1] != ["PSB", "1"]:
        raise DatasetError(f"{path}, line 1: expected 'PSB 1': this is not a .cla file")
    second = words[1][0] if len(words) > 1 else 2
    if len(words) < 2 or len(words[1][1]) != 2 or not all(word.isdecimal() for word in words[1][1]):
        raise DatasetError(f"{path}, line {second}: expected two numbers, the classes and the items")
    classes = _classes(path, words[2:])
    promised = tuple(int(word) for word in words[1][1])
    found = len(classes), sum(map(len, classes.values()))
    if found != promised:
        raise DatasetError(
            f"{path}, line {second}: {promised[0]} classes and {promised[1]} items are promised, "
            f"{found[0]} and {found[1]} follow"
        )
    return classes


def _classes(path: Path, words: list[tuple[int, list[str]]]) -> dict[str, tuple[str, ...]]:
    classes: dict[str, tuple[str, ...]] = {}
    owner: dict[str, str] = {}
    rest = iter(words)
    for number, heading in rest:
        if len(heading) != 3 or not heading[2].isdecimal():
            raise DatasetError(f"{path}, line {number}: {' '.join(heading)!r}, expected 'class parent count'")
        name, count = heading[0], int(heading[2])
        if name in classes:
            raise DatasetError(f"{path}, line {number}: class {name!r} stands here a second time")
        ids: list[str] = []
        for _ in range(count):
            line, item = next(rest, (number, []))
            where = f"{path}, line {line}"
            if len(item) != 1:
                raise DatasetError(f"{where}: class {name!r} has {len(ids)} ids, expected {count}")
            if item[0] in owner:
                raise DatasetError(f"{where}: id {item[0]!r} is in class {owner[item[0]]!r} already")
            owner[item[0]] = name
            ids.append(item[0])
        classes[name] = tuple(ids)
    return classes
