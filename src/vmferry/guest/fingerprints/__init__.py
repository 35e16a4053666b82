# SPDX-License-Identifier: Apache-2.0
"""Families of guests. A module here exports ``FINGERPRINT``: how one family says what it is.

Since 2012 distributions have an os-release file. Before, each had a file of its own, whose presence
tells a root file system and whose text tells the release.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.guest.filesystem import Tree

LONGEST: Final = 1024
"""Of a release file, in bytes: real ones have less than a hundred, and what is behind is not read.
"""


class Identity(NamedTuple):
    """What a guest calls itself.

    Attributes:
        distribution: ``debian``.
        version: ``12``; empty for a rolling release.
        pretty_name: ``Debian GNU/Linux 12 (bookworm)``.
    """

    distribution: str
    version: str
    pretty_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """One family.

    Attributes:
        name: The module's name.
        rank: Families are asked in this order; the generic ones come last.
        files: Where the family says its release without os-release; any of them tells a root.
        identify: Takes the guest's files and os-release, which is empty where there is none;
            returns ``None`` if it is another family.
    """

    name: str
    rank: int
    files: tuple[str, ...] = ()
    identify: Callable[[Tree, dict[str, str]], Identity | None]


def lines(tree: Tree, path: str) -> list[str]:
    """Return the first lines of a release file, none where there is none."""
    return tree.read_head(path, LONGEST).decode("utf-8", "replace").splitlines()
