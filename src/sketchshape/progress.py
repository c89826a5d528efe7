"""Progress of long work on standard error: rate and time left, as a bar or, without a terminal, as lines."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.progress import TimeRemainingColumn as _TimeLeft
from rich.text import Text

from sketchshape.say import say, shown

LINE_EVERY = 10.0  # seconds between two lines where there is no terminal


class Steps:
    """A countable piece of work, shown while it runs.

    Args:
        title: what is being done.
        total: how many units there are.
        unit: the name of one unit, for the rate.
        quiet: show nothing at all.
    """

    def __init__(self, title: str, total: int, unit: str = "it", *, quiet: bool = False) -> None:
        self.title, self.total, self.unit, self.done, self.note = title, total, unit, 0, ""
        self._console = Console(stderr=True, quiet=quiet)
        self._bar = _bar(self._console, unit) if self._console.is_terminal and not quiet else None
        self._quiet = quiet

    def __enter__(self) -> Steps:
        self._start = self._last = time.monotonic()
        if self._bar:
            self._bar.start()
            self._task = self._bar.add_task(shown(self.title), total=self.total, note="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif self.total:
            self._line()

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """Count finished units.

        Args:
            count: how many were finished since the last call.
            note: a short word on the present state, such as a loss.
        """
        self.done += count
        self.note = self.note if note is None else note
        if self._bar:
            self._bar.update(self._task, advance=count, note=shown(self.note))
        elif time.monotonic() - self._last > LINE_EVERY:
            self._line()

    def _line(self) -> None:
        if self._quiet:
            return
        self._last = time.monotonic()
        spent = max(self._last - self._start, 1e-9)
        rate = self.done / spent
        left = f", {(self.total - self.done) / rate:.0f} s left" if 0 < self.done < self.total else ""
        note = f"  {self.note}" if self.note else ""
        say(
            f"{self.title}: {self.done}/{self.total} in {spent:.1f} s ({rate:.1f} {self.unit}/s{left}){note}",
            error=True,
        )


class _Rate(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} {self._unit}/s" if speed else "", style="progress.data.speed")


def _bar(console: Console, unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(unit),
        _TimeLeft(),
        TextColumn("{task.fields[note]}", style="dim"),
        console=console,
    )
