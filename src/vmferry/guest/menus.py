# SPDX-License-Identifier: Apache-2.0
"""What a guest's boot loaders offer; of several the one of the lowest rank says the default."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.guest import bootloaders
from vmferry.guest.bootloaders import MOST_ENTRIES, Disk, Esp, Loader
from vmferry.guest.settings import Settings
from vmferry.plugins import find

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree
    from vmferry.model.guest import BootEntry

LOADERS: Final = sorted(
    find(bootloaders, "LOADER", Loader).values(), key=lambda loader: loader.rank
)
MOST: Final = 2 * MOST_ENTRIES


class Menus(NamedTuple):
    """What the loaders offer.

    Attributes:
        entries: The default first.
        releases: Of kernels whose path may not tell it, by their paths.
        damage: What could not be read, in words.
    """

    entries: tuple[BootEntry, ...]
    releases: dict[str, str]
    damage: list[str]


def read(tree: Tree, esp: Tree | None, esp_path: str) -> Menus:
    """Return what the loaders of a guest offer.

    Args:
        tree: Its files.
        esp: Those of its EFI system partition.
        esp_path: Where the guest mounts that.
    """
    settings = Settings(tree)
    place = None if esp is None else Esp(esp, Settings(esp), esp_path)
    disk = Disk(settings, place)
    found: list[BootEntry] = []
    has_default = False
    for loader in LOADERS:
        for entry in islice(loader.read(disk), MOST):
            found.append(replace(entry, default=entry.default and not has_default))
            has_default = has_default or entry.default
    found.sort(key=lambda entry: not entry.default)
    damage = [*settings.damage, *(place.settings.damage if place else ())]
    return Menus(tuple(found[:MOST]), disk.releases, damage)
