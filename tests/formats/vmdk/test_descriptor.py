# SPDX-License-Identifier: Apache-2.0
"""The descriptor: one sparse file and nothing else, whatever it names."""

from __future__ import annotations

import pytest
from tests.formats.recipes import MemorySource, descriptor, sparse_vmdk, stream_vmdk

from vmferry.errors import FormatError
from vmferry.formats import open_disk
from vmferry.formats.vmdk.descriptor import compose_descriptor, parse_descriptor

UNSUPPORTED = "ClientError: Disk validation failed [Unsupported VMDK File Format]"


def refusal(text: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        open_disk(MemorySource(stream_vmdk({}, 128, text=text)), "vmdk")
    assert caught.value.aws_text == UNSUPPORTED
    return caught.value


def test_a_descriptor_of_vmware() -> None:
    found = parse_descriptor(descriptor("streamOptimized", 128) + bytes(100) + b"\xff", 512)
    assert found.create_type == "streamOptimized"
    assert found.sectors == 128
    assert found.content_id == "123a5678"
    assert found.settings["ddb.adaptertype"] == "lsilogic"


def test_ours_is_understood_and_fits() -> None:
    text = compose_descriptor(1 << 37, content_id=7)
    assert len(text) < 20 * 512
    found = parse_descriptor(text, 512)
    assert (found.sectors, found.content_id) == (1 << 37, "00000007")
    assert found.settings["ddb.virtualhwversion"] == "7"


@pytest.mark.parametrize(
    "kind",
    [
        "monolithicFlat",
        "twoGbMaxExtentSparse",
        "twoGbMaxExtentFlat",
        "vmfs",
        "vmfsSparse",
        "vmfsThin",
        "seSparse",
        "custom",
        "vmfsRDM",
        "vmfsRDMP",
        "vmfsRawDeviceMap",
        "vmfsPassthroughRawDeviceMap",
        "fullDevice",
        "partitionedDevice",
        "",
    ],
)
def test_other_kinds_are_refused_by_name(kind: str) -> None:
    error = refusal(descriptor(kind, 128))
    found = repr(kind) if kind else "none"
    assert error.message == (
        f"vmdk: descriptor createType at byte 512: found {found}, "
        "expected streamOptimized or monolithicSparse"
    )
    assert error.hint


@pytest.mark.parametrize(
    ("extent", "message"),
    [
        ('RW 128 FLAT "disk-flat.vmdk" 0', "descriptor extent type at byte 512: found FLAT"),
        (
            'RW 128 VMFSRDM "/vmfs/disk"',
            "descriptor extent type at byte 512: found VMFSRDM",
        ),
        ("RW 128 ZERO", "descriptor extent type at byte 512: found ZERO"),
        ('RW 128 SPARSE "/etc/passwd"', "descriptor extent name at byte 512: found '/etc/passwd'"),
        ('RW 128 SPARSE "../secret.vmdk"', "descriptor extent name at byte 512"),
        (r'RW 128 SPARSE "C:\disk.vmdk"', "descriptor extent name at byte 512"),
        ('RW 128 SPARSE ".."', "descriptor extent name at byte 512"),
        ('RW 128 SPARSE ""', "descriptor extent name at byte 512"),
        ('RW 128 SPARSE "a.vmdk" 4096', "descriptor extent name at byte 512"),
        ('RW 64 SPARSE "a"\nRW 64 SPARSE "b"', "descriptor extents at byte 512: found 2"),
        ("# none", "descriptor extents at byte 512: found 0, expected one"),
        ("RW many SPARSE", "descriptor line at byte 512: found 'RW many SPARSE'"),
        ("include other.vmdk", "descriptor line at byte 512: found 'include other.vmdk'"),
        ('RW 999 SPARSE "a.vmdk"', "descriptor extent: found 999 sectors, expected 128 as"),
    ],
)
def test_extents_that_are_not_this_file(extent: str, message: str) -> None:
    assert message in refusal(descriptor("streamOptimized", 128, extent)).message


def test_deltas_are_refused() -> None:
    text = descriptor("streamOptimized", 128)
    error = refusal(text.replace(b"parentCID=ffffffff", b"parentCID=0badcafe"))
    assert "names a parent disk" in error.message
    assert "found parentCID 0badcafe, expected parentCID ffffffff" in error.message
    error = refusal(text + b'\nparentFileNameHint="/vmfs/volumes/x/base.vmdk"\n')
    assert "names a parent disk" in error.message


def test_the_kind_must_be_the_header_s() -> None:
    error = refusal(descriptor("monolithicSparse", 128))
    assert "descriptor createType: found monolithicSparse" in error.message
    data = sparse_vmdk({}, 128, text=descriptor("streamOptimized", 128))
    with pytest.raises(FormatError, match="descriptor createType: found streamOptimized"):
        open_disk(MemorySource(data), None)
