# SPDX-License-Identifier: Apache-2.0
"""``vmferry info``: what a disk or an appliance is, before anybody imports it; needs no service."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from vmferry.cli import sources
from vmferry.cli.commands import Command
from vmferry.cli.options import Output, OutputOption
from vmferry.units import SECTOR, human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.appliances import Appliance
    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk
    from vmferry.model.machine import ApplianceDisk

_OVA: Final = "ova"


def run(
    source: Annotated[str, typer.Argument(metavar=sources.METAVAR, help=sources.HELP)],
    output: OutputOption = Output.TABLE,
) -> None:
    """Show format, sizes, allocation and warnings of a disk, or an appliance with its disks."""
    found = describe(source)
    if output is Output.JSON:
        typer.echo(json.dumps(found, indent=2))
        return
    lines = list(_lines(found))
    width = max(len(label) for label, _ in lines)
    for label, text in lines:
        # What is in an image was chosen by others: it may not steer the terminal.
        shown = "".join(
            char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text
        )
        typer.echo(f"{label:{width}}  {shown}")


def describe(source: str) -> dict[str, Any]:
    """Return what ``--output json`` shows; sizes are in bytes.

    Raises:
        FormatError: It is no disk or appliance that can be read.
        SourceError: It cannot be read at all.
        SetupError: No S3 is configured.
    """
    from vmferry import appliances, formats, stores

    opened = stores.open_source(*sources.resolve(source))
    name = formats.detect(opened)
    # A presigned URL is a secret; the object's name is the part of it that is none.
    shown = opened.name if "://" in source else source
    head = {"source": shown, "format": name, "file_size": opened.size}
    if name != _OVA:
        return head | _disk(opened, name)
    appliance = appliances.open_appliance(opened)
    machine = asdict(appliance.machine)
    del machine["disks"]
    disks = [_member(appliance, disk) for disk in appliance.machine.disks]
    return head | {"machine": machine, "disks": disks}


def _member(appliance: Appliance, disk: ApplianceDisk) -> dict[str, Any]:
    """Describe one disk of an appliance."""
    from vmferry import formats

    head: dict[str, Any] = {
        "href": disk.href,
        "controller": disk.controller,
        "compression": disk.compression,
        "file_size": disk.length,
    }
    file = appliance.disk_file(disk)
    found = head | {"format": formats.detect(file)}
    found |= _disk(file, found["format"])
    if not disk.href:
        found["warnings"] = ["the disk is empty: the appliance has no file for it"]
    if disk.capacity not in (None, found["virtual_size"]):
        found["warnings"].append(
            f"the OVF says {disk.capacity} bytes, the disk has {found['virtual_size']}"
        )
    return found


def _disk(source: ByteSource, name: str) -> dict[str, Any]:
    from vmferry import formats

    disk = formats.open_disk(source, name)
    allocated = formats.allocated(disk)
    return {
        "virtual_size": disk.size,
        "allocated": allocated,
        "allocated_share": round(allocated / disk.size, 4) if disk.size else 0.0,
        "create_type": getattr(disk, "create_type", ""),
        "warnings": [*getattr(disk, "warnings", ()), *_doubts(disk, name)],
    }


def _doubts(disk: Disk, name: str) -> Iterator[str]:
    """Raw is what has no magic, so a text or a compressed disk passes as raw."""
    if name == "raw" and (disk.size < SECTOR or disk.read_at(SECTOR - 2, 2) != b"\x55\xaa"):
        yield "raw: no partition table begins in the first sector, so this may be no disk at all"


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "source", found["source"]
    if "machine" not in found:
        yield from _disk_lines(found)
        return
    machine = found["machine"]
    yield "format", found["format"]
    yield "file size", _size(found["file_size"])
    yield "machine", machine["name"] or "-"
    yield "guest", machine["os_description"] or machine["os_type"] or "-"
    yield "cpus", str(machine["cpus"] or "-")
    yield "memory", human(machine["memory"]) if machine["memory"] else "-"
    yield "firmware", machine["firmware"] or "-"
    yield "network", f"{len(machine['cards'])} cards"
    for number, disk in enumerate(found["disks"], 1):
        yield f"disk {number}", disk["href"] or "-"
        yield "  controller", disk["controller"] or "-"
        if disk["compression"]:
            yield "  compression", disk["compression"]
        for label, text in _disk_lines(disk):
            yield f"  {label}", text


def _disk_lines(disk: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "format", disk["format"] or "-"
    yield "file size", _size(disk["file_size"])
    if "virtual_size" in disk:
        yield "virtual size", _size(disk["virtual_size"])
        yield "allocated", f"{_size(disk['allocated'])}, {disk['allocated_share']:.1%}"
    if disk.get("create_type"):
        yield "create type", disk["create_type"]
    for warning in disk["warnings"]:
        yield "warning", warning


def _size(size: int) -> str:
    short = human(size)
    return short if short.endswith("bytes") else f"{short} ({size} bytes)"


COMMAND = Command(name="info", run=run, example="vmferry info my-server-vm.ova")
