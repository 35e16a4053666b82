# SPDX-License-Identifier: Apache-2.0
"""From a request to disks without a service: found, detected, refused with AWS's words."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.appliances.recipes import CONTROLLER, disk_item, manifest, ova, ovf, system
from tests.blocks.disks import Pieces, noise
from tests.formats.recipes import stream_vmdk
from tests.guest.rules.subjects import facts
from tests.guests import drawing

from vmferry.blocks import seal
from vmferry.blocks.map import map_key
from vmferry.config import Guest
from vmferry.errors import CallerError, FormatError, SourceError, TaskCancelledError
from vmferry.guest.window import PAGE
from vmferry.jobs import _rooms
from vmferry.jobs._copy import fresh_disk
from vmferry.jobs._source import (
    MAX_DISKS,
    check_key,
    examine,
    examine_disk,
    examine_machine,
    verify_disk,
)
from vmferry.model.disk import DiskLocation
from vmferry.stores import open_source
from vmferry.tasks.steps import CANCELLED
from vmferry.units import BLOCK, GIB, KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine

    from vmferry.jobs._rooms import Rooms
    from vmferry.model.guest import GuestFacts

REQUEST = {"boot_mode": "", "platform": "", "license_type": "", "usage_operation": ""}


def _put(rooms: Rooms, key: str, data: bytes) -> dict[str, Any]:
    path = rooms.config.bucket_root / "input" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"bucket": "input", "key": key, "format": ""}


def version_of(rooms: Rooms, container: dict[str, Any]) -> str:
    """Return the version of a container's object, as the store has it now."""
    return open_source(rooms.object_url(container["bucket"], container["key"])).version


def test_a_disk_is_found_and_its_format_detected(rooms: Rooms) -> None:
    vmdk = bytes(stream_vmdk({0: b"x" * 64 * KIB}, sectors=20480))
    container = _put(rooms, "a/it", vmdk)
    found = examine_disk(container)
    assert found == {
        "location": {
            "url": f"file://{rooms.config.bucket_root}/input/a/it",
            "format": "vmdk",
            "offset": 0,
            "length": None,
            "label": "s3://input/a/it",
            "version": version_of(rooms, container),
            "compression": "",
        },
        "size": 10 * MIB,
        "object_size": len(vmdk),
        "format": "VMDK",
        "container": 0,
    }
    assert examine_disk({**container, "format": "VMDK"}) == found
    with pytest.raises(FormatError, match="found vmdk, expected raw as declared"):
        examine_disk({**container, "format": "RAW"})


def test_an_object_that_is_not_there(rooms: Rooms) -> None:
    with pytest.raises(SourceError) as caught:
        examine_disk({"bucket": "input", "key": "nothing", "format": ""})
    text = caught.value.status_message
    assert text.startswith("ClientError: Invalid S3 source location (nothing: cannot be read: ")
    assert str(rooms.config.state_dir) not in text


def test_an_appliance_is_no_disk(rooms: Rooms) -> None:
    container = {**_put(rooms, "it.ova", bytes(10_240)), "format": "OVA"}
    with pytest.raises(FormatError, match=r"^disk: s3://input/it.ova is an OVA, .* a single disk$"):
        examine_disk(container)


@pytest.mark.parametrize(("size", "found"), [(0, "0 bytes"), (BLOCK + 1, "512 KiB")])
def test_sizes_that_are_refused(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, size: int, found: str
) -> None:
    small = replace(rooms, config=replace(rooms.config, guest=Guest(max_disk=BLOCK)))
    monkeypatch.setattr(_rooms, "_mine", small)
    container = {**_put(rooms, "it", bytes(size)), "format": "RAW"}
    with pytest.raises(FormatError) as caught:
        examine_disk(container)
    assert caught.value.message == (
        f"disk: virtual size of s3://input/it: found {found}, "
        "expected more than nothing and at most 512 KiB"
    )
    assert caught.value.aws_text.endswith("[Disk image size too large]")


