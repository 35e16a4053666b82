# SPDX-License-Identifier: Apache-2.0
"""The descriptor of a VMDK: a text that says what kind of disk this is and which extents it has.

A descriptor can name any file or device of the host that reads it (CVE-2022-47951), so names in it
are looked at only to refuse them, never opened.

Source: VMware, Virtual Disk Format 5.0 (2011), "The Descriptor File".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vmferry.formats.vmdk.refusal import damaged, unsupported
from vmferry.units import round_up

if TYPE_CHECKING:
    from vmferry.formats.vmdk.header import SparseHeader

STREAM_OPTIMIZED: Final = "streamOptimized"
MONOLITHIC_SPARSE: Final = "monolithicSparse"
NO_PARENT: Final = "ffffffff"

_HEADS: Final = 255
_TRACK: Final = 63

_LINE: Final = re.compile(r'([\w.:\-]+)\s*=\s*"?(.*?)"?')
_EXTENT: Final = re.compile(r'(RW|RDONLY|NOACCESS)\s+(\d{1,18})\s+(\w+)(?:\s+"([^"]*)")?(.*)')
_HINT: Final = "Make one stream-optimized file of it with ovftool or vmware-vdiskmanager -t 5"
_HINTS: Final = {
    "vmfsrdm": "A raw device mapping has no bytes of its own; clone it to a virtual disk first",
    "vmfsrawdevicemap": "A raw device mapping has no bytes of its own; clone it to a virtual disk",
    "vmfspassthroughrawdevicemap": "A raw device mapping has no bytes of its own; clone it first",
    "fulldevice": "The disk is a device of the host; clone it to a virtual disk first",
    "partitioneddevice": "The disk is a device of the host; clone it to a virtual disk first",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What the descriptor says.

    Attributes:
        create_type: ``streamOptimized`` or ``monolithicSparse``; others are refused.
        sectors: Size of the one extent.
        content_id: The ``CID``, which changes with the content.
        settings: Every ``key = value`` line, keys in lower case.
    """

    create_type: str
    sectors: int
    content_id: str
    settings: dict[str, str]


def parse_descriptor(data: bytes, where: int) -> Descriptor:
    """Parse the embedded descriptor that stood at byte ``where``.

    Raises:
        FormatError: The disk is of a kind that is not one sparse file, or a line is not understood.
    """
    settings: dict[str, str] = {}
    extents: list[tuple[int, str, str, str]] = []
    for line in data.split(b"\0", 1)[0].decode("utf-8", "replace").splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if match := _EXTENT.fullmatch(text):
            extents.append((int(match[2]), match[3], match[4] or "", match[5].strip()))
        elif match := _LINE.fullmatch(text):
            settings[match[1].lower()] = match[2]
        else:
            raise unsupported("descriptor line", where=where, found=repr(text[:80]))
    create_type = settings.get("createtype", "")
    _check_type(create_type, where)
    _check_parent(settings, where)
    return Descriptor(
        create_type=create_type,
        sectors=_one_extent(extents, where),
        content_id=settings.get("cid", ""),
        settings=settings,
    )


def check_descriptor(header: SparseHeader, descriptor: Descriptor) -> None:
    """Refuse a descriptor that tells of another disk than the header."""
    if header.compressed is not (descriptor.create_type == STREAM_OPTIMIZED):
        raise damaged(
            "descriptor createType",
            found=descriptor.create_type,
            expected="streamOptimized if and only if the grains are compressed",
        )
    grain = header.grain_size
    if round_up(descriptor.sectors, grain) != round_up(header.capacity, grain):
        raise damaged(
            "descriptor extent",
            found=f"{descriptor.sectors} sectors",
            expected=f"{header.capacity} as the header says",
        )


def compose_descriptor(sectors: int, *, content_id: int) -> bytes:
    """Return the descriptor of a streamOptimized disk of ``sectors``.

    The adapter is the one that every ESXi offers every guest, the geometry the one it implies; the
    tools version is VMware's own word for "unknown".
    """
    cylinders = max(sectors // (_HEADS * _TRACK), 1)
    return f"""# Disk DescriptorFile
version=1
CID={content_id:08x}
parentCID={NO_PARENT}
createType="{STREAM_OPTIMIZED}"

# Extent description
RW {sectors} SPARSE "disk.vmdk"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "{cylinders}"
ddb.geometry.heads = "{_HEADS}"
ddb.geometry.sectors = "{_TRACK}"
ddb.toolsVersion = "2147483647"
ddb.virtualHWVersion = "7"
""".encode("ascii")


def _check_type(create_type: str, where: int) -> None:
    if create_type not in (STREAM_OPTIMIZED, MONOLITHIC_SPARSE):
        raise unsupported(
            "descriptor createType",
            where=where,
            found=repr(create_type[:80]) if create_type else "none",
            expected=f"{STREAM_OPTIMIZED} or {MONOLITHIC_SPARSE}",
            hint=_HINTS.get(create_type.lower(), _HINT),
        )


def _check_parent(settings: dict[str, str], where: int) -> None:
    parent = settings.get("parentcid", NO_PARENT).lower()
    if parent != NO_PARENT or "parentfilenamehint" in settings:
        raise unsupported(
            "descriptor names a parent disk: this is a snapshot's delta",
            where=where,
            found=f"parentCID {parent[:80]}",
            expected=f"parentCID {NO_PARENT}",
            hint="Consolidate the snapshots of the machine before the export",
        )


def _one_extent(extents: list[tuple[int, str, str, str]], where: int) -> int:
    if len(extents) != 1:
        raise unsupported(
            "descriptor extents", where=where, found=len(extents), expected="one", hint=_HINT
        )
    sectors, kind, name, rest = extents[0]
    if kind != "SPARSE":
        raise unsupported(
            "descriptor extent type", where=where, found=kind[:80], expected="SPARSE", hint=_HINT
        )
    if rest not in ("", "0") or not name or "/" in name or "\\" in name or name in (".", ".."):
        raise unsupported(
            "descriptor extent name",
            where=where,
            found=repr(f"{name} {rest}".strip()[:80]),
            expected="the plain name of this file",
        )
    return sectors
