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
        partlabel: The partition's own name, which only a GPT has, or ``""``.
        free: Bytes free on it, where it is the root or mounted by fstab and its reader can say.
        clean: Whether it was unmounted before the disk was taken; like ``free``.
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
    partlabel: str = ""
    free: int | None = None
    clean: bool = True


DRIVERS = (
    *("virtio_blk", "virtio_scsi", "virtio_net", "virtio_pci", "nvme", "ena", "xen_blkfront"),
    *("xen_netfront", "ahci", "ata_piix", "e1000", "e1000e"),
)
"""The kernel modules that decide where a guest boots and is reachable, as ``modules.dep`` has them,
with ``_`` for ``-``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One installed kernel.

    Attributes:
        release: ``uname -r``.
        path: Of its image.
        initramfs: The path of its initramfs, or ``""``.
        built_in: Which of ``DRIVERS`` are part of the image.
        in_initramfs: Which of them are in the initramfs; empty of all kernels but the first, whose
            initramfs alone is read.
        modules: Which of them are modules that the guest has.
        undecided: Why it is not known what the initramfs of the first has, ``""`` if it is.
    """

    release: str
    path: str
    initramfs: str = ""
    built_in: tuple[str, ...] = ()
    in_initramfs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    undecided: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootEntry:
    """One entry of a boot menu.

    Attributes:
        loader: ``grub-legacy``, ``grub2``, ``bls``, ``systemd-boot``, ``uki`` or ``extlinux``.
        title: As the menu shows it.
        kernel: The image's path in the guest's tree, ``""`` for an entry that starts none.
        initramfs: The initramfs's path in the guest's tree, or ``""``.
        options: The kernel's command line.
        default: Whether it is what boots unless somebody chooses.
        source: The file that has it.
    """

    loader: str
    title: str
    kernel: str
    initramfs: str = ""
    options: str = ""
    default: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FstabEntry:
    """One line of /etc/fstab.

    Attributes:
        line: Its number, from 1.
        spec: What is mounted, as written.
        path: Where.
        kind: The file system type.
        options: As written.
        partition: Index into ``partitions`` of what ``spec`` names, ``None`` if nothing on the
            disks is it.
    """

    line: int
    spec: str
    path: str
    kind: str
    options: str
    partition: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """The configuration of one network interface.

    Attributes:
        name: As the file has it: ``eth0``, ``ens192``, ``""`` for whatever matches.
        renderer: ``ifupdown``, ``netplan``, ``networkmanager``, ``network-scripts``, ``wicked`` or
            ``systemd-networkd``.
        source: The file.
        method: ``dhcp``, ``static`` or ``none``.
        addresses: The static ones, with their prefix where the file has it.
        mac: The address that the configuration is tied to, lower case, or ``""``.
    """

    name: str
    renderer: str
    source: str
    method: str
    addresses: tuple[str, ...] = ()
    mac: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What runs in the guest and decides whether it can be reached and what must be mended.

    Attributes:
        ssh: ``enabled``, ``disabled`` or ``""`` when there is no server.
        firewalls: Those that are enabled: ``firewalld``, ``iptables``, ``nftables``,
            ``susefirewall2``, ``ufw``.
        dhcp_clients: Those that are installed.
        key_users: Users that have authorized keys.
        cloud_init: Whether it is installed and not disabled.
        datasources: Where it may look for what to do, as its settings list it, such as ``Ec2``;
            empty when they leave it to what is found.
        tools: Of hypervisors: ``open-vm-tools``, ``vmware-tools``, ``virtualbox-additions``,
            ``xe-guest-utilities``, ``hyperv-daemons``.
        agents: ``qemu-guest-agent``, ``amazon-ssm-agent``.
        started: Which of ``tools`` and ``agents`` start with the machine.
        antivirus: Known names of scanners and intrusion detection that are enabled.
        selinux: ``enforcing``, ``permissive``, ``disabled`` or ``""``.
        persistent_names: The files of udev rules that tie names of network cards to addresses.
    """

    ssh: str = ""
    firewalls: tuple[str, ...] = ()
    dhcp_clients: tuple[str, ...] = ()
    key_users: tuple[str, ...] = ()
    cloud_init: bool = False
    datasources: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    antivirus: tuple[str, ...] = ()
    selinux: str = ""
    persistent_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestFacts:
    """What ``guest.inspect`` found.

    Attributes:
        distribution: ``ID`` of os-release, such as ``debian``.
        version: ``VERSION_ID`` of os-release.
        pretty_name: ``PRETTY_NAME`` of os-release.
        architecture: ``x86_64``, ``i386`` or ``arm64``.
        kernels: That of the default boot entry, then newest first.
        partition_table: ``mbr``, ``gpt`` or ``none``.
        boot_modes: The modes that this disk can be started in; the API prefers the first.
        root: Index into ``partitions`` of the root file system.
        ena: Whether the default kernel has the ``ena`` driver.
        nvme: Whether the default kernel has the ``nvme`` driver.
        bits: Of the programs, 32 or 64; 0 when nothing says it.
        hostname: The machine's own name, ``""`` when it is told one at its start.
        boot_entries: What the boot menus offer, the default first.
        fstab: Lines of /etc/fstab that mount something.
        interfaces: What the network configurations say.
        services: What runs in the guest.
        free: Bytes free on the root file system, ``None`` where its reader cannot say.
        subvolume: The path of the Btrfs subvolume that is the root, ``""`` elsewhere.
        lost_volumes: Why volumes of the disks, none of them the root, cannot be had, in words.
        damage: What was damaged but did not matter, in words.
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
    bits: int = 0
    hostname: str = ""
    boot_entries: tuple[BootEntry, ...] = ()
    fstab: tuple[FstabEntry, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    services: Services = Services()
    free: int | None = None
    subvolume: str = ""
    lost_volumes: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    bytes_read: int = 0

    @property
    def description(self) -> str:
        """The AMI's description as AWS writes it (aws-behaviour.md 3.1, Result AMI)."""
        family = {"debian": "Debian", "ubuntu": "Ubuntu"}.get(self.distribution, "Other Linux")
        kernel = f" - {self.kernels[0].release}" if self.kernels else ""
        return f"AWS-VMImport service: {self.platform} - {family}{kernel}"
