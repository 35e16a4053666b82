# SPDX-License-Identifier: Apache-2.0
"""systemd-boot: entries and unified kernel images of the EFI system partition.

Sources: loader.conf(5), "default"; UAPI.1 Boot Loader Specification, types 1 and 2; UAPI.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from vmferry.guest import os_release
from vmferry.guest.bootloaders import LONGEST_TITLE, Disk, Esp, Loader, _bls, _pe, options
from vmferry.guest.versions import key
from vmferry.model.guest import BootEntry
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG: Final = "/loader/loader.conf"
ENTRIES: Final = "/loader/entries"
IMAGES: Final = "/EFI/Linux"
BOOT: Final = "/boot"
LONGEST_HEAD: Final = MIB
"""Of an image: its texts stand before the kernel, which is large."""

MOST_IMAGES: Final = 20
LONGEST_PATTERN: Final = 128
LONGEST_RELEASE: Final = 65
"""__NEW_UTS_LEN of Linux and one more."""


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry, and the name by which loader.conf means it."""

    name: str
    entry: BootEntry


def read(disk: Disk) -> Iterator[BootEntry]:
    """Yield the entries, those with files of their own first, then unified kernel images."""
    if disk.esp is None:
        return
    items = [*_entries(disk, disk.esp), *_images(disk, disk.esp)]
    default = _default(items, _wanted(disk.esp))
    for number, item in enumerate(items):
        yield replace(item.entry, default=number == default)


def _entries(disk: Disk, esp: Esp) -> Iterator[_Item]:
    """Yield the entries of the ESP, and of an extended boot partition at /boot."""
    if not esp.settings.exists(CONFIG):
        return
    places = [(esp.settings, "", esp.path)]
    if esp.path != BOOT:
        places.append((disk.settings, BOOT, BOOT))
    for settings, folder, shown in places:
        for entry in _bls.by_version(_bls.read(settings, f"{folder}{ENTRIES}")):
            images = entry.values.get("initrd", [])
            kernel = _shown(shown, entry.first("linux") or entry.first("efi"))
            disk.releases[kernel] = entry.first("version")[:LONGEST_RELEASE]
            words = (word for line in entry.values.get("options", ()) for word in line.split())
            yield _Item(
                f"{entry.name}.conf",
                BootEntry(
                    loader="systemd-boot",
                    title=entry.first("title")[:LONGEST_TITLE],
                    kernel=kernel,
                    initramfs=_shown(shown, images[-1].strip()) if images else "",
                    options=options(words),
                    source=f"{shown}{entry.path.removeprefix(folder)}",
                ),
            )


def _shown(folder: str, path: str) -> str:
    return f"{folder}/{path.lstrip('/')}" if path else ""


def _images(disk: Disk, esp: Esp) -> Iterator[_Item]:
    names = [name for name in esp.settings.names(IMAGES) if name.lower().endswith(".efi")]
    for name in sorted(names, key=key, reverse=True)[:MOST_IMAGES]:
        path = f"{IMAGES}/{name}"
        texts = _pe.sections(esp.head(path, LONGEST_HEAD))
        if not texts:
            esp.settings.complain(f"{esp.path}{path}: is not a unified kernel image")
            continue
        release = os_release.parse(texts.get(".osrel", ""))
        disk.releases[f"{esp.path}{path}"] = texts.get(".uname", "")[:LONGEST_RELEASE]
        yield _Item(
            name,
            BootEntry(
                loader="uki",
                title=release.get("PRETTY_NAME", name)[:LONGEST_TITLE],
                kernel=f"{esp.path}{path}",
                options=options(texts.get(".cmdline", "").split()),
                source=f"{esp.path}{path}",
            ),
        )


def _wanted(esp: Esp) -> str:
    values = _bls.parse(esp.settings.text(CONFIG) if esp.settings.exists(CONFIG) else "")
    return next(iter(values.get("default", ())), "")[:LONGEST_PATTERN]


def _default(items: list[_Item], pattern: str) -> int | None:
    """Return the first that the pattern means, else the first."""
    if pattern.count("*") > 4:
        pattern = ""
    for number, item in enumerate(items if pattern else ()):
        if any(fnmatchcase(item.name, each) for each in (pattern, f"{pattern}.conf")):
            return number
    return 0 if items else None


LOADER = Loader(name="systemd_boot", rank=1, read=read)
