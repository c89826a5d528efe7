"""What lies in a folder: found once, hidden things left out, always in the same order."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def files_under(root: Path, failed: Callable[[OSError], object] | None = None) -> Iterator[Path]:
    """Give every file under a folder, sorted, hidden ones left out; linked folders are followed once.

    Args:
        root: the folder.
        failed: called with the error of each folder that cannot be read; None passes over it.
    """
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, onerror=failed, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = sorted(name for name in folders if not hidden(name)) if real not in seen else []
        if real in seen:
            continue
        seen.add(real)
        yield from (Path(folder, name) for name in sorted(names) if not hidden(name))


def hidden(name: str) -> bool:
    """Say whether a name is a system's own: .DS_Store, __MACOSX, Thumbs.db."""
    return name.startswith((".", "__")) or name.lower() in ("thumbs.db", "desktop.ini")


def class_key(name: str) -> str:
    """Give what two spellings of a class name share: letter case, `_`, `-` and spaces do not count."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def some(names: Iterable[str], shown: int = 3) -> str:
    """Name the first few, and how many more there are."""
    names = list(names)
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest


def suffixes(paths: Iterable[Path]) -> str:
    """Count the suffixes of files for a sentence: `.txt (2), .md (1)`."""
    counts = Counter(path.suffix.lower() or path.name for path in paths)
    return some(f"{suffix} ({count})" for suffix, count in sorted(counts.items()))
