"""TOML files that build on others: `extends = "psb76.toml"` at the start of a file or of a section."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sketchshape.errors import ConfigError, UsageError

KEY = "extends"


def read_tree(path: Path) -> dict[str, Any]:
    """Read a TOML file on top of the files that it extends.

    `extends` names a file, relative to the one that says it, whose content the file or section begins with.
    Sections are joined key by key; any other value, a list too, takes the place of the one below it.

    Args:
        path: the TOML file.

    Returns:
        Nested dictionaries without `extends`.

    Raises:
        UsageError: the file is not there.
        ConfigError: it is not TOML, or extends what is not a file, cannot be read or extends itself.
    """
    return _read(path, ())


def _read(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    own = path.resolve()
    if own in above:
        chain = " -> ".join(one.name for one in (*above[above.index(own) :], own))
        raise ConfigError(f"{path}: extends itself ({chain}); leave out one of these lines")
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        by = f", which {above[-1]} extends" if above else ""
        raise UsageError(f"{path}{by}: cannot be read ({error.strerror}); expected a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return _extended(tree, path, (*above, own))


def _extended(tree: Mapping[str, Any], path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    own = {
        key: _extended(value, path, above) if isinstance(value, Mapping) else value
        for key, value in tree.items()
        if key != KEY
    }
    if KEY not in tree:
        return own
    if not isinstance(tree[KEY], str):
        raise ConfigError(f"{path}: extends is {tree[KEY]!r}, expected the path of a TOML file")
    return _on_top(_read(path.parent / tree[KEY], above), own)


def _on_top(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(base)
    for key, value in own.items():
        below = base.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        joined[key] = _on_top(below, value) if both else value  # type: ignore[arg-type]
    return joined
