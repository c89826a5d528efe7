"""Fifty people who draw at once: how long each waits, what fails, and what the service's memory does.

Run: python benchmarks/service.py [--clients 50 --seconds 60 --hostile 200] [INDEX]

Each client draws the sample's test drawings at 60 moves a second, as the page does: one search is on its way
at a time, the next has what was drawn meanwhile, and pictures that it has not seen are asked for. The service
is the command `serve` on this machine, so clients and service share its cores. `--hostile` adds connections
that send a request byte by byte. The result is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.datasets import sample_root
from sketchshape.index import build_index

MOVES = 60  # per second
STEP = 8  # of the 256 units of a drawing, between two moves
LOOKS = 1.5  # seconds in which a person looks at the results
WHILE, AFTER = 12, 24  # shapes that are asked for, as the page does
FRESH = 20.0  # seconds for which a client keeps an idle connection
LOADERS = 3  # connections for pictures
WARM = 10  # seconds before memory is compared: thumbnails and threads come once


@dataclass
class Seen:
    """What all clients saw."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"search": [], "thumbnail": []})
    statuses: Counter[int] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


class Connection:
    """A kept connection that notes how long each answer took."""

    def __init__(self, port: int, seen: Seen, kind: str) -> None:
        self._port, self._seen, self._kind = port, seen, kind
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._last = 0.0

    async def close(self) -> None:
        """End it; the next question opens another one."""
        if self._streams:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
        self._streams = None

    async def ask(self, method: str, address: str, body: bytes = b"") -> bytes:
        """Ask, and give the body of the answer; empty where it was refused."""
        head = f"{method} {address} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        start = time.perf_counter()
        try:
            if time.perf_counter() - self._last > FRESH:  # the service closes what is idle
                await self.close()
            self._last = time.perf_counter()
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
            answer = await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as error:
            self._seen.failed[type(error).__name__] += 1
            await self.close()
            return b""
        status = int(lines[0].split()[1])
        self._seen.statuses[status] += 1
        self._seen.seconds[self._kind].append(time.perf_counter() - start)
        return answer if status == 200 else b""


class Client:
    """One browser: a search at a time, and beside it the pictures that it does not have yet."""

    def __init__(self, port: int, seen: Seen) -> None:
        self._searches = Connection(port, seen, "search")
        self._loaders = [Connection(port, seen, "thumbnail") for _ in range(LOADERS)]
        self._known: set[str] = set()
        self._wanted: asyncio.Queue[str] = asyncio.Queue()

    async def load(self, loader: Connection) -> None:
        """Ask for the pictures that are wanted, one after the other, until an empty address."""
        while address := await self._wanted.get():
            await loader.ask("GET", f"/{address}")
        await loader.close()

    async def live(self, rng: random.Random, drawings: list[Any], end: float) -> None:
        """Draw one drawing after the other."""
        loading = [asyncio.create_task(self.load(loader)) for loader in self._loaders]
        while time.perf_counter() < end:
            await self.draw(rng.choice(drawings), end)
        while not self._wanted.empty():
            self._wanted.get_nowait()
        for _ in loading:
            self._wanted.put_nowait("")
        await asyncio.gather(*loading, self._searches.close())

    async def draw(self, strokes: list[Any], end: float) -> None:
        """Draw, search with what is drawn so far, and look at what came."""
        moves, start, asked = trail(strokes), time.perf_counter(), 0
        while time.perf_counter() < end and asked < len(moves):
            done = min(len(moves), 1 + int((time.perf_counter() - start) * MOVES))
            if done == asked:
                await asyncio.sleep(1 / MOVES)
                continue
            asked = done
            k = AFTER if done == len(moves) else WHILE
            body = json.dumps({"strokes": moves[done - 1], "k": k}).encode()
            answer = await self._searches.ask("POST", "/api/search", body)
            shapes = json.loads(answer)["shapes"] if answer else []
            new = {shape["thumbnail"] for shape in shapes} - self._known
            self._known |= new
            for address in new:
                self._wanted.put_nowait(address)
        await asyncio.sleep(max(0.0, min(LOOKS, end - time.perf_counter())))


