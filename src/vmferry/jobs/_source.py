# SPDX-License-Identifier: Apache-2.0
"""From a request's disk containers to disks: find, detect, check, look; nothing is copied.

A *found* disk is JSON: ``location`` (a ``DiskLocation``), ``size`` (virtual bytes), ``object_size``
(bytes of its file), ``format`` (as the API spells it), ``container`` (index in the request), and
``digest`` (algorithm and value from the manifest, or absent).
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vmferry import appliances, formats, guest
from vmferry.convert.locations import member_location
from vmferry.errors import CallerError, FormatError, GuestError
from vmferry.jobs._copy import SNAPSHOT, fresh_disk, open_file
from vmferry.jobs._rooms import here
from vmferry.model.disk import DiskLocation
from vmferry.stores import open_source
from vmferry.tasks import check_cancelled
from vmferry.units import human

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.model.bytes import StoredObject

OVA: Final = "ova"

AWS_FORMATS: Final = ("RAW", "VHD", "VHDX", "VMDK", "SNAPSHOT")
"""What AWS imports; the last is a snapshot of our own."""

MAX_DISKS: Final = 21
"""The guide, general limits; an OVA can bring more disks than a request has containers."""


def check_key(params: dict[str, Any]) -> None:
    """Refuse a task that wants a key; AWS finds out here too and not in the request.

    Raises:
        CallerError: There is no such key.
    """
    if params.get("encrypted"):
        raise CallerError(
            f"there is no KMS key {params['kms_key_id']} in this service",
            hint="Start the import without --encrypted",
            aws_text="Client.InvalidKMSKey.InvalidState: "
            "The KMS key provided is in an incorrect state",
        )


def examine_disk(container: dict[str, Any]) -> dict[str, Any]:
    """Step: find one disk of one container; an appliance is refused."""
    url, source = _object(container)
    declared = container["format"].lower()
    location = _whole(container, url, source, declared or formats.detect(source))
    return _found(location, source.size, 0)


def examine_machine(containers: list[dict[str, Any]]) -> dict[str, Any]:
    """Step: find every disk and look at the guest on them.

    Returns:
        ``disks`` (found disks, the boot disk first), ``facts`` (``GuestFacts``), ``machine`` (of
        the appliance, or absent).
    """
    disks: list[dict[str, Any]] = []
    machine: dict[str, Any] | None = None
    for number, container in enumerate(containers):
        if container.get("map_id"):
            location = DiskLocation(url=container["map_id"], format=SNAPSHOT, label="snapshot")
            disks.append(_found(location, 0, number))
            continue
        url, source = _object(container)
        declared = container["format"].lower()
        if (declared or formats.detect(source)) == OVA:
            machine, more = _appliance(url, source, number)
            disks += more
        else:
            name = declared or formats.detect(source)
            disks.append(_found(_whole(container, url, source, name), source.size, number))
    _check_count(disks)
    _check_policy(disks)
    return {"disks": disks, "machine": machine, "facts": _look(disks)}


def verify_disk(disk: dict[str, Any], work: str) -> None:
    """Step: compare a disk's file, as it is stored, with what the appliance's manifest promises."""
    file = open_file(replace(DiskLocation(**disk["location"]), compression=""))
    digest = appliances.Digest(*disk["digest"])
    folder = Path(work)
    appliances.verify_digest(file, digest, lambda _done: check_cancelled(folder))


def _object(container: dict[str, Any]) -> tuple[str, StoredObject]:
    url = here().object_url(container["bucket"], container["key"])
    return url, open_source(url, here().access)


def _whole(
    container: dict[str, Any], url: str, source: StoredObject, format_name: str
) -> DiskLocation:
    label = f"s3://{container['bucket']}/{container['key']}"
    return DiskLocation(url=url, format=format_name, label=label, version=source.version)


def _found(location: DiskLocation, object_size: int, container: int) -> dict[str, Any]:
    if location.format == OVA:
        raise FormatError(
            f"disk: {location.label} is an OVA, which holds a machine",
            expected="a single disk",
            hint="Import it with import-image",
        )
    disk = fresh_disk(location)
    limit = here().config.guest.max_disk
    if not 0 < disk.size <= limit:
        raise FormatError(
            f"disk: virtual size of {location.label}",
            found=human(disk.size),
            expected=f"more than nothing and at most {human(limit)}",
            aws_text="ClientError: Disk validation failed [Disk image size too large]",
        )
    return {
        "location": asdict(location),
        "size": disk.size,
        "object_size": object_size or disk.size,
        "format": location.format.upper(),
        "container": container,
    }


def _appliance(
    url: str, source: StoredObject, container: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    appliance = appliances.open_appliance(source)
    _check_count(appliance.machine.disks)
    out = []
    for disk in appliance.machine.disks:
        location = member_location(disk, url, source.version)
        location = replace(location, format=formats.detect(open_file(location)))
        found = _found(location, disk.length, container)
        digest = appliance.digest_of(disk)
        out.append({**found, **({"digest": list(digest)} if digest else {})})
    if not out:
        raise FormatError(
            f"ova: {source.name} has no disk",
            aws_text="ClientError: Disk validation failed [Unsupported OVA format]",
        )
    machine = asdict(appliance.machine)
    del machine["disks"]
    return machine, out


def _check_count(disks: Sequence[object]) -> None:
    if len(disks) > MAX_DISKS:
        raise GuestError(
            f"the machine has {len(disks)} disks, expected at most {MAX_DISKS}",
            hint="Import the others with import-snapshot",
            aws_text=f"ClientError: The number of disks exceeds the limit of {MAX_DISKS}.",
        )


def _check_policy(disks: Sequence[dict[str, Any]]) -> None:
    """On AWS's terms (``guest.support_policy``) only the guide's formats and kinds (11-D)."""
    if here().config.guest.support_policy != "aws":
        return
    for disk in disks:
        if disk["format"] not in AWS_FORMATS:
            raise FormatError(
                f"disk: format of {disk['location']['label']}",
                found=disk["format"],
                expected=f"{', '.join(AWS_FORMATS)}, as guest.support_policy = aws asks for",
            )
        kind = getattr(fresh_disk(DiskLocation(**disk["location"])), "create_type", "")
        if kind not in ("", "streamOptimized"):
            raise FormatError(
                f"vmdk: createType of {disk['location']['label']}",
                found=kind,
                expected="streamOptimized, as guest.support_policy = aws asks for",
                aws_text="ClientError: Disk validation failed [Unsupported VMDK File Format]",
            )


def _look(disks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    facts = guest.inspect([fresh_disk(DiskLocation(**disk["location"])) for disk in disks])
    if facts.partition_table == "none":
        raise GuestError(
            f"{disks[0]['location']['label']}: a file system on the bare disk, "
            "expected a partition table",
            hint="Copy the machine to a disk with an MBR or GPT partition table",
            aws_text="ClientError: No valid partitions. Not a valid volume.",
        )
    return {**asdict(facts), "description": facts.description}
