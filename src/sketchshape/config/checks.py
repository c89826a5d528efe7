"""Whether a setting has a value that it may have."""

from __future__ import annotations

from sketchshape.errors import ConfigError


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise ConfigError with the name of a setting whose value is none of those allowed."""
    if value not in allowed:
        raise ConfigError(f"{name} is {value!r}, expected one of: {', '.join(allowed)}")


def within(name: str, value: float, low: float, high: float) -> None:
    """Raise ConfigError with the name of a setting whose value is not from low to high."""
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}, expected {low} to {high}")
