"""TOML to frozen dataclasses and back: unknown keys are errors that name what was meant."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sketchshape.config.extends import read_tree
from sketchshape.errors import ConfigError, UsageError

T = TypeVar("T")


def load_config(kind: type[T], path: Path, overrides: Iterable[str] = ()) -> T:
    """Read a TOML file, with those that it extends, into a dataclass.

    Args:
        kind: a frozen dataclass whose fields are scalars, tuples, one or the other, dictionaries, or such
            dataclasses.
        path: the TOML file.
        overrides: texts such as `student.lr=0.05`; the value is TOML, a bare word is a string.

    Returns:
        An instance of `kind`; what the file leaves out has its default.

    Raises:
        UsageError: the file, or one that it extends, is not there.
        ConfigError: it is not TOML, extends itself, has an unknown key, or a value of the wrong type.
    """
    return from_tree(kind, override(read_tree(path), overrides), str(path))


def override(tree: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Put `a.b=value` texts into a tree of settings.

    Args:
        tree: nested dictionaries, left as they are.
        overrides: texts `key=value` with dots between the levels of the key.

    Returns:
        A new tree.

    Raises:
        UsageError: a text has no equals sign.
    """
    result = _copy(tree)
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {text!r}: expected KEY=VALUE, such as --set student.lr=0.05")
        *parents, last = key.strip().split(".")
        node = result
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise UsageError(f"--set {text!r}: {parent} is a value, not a section")
        node[last] = _value(value.strip())
    return result


def from_tree(kind: type[T], tree: Mapping[str, Any], where: str = "settings", prefix: str = "") -> T:
    """Build a dataclass from nested dictionaries.

    Args:
        kind: the dataclass.
        tree: what `to_tree` gives, or parsed TOML or JSON.
        where: the file, for messages.
        prefix: the dotted key of this section, for messages.

    Returns:
        An instance of `kind`.

    Raises:
        ConfigError: an unknown key (with the nearest known one), or a value of the wrong type.
    """
    hints = _hints(typing.cast(Any, kind))
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    values = {}
    for key, value in tree.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key {prefix + key!r}{_meant(key, known)}")
        values[key] = _convert(hints[key], value, where, prefix + key)
    return kind(**values)


def to_tree(settings: Any) -> dict[str, Any]:
    """Turn a dataclass into nested dictionaries that JSON can hold; tuples become lists."""
    tree = dataclasses.asdict(settings)
    return typing.cast(dict[str, Any], _plain(tree))


def _convert(hint: Any, value: Any, where: str, key: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: {key} is {value!r}, expected a section [{key}]")
        return from_tree(typing.cast(type[Any], hint), value, where, key + ".")
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where}: {key} is {value!r}, expected a list, such as [0, 1]")
        return tuple(_convert(inner, item, where, key) for item in value)
    if typing.get_origin(hint) is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: {key} is {value!r}, expected a section [{key}]")
        return dict(value)
    if isinstance(hint, types.UnionType):
        return _convert_one_of(typing.get_args(hint), value, where, key)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise ConfigError(f"{where}: {key} is {value!r}, expected {_NAMES.get(hint, hint.__name__)}")
    return value


def _convert_one_of(hints: tuple[Any, ...], value: Any, where: str, key: str) -> Any:
    """Convert to the first of the types, to a tuple where the value is a list, to None where both are."""
    if value is None and types.NoneType in hints:
        return None
    several = next((hint for hint in hints if typing.get_origin(hint) is tuple), None)
    if several is not None and isinstance(value, list | tuple):
        return _convert(several, value, where, key)
    if several is not None and type(value) is not hints[0]:
        raise ConfigError(f"{where}: {key} is {value!r}, expected {_NAMES[hints[0]]} or a list of such")
    return _convert(hints[0], value, where, key)


_NAMES = {float: "a number", int: "an integer", str: "a text", bool: "true or false"}


@functools.cache  # those of a class are the same each time
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


FORMER = {"trunk": "backbone", "trunk_lr": "backbone_lr"}  # keys of older files


def _meant(key: str, known: list[str]) -> str:
    if not known:
        return "; there are none here"
    key = FORMER.get(key, key)
    near = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _copy(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, Mapping) else value for key, value in tree.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
