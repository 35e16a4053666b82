# SPDX-License-Identifier: Apache-2.0
"""What consoles say when a boot has ended, for good or not.

Only ends count: after each of these a machine goes on only if somebody types or switches it off.
Errors that a boot survives (``error: no such device`` before GRUB's menu, failed units) do not.

Seen here on real machines: SeaBIOS's and edk2's, Linux's panic, Debian's initramfs prompt, and
systemd's emergency mode. Sources of the others: SeaBIOS (boot.c), edk2 (BdsEntry),
GNU GRUB (kern/rescue_reader.c, normal/main.c), Linux (kernel/panic.c), Debian's initramfs-tools
(scripts/functions), dracut (dracut-lib.sh, emergency.service), systemd (emergency.service,
rescue.service, sulogin), syslinux's and Windows's boot sectors.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Sign(NamedTuple):
    """One way to fail.

    Attributes:
        text: What is on the console.
        failure: What it means; ``{}`` is what the text's group matched.
    """

    text: re.Pattern[str]
    failure: str


def _sign(text: str, failure: str) -> Sign:
    return Sign(re.compile(text, re.MULTILINE), failure)


NOTHING_TO_BOOT: Final = "no bootable device: the firmware found nothing to start on the disks"

SIGNS: Final = (
    _sign(r"Kernel panic - not syncing: ([^\n]{1,160})\n", "kernel panic: {}"),
    _sign(r"^No bootable device\.", NOTHING_TO_BOOT),
    _sign(r"^BdsDxe: No bootable option or device was found", NOTHING_TO_BOOT),
    _sign(r'^BdsDxe: (?:starting|loading) Boot\w{4} "EFI Internal Shell"', NOTHING_TO_BOOT),
    _sign(r"^UEFI Interactive Shell", NOTHING_TO_BOOT),
    _sign(
        r"^((?:Missing|Error loading) operating system|Invalid partition table|"
        r"Operating system not found|Missing OS)",
        "boot sector: {}",
    ),
    _sign(
        r"^(BOOTMGR is (?:missing|compressed)|NTLDR is (?:missing|compressed)|"
        r"An operating system wasn't found|A disk read error occurred)",
        "Windows's boot sector: {}",
    ),
    _sign(r"^grub rescue> ?", "GRUB: it does not find its files, and waits at its rescue prompt"),
    _sign(r"^grub> ?", "GRUB: it has no menu, and waits at its prompt"),
    _sign(
        r"(?:ALERT! +([^\n]{1,120}?) +does not exist[^\0]{0,2000})?^\(initramfs\) ?",
        "initramfs: the root file system was not found, and it waits at its prompt: {}",
    ),
    _sign(
        r"^(?:dracut:/# ?|Entering emergency mode\. Exit the shell to continue)",
        "initramfs: dracut's emergency mode: the root file system was not found or not mounted",
    ),
    _sign(
        r"(?:^\[(?: TIME |DEPEND|FAILED)\] "
        r"((?:Timed out|Dependency failed|Failed to mount)[^\n]{1,100}?)\.?\n[^\0]{0,3000})?"
        r"(?:You are in|Welcome to) (?:emergency|rescue) mode",
        "systemd's emergency mode, as a file system of /etc/fstab or a needed unit failed: {}",
    ),
    _sign(
        r"(?:Give root password for maintenance|Cannot open access to console, the root account)",
        "the guest asks for root's password for maintenance: a file system could not be mounted",
    ),
    _sign(r"^\*\*\* An error occurred during the file system check", "a file system is damaged"),
)
"""The first that is found counts."""

LOGIN: Final = re.compile(r"^(?:[\w.()-]{1,64} )?[Ll]ogin: ?", re.MULTILINE)
"""The prompt of getty or agetty; kernel messages may follow it."""


def failure(text: str) -> str:
    """Return what the end that ``text`` shows means; ``""`` if it shows none."""
    for sign in SIGNS:
        found = sign.text.search(text)
        if found:
            detail = next((group for group in found.groups() if group), "")
            return sign.failure.format(detail.strip()).removesuffix(": ")
    return ""
