# SPDX-License-Identifier: Apache-2.0
"""In and out and in again: the disk is the same to the byte, in each format, and others read it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.fixtures.service import prepared
from tests.guests import drawing

from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.guest import DebianGuest
    from tests.fixtures.service import RunningService

pytestmark = pytest.mark.oracle

FORMATS: Final = ("RAW", "VHD", "VMDK", "VHDX", "OVA")
QEMU: Final = {"raw": "raw", "vhd": "vpc", "vmdk": "vmdk", "vhdx": "vhdx"}


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn Debian 12."""
    (path,) = drawing.draw(drawing.load("debian-12"), tmp_path_factory.mktemp("guest"))
    return path


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that exports what AWS does not."""
    settings = "[export]\nunrestricted = true\n"
    with prepared(tmp_path_factory.mktemp("free"), "bucket", settings=settings) as running:
        yield running


def imported(service: RunningService, key: str, name: str) -> str:
    """Import an object as an image."""
    container = {"Format": name, "UserBucket": {"S3Bucket": "bucket", "S3Key": key}}
    task = service.client("ec2").import_image(DiskContainers=[container])["ImportTaskId"]
    done = service.image_task(task)
    assert done["Status"] == "completed", done
    return str(done["ImageId"])


def exported(service: RunningService, image: str, name: str, folder: Path) -> tuple[str, Path]:
    """Export an image; return the key, and the file that the object was downloaded to."""
    task = service.client("ec2").export_image(
        ImageId=image, DiskImageFormat=name, S3ExportLocation={"S3Bucket": "bucket"}
    )["ExportImageTaskId"]
    done = service.export_task(task)
    assert done["Status"] == "completed", done
    key = f"{task}.{name.lower()}"
    path = folder / key
    service.client("s3").download_file("bucket", key, str(path))
    return key, path


def digest(path: Path, size: int) -> str:
    """Return the SHA-256 of the first ``size`` bytes; only zeros may follow."""
    with path.open("rb") as file:
        found = hashlib.sha256(file.read(size)).hexdigest()
        assert not file.read().strip(b"\0")
    return found


@pytest.fixture(scope="module")
def image(free: RunningService, guest: Path) -> str:
    """The guest, imported."""
    free.client("s3").upload_file(str(guest), "bucket", "guest.raw")
    return imported(free, "guest.raw", "RAW")


@pytest.mark.parametrize("name", FORMATS)
def test_what_comes_out_goes_in_again(
    free: RunningService, guest: Path, image: str, name: str, tmp_path: Path
) -> None:
    key, path = exported(free, image, name, tmp_path)
    if name != "OVA":
        kind = QEMU[name.lower()]
        words = ["qemu-img", "compare", "-f", kind, "-F", "raw", str(path), str(guest)]
        compared = subprocess.run(words, capture_output=True, text=True, check=False)
        assert compared.stdout.endswith("Images are identical.\n"), compared
    if name in ("VMDK", "VHDX"):
        subprocess.run(["qemu-img", "check", str(path)], check=True, capture_output=True)
    again = imported(free, key, name)
    _, raw = exported(free, again, "RAW", tmp_path)
    size = guest.stat().st_size
    assert digest(raw, size) == digest(guest, size)


@pytest.mark.slow
def test_a_real_guest_comes_back(
    free: RunningService, debian_guest: DebianGuest, tmp_path: Path
) -> None:
    free.client("s3").upload_file(str(debian_guest.ova), "bucket", "debian.ova")
    key, path = exported(free, imported(free, "debian.ova", "OVA"), "OVA", tmp_path)
    path.unlink()
    _, raw = exported(free, imported(free, key, "OVA"), "RAW", tmp_path)
    words = ["qemu-img", "compare", "-f", "raw", "-F", "raw", str(raw), str(debian_guest.raw)]
    compared = subprocess.run(words, capture_output=True, text=True, check=False)
    assert compared.stdout.endswith("Images are identical.\n"), compared


def test_other_programs_take_the_ova_apart(
    free: RunningService, guest: Path, image: str, tmp_path: Path
) -> None:
    _, path = exported(free, image, "OVA", tmp_path)
    readers = {
        "tar": ["tar", "-xf", str(path), "-C"],
        "bsdtar": ["bsdtar", "-xf", str(path), "-C"],
        "7z": ["7z", "x", "-bd", str(path), "-o"],
    }
    used = {name: words for name, words in readers.items() if shutil.which(name)}
    for name, words in used.items():
        folder = tmp_path / name
        folder.mkdir()
        *front, last = words
        place = [f"{last}{folder}"] if last == "-o" else [last, str(folder)]
        subprocess.run([*front, *place], check=True, capture_output=True)
        (manifest,) = folder.glob("*.mf")
        lines = [
            line.removeprefix("SHA256(").partition(")= ")
            for line in manifest.read_text().splitlines()
        ]
        assert {one[0] for one in lines} | {manifest.name} == {one.name for one in folder.iterdir()}
        for member, _, expected in lines:
            assert hashlib.sha256((folder / member).read_bytes()).hexdigest() == expected
        (disk,) = folder.glob("*.vmdk")
        words = ["qemu-img", "compare", "-f", "vmdk", "-F", "raw", str(disk), str(guest)]
        assert subprocess.run(words, check=False, capture_output=True).returncode == 0


def media(reader: Any, size: int) -> str:
    """Return the digest of what one of libyal's readers gives."""
    found = hashlib.sha256()
    for at in range(0, size, MIB):
        reader.seek_offset(at, 0)
        found.update(reader.read_buffer(min(MIB, size - at)))
    return found.hexdigest()


def test_libvmdk_reads_the_vmdk(
    free: RunningService, guest: Path, image: str, tmp_path: Path
) -> None:
    pyvmdk = pytest.importorskip("pyvmdk", reason="libvmdk-python is not installed")
    _, path = exported(free, image, "VMDK", tmp_path)
    handle = pyvmdk.handle()
    handle.open(str(path))
    handle.open_extent_data_files()
    size = guest.stat().st_size
    assert (handle.media_size, media(handle, size)) == (size, digest(guest, size))
    handle.close()


@pytest.mark.parametrize("name", ["VHD", "VHDX"])
def test_libvhdi_reads_the_vhd(
    free: RunningService, guest: Path, image: str, name: str, tmp_path: Path
) -> None:
    pyvhdi = pytest.importorskip("pyvhdi", reason="libvhdi-python is not installed")
    _, path = exported(free, image, name, tmp_path)
    file = pyvhdi.file()
    file.open(str(path))
    size = guest.stat().st_size
    assert media(file, size) == digest(guest, size)
    file.close()
