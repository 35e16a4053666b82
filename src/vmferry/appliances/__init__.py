# SPDX-License-Identifier: Apache-2.0
"""Appliances: a machine's description with its disks in one object, read in place.

Nothing is extracted; a disk is a window into the object, so its format reader works on the archive
itself. A description without an archive (a bare ``.ovf``) has no disks and is no appliance here.
Writing is in place too: disks are written straight into the archive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.appliances.manifest import Digest, verify_digest
from vmferry.appliances.ova import Appliance, open_ova
from vmferry.appliances.writer import OvaWriter

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

__all__ = ["Appliance", "Digest", "OvaWriter", "open_appliance", "verify_digest"]


def open_appliance(source: ByteSource) -> Appliance:
    """Open an appliance by its headers and its description; disks are not read.

    Raises:
        FormatError: It is no appliance that can be read, or a hostile one.
        SourceError: The object cannot be read.
    """
    return open_ova(source)
