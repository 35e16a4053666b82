# SPDX-License-Identifier: Apache-2.0
"""Which drivers an initramfs has, from as little of it as says so.

It is read until every driver that it can have was seen, or the folder of modules is left in sorted
names. Debian and Ubuntu tell it earlier: their archive begins with the configuration that it was
made by, and ``MODULES=most`` takes every driver of certain folders. One beside which its original
is kept has drivers at its end, and is read to there.

Sources: Linux, Documentation/driver-api/early-userspace/buffer-format.rst; initramfs.conf(5) and
initramfs-tools(7); dracut(8).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.guest.draft import kept
from vmferry.guest.initramfs.archives import Archives
from vmferry.guest.initramfs.prefix import Prefix

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    is_mended = tree.exists(kept(tree.real_path(path) or path))
    for entry in Archives(Prefix(tree, path)).entries(POLICY):
        module = MODULE.fullmatch(entry.name)
        if module is not None and (name := module[1].replace("-", "_")) in modules:
            found.add(name)
        elif entry.name == "conf/initramfs.conf" and _takes_most(tree, entry.content):
            found |= {name for name, where in modules.items() if MOST_FOLDERS.fullmatch(where)}
        if len(found) == len(modules) or (order.is_past(entry.name) and not is_mended):
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
