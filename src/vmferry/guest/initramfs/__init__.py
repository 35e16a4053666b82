# SPDX-License-Identifier: Apache-2.0
"""Which drivers an initramfs has, from as little of it as says so.

An initramfs is cpio archives one after the other, with zeros between them: first perhaps one with
microcode that is not compressed, the last compressed. It is read until every driver that it can
have was seen, or the folder of modules is left in sorted names. Debian and Ubuntu tell it
earlier: their archive begins with the configuration that it was made by, and ``MODULES=most``
takes every driver of certain folders.

Sources: Linux, Documentation/driver-api/early-userspace/buffer-format.rst; initramfs.conf(5) and
initramfs-tools(7); dracut(8).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.guest.initramfs import compression, cpio
from vmferry.guest.initramfs.prefix import Prefix
from vmferry.guest.initramfs.stream import Pieces, Plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vmferry.guest.filesystem import Tree

MODULE: Final = re.compile(r"(?:.*/)?([^/]{1,64})\.ko(?:\.(?:gz|xz|zst))?")
MODULE_FOLDERS: Final = ("usr/lib/modules/", "lib/modules/")
POLICY: Final = "conf/"
SETTING: Final = re.compile(r"^[ \t]*MODULES=[\"']?([a-z]{1,16})", re.MULTILINE)
MOST: Final = "most"
OVERRIDES: Final = ("/etc/initramfs-tools/conf.d", "/usr/share/initramfs-tools/conf.d")
LONGEST_OVERRIDE: Final = 16 * 1024
MOST_OVERRIDES: Final = 100
MOST_FOLDERS: Final = re.compile(
    r"kernel/drivers/(?:ata|block|nvme|scsi|virtio|net/ethernet)/.*|kernel/drivers/net/[^/]*"
)
"""Where ``MODULES=most`` takes every driver of a virtual machine from (hook-functions,
``auto_add_modules``)."""

MOST_MEMBERS: Final = 16
PADDING: Final = 4 * 1024
MOST_PADDING: Final = 1024


def drivers(tree: Tree, path: str, modules: Mapping[str, str]) -> tuple[str, ...]:
    """Return which of ``modules`` are in the initramfs at ``path``, in their order.

    Args:
        tree: The guest's files.
        path: The initramfs.
        modules: What it can have: drivers with their path in the kernel's folder of modules.

    Raises:
        FormatError: It is damaged.
        TooLongError: What is read of it does not tell.
        GuestError: The file system is damaged.
    """
    found: set[str] = set()
    order = _Order()
    for entry in _entries(Prefix(tree, path)):
        module = MODULE.fullmatch(entry.name)
        if module is not None and (name := module[1].replace("-", "_")) in modules:
            found.add(name)
        elif entry.name == "conf/initramfs.conf" and _takes_most(tree, entry.content):
            found |= {name for name, where in modules.items() if MOST_FOLDERS.fullmatch(where)}
        if len(found) == len(modules) or order.is_past(entry.name):
            break
    return tuple(name for name in modules if name in found)


class _Order:
    """Tells when an archive that is sorted, as dracut and initramfs-tools make them, is past them.

    What follows the folder of modules is half of dracut's archives: udev, systemd, libraries.
    """

    def __init__(self) -> None:
        self._last = ""
        self._entered = False

    def is_past(self, name: str) -> bool:
        """Tell whether no module can follow ``name``; another archive begins its order anew."""
        if name < self._last:
            self._entered = False
        self._last = name
        if name.startswith(MODULE_FOLDERS):
            self._entered = True
            return False
        return self._entered


def _takes_most(tree: Tree, conf: bytes) -> bool:
    """Tell whether an archive was made with ``MODULES=most`` and nothing in the guest differs."""
    if _settings(conf) != [MOST]:
        return False
    return not any(
        set(_settings(tree.read_head(f"{folder}/{name}", LONGEST_OVERRIDE))) - {MOST}
        for folder in OVERRIDES
        for name in tree.names(folder, MOST_OVERRIDES)
    )


def _settings(text: bytes) -> list[str]:
    return SETTING.findall(text.decode("utf-8", "replace"))


def _entries(file: Prefix) -> Iterator[cpio.Entry]:
    """Yield the entries of all archives of a file."""
    at, share = 0, 1.0
    numbers = iter(range(cpio.MOST_ENTRIES))
    for number in range(MOST_MEMBERS):
        start = _next(file, at)
        if start is None:
            if number == 0:
                raise FormatError("initramfs", found="no bytes but zeros")
            return
        head = file.get(start, 6)
        if head in cpio.MAGICS:
            plain = Plain(file, start)
            yield from cpio.entries(plain, POLICY, numbers)
            at = plain.at
            continue
        member = compression.find(head, share)
        if member is None:
            raise FormatError(
                "initramfs", where=start, found=f"{head!r}", expected="cpio or a compressed cpio"
            )
        pieces = Pieces(member, file, start)
        yield from cpio.entries(pieces, POLICY, numbers)
        while not pieces.is_empty():
            yield from cpio.entries(pieces, POLICY, numbers)
        if member.end is None:
            return
        at, share = member.end, share * pieces.share
    raise FormatError("initramfs", found=f"more than {MOST_MEMBERS} archives")


def _next(file: Prefix, at: int) -> int | None:
    """Return where the bytes that are not zero go on, ``None`` at the end."""
    for _ in range(MOST_PADDING):
        data = file.get(at, PADDING)
        if not data:
            return None
        rest = data.lstrip(b"\0")
        if rest:
            return at + len(data) - len(rest)
        at += len(data)
    raise FormatError("initramfs", where=at, found=f"more than {MOST_PADDING * PADDING} zeros")
