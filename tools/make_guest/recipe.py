# SPDX-License-Identifier: Apache-2.0
"""What a guest is made of. What we vary is a field; values nobody has tried are refused.

The guest is deliberately old-fashioned where imports have to mend things: its address is static,
its network card has a predictable name, and its fstab names ``/dev/sda1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GIB: Final = 1 << 30

TRIED: Final[dict[str, tuple[object, ...]]] = {
    "release": ("bullseye", "bookworm", "trixie"),
    "root": ("ext4", "xfs", "btrfs", "jfs"),
    "table": ("mbr", "gpt"),
    "firmware": ("bios", "uefi"),
    "lvm": (False, True),
    "kernel": ("linux-image-amd64",),
}
"""The values that build a guest that was seen to boot."""

_BASE: Final = (
    "systemd-sysv",
    "dbus",
    "udev",
    "ifupdown",
    "isc-dhcp-client",
    "iproute2",
    "iputils-ping",
    "openssh-server",
    "nano",
)
_EVERY: Final = ("grub-efi-amd64-bin", "lvm2", "xfsprogs", "btrfs-progs", "jfsutils")
"""What any but the plain guest has, so that one tree serves all of a release."""


class RecipeError(Exception):
    """A recipe asks for what this tool cannot make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One guest.

    Attributes:
        release: Debian's code name.
        root: The root's file system.
        table: Of partitions: ``mbr`` or ``gpt``.
        firmware: ``bios`` or ``uefi``.
        lvm: Whether the root is a logical volume.
        kernel: The kernel's Debian package.
        size: Bytes of the disk.
        password: Of root, on the console.
    """

    release: str = "bookworm"
    root: str = "ext4"
    table: str = "mbr"
    firmware: str = "bios"
    lvm: bool = False
    kernel: str = "linux-image-amd64"
    size: int = 3 * GIB
    password: str = "vmferry"  # noqa: S105 - a throw-away guest that nobody can reach

    def __post_init__(self) -> None:
        for name, tried in TRIED.items():
            value = getattr(self, name)
            if value not in tried:
                expected = ", ".join(map(str, tried))
                raise RecipeError(f"recipe: {name} is {value!r}, expected {expected}")

    @property
    def name(self) -> str:
        """The recipe in one word: ``trixie-xfs-gpt-uefi-lvm``."""
        words = (self.release, self.root, self.table, self.firmware)
        return "-".join((*words, "lvm") if self.lvm else words)

    @property
    def packages(self) -> tuple[str, ...]:
        """What the guest has beyond Debian's minimal base."""
        is_plain = (self.root, self.firmware, self.lvm) == ("ext4", "bios", False)
        return (self.kernel, "grub-pc", *_BASE, *(() if is_plain else _EVERY))


FILES: Final[dict[str, str]] = {
    "etc/hostname": "debian\n",
    "etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n",
    "etc/network/interfaces": """\
auto lo
iface lo inet loopback

auto ens192
iface ens192 inet static
    address 192.168.10.20/24
    gateway 192.168.10.1
""",
    "etc/default/grub": """\
GRUB_DEFAULT=0
GRUB_TIMEOUT=1
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"
GRUB_TERMINAL="console serial"
GRUB_SERIAL_COMMAND="serial --speed=115200"
""",
}
"""Files that the recipe writes over Debian's own, by path inside the guest."""

MATRIX: Final = (
    Recipe(),
    Recipe(release="trixie", root="xfs", table="gpt", firmware="uefi", lvm=True),
    Recipe(table="gpt", firmware="uefi"),
    Recipe(root="xfs", table="gpt"),
    Recipe(root="btrfs", table="gpt", lvm=True),
    Recipe(root="jfs", firmware="uefi"),
    Recipe(release="bullseye", lvm=True),
    Recipe(release="bullseye", root="xfs", firmware="uefi"),
    Recipe(release="bullseye", root="btrfs", table="gpt", firmware="uefi"),
    Recipe(release="bullseye", root="jfs", table="gpt", lvm=True),
    Recipe(release="trixie", table="gpt", firmware="uefi", lvm=True),
    Recipe(release="trixie", root="btrfs"),
    Recipe(release="trixie", root="jfs"),
)
"""Guests in which every value of a field meets every value of every other."""
