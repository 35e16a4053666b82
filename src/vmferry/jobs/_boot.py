# SPDX-License-Identifier: Apache-2.0
"""The boot check of a machine that was copied and mended: on devices that are thrown away.

Source: aws-behaviour.md, 4 (``booting``) and 2.3 (FirstBootFailure).
"""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vmferry.compute import accelerator, drives, firmware, hardware
from vmferry.compute.boot_check import BootReport, check_boot, first_boot_failure
from vmferry.compute.machine import Machine
from vmferry.compute.network import Card
from vmferry.guest import inspection
from vmferry.jobs._rooms import here
from vmferry.jobs._sockets import served
from vmferry.model.fixup import Network
from vmferry.model.guest import BootMode
from vmferry.tasks import check_cancelled

if TYPE_CHECKING:
    from vmferry.tasks import Steps

FOLDER: Final = "boot"


def boot_disks(steps: Steps, maps: list[str], boot_mode: str, macs: tuple[str, ...]) -> None:
    """Boot the machine if the settings want that; what came of it is kept with the task.

    Raises:
        GuestError: It did not boot; AWS's FirstBootFailure.
    """
    told = steps.run(boot_machine, maps, boot_mode, list(macs[:1]), str(steps.work))
    steps.report(boot=told)
    if not told["booted"]:
        raise first_boot_failure(BootReport(**{**told, "console": tuple(told["console"])}))


def is_wanted() -> bool:
    """Step: say whether machines are booted here."""
    wanted = here().config.compute.boot_check
    if wanted == "auto":
        return accelerator.probe() == accelerator.KVM
    return wanted == "always"


def boot_machine(maps: list[str], boot_mode: str, macs: list[str], work: str) -> dict[str, Any]:
    """Step: boot the machine; returns a ``BootReport`` as JSON."""
    rooms, folder = here(), Path(work)
    with served(maps, folder / FOLDER) as disks:
        facts = inspection.inspect([disk.device for disk in disks])
        bus, nic = hardware.choose(facts.kernels[0] if facts.kernels else None)
        mode = BootMode(boot_mode)
        variables = folder / FOLDER / "variables.fd" if mode is BootMode.UEFI else None
        machine = Machine(
            drives=tuple(
                drives.Drive(
                    source=drives.NbdExport(socket=disk.server.path), bus=bus, durable=False
                )
                for disk in disks
            ),
            boot_mode=mode,
            variables=firmware.copy_variables(variables) if variables else None,
            card=Card(nic=nic, mac=next(iter(macs), "")),
        )
        report = check_boot(
            machine,
            accelerator.probe(),
            deadline_s=rooms.config.compute.boot_deadline_s,
            tick=lambda _seconds: check_cancelled(folder),
            address=Network(rooms.config.guest.network) is Network.DHCP,
        )
    shutil.rmtree(folder / FOLDER)
    return asdict(report)
