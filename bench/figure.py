# SPDX-License-Identifier: Apache-2.0
"""One measured figure with its goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured; less is better.

    Attributes:
        what: In words.
        ours: Of vmferry, in ``unit``.
        unit: ``s``, ``MiB`` or ``%``.
        peer: Of the peer, 0 without one.
        peer_name: The peer's command, ``""`` without one.
        goal: With a peer: how many times faster we must be; else the most that ``ours`` may be.
    """

    what: str
    ours: float
    unit: str
    goal: float
    peer: float = 0.0
    peer_name: str = ""

    @property
    def ratio(self) -> float:
        """How many times the peer's figure is ours."""
        return self.peer / self.ours

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.ratio >= self.goal if self.peer_name else self.ours <= self.goal

    @property
    def goal_text(self) -> str:
        """The goal in words."""
        if self.peer_name:
            return f"at least {self.goal:g}x"
        return f"at most {self.goal:g} {self.unit}"
