# SPDX-License-Identifier: Apache-2.0
"""Mending a machine that was copied: plan, show, apply on copy-on-write devices, keep what changed.

    plan_machine ─▶ edits? ─▶ mend_machine (devices in the work folder) ─▶ keep_changes, per disk

What ``mend_machine`` does not finish begins anew on empty devices. The maps that were copied stay:
what fix-ups change gets maps of its own, which name all other blocks where the first ones do.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vmferry.blocks import Changes, Device
from vmferry.compute import accelerator
from vmferry.guest import inspection
from vmferry.guest.difference import shown
from vmferry.guest.engines import Drive
from vmferry.guest.fixups import chosen
from vmferry.guest.mending import Workshop, mend
from vmferry.jobs._rooms import here
from vmferry.jobs._sockets import served
from vmferry.model.fixup import Choices, Network, Plan
from vmferry.tasks import check_cancelled

if TYPE_CHECKING:
    from vmferry.config import Guest
    from vmferry.tasks import Steps

DEVICES: Final = "devices"
MENDED: Final = "mended"


def choices_of(settings: Guest, macs: tuple[str, ...]) -> Choices:
    """Return what the settings say, for a machine whose cards have these addresses.

    Raises:
        SetupError: A fix-up is unknown.
    """
    return Choices(fixups=chosen(settings.fixups), network=Network(settings.network), macs=macs)


def mend_disks(steps: Steps, maps: list[str], choices: Choices) -> list[str]:
    """Mend a machine; what will be done, and then what was done, is shown with the task.

    Args:
        steps: The task's.
        maps: Of the machine's disks, the boot disk first.
        choices: The operator's.

    Returns:
        The maps as they are now: those of disks that were not changed are the same.
    """
    wanted = asdict(choices)
    plan = steps.run(plan_machine, maps, wanted)
    steps.report(fixups=plan)
    if not plan["edits"]:
        return maps
    steps.report(fixups=steps.run(mend_machine, maps, wanted, str(steps.work)))
    return [
        str(steps.run(keep_changes, map_id, steps.task.id, number, str(steps.work)))
        for number, map_id in enumerate(maps)
    ]


def plan_machine(maps: list[str], choices: dict[str, Any]) -> dict[str, Any]:
    """Step: return what fix-ups would change, as ``guest.difference.shown`` has it."""
    if not choices["fixups"]:
        return shown(Plan())
    disks = [here().snapshot_disk(map_id) for map_id in maps]
    return shown(inspection.plan(disks, _choices(choices)))


def mend_machine(maps: list[str], choices: dict[str, Any], work: str) -> dict[str, Any]:
    """Step: change the machine on fresh devices; returns what was done, shown alike."""
    folder = Path(work)
    with served(maps, folder / DEVICES) as disks:
        scratch = folder / DEVICES / "scratch"
        scratch.mkdir()
        workshop = Workshop(
            emulate=accelerator.probe() != accelerator.KVM,
            scratch=scratch,
            tick=lambda: check_cancelled(folder),
        )
        drives = [Drive(socket=str(disk.server.path)) for disk in disks]
        done = mend([disk.device for disk in disks], drives, _choices(choices), workshop)
        for disk in disks:
            disk.device.flush()
    return shown(done)


def keep_changes(map_id: str, task: str, number: int, work: str) -> str:
    """Step: store what was changed on a disk; returns the disk's map, the same if nothing was."""
    rooms, folder = here(), Path(work)
    base = rooms.snapshot_disk(map_id)
    with closing(Device(base, folder / DEVICES / str(number), writable=False)) as device:
        changes = Changes(device)
        slices = changes.cut()
        if not slices:
            return map_id
        parts = [folder / "parts" / f"{number}-{MENDED}-{at:06}" for at in range(len(slices))]
        for (offset, length), part in zip(slices, parts, strict=True):
            changes.copy(rooms.ingest, offset, length, part, lambda _done: check_cancelled(folder))
        mended = f"{task}.{number}-{MENDED}"
        changes.seal(rooms.blocks, parts, mended, folder / f"map-{number}-{MENDED}")
    return mended


def _choices(document: dict[str, Any]) -> Choices:
    return Choices(
        fixups=tuple(document["fixups"]),
        network=Network(document["network"]),
        macs=tuple(document["macs"]),
    )
