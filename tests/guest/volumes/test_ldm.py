# SPDX-License-Identifier: Apache-2.0
"""Dynamic disks are recognised by the types of their partitions, in tables made by sfdisk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.tables import sfdisk_table

from vmferry.errors import GuestError
from vmferry.guest import inspect
from vmferry.guest.volumes.ldm import KINDS, VOLUMES
from vmferry.model.guest import Partition

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = {
    "dos": "start=2048, size=2048, type=42\nstart=4096, size=4096, type=42, bootable",
    "gpt": "\n".join(f"size=2048, type={kind.upper()}" for kind in KINDS[1:]),
}


@pytest.mark.oracle
@pytest.mark.parametrize("label", SCRIPTS)
def test_a_dynamic_disk_is_refused_by_name(label: str, tmp_path: Path) -> None:
    disk = FileDisk(sfdisk_table(tmp_path / "disk.raw", label, SCRIPTS[label]))
    with pytest.raises(GuestError) as caught:
        inspect([disk])
    assert caught.value.message == (
        "disk 0: found a dynamic disk of Windows, expected a basic disk"
    )
    assert caught.value.hint == "Convert it to a basic disk, or move its volumes to one"
    assert caught.value.aws_text == "ClientError: Unknown OS / Missing OS files."


def test_other_partitions_are_none_of_it() -> None:
    for kind in ("0x07", "0x83", "", "lvm"):
        assert not VOLUMES.owns(Partition(disk=0, number=1, offset=0, size=1, kind=kind))
