# SPDX-License-Identifier: Apache-2.0
"""OVA: an OVF package in one tar archive.

The specification puts the description first, the manifest next and the disks in the order of their
references, so that a stream can be imported. Reading at random needs no order, and real archives
keep none, so any is accepted.

Source: DSP0243 (OVF) 2.1.1, section 5.3, "Distribution as a Single File".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from vmferry.appliances.certificate import MAX_CERTIFICATE, verify_certificate
from vmferry.appliances.content import EMPTY, most_content, open_content
from vmferry.appliances.manifest import (
    MAX_MANIFEST,
    parse_manifest,
    verify_digest,
)
from vmferry.appliances.ovf import parse_ovf
from vmferry.appliances.ovf.xml import MAX_OVF
from vmferry.appliances.refusal import CHUNKED, bad_archive, bad_ovf
from vmferry.appliances.tar import Member, read_members
from vmferry.appliances.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vmferry.appliances.manifest import Digest
    from vmferry.appliances.ovf import DiskReference
    from vmferry.model.bytes import ByteSource
    from vmferry.model.machine import ApplianceDisk, Machine

_FIRST_CHUNK: Final = ".000000000"
_LISTED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """A machine and the places of its disks.

    Attributes:
        machine: What the description says; its disks have their places in ``source``.
        source: The object that holds everything.
        digests: What the manifest promises, by file name; empty without a manifest. The
            description's digest has been verified, the disks' have not: that means reading them.
    """

    machine: Machine
    source: ByteSource
    digests: dict[str, Digest]

    def disk_file(self, disk: ApplianceDisk) -> ByteSource:
        """Return the file of a disk of ``machine``, to be opened by its format.

        A compressed file is inflated once to do so; an empty disk is a raw file that is a hole.

        Raises:
            FormatError: A compressed file is damaged, or inflates to more than the disk may need.
            SourceError: The object cannot be read.
        """
        if not disk.href:
            return open_content(self.source, 0, disk.capacity or 0, "empty disk", EMPTY)
        limit = most_content(disk.capacity)
        place = (disk.offset, disk.length, disk.href)
        return open_content(self.source, *place, disk.compression, limit)

    def stored_file(self, disk: ApplianceDisk) -> Window:
        """Return the file of a disk as it is stored, which ``verify_digest`` reads."""
        return Window(self.source, disk.offset, disk.length, disk.href)

    def digest_of(self, disk: ApplianceDisk) -> Digest | None:
        """Return what ``verify_digest`` must find in ``stored_file``, if there is a manifest."""
        return self.digests.get(disk.href)


def open_ova(source: ByteSource) -> Appliance:
    """Open an OVA by reading its headers, its description and its manifest.

    Raises:
        FormatError: The archive or the description is refused, a file that a disk needs is missing,
            the description is not the one that the manifest was made for, or the manifest not the
            one that was signed.
        SourceError: The object cannot be read.
    """
    members = read_members(source)
    description = _only(members, ".ovf")
    if description is None:
        raise bad_archive(f"{source.name} has no .ovf file", found=_names(members))
    if description.size > MAX_OVF:
        found, expected = f"{description.size} bytes", f"at most {MAX_OVF}"
        raise bad_ovf("description", found=found, expected=expected)
    digests = _read_manifest(source, members)
    window = Window(source, description.offset, description.size, description.name)
    if digest := digests.get(description.name):
        verify_digest(window, digest)
    machine, references = parse_ovf(window.read_at(0, window.size))
    disks = tuple(_place(reference, members) for reference in references)
    if digests:
        _check_listed(disks, digests)
    return Appliance(machine=replace(machine, disks=disks), source=source, digests=digests)


def _read_manifest(source: ByteSource, members: dict[str, Member]) -> dict[str, Digest]:
    manifest, certificate = (_only(members, suffix) for suffix in (".mf", ".cert"))
    if manifest is None:
        if certificate is not None:
            raise bad_archive(
                f"{certificate.name!r} signs a manifest", found="none", expected="a .mf file"
            )
        return {}
    content = _read(source, manifest, MAX_MANIFEST, "manifest")
    if certificate is not None:
        signature = _read(source, certificate, MAX_CERTIFICATE, "certificate")
        verify_certificate(signature, manifest.name, content)
    return parse_manifest(content)


def _read(source: ByteSource, member: Member, most: int, what: str) -> bytes:
    if member.size > most:
        found, expected = f"{member.size} bytes", f"at most {most}"
        raise bad_archive(what, member.offset, found=found, expected=expected)
    return source.read_at(member.offset, member.size)


def _only(members: dict[str, Member], suffix: str) -> Member | None:
    found = [member for name, member in members.items() if name.lower().endswith(suffix)]
    if len(found) > 1:
        raise bad_archive(
            f"{suffix} files", found=_names(member.name for member in found), expected="one"
        )
    return found[0] if found else None


def _place(reference: DiskReference, members: dict[str, Member]) -> ApplianceDisk:
    """Return the disk with its place in the archive; an empty disk has none."""
    href = reference.disk.href
    if not href:
        return reference.disk
    member = members.get(href)
    if member is None:
        if f"{href}{_FIRST_CHUNK}" in members:
            raise bad_ovf(f"file {href!r} is in several chunks", aws=CHUNKED)
        raise bad_archive(
            f"file of disk {reference.id!r}",
            found=f"no {href!r} in the archive",
            expected=_names(members),
        )
    if reference.size is not None and reference.size != member.size:
        raise bad_archive(
            f"size of {href!r}",
            member.offset,
            found=f"{member.size} bytes",
            expected=f"{reference.size} as the OVF says",
        )
    return replace(reference.disk, offset=member.offset, length=member.size)


def _check_listed(disks: tuple[ApplianceDisk, ...], digests: dict[str, Digest]) -> None:
    """Refuse a manifest that leaves a disk out: it would be the one that was exchanged."""
    for disk in disks:
        if disk.href and disk.href not in digests:
            raise bad_archive(f"manifest has no digest of {disk.href!r}", found=_names(digests))


def _names(names: Iterable[str]) -> str:
    listed = ", ".join(islice(map(repr, names), _LISTED))
    return listed or "nothing"
