"""STEP, the format of CAD programs: cascadio makes glTF of it, in a process of its own."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from sketchshape.errors import MeshError, MissingReaderError
from sketchshape.files import atomic, cache_dir, digest
from sketchshape.mesh.gltf import read_gltf
from sketchshape.mesh.soup import Soup

LONGEST = 600  # seconds, where no worker process has a limit of its own
# Deviation of triangles from the true surface: a hundredth of the length of an edge, and half a radian.
CONVERT = """
import os, sys
if sys.platform == "linux":  # ends with the process that reads the file, which may be ended
    import ctypes
    ctypes.CDLL(None).prctl(1, 9)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
import cascadio
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # the library prints what it finds wrong
out.write(cascadio.load(sys.stdin.buffer.read(), "step", tol_linear=0.01, tol_angular=0.5, tol_relative=True,
                        use_parallel=False))
"""


def read_step(path: Path, data: bytes) -> Soup:
    """Read the vertices (N, 3), in metres, and triangles (M, 3) of a STEP file, in its own frame.

    A crash of the library, or what it prints, is an error of the file. What it made without a word is kept in
    the cache: it takes a second for a box, and a file is read more than once on its way into an index.

    Raises:
        MeshError: cascadio is not installed, or can make nothing of the file.
    """
    kept = cache_dir() / "step" / f"{digest(CONVERT, data)}.glb"
    if (known := _known(kept)) is not None:
        return read_gltf(path, known)
    if find_spec("cascadio") is None:
        raise MissingReaderError(path, "cascadio", "step")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", CONVERT, str(os.getpid())],
            input=data,
            capture_output=True,
            timeout=LONGEST,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        )
    except subprocess.TimeoutExpired as error:
        raise MeshError(path, f"its surfaces are not triangles after {LONGEST} seconds") from error
    said = _said(done.stderr)
    if done.returncode or not done.stdout:
        raise MeshError(path, f"broken STEP: {said or f'the reader ended with code {done.returncode}'}")
    soup = read_gltf(path, done.stdout)
    if not said:
        with contextlib.suppress(OSError), atomic(kept) as temporary:
            temporary.write_bytes(done.stdout)
    return soup._replace(warnings=(*soup.warnings, said) if said else soup.warnings)


def _known(kept: Path) -> bytes | None:
    """A GLB of the cache, if it is there and whole."""
    try:
        data = kept.read_bytes()
    except OSError:
        return None
    return data if data[:4] == b"glTF" and int.from_bytes(data[8:12], "little") == len(data) else None


def _said(printed: bytes) -> str:
    """The first line that the library printed, without the colours of a terminal."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", printed.decode("utf-8", "replace"))
    lines = (" ".join(line.strip(" *").split()) for line in text.splitlines())
    return next(filter(None, lines), "")[:200]
