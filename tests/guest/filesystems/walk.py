# SPDX-License-Identifier: Apache-2.0
"""Walks a file system from a node on, as a test compares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.fixtures.guest import FileDisk

from vmferry.guest.filesystem import NodeKind
from vmferry.guest.window import Pages, Window
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.guest.filesystem import Node

MOST: Final = 10_000
LONGEST: Final = 6 * MIB
"""Bytes of a file that are looked at: more than any has but those with holes."""


def window(path: Path) -> Window:
    """Return the whole of a file as a partition."""
    disk = FileDisk(path)
    return Window(Pages(disk), 0, disk.size, "disk 0, partition 1")


def walk(node: Node, path: str = "") -> dict[str, Any]:
    """Return what is below ``node``: a path's data, a link's target in a tuple, or ``None``."""
    found: dict[str, Any] = {}
    for name in node.names(MOST):
        child = node.child(name)
        assert child is not None, name
        here = f"{path}/{name}" if path else name
        if child.kind is NodeKind.FILE:
            found[here] = child.read(min(child.size, LONGEST))
        elif child.kind is NodeKind.LINK:
            found[here] = (child.target(),)
        else:
            found[here] = None
            if child.kind is NodeKind.DIRECTORY:
                found.update(walk(child, here))
    return found
