# SPDX-License-Identifier: Apache-2.0
"""The guide's troubleshooting chapter at the wire: a machine for each text, and exactly that text.

``MACHINES`` has the lines of aws-behaviour.md 11-Z that a disk or an OVF brings about; the service
judges on AWS's terms (``guest.support_policy``), and ImportImage's task and its dry run both say
it. ``ELSEWHERE`` has the other lines and why no Linux machine brings them about. A last test holds
both together with the chapter itself.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError
from tests.appliances.recipes import ova, ovf
from tests.fixtures.machines import to_vmdk
from tests.fixtures.service import prepared
from tests.formats.vhd.recipes import dynamic_vhd, footer
from tests.guests.filling import run

from vmferry.units import MIB, SECTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fixtures.machines import SmallMachine
    from tests.fixtures.service import RunningService

FAILED: Final = "ClientError: Disk validation failed"
UNSUPPORTED: Final = "ClientError: Unsupported configuration"
CHUNKED: Final = "OVF file parsing error: OVA with chunked disk files is not supported"
BLS: Final = "ClientError: BLSC-style GRUB found, but unable to detect default kernel"
INITRAMFS: Final = (
    "ClientError: We were unable to read your import's initramfs/initrd "
    "to determine what drivers your import requires to run in EC2"
)
CHAPTER: Final = Path(__file__).parents[2] / "../shared/aws-behaviour.md"

MACHINES: Final = {
    "2601": ("chunked", f"{FAILED} [{CHUNKED}]"),
    "2605": ("sparse_vmdk", f"{FAILED} [Unsupported VMDK File Format]"),
    "2609": ("two-menus", "ClientError: Multiple different grub/menu.lst files found."),
    "2645": ("differencing", "ClientError: Footers not identical"),
    "2645 corrupt": ("two_footers", "ClientError: Footers not identical"),
    "2649": ("short_grain", "ClientError: Uncompressed data has invalid length"),
    "2669": ("no-os", "ClientError: Unknown OS / Missing OS files."),
    "2711": ("two-systems", f"{UNSUPPORTED} - Multiple directories found"),
    "2751": ("no-boot-code", "ClientError: No bootable partition found"),
    "2759": ("fstab-missing", "ClientError: Invalid configuration - Could not read fstab"),
    "2763": ("bls-no-default", BLS),
    "2769": ("initramfs-unreadable", INITRAMFS),
    "2779": ("lvm-incomplete", f"{UNSUPPORTED} - Logical volume group activation failed"),
    "2783": ("two-systems", f"{UNSUPPORTED} - Multiple directories found"),
    "2787": ("custom-kernel", "ClientError: Unsupported kernel version 5.11.99-custom"),
    "2787 RHEL 6": ("rhel-6.0", "ClientError: Unsupported kernel version 2.6.32-71.el6.x86_64"),
    "2787 Oracle 5": ("ol-5.11-rhck", "ClientError: Unsupported kernel version 2.6.18-398.el5"),
}
"""By line: a drawn guest of that name (with ``-``) or a function below, and AWS's text."""

REQUEST: Final = "the request is refused, whatever is on the disk: tests/api/actions"
OTHER_ACTION: Final = "not of ImportImage: ImportInstance, instance export or RunInstances"
CLIENT: Final = "said by an old client about its own files, never by the service"
WINDOWS: Final = "of Windows machines, which have rules of their own"
FIRST_BOOT: Final = "found by starting the machine, not by looking at its disk"

