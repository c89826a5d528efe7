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
from corpus import WHOLE, spoiled  # noqa: E402
from judge import judge  # noqa: E402

PATIENCE, MEMORY = (
    2.0,
    2**30,
)  # seconds of the processor for a file, and bytes more than the worker has before


def work(pipe: Connection) -> None:
    """Judge the files that come, and say what was wrong with each, or nothing."""
    warnings.simplefilter("error")
    while True:
        try:
            path = Path(pipe.recv())
        except EOFError:
            return
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


def main(seconds: float, seed: int, folder: Path) -> int:
    """Fuzz, keep what was found in `folder`, and give how many that were."""
    folder.mkdir(parents=True, exist_ok=True)
    context, end, tried, found = multiprocessing.get_context("spawn"), time.monotonic() + seconds, 0, 0
    worker, pipe = None, None
    while time.monotonic() < end:
        name = list(WHOLE)[tried % len(WHOLE)]
        path = folder / f"now-{name}"
        first = tried < len(WHOLE)  # whole files come first: what numba compiles is not a matter of the file
        path.write_bytes(WHOLE[name] if first else spoiled(WHOLE[name], np.random.default_rng((seed, tried))))
        if worker is None or pipe is None:
            pipe, theirs = context.Pipe()
            worker = context.Process(target=work, args=(theirs,), daemon=True)
            worker.start()
            theirs.close()
        pipe.send(str(path))
        said = "no answer in 60 seconds\n"
        try:
            if pipe.poll(60):
                said = pipe.recv()
                said = "" if first and "of time" in said else said
        except EOFError:
            said = "the process died\n"
        if "no answer" in said or "died" in said:
            worker.kill()
            worker = None
        if said:
            found += 1
            path.rename(folder / f"{seed}-{tried}-{name}")
            print(f"{folder}/{seed}-{tried}-{name}: {said}", flush=True)
        path.unlink(missing_ok=True)
        tried += 1
    print(f"{tried} files tried, {found} findings, seed {seed}")
    return found


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])) > 0)
