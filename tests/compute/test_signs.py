# SPDX-License-Identifier: Apache-2.0
"""Texts as consoles have them: what ends a boot, what looks like it, and prompts for a login."""

from __future__ import annotations

import pytest

from vmferry.compute.signs import LOGIN, NOTHING_TO_BOOT, failure

EMERGENCY = "systemd's emergency mode, as a file system of /etc/fstab or a needed unit failed"

ENDS = {
    "Booting from Hard Disk...\nBoot failed: not a bootable disk\n\nNo bootable device.": (
        NOTHING_TO_BOOT
    ),
    "BdsDxe: No bootable option or device was found.\n": NOTHING_TO_BOOT,
    'BdsDxe: starting Boot0002 "EFI Internal Shell" from Fv(7CB8)\n': NOTHING_TO_BOOT,
    "UEFI Interactive Shell v2.2\n": NOTHING_TO_BOOT,
    "Booting from Hard Disk...\nMissing operating system.\n": (
        "boot sector: Missing operating system"
    ),
    "\nBOOTMGR is missing\nPress Ctrl+Alt+Del": "Windows's boot sector: BOOTMGR is missing",
    "GRUB loading.\nerror: no such device: 1b2c.\nEntering rescue mode...\ngrub rescue> ": (
        "GRUB: it does not find its files, and waits at its rescue prompt"
    ),
    "   TAB lists possible device or file completions.\n\n\n\ngrub> ": (
        "GRUB: it has no menu, and waits at its prompt"
    ),
    "[    6.993292] Kernel panic - not syncing: VFS: Unable to mount root fs on "
    "unknown-block(0,0)\n[    6.993685] CPU: 0 PID: 1": (
        "kernel panic: VFS: Unable to mount root fs on unknown-block(0,0)"
    ),
    " - Missing modules (cat /proc/modules; ls /dev)\n"
    "ALERT!  UUID=20c80cc3 does not exist.  Dropping to a shell!\n\n\n"
    "BusyBox v1.35.0 (Debian 1:1.35.0-4+b3) built-in shell (ash)\n\n(initramfs) ": (
        "initramfs: the root file system was not found, and it waits at its prompt: UUID=20c80cc3"
    ),
    "BusyBox v1.30.1\n(initramfs) ": (
        "initramfs: the root file system was not found, and it waits at its prompt"
    ),
    "Entering emergency mode. Exit the shell to continue.\ndracut:/# ": (
        "initramfs: dracut's emergency mode: the root file system was not found or not mounted"
    ),
    "[ TIME ] Timed out waiting for device dev-sdz9.device - /dev/sdz9.\n"
    "[DEPEND] Dependency failed for x.mount - /x.\n"
    "[FAILED] Failed to start networking…ce - Raise network interfaces.\n"
    "You are in emergency mode. After logging in, type": (
        EMERGENCY + ": Timed out waiting for device dev-sdz9.device - /dev/sdz9"
    ),
    "[FAILED] Failed to mount /data.\nWelcome to emergency mode! After": (
        EMERGENCY + ": Failed to mount /data"
    ),
    "[FAILED] Failed to start x.\nWelcome to rescue mode! Type": EMERGENCY,
    "Cannot open access to console, the root account is locked.": (
        "the guest asks for root's password for maintenance: a file system could not be mounted"
    ),
    "*** An error occurred during the file system check.\n*** Dropping you": (
        "a file system is damaged"
    ),
}

NO_ENDS = (
    "",
    "Booting from Hard Disk...\nGRUB loading.\nWelcome to GRUB!\n",
    "error: no such device: 1b2c.\n\nPress any key to continue...\n",
    'BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0): Not Found\n',
    'BdsDxe: starting Boot0003 "debian" from HD(1,GPT)\n',
    "Linux version 6.1 panic=-1 systemd.unit=rescue.target\n",
    "[    6.99] Kernel panic - not syncing: VFS: Unable to mou",
    "[FAILED] Failed to start networking.service - Raise network interfaces.\n",
    "ALERT!  UUID=20c80cc3 does not exist.  Dropping to a shell!\n",
    "         Starting initrd-cleanup.service - Cleaning Up and Shutting Down Daemons...\n",
)


@pytest.mark.parametrize(("text", "meaning"), ENDS.items())
def test_ends(text: str, meaning: str) -> None:
    assert failure(text) == meaning


@pytest.mark.parametrize("text", NO_ENDS)
def test_what_a_boot_survives(text: str) -> None:
    assert failure(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Debian GNU/Linux 12 debian ttyS0\n\ndebian login: ",
        "debian login: [   34.5] random: crng init done\n",
        "CentOS Linux 7 (Core)\nKernel 3.10.0 on an x86_64\n\nlocalhost login: ",
        "Amnesiac (ttyu0)\n\nlogin: ",
        "\nhost (none) login: ".replace("host ", ""),
        "ip-10-0-2-15.internal login:",
    ],
)
def test_logins(text: str) -> None:
    assert LOGIN.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "         Starting systemd-logind.service - User Login Management...\n",
        "[   12.1] systemd-logind[412]: New seat seat0.\n",
        "[  OK  ] Reached target getty.target - Login Prompts.\n",
        "no automatic login: disabled\n",
    ],
)
def test_no_logins(text: str) -> None:
    assert not LOGIN.search(text)


def test_many_half_signs_are_no_work() -> None:
    assert failure("ALERT! x does not exist\n" * 3000) == ""
