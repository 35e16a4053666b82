# SPDX-License-Identifier: Apache-2.0
"""A virtual machine as a value, and the command that starts it.

The command is all there is: nothing here knows how long the machine lives, so the boot check's
machines, which end with it, and instances, which survive the service, are built the same way.

The chipset is Q35, but ``pc`` where a disk is on IDE, which only that has. Without a graphics card
SeaBIOS shows what it and boot loaders print on the serial console too.

Source: QEMU 7.2, man page and docs/system/i386.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vmferry.compute import drives, network
from vmferry.compute.accelerator import find_qemu
from vmferry.compute.firmware import find_ovmf
from vmferry.compute.hardware import Bus
from vmferry.errors import GuestError
from vmferry.model.guest import BootMode
from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.compute.accelerator import Accelerator

SANDBOX: Final = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A virtual machine.

    Attributes:
        drives: Its disks; the first is booted.
        memory: Bytes, whole MiB.
        cpus: Virtual processors.
        boot_mode: Which firmware starts it.
        variables: The machine's own UEFI variables (``firmware.copy_variables``); a UEFI machine
            must have them, others have none.
        card: Its network card, ``None`` for none.
        serial: The serial console: the path of a Unix socket that QEMU makes and listens on, or
            the descriptor of a pipe that it inherits and writes to. Whoever reads too slowly loses
            characters: after four tries the serial port drops them.
        serial_log: A file that gets what the console says as well; it grows without end.
        monitor: Where QEMU speaks QMP: the path of a Unix socket that it makes and listens on, or
            the descriptor of a connected socket that it inherits.
        name: What ``ps`` shows.
    """

    drives: tuple[drives.Drive, ...]
    memory: int = GIB
    cpus: int = 2
    boot_mode: BootMode = BootMode.LEGACY_BIOS
    variables: Path | None = None
    card: network.Card | None = None
    serial: Path | int | None = None
    serial_log: Path | None = None
    monitor: Path | int | None = None
    name: str = "vmferry"

    def command(self, accelerator: Accelerator) -> list[str]:
        """Return the words that start it.

        Raises:
            GuestError: What it is made of does not fit together.
            SetupError: QEMU is not installed, or it starts by UEFI and OVMF is not.
        """
        words = [
            str(find_qemu()),
            "-nodefaults",
            "-no-user-config",
            "-name",
            f"guest={_escaped(self.name)}",
        ]
        words += ["-machine", self._chipset(), *accelerator.arguments, "-sandbox", SANDBOX]
        words += ["-m", str(self.memory // MIB), "-smp", str(self.cpus), "-rtc", "base=utc"]
        words += ["-display", "none", "-boot", "strict=on"]
        # Guests without other noise would wait for it: old kernels do not trust RDRAND.
        words += ["-object", "rng-builtin,id=rng", "-device", "virtio-rng-pci,rng=rng"]
        words += [*self._firmware(), *self._channels()]
        # Before the disks: guests name the card by its slot, which a disk more must not move.
        words += network.arguments(self.card) if self.card else []
        return words + drives.arguments(self.drives)

    def _chipset(self) -> str:
        kind = "pc" if any(drive.bus is Bus.IDE for drive in self.drives) else "q35"
        flash = ",pflash0=code,pflash1=variables" if self.boot_mode is BootMode.UEFI else ""
        return f"{kind},graphics=off{flash}"

    def _firmware(self) -> list[str]:
        if (self.boot_mode is BootMode.UEFI) != (self.variables is not None):
            have = "none" if self.variables is None else self.variables
            raise GuestError(f"machine: boots by {self.boot_mode}, found UEFI variables: {have}")
        if self.variables is None:
            return []
        words = []
        for node, path in (("code", find_ovmf().code), ("variables", self.variables)):
            options = {"node-name": node, "driver": "raw", "read-only": node == "code"}
            file = {"driver": "file", "filename": str(path)}
            words += ["-blockdev", json.dumps(options | {"file": file})]
        return words

    def _channels(self) -> list[str]:
        words = []
        if self.serial is not None:
            log = f",logfile={_escaped(str(self.serial_log))}" if self.serial_log else ""
            words += ["-chardev", _channel("serial", self.serial, "file,path=/dev/fd/{}") + log]
            words += ["-serial", "chardev:serial"]
        if self.monitor is not None:
            words += ["-chardev", _channel("monitor", self.monitor, "socket,fd={}")]
            words += ["-mon", "chardev=monitor,mode=control"]
        return words


def _channel(name: str, place: Path | int, inherited: str) -> str:
    if isinstance(place, int):
        return f"{inherited.format(place)},id={name}"
    return f"socket,path={_escaped(str(place))},server=on,wait=off,id={name}"


def _escaped(text: str) -> str:
    """Return ``text`` as a value of QEMU's ``key=value`` lists."""
    return text.replace(",", ",,")
