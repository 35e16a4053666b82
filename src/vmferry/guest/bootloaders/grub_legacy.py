# SPDX-License-Identifier: Apache-2.0
"""GRUB before version 2: menu.lst, which Red Hat calls grub.conf.

Source: GRUB manual 0.97, "Configuration", "default", "title", "kernel", "initrd", "savedefault".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vmferry.guest.bootloaders import (
    LONGEST_MENU,
    LONGEST_TITLE,
    MOST_ENTRIES,
    Disk,
    Loader,
    options,
)
from vmferry.model.guest import BootEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

MENUS: Final = ("/boot/grub/menu.lst", "/boot/grub/grub.conf", "/etc/grub.conf")
SAVED: Final = "/boot/grub/default"
COMMENT: Final = "#"


def read(disk: Disk) -> Iterator[BootEntry]:
    """Yield the entries of every menu that differs from the ones before it."""
    seen: list[str] = []
    for path in MENUS:
        text = disk.settings.text(path, LONGEST_MENU)
        if text and text not in seen:
            yield from _entries(disk, path, text, is_first=not seen)
            seen.append(text)


def _entries(disk: Disk, path: str, text: str, *, is_first: bool) -> list[BootEntry]:
    entries: list[BootEntry] = []
    default = "0"
    for name, value in lines(text):
        if name == "default" and not entries:
            default = value
        elif name == "title":
            entries.append(
                BootEntry(loader="grub-legacy", title=value[:LONGEST_TITLE], kernel="", source=path)
            )
        elif entries:
            entries[-1] = _with_line(disk, entries[-1], name, value)
        if len(entries) > MOST_ENTRIES:
            disk.settings.complain(f"{path}: found more entries than {MOST_ENTRIES}")
            return []
    if default == "saved":
        default = disk.settings.text(SAVED).split("\n", 1)[0].strip()
    # GRUB falls back to the first entry where the number is none or too large.
    chosen = int(default) if default.isdecimal() and len(default) < 5 else 0
    chosen = chosen if chosen < len(entries) else 0
    return [
        replace(entry, default=is_first and number == chosen)
        for number, entry in enumerate(entries)
    ]


def lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command and what is behind it; ``default=0`` and ``default 0`` are the same."""
    for line in text.replace("\\\n", " ").split("\n"):
        line = line.strip()
        if line and not line.startswith(COMMENT):
            end = next((at for at, each in enumerate(line) if each in " \t="), len(line))
            yield line[:end], line[end + 1 :].strip()


def _with_line(disk: Disk, entry: BootEntry, name: str, value: str) -> BootEntry:
    """Return an entry with one line of it; Xen's kernel is the hypervisor, Linux its module."""
    words = [word for word in value.split() if not word.startswith("--")]
    if not words:
        return entry
    path = words[0]
    if name == "initrd" or (name == "module" and "vmlinu" not in path):
        return replace(entry, initramfs=disk.file(path))
    if name in ("kernel", "module"):
        return replace(entry, kernel=disk.file(path), options=options(words[1:]))
    return entry


LOADER = Loader(name="grub_legacy", rank=2, read=read)
