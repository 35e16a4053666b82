# SPDX-License-Identifier: Apache-2.0
"""Where things are on a guest's disk: partitions, their device names, and the fstab that has them.

Source: UEFI Specification 2.10, 5.2 and 13.3 (an ESP's types, 0xEF and a GUID; the path of the
loader on removable media); GRUB manual, "BIOS installation" (the BIOS boot partition of a GPT).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tools.make_guest.recipe import Recipe

MIB: Final = 1 << 20
SECTOR: Final = 512

START: Final = MIB
"""Where the first partition begins; in the gap before it lives GRUB's core image of an MBR."""

ESP_SIZE: Final = 64 * MIB
BIOS_BOOT_SIZE: Final = MIB
BIOS_BOOT_TYPE: Final = "21686148-6449-6E6F-744E-656564454649"

VOLUME: Final = "/dev/debian/root"
"""The root's logical volume: its group and its name."""

SUBVOLUME: Final = "@rootfs"
"""Where Debian's installer puts the root on a Btrfs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The partitions of one disk.

    Attributes:
        recipe: What is laid out.
    """

    recipe: Recipe

    @property
    def root_offset(self) -> int:
        """First byte of the last partition, which is or carries the root."""
        if self.recipe.firmware == "uefi":
            return START + ESP_SIZE
        return START + BIOS_BOOT_SIZE if self.recipe.table == "gpt" else START

    @property
    def root_partition(self) -> str:
        """The last partition's device."""
        return "/dev/sda1" if self.root_offset == START else "/dev/sda2"

    @property
    def root_device(self) -> str:
        """The device that has the root's file system."""
        return VOLUME if self.recipe.lvm else self.root_partition

    @property
    def esp(self) -> str:
        """The EFI system partition's device, or ``""``."""
        return "/dev/sda1" if self.recipe.firmware == "uefi" else ""

    @property
    def sfdisk(self) -> str:
        """The partitions as sfdisk reads them; ``U``, ``V`` and ``L`` are its names of types."""
        is_gpt = self.recipe.table == "gpt"
        lines = [f"label: {'gpt' if is_gpt else 'dos'}"]
        if self.root_offset != START:
            kind = "U" if self.esp else BIOS_BOOT_TYPE
            size = (self.root_offset - START) // SECTOR
            lines.append(f"start={START // SECTOR}, size={size}, type={kind}")
        kind = "V" if self.recipe.lvm else "L"
        active = "" if is_gpt or self.esp else ", bootable"
        lines.append(f"start={self.root_offset // SECTOR}, type={kind}{active}")
        return "".join(f"{line}\n" for line in lines)

    @property
    def fstab(self) -> str:
        """The guest's fstab, by device names."""
        device = "/dev/mapper/debian-root" if self.recipe.lvm else self.root_device
        options = {"ext4": "errors=remount-ro", "btrfs": f"defaults,subvol={SUBVOLUME}"}
        root = self.recipe.root
        lines = [f"{device} / {root} {options.get(root, 'defaults')} 0 {int(root != 'btrfs')}"]
        if self.esp:
            lines.append(f"{self.esp} /boot/efi vfat umask=0077 0 1")
        return "".join(f"{line}\n" for line in lines)
