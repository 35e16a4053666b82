# SPDX-License-Identifier: Apache-2.0
"""EXTLINUX and SYSLINUX: a menu of labels.

Source: SYSLINUX wiki, "Config" (DEFAULT, LABEL, LINUX, KERNEL, APPEND, INITRD, MENU DEFAULT).
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

MENUS: Final = (
    *("/boot/extlinux/extlinux.conf", "/boot/extlinux.conf", "/extlinux.conf"),
    *("/boot/syslinux/syslinux.cfg", "/boot/syslinux/extlinux.conf", "/syslinux.cfg"),
)


def read(disk: Disk) -> Iterator[BootEntry]:
    """Yield the entries of the first menu, whose other files are not followed."""
    for path in MENUS:
        text = disk.settings.text(path, LONGEST_MENU)
        if text:
            yield from _entries(disk, path, text)
            return


def _entries(disk: Disk, path: str, text: str) -> list[BootEntry]:
    labels: list[str] = []
    entries: list[BootEntry] = []
    wanted = ""
    marked: int | None = None
    for key, value in _lines(text):
        if key == "default" and not entries:
            wanted = value
        elif key == "label":
            labels.append(value)
            title = value[:LONGEST_TITLE]
            entries.append(BootEntry(loader="extlinux", title=title, kernel="", source=path))
        elif key == "menu default" and entries:
            marked = len(entries) - 1
        elif entries:
            entries[-1] = _with_line(disk, entries[-1], key, value)
        if len(entries) > MOST_ENTRIES:
            disk.settings.complain(f"{path}: found more entries than {MOST_ENTRIES}")
            return []
    if marked is None and wanted in labels:
        marked = labels.index(wanted)
    if marked is None and not wanted:
        marked = 0
    return [replace(entry, default=number == marked) for number, entry in enumerate(entries)]


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each keyword in lower case, with MENU's second word, and what is behind it."""
    for line in text.split("\n"):
        key, _, value = line.strip().replace("\t", " ").partition(" ")
        if key.lower() == "menu":
            second, _, value = value.strip().partition(" ")
            key = f"menu {second}"
        if key and not key.startswith("#"):
            yield key.lower(), value.strip()


def _with_line(disk: Disk, entry: BootEntry, key: str, value: str) -> BootEntry:
    folder = entry.source.rpartition("/")[0]
    if key == "menu label":
        return replace(entry, title=value.replace("^", "")[:LONGEST_TITLE])
    if key in ("linux", "kernel") and value:
        return replace(entry, kernel=disk.file(value.split(maxsplit=1)[0], folder))
    if key == "initrd" and value:
        return replace(
            entry, initramfs=disk.file(value.rsplit(",", maxsplit=1)[-1].strip(), folder)
        )
    if key == "append":
        words = value.split()
        images = [word[7:] for word in words if word.startswith("initrd=")]
        entry = replace(entry, options=options(words))
        if images:
            return replace(entry, initramfs=disk.file(images[-1].split(",")[-1], folder))
    return entry


LOADER = Loader(name="extlinux", rank=3, read=read)
