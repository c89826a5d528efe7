"""Starts processes that train together, as torchrun does, and never leaves one behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

COUNT = 2


def launch(
    *words: str, cwd: Path, timeout: float = 240, during: Callable[[int], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `torchrun --nproc-per-node 2 WORDS`; `during` is called with the number of the launcher."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={COUNT}"]
    own = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(
        [*command, *words],
        cwd=cwd,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        if during:
            during(process.pid)
        out, errors = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(command, process.returncode, out, errors)
    finally:
        for number in [*below(process.pid), process.pid] if process.poll() is None else []:
            os.kill(number, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            stream.close()


def below(number: int) -> list[int]:
    """List the processes that a process started, and theirs."""
    try:
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    except OSError:
        return []
    return [one for child in map(int, children) for one in (*below(child), child)]
