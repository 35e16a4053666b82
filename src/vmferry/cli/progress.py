# SPDX-License-Identifier: Apache-2.0
"""A bar with rate and time left, for a person who waits: only on a terminal, on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

_PATIENCE_S: Final = 0.5
_INTERVAL_S: Final = 0.1


class Bar:
    """A bar that shows itself when the work turns out to be long.

    It is drawn by whoever reports progress, without a thread of its own: the process forks workers.

    Args:
        label: What is done, in a word or two.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._began = self._drawn = time.monotonic()
        self._bar: tuple[Progress, TaskID] | None = None
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar[0].stop()

    def show(self, done: int, total: int) -> None:
        """Tell how many bytes of how many are done."""
        now = time.monotonic()
        if not self._wanted or now - self._began < _PATIENCE_S:
            return
        if self._bar is None:
            self._bar = self._start()
        elif now - self._drawn < _INTERVAL_S and done < total:
            return
        self._drawn = now
        self._bar[0].update(self._bar[1], completed=done, total=total, refresh=True)

    def _start(self) -> tuple[Progress, TaskID]:
        from rich import progress
        from rich.console import Console

        bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.DownloadColumn(binary_units=True),
            progress.TransferSpeedColumn(),
            progress.TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
        )
        bar.start()
        return bar, bar.add_task(self._label, total=None)
