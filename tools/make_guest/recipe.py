# SPDX-License-Identifier: Apache-2.0
"""What a guest is made of. What we shall vary is a field; values nobody has tried are refused.

The guest is deliberately old-fashioned where imports have to mend things: its address is static,
its network card has a predictable name, and its fstab names ``/dev/sda1``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

GIB: Final = 1 << 30

TRIED: Final[dict[str, tuple[object, ...]]] = {
    "release": ("bookworm",),
    "filesystem": ("ext4",),
    "partition_table": ("mbr",),
    "firmware": ("bios",),
    "volumes": ("plain",),
    "kernel": ("linux-image-amd64",),
}
"""The values that build a guest that was seen to boot."""


class RecipeError(Exception):
    """A recipe asks for what this tool cannot make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One guest.

    Attributes:
        release: Debian's code name.
        filesystem: Of the root file system.
        partition_table: ``mbr`` or ``gpt``.
        firmware: ``bios`` or ``uefi``.
        volumes: ``plain`` or ``lvm``.
        kernel: The kernel's Debian package.
        size: Bytes of the disk.
        password: Of root, on the console.
    """

    release: str = "bookworm"
    filesystem: str = "ext4"
    partition_table: str = "mbr"
    firmware: str = "bios"
    volumes: str = "plain"
    kernel: str = "linux-image-amd64"
    size: int = 3 * GIB
    password: str = "vmferry"  # noqa: S105 - a throw-away guest that nobody can reach

    def __post_init__(self) -> None:
        for field in fields(self):
            value, tried = getattr(self, field.name), TRIED.get(field.name)
            if tried is not None and value not in tried:
                expected = ", ".join(map(str, tried))
                raise RecipeError(f"recipe: {field.name} is {value!r}, expected {expected}")

    @property
    def packages(self) -> tuple[str, ...]:
        """What the guest has beyond Debian's minimal base."""
        return (
            self.kernel,
            "grub-pc",
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


FILES: Final[dict[str, str]] = {
    "etc/hostname": "debian\n",
    "etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n",
    "etc/fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\n",
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
