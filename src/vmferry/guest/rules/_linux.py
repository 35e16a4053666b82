# SPDX-License-Identifier: Apache-2.0
"""The guide's table of Linux systems: which versions with which kernels AWS imports.

Source: the guide, "Supported operating systems"; the data is ``guest/support/linux.toml``.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        name: As the guide has it.
        ids: ``ID`` of os-release.
        first: The first version.
        last: The last version.
        kernels: What their releases begin with, and what they have in them.
        refused: Kernels that ``kernels`` would accept and that are not.
    """

    name: str
    ids: tuple[str, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    kernels: tuple[str, ...]
    refused: tuple[str, ...]

    def covers(self, distribution: str, version: str) -> bool:
        """Say whether a system is of this line; a version of fewer numbers is of all it may be."""
        if distribution not in self.ids:
            return False
        numbers = _numbers(version)
        low, high = len(self.first), len(self.last)
        return bool(numbers) and (
            numbers[:low] >= self.first[: len(numbers)]
            and numbers[:high] <= self.last[: len(numbers)]
        )

    def has_kernel(self, release: str) -> bool:
        """Say whether ``uname -r`` is one of this line's."""
        if any(_matches(pattern, release) for pattern in self.refused):
            return False
        return any(_matches(pattern, release) for pattern in self.kernels)


@cache
def table() -> tuple[Row, ...]:
    """Return every line."""
    text = files("vmferry.guest").joinpath("support", "linux.toml").read_text("utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["rows"]
    return tuple(
        Row(
            name=str(row["name"]),
            ids=tuple(row["ids"]),
            first=_numbers(row["first"]),
            last=_numbers(row["last"]),
            kernels=tuple(row["kernels"]),
            refused=tuple(row.get("refused", ())),
        )
        for row in rows
    )


def rows_of(distribution: str, version: str) -> list[Row]:
    """Return the lines that a system may be of: several when its version is not exact."""
    return [row for row in table() if row.covers(distribution, version)]


def _numbers(version: str) -> tuple[int, ...]:
    # os-release is the guest's: a number of 10^5 digits is none.
    return tuple(map(int, re.findall(r"[0-9]{1,9}", version[:64])))


def _matches(pattern: str, release: str) -> bool:
    """Say whether ``release`` begins with whole numbers of the pattern, and has its second word."""
    begin, _, inside = pattern.partition(" ")
    if inside not in release:
        return False
    if begin == "*":
        return True
    return release.startswith(begin) and not release[len(begin) : len(begin) + 1].isdigit()
