# SPDX-License-Identifier: Apache-2.0
"""What the demo shows: commands as they are typed, their results, and one line that moves.

On a terminal the moving line is rewritten in place; elsewhere (a pipe, a log of CI) it is a new
line now and then, so that nothing is ever silent for two seconds.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

RESULT_LINES: Final = 12
"""Lines of a result that are shown; the rest is counted."""

QUIET_S: Final = 1.5
"""Seconds between two lines of progress where lines cannot be rewritten."""

BAR: Final = 24
"""Characters of a progress bar."""


class Screen:
    """Prints to one stream; colours only on a terminal and without ``NO_COLOR``."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._console = Console(file=file, highlight=False, soft_wrap=True)
        self._moves = self._console.is_terminal and not self._console.is_dumb_terminal
        self._is_moving = False
        self._said = time.monotonic()

    def title(self, text: str) -> None:
        """Print the headline of a step."""
        self._print(Text(f"\n== {text}", "bold cyan"))

    def command(self, text: str, note: str = "") -> None:
        """Print a command as it is typed; ``note`` becomes a comment behind it."""
        comment = (f"  # {note}", "dim") if note else ""
        self._print(Text.assemble(("$ ", "dim"), (text, "bold"), comment))

    def result(self, text: str, seconds: float | None = None) -> None:
        """Print a result, cut to ``RESULT_LINES``, and the time it took."""
        lines = text.rstrip().splitlines()
        shown = lines if len(lines) <= RESULT_LINES else lines[: RESULT_LINES - 1]
        for line in shown:
            self._print(Text(f"  {line}"))
        if len(shown) < len(lines):
            self._print(Text(f"  … {len(lines) - len(shown)} more lines", "dim"))
        if seconds is not None:
            self._print(Text(f"  {seconds:.1f} s", "dim"))

    def proved(self, text: str) -> None:
        """Print the last line."""
        self._print(Text.assemble("\n", ("proved: ", "bold green"), text))

    def failed(self, text: str) -> None:
        """Print on standard error why the demo ends without proof."""
        self._print(Text())
        errors = Console(stderr=True, highlight=False, soft_wrap=True)
        errors.print(Text.assemble(("demo: ", "bold red"), text))

    def live(self, text: str) -> None:
        """Show progress: rewrite the moving line, or print one where that is not possible."""
        if self._moves:
            self._erase()
            cut = Text(f"  {text}", "dim", no_wrap=True)
            cut.truncate(self._console.width - 1, overflow="ellipsis")
            self._console.print(cut, end="")
            self._is_moving = True
        elif time.monotonic() - self._said >= QUIET_S:
            self._print(Text(f"  … {text}"))

    def during(self, text: str, work: Callable[[], None]) -> None:
        """Show ``text`` while ``work`` runs in a thread; it is done when this returns."""
        thread = threading.Thread(target=work)
        started = time.monotonic()
        thread.start()
        try:
            while thread.is_alive():
                self.live(f"{time.monotonic() - started:5.1f} s  {text}")
                thread.join(0.1)
        finally:
            thread.join()
            if self._is_moving:
                self._erase()

    def _print(self, text: Text) -> None:
        if self._is_moving:
            self._erase()
        self._console.print(text)
        self._console.file.flush()
        self._said = time.monotonic()

    def _erase(self) -> None:
        codes = ((ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2))
        self._console.control(Control(*codes))
        self._is_moving = False


def bar(percent: int) -> str:
    """Return a progress bar with its number."""
    done = BAR * percent // 100
    return f"{'━' * done}{'─' * (BAR - done)} {percent:3d} %"
