# SPDX-License-Identifier: Apache-2.0
"""Assignments as the ifcfg files have them, read as a shell would, without being one.

Source: bash(1), QUOTING; sysconfig.txt of initscripts.
"""

from __future__ import annotations

import re
from typing import Final

ASSIGNMENT: Final = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63})=(?:
        "(?P<double>(?:[^"\\]|\\.)*)"
        | '(?P<single>[^']*)'
        | (?P<bare>[^\s"'\\`;&|<>()]*)
    )(?:\s.*)?""",
    re.VERBOSE,
)


def assignments(text: str) -> dict[str, str]:
    """Return the values by upper-case name; comments, expansions and commands are passed over."""
    values = {}
    for line in text.split("\n"):
        found = ASSIGNMENT.fullmatch(line.rstrip("\r"))
        if found is not None:
            double, single, bare = found.group("double", "single", "bare")
            value = re.sub(r"\\(.)", r"\1", double) if double is not None else single or bare or ""
            values[found["name"].upper()] = value
    return values
