# SPDX-License-Identifier: Apache-2.0
"""ImportImage: a machine in a bucket becomes an image. Read this first: the whole way of the data.

    validating   find the disks, detect their formats, look at the guest and ask
                 the rules of the guide: nothing is copied, a refusal ends the task here
    validated    compare the files with the appliance's manifest
    converting   copy every disk, slice by slice, into blocks
    updating     mend the guest, so that it boots and can be reached
    booting      start it once on disks that are thrown away, if that is wanted
    preparing    make snapshots, image and the task's end visible, all in one transaction

Source: the guide, "Import your VM as an image"; aws-behaviour.md 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vmferry.catalog import images, snapshots
from vmferry.database.engine import now
from vmferry.errors import GuestError
from vmferry.jobs import Job, nothing_to_undo
from vmferry.jobs._boot import boot_disks, is_wanted
from vmferry.jobs._copy import import_disk
from vmferry.jobs._mend import choices_of, mend_disks
from vmferry.jobs._snapshots import imported
from vmferry.jobs._source import check_key, examine_machine, verify_disk
from vmferry.model import ids
from vmferry.model.catalog import BlockDevice, Image, Snapshot
from vmferry.units import GIB

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from vmferry.jobs._rooms import Rooms
    from vmferry.model.task import Task
    from vmferry.tasks import Steps

VALIDATED: Final = 19
CONVERTING: Final = 28
UPDATING: Final = 58
BOOTING: Final = 62
PREPARING: Final = 85
"""Percent shown at the beginnings of the phases, as AWS does (aws-behaviour.md, 4)."""


def run(rooms: Rooms, steps: Steps) -> None:
    """Import the machine."""
    params = steps.task.params
    check_key(params)
    found = _judged(steps)
    disks, facts = found["disks"], found["report"]["guest"]
    boot_mode = params["boot_mode"] or facts["boot_modes"][0]
    steps.report(
        "validated",
        VALIDATED,
        disks=[_shown(disk, number) for number, disk in enumerate(disks)],
        machine=found["machine"],
        platform=facts["platform"],
        architecture=facts["architecture"],
        boot_mode=boot_mode,
        license_type="BYOL",
    )
    promised = [(disk, str(steps.work)) for disk in disks if "digest" in disk]
    steps.map(verify_disk, promised, lambda _done: None)
    steps.report("converting", CONVERTING)
    copied = _copy(steps, disks)
    maps = _mended(rooms, steps, copied, found["machine"], boot_mode)
    steps.report("preparing ami", PREPARING)
    made = [
        imported(steps.task.owner, steps.task.id, disk["size"], map_id, original)
        for disk, map_id, original in zip(disks, maps, copied, strict=True)
    ]
    image = _image(steps.task, found, boot_mode, made)

    def write(connection: Connection) -> None:
        for snapshot in made:
            snapshots.add(connection, snapshot)
        images.add(connection, image)

    shown = [
        {**_shown(disk, number), "snapshot_id": snapshot.id}
        for number, (disk, snapshot) in enumerate(zip(disks, made, strict=True))
    ]
    steps.complete(write, image_id=image.id, disks=shown)


def _judged(steps: Steps) -> dict[str, Any]:
    """Return what is on the disks; a refusal ends the task, its report stays."""
    params = steps.task.params
    steps.report("validating", 5)
    found: dict[str, Any] = steps.run(examine_machine, params["containers"], asked(params))
    steps.report("validating", 5, report=found["report"])
    if found["cause"]:
        message, hint, aws_text = found["cause"]
        raise GuestError(message, hint=hint, aws_text=aws_text)
    return found


def _copy(steps: Steps, disks: list[dict[str, Any]]) -> list[str]:
    """Copy every disk; progress is by bytes over all of them."""
    total = sum(disk["size"] for disk in disks)
    maps: list[str] = []
    before = 0
    for number, disk in enumerate(disks):

        def show(share: float, before: int = before, size: int = disk["size"]) -> None:
            done = (before + share * size) / total
            steps.report(progress=CONVERTING + int(done * (UPDATING - CONVERTING)))

        maps.append(import_disk(steps, number, disk["location"], show))
        before += disk["size"]
        steps.detail["disks"][number]["status"] = "completed"
    return maps


def _mended(
    rooms: Rooms,
    steps: Steps,
    maps: list[str],
    machine: dict[str, Any] | None,
    boot_mode: str,
) -> list[str]:
    """Return the maps of the disks with fix-ups, after the machine was booted if that is wanted."""
    macs = tuple(card["mac"] for card in machine["cards"]) if machine else ()
    steps.report("updating", UPDATING)
    maps = mend_disks(steps, maps, choices_of(rooms.config.guest, macs))
    if steps.run(is_wanted):
        steps.report("booting", BOOTING)
        boot_disks(steps, maps, boot_mode, macs)
    return maps


def device_name(number: int) -> str:
    """Return the device of disk ``number`` from 0: ``/dev/sda1``, ``/dev/sdb``, ``/dev/sdc``, …."""
    return "/dev/sda1" if number == 0 else f"/dev/sd{chr(ord('a') + number)}"


def _shown(disk: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "container": disk["container"],
        "format": disk["format"],
        "size": disk["object_size"],
        "status": "active",
        "device_name": device_name(number),
    }


def asked(params: dict[str, Any]) -> dict[str, str]:
    """Return what rules are told of a task's parameters (fields of ``guest.Request``)."""
    names = ("architecture", "boot_mode", "platform", "license_type", "usage_operation")
    return {name: params[name] for name in names}


def _image(task: Task, found: dict[str, Any], boot_mode: str, made: list[Snapshot]) -> Image:
    facts = found["report"]["guest"]
    devices = tuple(
        BlockDevice(
            device_name=device_name(number),
            snapshot_id=snapshot.id,
            volume_size_gib=max(1, -(-snapshot.size // GIB)),
        )
        for number, snapshot in enumerate(made)
    )
    return Image(
        id=ids.new("ami"),
        owner=task.owner,
        name=task.id,
        description=found["description"],
        architecture=facts["architecture"],
        boot_mode=boot_mode,
        platform=facts["platform"],
        root_device_name=devices[0].device_name,
        created=now(),
        devices=devices,
        ena_support=facts["ena"],
        usage_operation=task.params["usage_operation"] or "RunInstances",
    )


JOB = Job(name="import_image", run=run, undo=nothing_to_undo)
