# SPDX-License-Identifier: Apache-2.0
"""Guests and machines that no rule finds anything at, for tests to change one thing of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.guest.rules import Request, Subject, SubjectDisk, all_rules
from vmferry.model.guest import (
    BootEntry,
    BootMode,
    FstabEntry,
    GuestFacts,
    Interface,
    Kernel,
    Partition,
    Platform,
    Services,
)
from vmferry.units import GIB

if TYPE_CHECKING:
    from vmferry.model.finding import Finding

KERNEL = Kernel(
    release="5.10.0-28-amd64",
    path="boot/vmlinuz-5.10.0-28-amd64",
    initramfs="boot/initrd.img-5.10.0-28-amd64",
    in_initramfs=("virtio_blk", "nvme"),
    modules=("ena",),
)
ENTRY = BootEntry(
    loader="grub2",
    title="Debian GNU/Linux",
    kernel=KERNEL.path,
    default=True,
    source="boot/grub/grub.cfg",
)
CARD = Interface(name="eth0", renderer="ifupdown", source="etc/network/interfaces", method="dhcp")
ROOT = Partition(
    disk=0, number=1, offset=1 << 20, size=9 * GIB, kind="0x83", filesystem="ext4", uuid="u"
)
LINE = FstabEntry(line=1, spec="UUID=u", path="/", kind="ext4", options="defaults", partition=0)
SERVICES = Services(
    ssh="enabled", dhcp_clients=("isc-dhcp-client",), key_users=("admin",), cloud_init=True
)
DISK = SubjectDisk(label="disk1.vmdk", format="vmdk", size=10 * GIB, create_type="streamOptimized")


def facts(**changes: Any) -> GuestFacts:
    """Return a Debian 11 that everybody accepts, but for ``changes``."""
    fields: dict[str, Any] = {
        "platform": Platform.LINUX,
        "distribution": "debian",
        "version": "11",
        "pretty_name": "Debian GNU/Linux 11 (bullseye)",
        "architecture": "x86_64",
        "kernels": (KERNEL,),
        "partition_table": "mbr",
        "partitions": (ROOT,),
        "root": 0,
        "boot_modes": (BootMode.LEGACY_BIOS,),
        "ena": True,
        "nvme": True,
        "bits": 64,
        "boot_entries": (ENTRY,),
        "fstab": (LINE,),
        "interfaces": (CARD,),
        "services": SERVICES,
        "free": GIB,
    }
    return GuestFacts(**{**fields, **changes})


def subject(**changes: Any) -> Subject:
    """Return one stream-optimized disk without an appliance, but for ``changes``."""
    return Subject(**{"disks": (DISK,), **changes})


def request(**members: str) -> Subject:
    """Return the same with a request."""
    return subject(request=Request(**members))


def findings(name: str, of: GuestFacts | None = None, at: Subject | None = None) -> list[Finding]:
    """Return what the rule ``name`` finds."""
    (rule,) = (rule for rule in all_rules() if rule.name == name)
    return list(rule.findings(at or subject(), of or facts()))


def lines(name: str, of: GuestFacts | None = None, at: Subject | None = None) -> list[str]:
    """Return what the rule ``name`` finds, as sentences."""
    return [each.message for each in findings(name, of, at)]
