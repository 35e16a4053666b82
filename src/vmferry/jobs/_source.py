# SPDX-License-Identifier: Apache-2.0
"""From a request's disk containers to disks: find, detect, check, look; nothing is copied.

A *found* disk is JSON: ``location`` (a ``DiskLocation``), ``size`` (virtual bytes), ``object_size``
(bytes of its file), ``format`` (as the API spells it), ``container`` (index in the request), and
``digest`` (algorithm and value from the manifest, or absent).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vmferry import appliances, formats, guest
from vmferry.appliances.content import most_content, open_content
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

    from vmferry.jobs._rooms import Rooms
    from vmferry.model.bytes import ByteSource, StoredObject
    from vmferry.model.disk import Disk
    from vmferry.model.machine import Machine

OVA: Final = "ova"

MAX_DISKS: Final = 21
"""The guide, general limits; an OVA can bring more disks than a request has containers."""


DRY_RUN_S: Final = 20
"""How long a dry run looks. Clients wait for 60 s; a machine is looked at in one, and a disk that
is compressed with gzip inflates by 300 MiB a second."""


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
    url, source = _object(here(), container)
    declared = container["format"].lower()
    location = _whole(container, url, source, declared or formats.detect(source))
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
    return _found(location, disk.size, source.size, 0)


def examine_machine(containers: list[dict[str, Any]], request: dict[str, str]) -> dict[str, Any]:
    """Step: ``examine`` with this worker's rooms, for as long as that takes."""
    return examine(here(), containers, request, patience_s=math.inf)


def examine(
    rooms: Rooms,
    containers: list[dict[str, Any]],
    request: dict[str, str],
    *,
    patience_s: float = DRY_RUN_S,
) -> dict[str, Any]:
    """Find every disk of a machine, look at the guest on them, and judge it; nothing is copied.

    Args:
        rooms: Where the disks are; also a dry run's, in the service itself.
        containers: The request's disks.
        request: Fields of ``guest.Request``.
        patience_s: Seconds until it is given up.

    Returns:
        ``disks`` (found disks, the boot disk first), ``machine`` (of the appliance, or ``None``),
        ``report``, ``description`` of the guest, and ``cause``: message, hint and AWS's text of
        the refusal, or ``None``.

    Raises:
        SourceError: An object cannot be read, or not in time.
    """
    disks: list[_Disk] = []
    machine: Machine | None = None
    with guest.Check(patience_s) as check:
        try:
            machine = _open_all(_Opener(rooms, check), containers, disks)
            subject = guest.Subject(
                disks=tuple(disk.described for disk in disks),
                machine=machine,
                request=guest.Request(**request),
                max_disk=rooms.config.guest.max_disk,
                low_space=rooms.config.guest.low_space,
                no_space=rooms.config.guest.no_space,
            )
            report = check.look(subject, [disk.disk for disk in disks])
        except (FormatError, GuestError) as error:
            report = check.refuse(error)
    cause = guest.cause(report, rooms.config.guest.support_policy)
    shown = asdict(machine) if machine else None
    if shown:
        del shown["disks"]
    return {
        "disks": [disk.found for disk in disks],
        "machine": shown,
        "report": report.to_json(),
        "description": report.guest.description if report.guest else "",
        "cause": [cause.message, cause.hint, cause.aws_text] if cause else None,
    }


def verify_disk(disk: dict[str, Any], work: str) -> None:
    """Step: compare a disk's file, as it is stored, with what the appliance's manifest promises."""
    file = open_file(replace(DiskLocation(**disk["location"]), compression=""))
    digest = appliances.Digest(*disk["digest"])
    folder = Path(work)
    appliances.verify_digest(file, digest, lambda _done: check_cancelled(folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disk:
    """A disk that was opened, as the task, the rules and the look want it."""

    found: dict[str, Any]
    described: guest.SubjectDisk
    disk: Disk


class _Opener:
    """Opens the disks of containers; what is read of their objects counts for the check."""

    def __init__(self, rooms: Rooms, check: guest.Check) -> None:
        self._rooms = rooms
        self._check = check

    def snapshot(self, map_id: str, container: int) -> _Disk:
        """Open a snapshot of our own."""
        location = DiskLocation(url=map_id, format=SNAPSHOT, label="snapshot")
        disk = self._check.meter.measured_disk(self._rooms.snapshot_disk(map_id))
        return _opened(location, disk, container, 0)

    def container(
        self, container: dict[str, Any], number: int
    ) -> tuple[Machine | None, list[_Disk]]:
        """Open every disk of an object, and the machine if it is an appliance."""
        url, source = _object(self._rooms, container)
        file = self._check.meter.measured(source)
        name = container["format"].lower() or formats.detect(file)
        if name == OVA:
            return self._appliance(url, file, source.version, number)
        location = _whole(container, url, source, name)
        return None, [_opened(location, formats.open_disk(file, name), number, source.size)]

    def _appliance(
        self, url: str, file: ByteSource, version: str, number: int
    ) -> tuple[Machine, list[_Disk]]:
        appliance = appliances.open_appliance(file)
        members = appliance.machine.disks
        _check_count(members)
        if not members:
            raise FormatError(
                f"ova: {file.name} has no disk",
                aws_text="ClientError: Disk validation failed [Unsupported OVA format]",
            )
        limit = most_content(self._rooms.config.guest.max_disk)
        disks = []
        for member in members:
            place = member_location(member, url, version)
            inside = open_content(
                file, place.offset, place.length or 0, place.label, place.compression, limit
            )
            location = replace(place, format=formats.detect(inside))
            disk = formats.open_disk(inside, location.format)
            opened = _opened(location, disk, number, member.length)
            digest = appliance.digest_of(member)
            more = {"digest": list(digest)} if digest else {}
            disks.append(replace(opened, found={**opened.found, **more}))
        return appliance.machine, disks


def _open_all(
    opener: _Opener, containers: list[dict[str, Any]], disks: list[_Disk]
) -> Machine | None:
    """Open every disk into ``disks``; return the machine if an appliance is among them."""
    machine = None
    for number, container in enumerate(containers):
        if container.get("map_id"):
            disks.append(opener.snapshot(container["map_id"], number))
            continue
        described, more = opener.container(container, number)
        machine = described or machine
        disks += more
    return machine


def _opened(location: DiskLocation, disk: Disk, container: int, object_size: int) -> _Disk:
    return _Disk(
        found=_found(location, disk.size, object_size, container),
        described=guest.described(location.label, location.format, disk),
        disk=disk,
    )


def _found(location: DiskLocation, size: int, object_size: int, container: int) -> dict[str, Any]:
    return {
        "location": asdict(location),
        "size": size,
        "object_size": object_size or size,
        "format": location.format.upper(),
        "container": container,
    }


def _object(rooms: Rooms, container: dict[str, Any]) -> tuple[str, StoredObject]:
    url = rooms.object_url(container["bucket"], container["key"])
    return url, open_source(url, rooms.access)


def _whole(
    container: dict[str, Any], url: str, source: StoredObject, format_name: str
) -> DiskLocation:
    label = f"s3://{container['bucket']}/{container['key']}"
    return DiskLocation(url=url, format=format_name, label=label, version=source.version)


def _check_count(disks: Sequence[object]) -> None:
    # Before they are opened: a description can name any number of them.
    if len(disks) > MAX_DISKS:
        raise GuestError(
            f"the machine has {len(disks)} disks, expected at most {MAX_DISKS}",
            hint="Import the others with import-snapshot",
            aws_text=f"ClientError: The number of disks exceeds the limit of {MAX_DISKS}.",
        )
