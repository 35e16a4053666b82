# SPDX-License-Identifier: Apache-2.0
"""Kinds of VMDK by their first bytes."""

from __future__ import annotations

import pytest
from tests.formats.recipes import MemorySource, descriptor, sparse_vmdk

from vmferry.errors import FormatError
from vmferry.formats import open_disk
from vmferry.formats.vmdk.kinds import check_kind, probe


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"COWD" + bytes(600), "found vmfsSparse extent (COWD), the delta of an ESXi snapshot"),
        (bytes.fromhex("bebafeca00000000") + bytes(600), "found seSparse extent"),
        (descriptor("monolithicFlat", 1), "found descriptor file without the disk's data"),
        (b"\n# disk descriptorfile \n", "found descriptor file without the disk's data"),
    ],
)
def test_kinds_that_are_refused(head: bytes, message: str) -> None:
    source = MemorySource(head)
    assert probe(source)
    with pytest.raises(FormatError) as caught:
        open_disk(source, "vmdk")
    assert message in caught.value.message
    assert caught.value.aws_text.endswith("[Unsupported VMDK File Format]")


def test_other_files_are_no_vmdk() -> None:
    for data in (b"", b"KDM", bytes(1000), b"# Disk"):
        assert not probe(MemorySource(data))
        with pytest.raises(FormatError, match="kind of file at byte 0: found no VMDK"):
            check_kind(MemorySource(data))
    assert probe(MemorySource(sparse_vmdk({}, 128)))
