"""Every error that sketchshape raises on purpose, with the exit code that the command line gives it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


class SketchshapeError(Exception):
    """Something failed that the user can understand: the message is one line that says what to do next."""

    exit_code = 1


class UsageError(SketchshapeError):
    """The call itself was wrong: an unknown option, a folder that is not there."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration has an unknown key or a value out of its range."""


class DatasetError(SketchshapeError):
    """A data set is not laid out as its reader expects."""


class ArtefactError(SketchshapeError):
    """A stored file has another format version, configuration or hash than what it is used for."""


class MissingExtraError(SketchshapeError):
    """An optional part is not installed.

    Args:
        package: the package that could not be imported.
        extra: the extra of sketchshape that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: pip install 'sketchshape[{extra}]'")


LONGEST = 1000
"""Letters of a cause: libraries quote what they cannot read, which may be the whole file."""


class FileError(SketchshapeError):
    """One input file is bad.

    Args:
        path: the file.
        cause: what is wrong with it, without the file name; its middle is left out above LONGEST letters.
        line: 1-based line of the fault, where known.
        byte: 0-based offset of the fault, where known.
    """

    def __init__(
        self, path: str | Path, cause: str, *, line: int | None = None, byte: int | None = None
    ) -> None:
        if len(cause) > LONGEST:
            cause = f"{cause[: LONGEST // 2]} ... {cause[-LONGEST // 2 :]}"
        self.path, self.cause, self.line, self.byte = Path(path), cause, line, byte
        where = f", line {line}" if line is not None else f", byte {byte}" if byte is not None else ""
        super().__init__(f"{path}{where}: {cause}")

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by arguments: workers send these errors between processes."""
        return _rebuild, (type(self), self.path, self.cause, self.line, self.byte)


class MeshError(FileError):
    """A mesh file cannot be read, or has nothing to draw."""


class MissingReaderError(MeshError):
    """The package that reads a mesh file is not installed; the cause is the command that installs it.

    Args:
        path: the file.
        package: the package that could not be imported.
        extra: the extra of sketchshape that brings it.
    """

    def __init__(self, path: str | Path, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(path, str(MissingExtraError(package, extra)))

    def __reduce__(self) -> tuple[object, ...]:
        return MissingReaderError, (self.path, self.package, self.extra)


class SketchError(FileError):
    """A sketch cannot be read, or has no ink."""


def demand_packages(extra: str, *packages: str) -> None:
    """Say before anything is done if a package is missing.

    Args:
        extra: the extra of sketchshape that brings the packages.
        packages: names by which they are imported.

    Raises:
        MissingExtraError: one of them is not installed; it names the first.
    """
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtraError(package, extra)


def _rebuild(kind: type[FileError], path: Path, cause: str, line: int | None, byte: int | None) -> FileError:
    return kind(path, cause, line=line, byte=byte)
