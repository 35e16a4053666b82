# SPDX-License-Identifier: Apache-2.0
"""OVA: a machine with the places of its disks, in any order of members."""

from __future__ import annotations

import gzip

import pytest
from tests.appliances.recipes import (
    CONTROLLER,
    MemorySource,
    disk_item,
    manifest,
    ova,
    ovf,
    samples,
    system,
)

from vmferry.appliances import open_appliance, verify_digest
from vmferry.appliances.ova import open_ova
from vmferry.errors import FormatError

DISK = b"disk" * 500
SIZED = '<File ovf:id="file1" ovf:href="d" ovf:size="7"/>'
ARCHIVE = "ClientError: Disk validation failed [Unsupported OVA format]"
PARSING = "ClientError: Disk validation failed [OVF file parsing error: "


def refusal(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        open_ova(MemorySource(data))
    return caught.value


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_machine_and_its_disk(order: tuple[int, ...]) -> None:
    files = [("vm.ovf", ovf()), ("disk1.vmdk", DISK), ("other.iso", b"iso")]
    files = [files[number] for number in order]
    for members in (files, [*files, ("vm.mf", manifest(files))]):
        source = MemorySource(ova(members))
        appliance = open_ova(source)
        (disk,) = appliance.machine.disks
        assert (disk.href, disk.length, disk.capacity, disk.controller) == (
            "disk1.vmdk",
            2000,
            1 << 30,
            "scsi",
        )
        window = appliance.disk_file(disk)
        assert (window.name, window.read_at(0, window.size)) == ("disk1.vmdk", DISK)
        digest = appliance.digest_of(disk)
        assert (digest is None) == (members is files)
        if digest is not None:
            verify_digest(window, digest)


def test_disks_are_not_read_to_open_it() -> None:
    files = [("vm.ovf", ovf()), ("disk1.vmdk", DISK)]
    source = MemorySource(ova([*files, ("vm.mf", manifest(files, "sha1"))]))
    disk = open_ova(source).machine.disks[0]
    for offset, length in source.reads:
        assert offset + length <= disk.offset or offset >= disk.offset + disk.length


def test_a_changed_description_is_found_at_once_and_a_changed_disk_when_it_is_read() -> None:
    files = [("vm.ovf", ovf()), ("disk1.vmdk", DISK)]
    changed = [("vm.ovf", ovf(more="<!-- -->")), ("disk1.vmdk", DISK)]
    error = refusal(ova([*changed, ("vm.mf", manifest(files))]))
    assert error.message.startswith("ova: sha256 of vm.ovf: found ")
    assert error.aws_text == ARCHIVE
    changed = [("vm.ovf", ovf()), ("disk1.vmdk", DISK[:-1] + b"K")]
    appliance = open_ova(MemorySource(ova([*changed, ("vm.mf", manifest(files))])))
    disk = appliance.machine.disks[0]
    digest = appliance.digest_of(disk)
    assert digest is not None
    with pytest.raises(FormatError, match=r"ova: sha256 of disk1\.vmdk: found"):
        verify_digest(appliance.disk_file(disk), digest)


def test_a_compressed_disk_and_an_empty_one() -> None:
    packed = gzip.compress(DISK)
    description = ovf(
        system(CONTROLLER + disk_item() + disk_item("ovf:/disk/empty", at=1)),
        files='<File ovf:id="file1" ovf:href="disk1.vmdk" ovf:compression="gzip"/>',
        disks='<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="2000"/>'
        '<Disk ovf:diskId="empty" ovf:capacity="7000"/>',
    )
    files = [("vm.ovf", description), ("disk1.vmdk", packed)]
    appliance = open_ova(MemorySource(ova([*files, ("vm.mf", manifest(files, "sha512"))])))
    first, second = appliance.machine.disks
    file = appliance.disk_file(first)
    assert (file.size, file.read_at(0, file.size)) == (2000, DISK)
    digest = appliance.digest_of(first)
    assert digest is not None
    verify_digest(appliance.stored_file(first), digest)
    empty = appliance.disk_file(second)
    assert (empty.size, empty.read_at(6999, 1), appliance.digest_of(second)) == (7000, b"\0", None)


def test_a_manifest_names_every_disk() -> None:
    files = [("vm.ovf", ovf())]
    error = refusal(ova([*files, ("disk1.vmdk", DISK), ("vm.mf", manifest(files))]))
    assert error.message == "ova: manifest has no digest of 'disk1.vmdk': found 'vm.ovf'"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("disk1.vmdk", DISK)], "ova: vm.ova has no .ovf file: found 'disk1.vmdk'"),
        (
            [("a.ovf", ovf()), ("b.OVF", ovf())],
            "ova: .ovf files: found 'a.ovf', 'b.OVF', expected one",
        ),
        (
            [("vm.ovf", ovf())],
            "ova: file of disk 'vmdisk1': found no 'disk1.vmdk' in the archive, expected 'vm.ovf'",
        ),
        (
            [
                ("vm.ovf", ovf(files='<File ovf:id="file1" ovf:href="d" ovf:size="7"/>')),
                ("d", b"x"),
            ],
            "found 1 bytes, expected 7 as the OVF says",
        ),
        ([("vm.ovf", ovf()), ("vm.mf", b"x" * (2 << 20))], "ova: manifest at byte"),
    ],
)
def test_archives_that_do_not_fit(members: list[tuple[str, bytes]], message: str) -> None:
    error = refusal(ova(members))
    assert message in error.message
    assert error.aws_text == ARCHIVE


def test_chunked_disks_are_refused_by_aws_s_name() -> None:
    text = PARSING + "OVA with chunked disk files is not supported]"
    chunked = '<File ovf:id="file1" ovf:href="disk1.vmdk" ovf:chunkSize="7516192768"/>'
    names = ["disk1.vmdk.000000000", "disk1.vmdk.000000001"]
    for description in (ovf(files=chunked), ovf()):
        error = refusal(ova([("vm.ovf", description), *((name, DISK) for name in names)]))
        assert error.aws_text == text


def test_a_description_of_many_bytes() -> None:
    error = refusal(ova([("vm.ovf", b" " * (5 << 20))]))
    assert error.message == "ovf: description: found 5242880 bytes, expected at most 2097152"


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("testserver.ova", ""),
        ("testserver-bad-ovf.ova", "ovf: description is no XML"),
        ("testserver-no-disk.ova", "ova: file of disk"),
        ("testserver-no-ovf.ova", "has no .ovf file: found 'testserver-disk1.vmdk'"),
        ("testserver-not-tar.ova", "ova: "),
    ],
)
def test_archives_of_glance(name: str, message: str) -> None:
    path = samples() / "ovf" / "glance" / name
    if not path.exists():
        pytest.skip(f"no {path}")
    source = MemorySource(path.read_bytes(), name)
    if message:
        with pytest.raises(FormatError) as caught:
            open_appliance(source)
        assert message in caught.value.message
    else:
        machine = open_appliance(source).machine
        assert [disk.href for disk in machine.disks] == ["testserver-disk1.vmdk"]
