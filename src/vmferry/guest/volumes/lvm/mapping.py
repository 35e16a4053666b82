# SPDX-License-Identifier: Apache-2.0
"""The bytes of a logical volume: runs of bytes, each on one physical volume or striped over some.

A stripe is the unit in which a run takes turns: the first goes to the first physical volume, the
second to the second, and after the last the first has the next one.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.window import Window


class Leg(NamedTuple):
    """Where a run's bytes are on one physical volume: from ``offset``."""

    window: Window
    offset: int


class Run(NamedTuple):
    """``length`` bytes of a volume from ``start``; ``stripe`` bytes at a time from each leg."""

    start: int
    length: int
    stripe: int
    legs: tuple[Leg, ...]


class Mapped:
    """A volume of runs that follow one another from 0; see ``window.Readable``."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._starts = [run.start for run in runs]
        self.size = runs[-1].start + runs[-1].length

    def read_at(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``; the range must lie inside the volume."""
        pieces = []
        while length > 0:
            run = self._runs[bisect.bisect_right(self._starts, offset) - 1]
            inside = offset - run.start
            turn, at = divmod(inside, run.stripe)
            round_number, leg_number = divmod(turn, len(run.legs))
            leg = run.legs[leg_number]
            step = min(length, run.stripe - at, run.length - inside)
            pieces.append(leg.window.peek(leg.offset + round_number * run.stripe + at, step))
            offset += step
            length -= step
        return b"".join(pieces)
