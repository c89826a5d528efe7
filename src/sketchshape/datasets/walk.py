"""What lies in a folder: found once, hidden things left out, always in the same order."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

# What was deleted, older states of a disk, and what a system notes beside files. Nobody names a folder of
# shapes so, in whatever letter case; Windows and the disks that it knows do not keep the case.
_ANY_CASE = frozenset(
    (
        *("thumbs.db", "ehthumbs.db", "desktop.ini"),
        *("$recycle.bin", "system volume information", "$windows.~bt", "$winreagent", "msocache"),
        *("#recycle", "#snapshot", "@eadir", "@tmp", "@sharebin", "@sharesnap", "@appstore"),  # Synology
        *("@recycle", "@recently-snapshot", "@__thumb", "@transcode"),  # QNAP
        *("~snapshot", "#trash"),  # NetApp, Asustor and others
    )
)
# Words that somebody may well give to shapes in another letter case.
_EXACT = frozenset(
    (
        "lost+found",
        "RECYCLER",  # older Windows
        "LOST.DIR",  # Android
        "Network Trash Folder",  # Apple
        "Temporary Items",
        "TheVolumeSettingsFolder",
    )
)


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
    """Say whether a name is a system's own: .DS_Store, __MACOSX, Thumbs.db, #recycle, $RECYCLE.BIN.

    What begins with a dot is hidden everywhere: .git, .snapshots, .zfs, .Trash-1000, ._chair.obj.
    """
    return name.startswith((".", "__")) or name in _EXACT or name.casefold() in _ANY_CASE


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
