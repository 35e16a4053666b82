# SPDX-License-Identifier: Apache-2.0
"""Writes an OVA in one pass: disks go straight to their places in the growing archive.

The standard puts description and manifest before the disks, and both say what is known only when
the disks are written: sizes and digests. So their room is left free at the front and filled at the
end. The manifest's length depends on names alone; the description is first composed with the
longest numbers there can be, and spaces after its last element, which XML allows, make up the
difference.

    description · manifest · disk 1 · disk 2 … · two blocks of zeros

Source: DSP0243 (OVF) 1.1.0, sections 5.1 and 5.3; POSIX.1-2017, ``pax``, "ustar".
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Final

from vmferry.appliances.manifest import Digest, compose_manifest
from vmferry.appliances.ovf.complete import complete
from vmferry.appliances.ovf.compose import compose_ovf, file_stem
from vmferry.appliances.tar import header
from vmferry.errors import ServiceError
from vmferry.units import SECTOR, round_up

if TYPE_CHECKING:
    from vmferry.model.machine import ApplianceDisk, Machine

_LONGEST: Final = (1 << 63) - 1
_DIGEST: Final = "sha256"


class OvaWriter:
    """An OVA in the making.

    Between ``begin_disk`` and ``end_disk`` the caller writes one streamOptimized VMDK to the offset
    it was given, by ``out`` or by a file of its own on the same path; the next disk, or the end of
    the archive, is behind it.

    Args:
        out: An empty file that can be written anywhere; it is never read.
        machine: What is described. ``disks`` is the plan: for each disk its ``capacity`` and, if
            known, ``controller`` and ``adapter``; files are named after the machine.

    Raises:
        FormatError: A disk has no capacity.
    """

    def __init__(self, out: BinaryIO, machine: Machine) -> None:
        self._out = out
        self._stem = file_stem(machine.name)
        planned = complete(machine)
        self._machine = replace(
            planned,
            disks=tuple(
                replace(disk, href=f"{self._stem}-disk{number}.vmdk", compression="")
                for number, disk in enumerate(planned.disks, 1)
            ),
        )
        self._written: list[ApplianceDisk] = []
        self._digests: dict[str, Digest] = {}
        widest = (
            replace(disk, length=_LONGEST, populated=_LONGEST) for disk in self._machine.disks
        )
        self._ovf_size = len(compose_ovf(replace(self._machine, disks=tuple(widest))))
        self._manifest_at = SECTOR + round_up(self._ovf_size, SECTOR)
        any_digest = Digest(_DIGEST, "0" * hashlib.new(_DIGEST).digest_size * 2)
        names = (self._ovf_name, *(disk.href for disk in self._machine.disks))
        manifest = compose_manifest(dict.fromkeys(names, any_digest))
        self._end = self._manifest_at + SECTOR + round_up(len(manifest), SECTOR)

    @property
    def _ovf_name(self) -> str:
        return f"{self._stem}.ovf"

    def begin_disk(self) -> int:
        """Return where the next disk's file begins, and set ``out`` there.

        Raises:
            ServiceError: All disks of the plan are written.
        """
        if len(self._written) == len(self._machine.disks):
            raise ServiceError(f"ova: all {len(self._written)} disks are written already")
        return self._out.seek(self._end + SECTOR)

    def end_disk(self, *, size: int, sha256: str, populated: int | None = None) -> None:
        """Close the disk that was begun.

        Args:
            size: Bytes of its file.
            sha256: Of its file, in hex.
            populated: Bytes of the disk that hold data, for whoever must make room for it.
        """
        disk = self._machine.disks[len(self._written)]
        start = self._end + SECTOR
        self._member(self._end, disk.href, size)
        self._written.append(replace(disk, offset=start, length=size, populated=populated))
        self._digests[disk.href] = Digest(_DIGEST, sha256)
        self._end = start + round_up(size, SECTOR)

    def finish(self) -> Machine:
        """Write description, manifest and end, and return the machine as a reader finds it.

        Raises:
            ServiceError: A disk of the plan is not written.
        """
        if len(self._written) < len(self._machine.disks):
            raise ServiceError(
                f"ova: {len(self._written)} disks are written, expected {len(self._machine.disks)}"
            )
        machine = replace(self._machine, disks=tuple(self._written))
        description = compose_ovf(machine).ljust(self._ovf_size)
        digest = Digest(_DIGEST, hashlib.new(_DIGEST, description).hexdigest())
        manifest = compose_manifest({self._ovf_name: digest, **self._digests})
        self._member(0, self._ovf_name, len(description), description)
        self._member(self._manifest_at, f"{self._stem}.mf", len(manifest), manifest)
        self._put(self._end, bytes(2 * SECTOR))
        return machine

    def _member(self, at: int, name: str, size: int, content: bytes = b"") -> None:
        """Write the header at ``at``, the content if it is given, and zeros to the block's end."""
        self._put(at, header(name, size) + content)
        self._put(at + SECTOR + size, bytes(-size % SECTOR))

    def _put(self, at: int, data: bytes) -> None:
        self._out.seek(at)
        self._out.write(data)
