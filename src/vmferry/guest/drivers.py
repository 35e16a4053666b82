# SPDX-License-Identifier: Apache-2.0
"""Which drivers a kernel has: in its image, as modules, and in its initramfs.

The initramfs is the largest thing of a look, so only that of the kernel that boots is read.

Source: Linux, Documentation/kbuild/kbuild.rst, "modules.builtin"; modules.dep(5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError, GuestError
from vmferry.guest import initramfs
from vmferry.guest.initramfs.prefix import TooLongError
from vmferry.guest.settings import LONGEST_SENTENCE
from vmferry.model.guest import DRIVERS
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.filesystem import Tree
    from vmferry.guest.settings import Settings
    from vmferry.model.guest import Kernel

LONGEST_LIST: Final = 4 * MIB
MOST_KERNELS: Final = 4
"""Whose modules are looked up, the one that boots first: a list has half a megabyte."""

MOST_NAMES: Final = 10_000
LONGEST_PATH: Final = 1024
GONE: Final = "the boot menu names it, and it is not there"
SPELLINGS: Final = {
    spelling.encode(): driver
    for driver in DRIVERS
    for spelling in (driver, driver.replace("_", "-"))
}
FOLDERS: Final = {
    "virtio_blk": "drivers/block",
    "virtio_scsi": "drivers/scsi",
    "virtio_net": "drivers/net",
    "virtio_pci": "drivers/virtio",
    "nvme": "drivers/nvme/host",
    "ena": "drivers/net/ethernet/amazon/ena",
    "xen_blkfront": "drivers/block",
    "xen_netfront": "drivers/net",
    "ahci": "drivers/ata",
    "ata_piix": "drivers/ata",
    "e1000": "drivers/net/ethernet/intel/e1000",
    "e1000e": "drivers/net/ethernet/intel/e1000e",
}
"""Where each is below ``kernel``, for a guest whose modules.dep is lost."""


def add(tree: Tree, kernels: Sequence[Kernel], settings: Settings) -> tuple[Kernel, ...]:
    """Return ``kernels``, the first of which boots, with their drivers; damage is told."""
    return tuple(
        _with_drivers(tree, kernel, settings, boots=number == 0)
        if number < MOST_KERNELS
        else kernel
        for number, kernel in enumerate(kernels)
    )


def _with_drivers(tree: Tree, kernel: Kernel, settings: Settings, *, boots: bool) -> Kernel:
    folder = f"/lib/modules/{kernel.release}"
    try:
        built_in = _paths(tree.read_head(f"{folder}/modules.builtin", LONGEST_LIST))
        listed = _paths(tree.read_head(f"{folder}/modules.dep", LONGEST_LIST))
        modules = listed or _found(tree, folder)
    except GuestError as error:
        settings.complain(f"{folder}: {error.message}")
        return kernel
    # A guest without the list may have lost modules that its initramfs still has.
    wanted = listed or {name: "" for name in DRIVERS if name not in built_in}
    found = replace(
        kernel,
        built_in=tuple(name for name in DRIVERS if name in built_in),
        modules=tuple(name for name in DRIVERS if name in modules),
    )
    return _with_early(tree, found, wanted, settings) if boots and kernel.initramfs else found


def _with_early(tree: Tree, kernel: Kernel, wanted: dict[str, str], settings: Settings) -> Kernel:
    """Return the kernel with what its initramfs has of the drivers that it can have."""
    ordered = {name: wanted[name] for name in DRIVERS if name in wanted}
    if not tree.is_file(kernel.initramfs):
        return replace(kernel, undecided=f"{kernel.initramfs}: {GONE}")
    try:
        return replace(kernel, in_initramfs=initramfs.drivers(tree, kernel.initramfs, ordered))
    except TooLongError as error:
        undecided = f"the drivers in the initramfs are not known: {error.message}"
        settings.complain(undecided)
    except (FormatError, GuestError) as error:
        undecided = f"{kernel.initramfs}: {error.message}"
    return replace(kernel, undecided=undecided[:LONGEST_SENTENCE])


def _paths(data: bytes) -> dict[str, str]:
    """Return the drivers that a list names, each with its path.

    Both lists have a path at the beginning of each line; modules.dep has what it needs behind
    ``:``.
    """
    found: dict[str, str] = {}
    for line in data.split(b"\n"):
        path = line.partition(b":")[0]
        name = path[path.rfind(b"/") + 1 :].partition(b".ko")[0]
        if name in SPELLINGS and len(path) <= LONGEST_PATH:
            found[SPELLINGS[name]] = path.decode("utf-8", "replace")
    return found


def _found(tree: Tree, folder: str) -> dict[str, str]:
    """Return the drivers whose files are where the kernel's build puts them."""
    found = {}
    names: dict[str, list[str]] = {}
    for driver, place in FOLDERS.items():
        if place not in names:
            names[place] = tree.names(f"{folder}/kernel/{place}", MOST_NAMES)
        spellings = (f"{driver}.ko", f"{driver.replace('_', '-')}.ko")
        for name in names[place]:
            if name.startswith(spellings):
                found[driver] = f"kernel/{place}/{name}"
    return found
