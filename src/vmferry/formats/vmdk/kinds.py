# SPDX-License-Identifier: Apache-2.0
"""What a VMDK is by its first bytes, and the kinds that are refused by name.

Source: VMware, Virtual Disk Format 5.0 (2011), "The Descriptor File", "Hosted Sparse Extent
Header", "ESXi Host Sparse Extents"; QEMU ``block/vmdk.c`` for the magic of SEsparse.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.formats.vmdk.header import MAGIC
from vmferry.formats.vmdk.refusal import unsupported

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

_COWD: Final = b"COWD"
_SE_SPARSE: Final = bytes.fromhex("bebafeca00000000")
_DESCRIPTOR: Final = re.compile(rb"\s*#\s*Disk\s*DescriptorFile", re.IGNORECASE)
_HEAD: Final = 512


def probe(source: ByteSource) -> bool:
    """Say whether the file is a VMDK of any kind, readable or not."""
    return _kind(source) != ""


def check_kind(source: ByteSource) -> None:
    """Refuse every kind but the hosted sparse extent.

    Raises:
        FormatError: The file is a descriptor without data, or an extent of an ESXi host.
    """
    kind = _kind(source)
    if kind != "hosted sparse extent":
        raise unsupported(
            "kind of file",
            where=0,
            found=kind or "no VMDK",
            expected="a stream-optimized disk in one file",
            hint="Export the machine as OVF or OVA, or convert the disk with ovftool",
        )


def _kind(source: ByteSource) -> str:
    head = source.read_at(0, min(_HEAD, source.size))
    if head.startswith(MAGIC):
        return "hosted sparse extent"
    if head.startswith(_COWD):
        return "vmfsSparse extent (COWD), the delta of an ESXi snapshot"
    if head.startswith(_SE_SPARSE):
        return "seSparse extent, the delta of an ESXi snapshot"
    if _DESCRIPTOR.match(head):
        return "descriptor file without the disk's data"
    return ""