ELSEWHERE: Final = {
    "2577-2581": "no refusal: failed tasks stay listed (tests/jobs)",
    "2593": REQUEST,
    "2597": "of IAM's CreateRole (tests/api/actions/iam)",
    "2613": REQUEST,
    "2637": OTHER_ACTION,
    "2641": OTHER_ACTION,
    "2653": CLIENT,
    "2657": CLIENT,
    "2661": REQUEST,
    "2665": REQUEST,
    "2675": OTHER_ACTION,
    "2679": OTHER_ACTION,
    "2683": OTHER_ACTION,
    "2687": OTHER_ACTION,
    "2693": WINDOWS,
    "2697": FIRST_BOOT,
    "2701-2704": FIRST_BOOT,
    "2708": "advice: the rules antivirus and firewall tell it and refuse nothing",
    "2710": "advice: nothing on a disk says that a system was hardened",
    "2715": WINDOWS,
    "2723": WINDOWS,
    "2727": WINDOWS,
    "2733": WINDOWS,
    "2739": "advice: nothing on a disk says where it was before",
    "2745": WINDOWS,
    "2791-2798": OTHER_ACTION,
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that judges machines on AWS's terms."""
    settings = '[guest]\nsupport_policy = "aws"\n'
    with prepared(tmp_path_factory.mktemp("strict"), "bucket-in", settings=settings) as running:
        yield running


@pytest.mark.oracle
@pytest.mark.parametrize("line", MACHINES)
def test_a_machine_of_each_entry_has_its_text(
    line: str,
    strict: RunningService,
    drawn: Callable[[str], list[Path]],
    small_machine: SmallMachine,
    tmp_path: Path,
) -> None:
    machine, text = MACHINES[line]
    paths = FILES[machine](small_machine, tmp_path) if machine in FILES else drawn(machine)
    containers = [_container(strict, path, f"{line}/{path.name}") for path in paths]
    ec2 = strict.client("ec2")
    with pytest.raises(ClientError) as caught:
        ec2.import_image(DiskContainers=containers, DryRun=True)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameter"
    assert error["Message"].startswith(f"{text} ("), error["Message"]
    task = strict.image_task(ec2.import_image(DiskContainers=containers)["ImportTaskId"])
    assert task["Status"] == "deleted"
    assert task["StatusMessage"] == error["Message"]


@pytest.mark.oracle
def test_a_machine_without_fault_is_imported_on_these_terms(
    strict: RunningService, drawn: Callable[[str], list[Path]]
) -> None:
    containers = [_container(strict, path, "good.raw") for path in drawn("rhel-6.10")]
    task = strict.client("ec2").import_image(DiskContainers=containers)
    assert strict.image_task(task["ImportTaskId"])["Status"] == "completed"


def _container(service: RunningService, path: Path, key: str) -> dict[str, Any]:
    service.client("s3").upload_file(str(path), "bucket-in", key)
    return {"UserBucket": {"S3Bucket": "bucket-in", "S3Key": key}}


def _chunked(_machine: SmallMachine, folder: Path) -> list[Path]:
    """Return an OVA whose disk is said to lie in chunks."""
    files = '<File ovf:id="file1" ovf:href="disk1.vmdk" ovf:chunkSize="1048576"/>'
    path = folder / "chunked.ova"
    path.write_bytes(ova([("vm.ovf", ovf(files=files)), ("disk1.vmdk", b"disk" * 500)]))
    return [path]


def _sparse_vmdk(machine: SmallMachine, folder: Path) -> list[Path]:
    """Return the disk that qemu-img writes unless it is told otherwise."""
    path = folder / "sparse.vmdk"
    run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", str(machine.raw), str(path)])
    return [path]


def _differencing(_machine: SmallMachine, folder: Path) -> list[Path]:
    path = folder / "child.vhd"
    path.write_bytes(dynamic_vhd({}, MIB, changes={"kind": 4}))
    return [path]


def _two_footers(_machine: SmallMachine, folder: Path) -> list[Path]:
    """Return a VHD whose first footer is of another disk."""
    path = folder / "two.vhd"
    path.write_bytes(footer(MIB + SECTOR) + dynamic_vhd({}, MIB)[SECTOR:])
    return [path]


def _short_grain(machine: SmallMachine, folder: Path) -> list[Path]:
    """Return a stream-optimized VMDK whose first grain inflates to less than a grain."""
    path = to_vmdk(machine.raw, folder / "short.vmdk")
    data = bytearray(path.read_bytes())
    (overhead,) = struct.unpack_from("<Q", data, 64)
    grain = zlib.compress(bytes(1000))
    struct.pack_into("<I", data, overhead * SECTOR + 8, len(grain))
    data[overhead * SECTOR + 12 : overhead * SECTOR + 12 + len(grain)] = grain
    path.write_bytes(data)
    return [path]


FILES: Final[dict[str, Callable[[SmallMachine, Path], list[Path]]]] = {
    "chunked": _chunked,
    "differencing": _differencing,
    "short_grain": _short_grain,
    "sparse_vmdk": _sparse_vmdk,
    "two_footers": _two_footers,
}


def test_every_entry_of_the_chapter_is_here_with_its_text() -> None:
    if not CHAPTER.exists():
        pytest.skip(f"{CHAPTER} is absent")
    chapter = CHAPTER.read_text().partition("### 11-Z")[2].partition("\n---")[0]
    rows = dict(row[2:].split(" | ", 1) for row in chapter.split("\n") if row[2:6].isdecimal())
    assert {line.split(" ")[0] for line in MACHINES} | ELSEWHERE.keys() == rows.keys()
    assert not {line.split(" ")[0] for line in MACHINES} & ELSEWHERE.keys()
    for line, (_, text) in MACHINES.items():
        release = text.rpartition(" ")[2]
        row = rows[line.split(" ")[0]].replace("<release>", release)
        assert any(text.endswith(told) for told in row.split("`")[1::2]) or line == "2711", line
