"""A progress bar on standard error, for runs that take more than a second on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ctxzip.progress import listening

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_SECONDS = 1.0


class _Bar:
    """Draws nothing until the run has lasted longer than anyone wants to wait without a sign."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int, doing: str) -> None:
        if self._progress is None:
            if time.monotonic() - self._started < PATIENCE_SECONDS:
                return
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(doing, total=total)
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total, description=doing)

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()


@contextmanager
def bar(*, quiet: bool) -> Iterator[None]:
    """Show progress of what happens inside, unless `quiet` or nobody is watching."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    shown = _Bar()
    try:
        with listening(shown):
            yield
    finally:
        shown.stop()
