"""A bar on standard error, for people who wait: on a terminal, once a run has lasted longer than a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bridge.cli.terminal import is_painted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_S = 1.0


class Bar:
    """The progress of one pair's run: `Options.progress` is its `advance`. A context manager that takes it away."""

    def __init__(self, pair: str) -> None:
        self._pair = pair
        self._timer = threading.Timer(PATIENCE_S, self._show)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._over = False
        self._seen: tuple[int, int] | None = None
        self._shown: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._shown is not None:
                self._shown[0].stop()

    def advance(self, done: int, total: int) -> None:
        """So many of so many writes are done."""
        with self._lock:
            self._seen = done, total
            self._draw()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        with self._lock:
            if self._over:
                return
            console = Console(stderr=True, no_color=not is_painted(sys.stderr))
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            progress = Progress(*columns, console=console, transient=True)
            self._shown = progress, progress.add_task(f"{self._pair}: reading both sides", total=None)
            progress.start()
            self._draw()

    def _draw(self) -> None:
        if self._shown is None or self._seen is None:
            return
        progress, task = self._shown
        done, total = self._seen
        progress.update(task, description=f"{self._pair}: writing", completed=done, total=total)