def trail(strokes: list[Any]) -> list[list[list[list[int]]]]:
    """The drawing after each move of the pen."""
    done: list[list[list[int]]] = []
    moves = []
    for xs, ys in (stroke[:2] for stroke in strokes):
        line = [[xs[0]], [ys[0]]]
        for x, y, before_x, before_y in zip(xs[1:], ys[1:], xs[:-1], ys[:-1], strict=True):
            steps = max(1, int(np.hypot(x - before_x, y - before_y) // STEP))
            for step in range(1, steps + 1):
                line[0].append(round(before_x + (x - before_x) * step / steps))
                line[1].append(round(before_y + (y - before_y) * step / steps))
                moves.append([*done, [list(line[0]), list(line[1])]])
        done.append(line)
    return moves


async def hostile(port: int, end: float) -> None:
    """Send a request byte by byte, again and again."""
    while time.perf_counter() < end:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for byte in b"POST /api/search HTTP/1.1\r\nX-Long: " + b"x" * 10_000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(1)
                    if time.perf_counter() > end or writer.is_closing():
                        break
            finally:
                writer.close()
        await asyncio.sleep(0.1)


async def crowd(port: int, pid: int, clients: int, seconds: float, slow: int) -> dict[str, Any]:
    """Let clients draw for a time; give what they saw, and the memory of the service."""
    seen, drawings = Seen(), sketches()
    begin = time.perf_counter()
    end = begin + seconds

    async def person(number: int) -> None:
        rng, client = random.Random(number), Client(port, seen)
        await asyncio.sleep(rng.random() * min(2.0, seconds / 4))
        await client.live(rng, drawings, end)

    async def watch() -> list[tuple[float, float]]:
        rows = []
        while time.perf_counter() < end:
            rows.append((round(time.perf_counter() - begin, 1), memory(pid)))
            await asyncio.sleep(min(2.0, seconds / 10))
        return rows

    people = [person(number) for number in range(clients)] + [hostile(port, end) for _ in range(slow)]
    watching = asyncio.create_task(watch())
    await asyncio.gather(*people)
    rows = await watching
    warm = next(at for at, (when, _) in enumerate(rows) if when >= min(WARM, seconds / 2))
    return {
        "requests": sum(seen.statuses.values()),
        "statuses": {str(status): count for status, count in sorted(seen.statuses.items())},
        "connections_lost": dict(seen.failed),
        "milliseconds": {kind: quantiles(times) for kind, times in seen.seconds.items() if times},
        "memory_mb": {
            "warm": rows[warm][1],
            "end": rows[-1][1],
            "most": max(size for _, size in rows),
            "rows": rows,
        },
    }


def quantiles(times: list[float]) -> dict[str, float]:
    """Quantiles in milliseconds."""
    p50, p95, p99 = np.percentile(np.array(times) * 1e3, [50, 95, 99])
    values = {"p50": p50, "p95": p95, "p99": p99, "most": max(times) * 1e3}
    return {"count": len(times), **{name: round(float(value), 1) for name, value in values.items()}}


def sketches() -> list[list[Any]]:
    """All drawings of the sample's test part."""
    files = sorted((sample_root() / "sketches" / "test").glob("*.ndjson"))
    return [json.loads(line)["drawing"] for path in files for line in path.read_text().splitlines()]


def memory(pid: int) -> float:
    """Resident memory of a process in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)


def machine() -> dict[str, Any]:
    """What it ran on."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": names[0].partition(": ")[2] if names else platform.processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def measure(index: Path, clients: int, seconds: float, slow: int = 0) -> dict[str, Any]:
    """Start the service, let clients draw, and end it."""
    command = [sys.executable, "-m", "sketchshape", "serve", str(index), "--port", "0"]
    before = machine()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[4].rsplit(":", 1)[1])
        try:
            found = asyncio.run(crowd(port, process.pid, clients, seconds, slow))
        finally:
            process.terminate()
            _, log = process.communicate(timeout=30)
    told = {"clients": clients, "seconds": seconds, "hostile": slow}
    return {"machine": before, **told, **found, "exit_code": process.returncode, "log": log}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("index", nargs="?", type=Path, metavar="INDEX")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--hostile", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        index = asked.index or Path(name) / "sample"
        if asked.index is None:
            build_index(sample_root() / "shapes", index, quiet=True)
        print(json.dumps(measure(index, asked.clients, asked.seconds, asked.hostile), indent=1))


if __name__ == "__main__":
    main()
