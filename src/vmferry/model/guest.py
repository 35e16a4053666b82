# SPDX-License-Identifier: Apache-2.0
"""What was seen on a guest's disks: the facts that rules, images and reports are made from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Platform(StrEnum):
    """The two platforms of the API."""

    LINUX = "Linux"
    WINDOWS = "Windows"


class BootMode(StrEnum):
    """How a machine starts (the API's words)."""

    LEGACY_BIOS = "legacy-bios"
    UEFI = "uefi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition of one disk, or one logical volume, which is made of pieces of partitions.

    Attributes:
        disk: Index of the disk, from 0; of a volume the disk where it begins.
        number: The partition's number, from 1; 0 for the bare disk and for a volume.
        offset: First byte on the disk.
        size: Bytes.
        kind: The type: an MBR byte as ``0x83`` or a GPT GUID in lower case; ``""`` for a bare disk;
            the volume manager's name for a volume.
        filesystem: ``ext4``, ``vfat``, … or ``""`` when it was not recognised.
        uuid: The file system's UUID in lower case, or ``""``.
        label: The file system's label, or ``""``.
        volume: ``group/name`` of a volume, ``""`` for a partition.
        partuuid: The partition's own UUID in lower case, as the Linux kernel has it, or ``""``.
    """

    disk: int
    number: int
    offset: int
    size: int
    kind: str
    filesystem: str = ""
    uuid: str = ""
    label: str = ""
    volume: str = ""
    partuuid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One installed kernel: ``uname -r`` and the path of its image."""

    release: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestFacts:
    """What ``guest.inspect`` found.

    Attributes:
        distribution: ``ID`` of os-release, such as ``debian``.
        version: ``VERSION_ID`` of os-release.
        pretty_name: ``PRETTY_NAME`` of os-release.
        architecture: ``x86_64``, ``i386`` or ``arm64``.
        kernels: Newest first; the first is what boots unless the boot loader says otherwise.
        partition_table: ``mbr``, ``gpt`` or ``none``.
        boot_modes: The modes that this disk can be started in; the API prefers the first.
        root: Index into ``partitions`` of the root file system.
        ena: Whether the default kernel has the ``ena`` driver.
        nvme: Whether the default kernel has the ``nvme`` driver.
        bytes_read: How many bytes of the disks were read to know all this.
    """

    platform: Platform
    distribution: str
    version: str
    pretty_name: str
    architecture: str
    kernels: tuple[Kernel, ...]
    partition_table: str
    partitions: tuple[Partition, ...]
    root: int
    boot_modes: tuple[BootMode, ...] = (BootMode.LEGACY_BIOS,)
    ena: bool = False
    nvme: bool = False
    bytes_read: int = 0

    @property
    def description(self) -> str:
        """The AMI's description as AWS writes it (aws-behaviour.md 3.1, Result AMI)."""
        family = {"debian": "Debian", "ubuntu": "Ubuntu"}.get(self.distribution, "Other Linux")
        kernel = f" - {self.kernels[0].release}" if self.kernels else ""
        return f"AWS-VMImport service: {self.platform} - {family}{kernel}"
