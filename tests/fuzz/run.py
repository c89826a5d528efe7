"""make fuzz: spoil files for SECONDS from SEED on, each read in a process with a limit of time and memory."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
import traceback
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "helpers")]
from corpus import LONG, WHOLE, spoiled  # noqa: E402
from judge import judge  # noqa: E402

PATIENCE, MEMORY = (
    2.0,
    2**30,
)  # seconds of the processor for a file, and bytes more than the worker has before


FILES = WHOLE | LONG
ANSWER = 60.0  # seconds of a busy machine


def work(pipe: Connection) -> None:
    """Judge the files that come, and say what was wrong with each, or nothing."""
    warnings.simplefilter("error")
    while True:
        try:
            path = Path(pipe.recv())
        except EOFError:
            return
        limit_memory()
        start = time.process_time()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            judge(path)
            said = ""
        except BaseException:
            said = traceback.format_exc(limit=-2)
        took, grown = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        said += f"{took:.1f} s of time\n" if took > PATIENCE else ""
        said += f"{grown} KiB of memory\n" if grown * 1024 > MEMORY else ""
        pipe.send(said)


def limit_memory() -> None:
    """Let this process have so much more than it has: what wants more fails, and is found by that."""
    if sys.platform == "linux":
        taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (taken + MEMORY, resource.RLIM_INFINITY))


class Reader:
    """A process that judges files, and is replaced when it dies or says nothing."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._worker: multiprocessing.process.BaseProcess | None = None
        self._known = set[str]()

    def judge(self, path: Path, whole: bytes) -> str:
        """Say what was wrong with a file, or nothing."""
        if self._worker is None:
            self._pipe, theirs = self._context.Pipe()
            self._worker = self._context.Process(target=work, args=(theirs,), daemon=True)
            self._worker.start()
            theirs.close()
        spoiled = path.read_bytes()
        if path.name not in self._known:  # what is imported and compiled is not a matter of the file
            path.write_bytes(whole)
            said = self._ask(path, 10 * ANSWER)
            if said and "of time" not in said:
                return f"not even the whole file: {said}"
            path.write_bytes(spoiled)
            self._known.add(path.name)
        return self._ask(path, ANSWER)

    def _ask(self, path: Path, seconds: float) -> str:
        try:
            self._pipe.send(str(path))
            if self._pipe.poll(seconds):
                return str(self._pipe.recv())
            said = f"no answer in {seconds:g} seconds\n"
        except (EOFError, OSError):
            said = "the process died\n"
        if self._worker is not None:
            self._worker.kill()
        self._worker = None
        self._known.clear()
        return said


def main(seconds: float, seed: int, folder: Path) -> int:
    """Fuzz, keep what was found in `folder`, and give how many that were."""
    folder.mkdir(parents=True, exist_ok=True)
    reader, end, tried, found = Reader(), time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        name = list(FILES)[tried % len(FILES)]
        path = folder / f"now-{name}"
        path.write_bytes(spoiled(FILES[name], np.random.default_rng((seed, tried))))
        if said := reader.judge(path, FILES[name]):
            found += 1
            path.rename(folder / f"{seed}-{tried}-{name}")
            print(f"{folder}/{seed}-{tried}-{name}: {said}", flush=True)
        path.unlink(missing_ok=True)
        tried += 1
    print(f"{tried} files tried, {found} findings, seed {seed}")
    return found


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])) > 0)
