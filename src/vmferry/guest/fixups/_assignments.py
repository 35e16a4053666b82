# SPDX-License-Identifier: Apache-2.0
"""Assignments of ifcfg files that are changed line by line: quotes, comments and order stay.

Source: bash(1), QUOTING; ``guest.network._shell`` reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.fixups import _network
from vmferry.guest.network._shell import ASSIGNMENT, assignments

if TYPE_CHECKING:
    import re


class Assignments:
    """A file of assignments.

    Args:
        text: As it is.

    Attributes:
        values: By upper-case name, as they are.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self.values = assignments(text)

    @property
    def text(self) -> str:
        """The file as it should be."""
        return "\n".join(self._lines)

    def disable(self, names: re.Pattern[str]) -> bool:
        """Make comments of the assignments to ``names``; return whether there were any."""
        found = False
        for number, line in enumerate(self._lines):
            assignment = ASSIGNMENT.fullmatch(line.rstrip("\r"))
            if assignment and names.fullmatch(assignment["name"].upper()):
                self._lines[number] = _network.disabled(line)
                found = True
        return found

    def put(self, name: str, value: str) -> None:
        """Assign to ``name`` where that is done last, or at the end; ``value`` needs no quotes."""
        for number, line in reversed(list(enumerate(self._lines))):
            found = ASSIGNMENT.fullmatch(line.rstrip("\r"))
            if found and found["name"].upper() == name:
                group = next(
                    each for each in ("double", "single", "bare") if found[each] is not None
                )
                start, end = found.span(group)
                self._lines[number] = f"{line[:start]}{value}{line[end:]}"
                return
        at = len(self._lines) - (not self._lines[-1])
        self._lines.insert(at, f"{name}={value}")
