# SPDX-License-Identifier: Apache-2.0
"""The os-release file: assignments as a shell would read them, without being a shell.

Source: os-release(5): one assignment a line; values with more than letters and digits are quoted;
the characters ``$``, quotes, backslash and backtick are escaped by a backslash; no expansion, no
continuation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

PATHS: Final = ("/etc/os-release", "/usr/lib/os-release")
LONGEST: Final = 64 * KIB
"""Real ones have about 300 bytes."""

ASSIGNMENT: Final = re.compile(
    r"""(?P<name>[A-Z][A-Z0-9_]{0,63})=(?:
        "(?P<double>(?:[^"\\$`]|\\["\\$`])*)"
        | '(?P<single>[^']*)'
        | (?P<bare>[^\s"'\\$`;&|<>()]*)
    )\s*""",
    re.VERBOSE,
)


def find(tree: Tree) -> str:
    """Return the path of the os-release file, ``""`` when there is none."""
    return next((path for path in PATHS if tree.is_file(path)), "")


def parse(text: str) -> dict[str, str]:
    """Return the assignments; comments, expansions and commands are passed over."""
    values = {}
    for line in text.splitlines():
        match = ASSIGNMENT.fullmatch(line.strip())
        if match is None:
            continue
        double, single, bare = match.group("double", "single", "bare")
        if double is not None:
            values[match["name"]] = re.sub(r"\\(.)", r"\1", double)
        else:
            values[match["name"]] = single if single is not None else bare
    return values


def read(tree: Tree, path: str) -> dict[str, str]:
    """Return the assignments of the file at ``path``.

    Raises:
        GuestError: It is longer than ``LONGEST``.
    """
    return parse(tree.read_file(path, LONGEST).decode("utf-8", "replace"))