def test_a_machine_of_a_snapshot_and_an_object(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, draft = tmp_path / "part", tmp_path / "draft"
    rooms.ingest.copy(Pieces(BLOCK, {0: noise(1)}), 0, BLOCK, part, lambda _: None)
    seal([part], BLOCK, draft)
    rooms.blocks.adopt(map_key("m"), draft, lambda _: None)
    seen: list[Any] = []

    def look(disks: list[Any], _child: object) -> GuestFacts:
        seen.extend(disks)
        assert disks[0].read_at(5, 3) == noise(1)[5:8]
        return facts()

    monkeypatch.setattr("vmferry.guest.report.inspect", look)
    other = {**_put(rooms, "data.raw", bytes(MIB)), "format": "RAW"}
    found = examine_machine([{"map_id": "m"}, other], REQUEST)
    assert found["report"]["verdict"] == {"vmferry": "accept", "aws": "accept"}
    assert found["report"]["guest"]["distribution"] == "debian"
    # Both ends of the object, and one page of the snapshot.
    assert found["report"]["bytes_read"] == 3 * PAGE
    assert found["report"]["bytes_total"] == BLOCK + MIB
    assert found["description"].startswith("AWS-VMImport service: Linux - Debian - 5.10.0")
    assert found["cause"] is None
    assert found["machine"] is None
    assert [disk["format"] for disk in found["disks"]] == ["SNAPSHOT", "RAW"]
    assert [disk["container"] for disk in found["disks"]] == [0, 1]
    assert [disk["object_size"] for disk in found["disks"]] == [BLOCK, MIB]
    assert [disk.size for disk in seen] == [BLOCK, MIB]


def test_too_many_disks(rooms: Rooms) -> None:
    container = {**_put(rooms, "it", bytes(MIB)), "format": "RAW"}
    assert examine_machine([container] * (MAX_DISKS + 1), REQUEST)["cause"] == [
        "the machine has 22 disks, expected at most 21",
        "Import the others with import-snapshot",
        "ClientError: The number of disks exceeds the limit of 21.",
    ]


def test_a_machine_on_disks_that_are_too_large(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(rooms, config=replace(rooms.config, guest=Guest(max_disk=BLOCK)))
    monkeypatch.setattr(_rooms, "_mine", small)
    found = examine_machine([{**_put(rooms, "it", bytes(MIB)), "format": "RAW"}], REQUEST)
    assert found["report"]["findings"][0]["id"] == "disk_size"
    assert found["cause"] == [
        (
            "virtual size of s3://input/it: found 1 MiB, expected more than nothing and at most "
            "512 KiB"
        ),
        "Make the disk smaller, or import it with import-snapshot",
        "ClientError: Disk validation failed [Disk image size too large]",
    ]


def test_what_the_request_asks_for_is_judged(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmferry.guest.report.inspect", lambda *_: facts())
    container = {**_put(rooms, "it", bytes(MIB)), "format": "RAW"}
    found = examine(rooms, [container], {**REQUEST, "platform": "Windows"})
    assert found["cause"][0] == "the machine is Linux, expected Windows as requested"
    assert found["report"]["verdict"] == {"vmferry": "refuse", "aws": "refuse"}


def test_an_object_that_is_gone_has_no_report(rooms: Rooms) -> None:
    with pytest.raises(SourceError):
        examine_machine([{"bucket": "input", "key": "nothing", "format": ""}], REQUEST)


def test_an_appliance_without_a_disk(rooms: Rooms) -> None:
    container = _put(rooms, "it.ova", ova([("vm.ovf", ovf(system("")))]))
    found = examine_machine([container], REQUEST)
    assert found["cause"][0] == "ova: it.ova has no disk"
    assert found["disks"] == []
    assert found["report"]["guest"] is None


def test_a_manifest_is_held(rooms: Rooms, tmp_path: Path) -> None:
    data = noise(1, 3 * MIB)
    container = {**_put(rooms, "it", b"head" + data + b"tail"), "format": "RAW"}
    disk = examine_disk(container)
    disk["location"] |= {"offset": 4, "length": len(data), "label": "disk1.vmdk"}
    right = ["SHA256", hashlib.sha256(data).hexdigest()]
    verify_disk({**disk, "digest": right}, str(tmp_path))
    with pytest.raises(FormatError, match=r"disk1\.vmdk"):
        verify_disk({**disk, "digest": ["SHA256", "0" * 64]}, str(tmp_path))
    (tmp_path / CANCELLED).touch()
    with pytest.raises(TaskCancelledError):
        verify_disk({**disk, "digest": right}, str(tmp_path))


def test_a_compressed_disk_and_an_empty_one_of_an_appliance(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packed = gzip.compress(bytes(stream_vmdk({0: b"x" * 64 * KIB}, sectors=20480)))
    description = ovf(
        system(CONTROLLER + disk_item() + disk_item("ovf:/disk/more", at=1)),
        files='<File ovf:id="file1" ovf:href="disk1.vmdk.gz" ovf:compression="gzip"/>',
        disks='<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="10485760"/>'
        '<Disk ovf:diskId="more" ovf:capacity="5" ovf:capacityAllocationUnits="byte * 2^30"/>',
    )
    members = [("vm.ovf", description), ("disk1.vmdk.gz", packed)]
    container = _put(rooms, "it.ova", ova([*members, ("vm.mf", manifest(members))]))
    monkeypatch.setattr("vmferry.guest.report.inspect", lambda *_: facts())
    first, second = examine_machine([container], REQUEST)["disks"]
    assert (first["format"], first["size"]) == ("VMDK", 10 * MIB)
    assert first["object_size"] == len(packed)
    assert first["location"]["compression"] == "gzip"
    disk = fresh_disk(DiskLocation(**first["location"]))
    assert disk.read_at(0, 64 * KIB) == b"x" * 64 * KIB
    verify_disk(first, str(tmp_path))
    assert (second["format"], second["size"]) == ("RAW", 5 * GIB)
    assert "digest" not in second
    assert fresh_disk(DiskLocation(**second["location"])).read_at(5 * GIB - 1, 1) == b"\0"
    with pytest.raises(SourceError, match=r"^check: found no end in 0 s$"):
        examine(rooms, [container], REQUEST, patience_s=0)
    damaged = [("vm.ovf", description), ("disk1.vmdk.gz", packed[:-9])]
    container = _put(rooms, "cut.ova", ova(damaged))
    message, _, aws_text = examine_machine([container], REQUEST)["cause"]
    assert message.startswith("ova: gzip data of disk1.vmdk.gz at byte")
    assert aws_text == "ClientError: Disk validation failed [Unsupported OVA format]"


def test_there_is_no_key() -> None:
    check_key({"encrypted": False, "kms_key_id": ""})
    check_key({})
    with pytest.raises(CallerError) as caught:
        check_key({"encrypted": True, "kms_key_id": "alias/aws/ebs"})
    assert caught.value.status_message == (
        "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state "
        "(there is no KMS key alias/aws/ebs in this service. "
        "Start the import without --encrypted)"
    )


@pytest.mark.oracle
def test_on_awss_terms_a_vmdk_must_be_stream_optimized(
    rooms: Rooms, small_machine: SmallMachine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sparse = tmp_path / "sparse.vmdk"
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", str(small_machine.raw), str(sparse)],
        check=True,
    )
    container = _put(rooms, "sparse", sparse.read_bytes())
    found = examine_machine([container], REQUEST)
    assert found["disks"][0]["format"] == "VMDK"
    assert found["cause"] is None
    strict = replace(rooms.config, guest=Guest(support_policy="aws"))
    monkeypatch.setattr(_rooms, "_mine", replace(rooms, config=strict))
    message, _, aws_text = examine_machine([container], REQUEST)["cause"]
    assert message.endswith("found monolithicSparse, expected streamOptimized")
    assert aws_text == "ClientError: Disk validation failed [Unsupported VMDK File Format]"


AWS_TEXTS = {
    "bls-no-default": "ClientError: BLSC-style GRUB found, but unable to detect default kernel",
    "custom-kernel": "ClientError: Unsupported kernel version 5.11.99-custom",
    "empty": "ClientError: No valid partitions. Not a valid volume.",
    "fstab-missing": "ClientError: Invalid configuration - Could not read fstab",
    "i386-debian": "ClientError: Unsupported architecture",
    "initramfs-unreadable": (
        "ClientError: We were unable to read your import's initramfs/initrd to determine what "
        "drivers your import requires to run in EC2"
    ),
    "no-kernel": "ClientError: Unable to determine kernel version.",
    "no-os": "ClientError: Unknown OS / Missing OS files.",
    "rocky-8.9": "ClientError: Unknown OS / Missing OS files.",
    "two-menus": "ClientError: Multiple different grub/menu.lst files found.",
    "two-systems": "ClientError: Unsupported configuration - Multiple directories found",
}
"""Drawn guests and what AWS says of them (aws-behaviour.md, 11-Z)."""


@pytest.mark.oracle
@pytest.mark.parametrize("name", [*AWS_TEXTS, "rhel-8.9"])
def test_on_awss_terms_guests_have_its_texts(
    name: str, rooms: Rooms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disks = drawing.draw(drawing.load(name), tmp_path)
    containers = [{**_put(rooms, path.name, path.read_bytes()), "format": "RAW"} for path in disks]
    strict = replace(rooms.config, guest=Guest(support_policy="aws"))
    monkeypatch.setattr(_rooms, "_mine", replace(rooms, config=strict))
    cause = examine_machine(containers, REQUEST)["cause"]
    assert (cause[2] if cause else None) == AWS_TEXTS.get(name)
