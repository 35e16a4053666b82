# SPDX-License-Identifier: Apache-2.0
"""Disks of a machine: where their bytes are, and what the guest sees them on.

Everything goes to QEMU as JSON (``-blockdev``, ``-device``), so no character of a path has a
meaning. A qcow2 file's backing file is always named here, or refused by ``null``: the name that is
written in the file is never opened.

Source: QEMU, docs/interop/qemu-qmp-ref, BlockdevOptions; docs/system/qemu-block-drivers.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vmferry.compute.hardware import Bus
from vmferry.errors import GuestError, SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PORTS: Final = 6
"""Disks of one AHCI controller."""

MOST_IDE: Final = 4
MAKE_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImage:
    """A disk that is a file.

    Attributes:
        format: ``raw`` or ``qcow2``; never guessed from what the guest can write.
    """

    path: Path
    format: str = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdExport:
    """A disk that an NBD server has on a Unix socket."""

    socket: Path
    export: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One disk of a machine.

    Attributes:
        source: The bytes.
        overlay: A qcow2 file that takes what is written, so that ``source`` is only read;
            ``make_overlay`` makes one. Without it the guest writes to ``source``.
        serial: What the guest sees as serial number, such as ``vol0123456789abcdef0``.
        durable: Whether the guest's flushes reach the disk; a throw-away machine needs none.
    """

    source: FileImage | NbdExport
    bus: Bus = Bus.VIRTIO
    overlay: Path | None = None
    serial: str = ""
    durable: bool = True


def make_overlay(path: Path, size: int) -> Path:
    """Write an empty qcow2 overlay for a disk of ``size`` bytes to ``path`` and return it.

    Raises:
        SetupError: qemu-img is not installed or cannot write it.
    """
    command = ["qemu-img", "create", "-q", "-f", "qcow2", str(path), str(size)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=MAKE_S)
    except FileNotFoundError as error:
        raise SetupError(
            "compute: the program qemu-img was not found",
            hint="Install it: apt-get install qemu-utils",
        ) from error
    except subprocess.SubprocessError as error:
        said = str(getattr(error, "stderr", "") or error).strip()
        raise SetupError(f"compute: the overlay {path} cannot be made: {said}") from error
    return path


def arguments(drives: Sequence[Drive]) -> list[str]:
    """Return QEMU's arguments for the drives and their controllers; the first is booted.

    Raises:
        GuestError: More disks on IDE than it has places.
    """
    crowd = sum(drive.bus is Bus.IDE for drive in drives)
    if crowd > MOST_IDE:
        raise GuestError(f"machine: found {crowd} disks on IDE, expected at most {MOST_IDE}")
    words: list[str] = []
    taken: dict[Bus, int] = {}
    for number, drive in enumerate(drives):
        at = taken.get(drive.bus, 0)
        taken[drive.bus] = at + 1
        for controller in _controllers(drive.bus, at):
            words += ["-device", json.dumps(controller)]
        device = _device(drive.bus, at) | {"drive": f"disk{number}", "bootindex": number}
        words += ["-blockdev", json.dumps(_node(drive, f"disk{number}"))]
        words += ["-device", json.dumps(device | {"serial": drive.serial or f"vmferry{number}"})]
    return words


def _controllers(bus: Bus, at: int) -> list[dict[str, Any]]:
    """Return what has to be there before the disk number ``at`` of a bus."""
    if bus is Bus.SCSI and at == 0:
        return [{"driver": "virtio-scsi-pci", "id": "scsi"}]
    if bus is Bus.AHCI and at % PORTS == 0:
        return [{"driver": "ich9-ahci", "id": f"ahci{at // PORTS}"}]
    return []


def _device(bus: Bus, at: int) -> dict[str, Any]:
    """Return the device of the disk number ``at`` of a bus, without its drive."""
    devices: dict[Bus, dict[str, Any]] = {
        Bus.VIRTIO: {"driver": "virtio-blk-pci"},
        Bus.NVME: {"driver": "nvme"},
        Bus.SCSI: {"driver": "scsi-hd", "bus": "scsi.0", "scsi-id": at, "lun": 0},
        Bus.AHCI: {"driver": "ide-hd", "bus": f"ahci{at // PORTS}.{at % PORTS}"},
        # The machine "pc" has this controller: two channels, two disks on each.
        Bus.IDE: {"driver": "ide-hd", "bus": f"ide.{at // 2}", "unit": at % 2},
    }
    return devices[bus]


def _node(drive: Drive, name: str) -> dict[str, Any]:
    options: dict[str, Any] = {"node-name": name, "discard": "unmap"}
    if not drive.durable:
        options["cache"] = {"no-flush": True}
    if drive.overlay is None:
        return _source(drive.source) | options
    return _qcow2(drive.overlay, _source(drive.source)) | options


def _source(source: FileImage | NbdExport) -> dict[str, Any]:
    if isinstance(source, NbdExport):
        server = {"type": "unix", "path": str(source.socket)}
        return {"driver": "nbd", "server": server, "export": source.export}
    if source.format == "qcow2":
        return _qcow2(source.path, None)
    return {"driver": "raw", "file": {"driver": "file", "filename": str(source.path)}}


def _qcow2(path: Path, backing: dict[str, Any] | None) -> dict[str, Any]:
    file = {"driver": "file", "filename": str(path)}
    return {"driver": "qcow2", "file": file, "backing": backing}
