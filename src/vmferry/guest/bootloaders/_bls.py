# SPDX-License-Identifier: Apache-2.0
"""Entries of the Boot Loader Specification, type 1: one file each, lines of a key and a value.

Source: UAPI.1 Boot Loader Specification, "Type #1 Boot Loader Specification Entries"; "Sorting".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vmferry.guest.versions import key

if TYPE_CHECKING:
    from vmferry.guest.settings import Settings

SUFFIX: Final = ".conf"
MOST_ENTRIES: Final = 100
TRIES: Final = "+"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file.

    Attributes:
        name: The file's, without ``.conf`` and without the count of tries.
        path: Of the file.
        values: What each key has; keys may be repeated.
    """

    name: str
    path: str
    values: dict[str, list[str]] = field(default_factory=dict)

    def first(self, name: str) -> str:
        """Return the first value of a key, or ``""``."""
        return next(iter(self.values.get(name, ())), "")


def read(settings: Settings, folder: str) -> list[Entry]:
    """Return the entries in ``folder``, in no particular order."""
    names = [name for name in settings.names(folder) if name.endswith(SUFFIX)]
    if len(names) > MOST_ENTRIES:
        settings.complain(f"{folder}: found {len(names)} entries, expected at most {MOST_ENTRIES}")
        return []
    found = (
        Entry(_identity(name), f"{folder}/{name}", parse(settings.text(f"{folder}/{name}")))
        for name in names
    )
    return [entry for entry in found if entry.values]


def parse(text: str) -> dict[str, list[str]]:
    """Return the values of the keys in ``text``."""
    values: dict[str, list[str]] = {}
    for line in text.split("\n"):
        words = line.strip().split(None, 1)
        if len(words) == 2 and not words[0].startswith("#"):
            values.setdefault(words[0].lower(), []).append(words[1])
    return values


def by_name(entries: list[Entry]) -> list[Entry]:
    """Return the entries as GRUB's ``blscfg`` shows them: by file name, the newest first."""
    return sorted(entries, key=lambda entry: key(entry.name), reverse=True)


def by_version(entries: list[Entry]) -> list[Entry]:
    """Return the entries as systemd-boot shows them: by sort-key, then the newest first."""
    newest = sorted(
        entries, key=lambda entry: (key(entry.first("version")), key(entry.name)), reverse=True
    )
    return sorted(newest, key=lambda entry: (not entry.first("sort-key"), entry.first("sort-key")))


def _identity(name: str) -> str:
    return name.removesuffix(SUFFIX).partition(TRIES)[0] or name
