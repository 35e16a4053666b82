# SPDX-License-Identifier: Apache-2.0
"""GRUB 2: grub.cfg, its environment block, and the entries that its ``blscfg`` command reads.

Source: GNU GRUB manual 2.12, "Simple configuration handling" (GRUB_DEFAULT), "menuentry",
"submenu", "default"; Fedora, Changes/BootLoaderSpecByDefault.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from vmferry.guest.bootloaders import (
    LONGEST_MENU,
    LONGEST_TITLE,
    MOST_ENTRIES,
    Disk,
    Loader,
    _bls,
    _grubenv,
    _menu,
    _script,
    options,
)
from vmferry.model.guest import BootEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.guest.settings import Settings

FOLDERS: Final = ("/boot/grub2", "/boot/grub")
VENDORS: Final = "/EFI"
MENU: Final = "grub.cfg"
ENVIRONMENT: Final = "grubenv"
ENTRIES: Final = "/boot/loader/entries"
MOST_VENDORS: Final = 20


@dataclass(frozen=True, slots=True)
class _Place:
    """A menu: the files it is among, its folder there, and where the guest has that folder."""

    settings: Settings
    folder: str
    shown: str


def read(disk: Disk) -> Iterator[BootEntry]:
    """Yield the entries of every grub.cfg; the first that has some says the default."""
    texts: list[str] = []
    has_default = False
    for place in _places(disk):
        text = place.settings.text(f"{place.folder}/{MENU}", LONGEST_MENU)
        if text and text not in texts:
            texts.append(text)
            entries = _entries(disk, place, text)
            yield from (
                replace(entry, default=entry.default and not has_default) for entry in entries
            )
            has_default = has_default or any(entry.default for entry in entries)


def _places(disk: Disk) -> Iterator[_Place]:
    yield from (_Place(disk.settings, folder, folder) for folder in FOLDERS)
    if disk.esp is not None:
        for name in disk.esp.settings.names(VENDORS)[:MOST_VENDORS]:
            folder = f"{VENDORS}/{name}"
            yield _Place(disk.esp.settings, folder, f"{disk.esp.path}{folder}")


def _entries(disk: Disk, place: _Place, text: str) -> list[BootEntry]:
    variables = _environment(disk, place)

    def exists(path: str) -> bool:
        """Tell whether a file is there; ``$prefix`` may be of another file system."""
        return bool(variables) if path.endswith(f"/{ENVIRONMENT}") else disk.settings.exists(path)

    menu = _menu.run(text, variables, exists)
    if menu.is_too_long:
        disk.settings.complain(f"{place.shown}/{MENU}: found more entries than {MOST_ENTRIES}")
        return []
    shown: list[tuple[BootEntry, _menu.Item]] = []
    for item in menu.items:
        if item.is_bls:
            shown += _bls_entries(disk, menu.variables, item)
        else:
            shown.append((_entry(disk, item, f"{place.shown}/{MENU}"), item))
    bls = bool(shown) and shown[0][0].loader == "bls"
    default = _default([item for _, item in shown], menu.variables.get("default", ""), bls=bls)
    return [replace(entry, default=number == default) for number, (entry, _) in enumerate(shown)]


def _environment(disk: Disk, place: _Place) -> dict[str, str]:
    """Return the variables of the environment block beside the menu, or of /boot's."""
    found = _grubenv.read(place.settings, f"{place.folder}/{ENVIRONMENT}")
    for folder in FOLDERS if not found else ():
        found = found or _grubenv.read(disk.settings, f"{folder}/{ENVIRONMENT}")
    return found


def _entry(disk: Disk, item: _menu.Item, source: str) -> BootEntry:
    return BootEntry(
        loader="grub2",
        title=item.title[:LONGEST_TITLE],
        kernel=disk.file(item.kernel[0]) if item.kernel else "",
        initramfs=disk.file(item.initramfs[-1]) if item.initramfs else "",
        options=options(item.kernel[1:]),
        source=source,
    )


def _bls_entries(
    disk: Disk, variables: dict[str, str], at: _menu.Item
) -> Iterator[tuple[BootEntry, _menu.Item]]:
    """Yield the entries of ``blscfg`` in its place of the menu, the newest first."""
    for number, entry in enumerate(_bls.by_name(_bls.read(disk.settings, ENTRIES))):
        title = _script.expand(entry.first("title"), variables)[:LONGEST_TITLE]
        words = (
            _script.expand(value, variables).split() for value in entry.values.get("options", ())
        )
        initramfs = _script.expand(entry.first("initrd"), variables).split()
        yield (
            BootEntry(
                loader="bls",
                title=title,
                kernel=disk.file(entry.first("linux")) if entry.first("linux") else "",
                initramfs=disk.file(initramfs[0]) if initramfs else "",
                options=options(word for line in words for word in line),
                source=entry.path,
            ),
            _menu.Item(title, entry.name, ((at.path[0][0] + number, title, entry.name),)),
        )


def _default(items: Sequence[_menu.Item], wanted: str, *, bls: bool) -> int | None:
    """Return which entry the variable ``default`` names.

    GRUB takes the first where it names none. Of entries of the specification none is the default
    then, as the importer of AWS has it: the name is that of a kernel that was removed.
    """
    names = wanted.split(">")
    for number, item in enumerate(items):
        if len(item.path) >= len(names) and all(
            name in (str(level[0]), *level[1:])
            for name, level in zip(names, item.path, strict=False)
        ):
            return number
    if bls and wanted:
        return None
    return 0 if items else None


LOADER = Loader(name="grub2", rank=0, read=read)
