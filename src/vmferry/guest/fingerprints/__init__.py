# SPDX-License-Identifier: Apache-2.0
"""Families of guests. A module here exports ``FINGERPRINT``: how one family says what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.guest.filesystem import Tree


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
        identify: Takes the guest's files and os-release; returns ``None`` if it is another family.
    """

    name: str
    rank: int
    identify: Callable[[Tree, dict[str, str]], Identity | None]
