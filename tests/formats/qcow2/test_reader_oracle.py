# SPDX-License-Identifier: Apache-2.0
"""The reader against qemu-img, and against a sample that others made."""

from __future__ import annotations

import hashlib
import json
import lzma
import random
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, MemorySource, read_all, samples

from vmferry.errors import FormatError
from vmferry.formats import detect, open_disk
from vmferry.formats.qcow2.reader import Qcow2Reader
from vmferry.units import GIB, KIB, MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.oracle


def _raw(path: Path, size: int) -> None:
    chance = random.Random(size)
    with path.open("wb") as file:
        for _ in range(25):
            file.seek(chance.randrange(0, size, 512))
            file.write((chance.randbytes(50) * 4 * 700)[: chance.randrange(140_000)])
        file.truncate(size)


def _qemu_io(path: Path, *commands: str) -> None:
    program = shutil.which("qemu-io")
    if program is None:
        pytest.skip("no qemu-io here")
    words = [word for command in commands for word in ("-c", command)]
    options = "driver=qcow2,discard=unmap,file.driver=file,file.filename="
    subprocess.run(
        [program, *words, "--image-opts", f"{options}{path}"],
        check=True,
        capture_output=True,
        timeout=60,
    )


@pytest.mark.parametrize("size", [9 * MIB, 5 * MIB + 512 * 5])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("cluster_size=512", []),
        ("cluster_size=4096,compat=0.10", []),
        ("cluster_size=64k", []),
        ("cluster_size=2M", []),
        ("preallocation=metadata", []),
        ("preallocation=full", []),
        ("cluster_size=512", ["-c"]),
        ("compat=0.10", ["-c"]),
        ("cluster_size=2M", ["-c"]),
        ("compression_type=zstd", ["-c"]),
        ("compression_type=zstd,cluster_size=4k", ["-c"]),
    ],
)
def test_qemu_img_makes_what_we_read(
    options: str, words: list[str], size: int, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    raw, image = tmp_path / "a.raw", tmp_path / "a.qcow2"
    _raw(raw, size)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", *words, "-o", options, raw, image)
    assert detect(FileSource(image)) == "qcow2"
    disk = open_disk(FileSource(image), "qcow2")
    assert isinstance(disk, Qcow2Reader)
    assert disk.warnings == ()
    assert read_all(disk) == raw.read_bytes()


def test_after_discards_and_zeros_and_with_snapshots(
    qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    raw, image = tmp_path / "a.raw", tmp_path / "a.qcow2"
    _raw(raw, 9 * MIB)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", "-c", raw, image)
    qemu_img("snapshot", "-c", "before", image)
    _qemu_io(image, "discard 0 1M", "write -z 2M 640k", "write -z -u 3M 1M", "write -P 7 4M 300k")
    disk = open_disk(FileSource(image), None)
    assert getattr(disk, "warnings", ()) == ("qcow2: 1 snapshots inside the file are ignored",)
    qemu_img("convert", "-f", "qcow2", "-O", "raw", image, tmp_path / "b.raw")
    assert read_all(disk) == (tmp_path / "b.raw").read_bytes()
    assert disk.read_at(4 * MIB, 300 * KIB) == bytes([7]) * (300 * KIB)


def test_after_its_size_was_changed(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    """The L1 table moves as the disk grows, and keeps entries behind the end as it shrinks."""
    image, back = tmp_path / "a.qcow2", tmp_path / "b.raw"
    qemu_img("create", "-q", "-f", "qcow2", image, "1M")
    _qemu_io(image, "write -P 5 0 1M")
    qemu_img("resize", "-q", image, "40G")
    _qemu_io(image, "write -P 6 30G 1M")
    disk = open_disk(FileSource(image), None)
    found = [tuple(extent) for extent in disk.extents()]
    assert [found[0], found[2]] == [(0, MIB, "data"), (30 * GIB, MIB, "data")]
    assert disk.read_at(30 * GIB - 1, 2) == b"\0\x06"
    qemu_img("resize", "-q", "--shrink", image, "1000K")
    qemu_img("bitmap", "--add", image, "changes")
    qemu_img("convert", "-f", "qcow2", "-O", "raw", image, back)
    assert read_all(open_disk(FileSource(image), None)) == back.read_bytes()


def test_the_allocation_is_that_of_qemu_img(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    raw, image = tmp_path / "a.raw", tmp_path / "a.qcow2"
    _raw(raw, 9 * MIB)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, image)
    disk = open_disk(FileSource(image), None)
    ours = [(e.offset, e.end) for e in disk.extents() if e.kind.value == "data"]
    theirs: list[tuple[int, int]] = []
    for entry in json.loads(qemu_img("map", "--output", "json", image)):
        if entry["data"]:
            start, end = entry["start"], entry["start"] + entry["length"]
            if theirs and theirs[-1][1] == start:
                start = theirs.pop()[0]
            theirs.append((start, end))
    assert ours == theirs


def test_a_sparse_disk_of_16_tebibytes(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "big.qcow2"
    qemu_img("create", "-f", "qcow2", path, "16T")
    started = time.process_time()
    disk = open_disk(FileSource(path), "qcow2")
    assert [(extent.length, extent.kind.value) for extent in disk.extents()] == [(16 * TIB, "zero")]
    assert time.process_time() - started < 1


def test_qemu_img_makes_what_we_refuse(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    """CVE-2024-32498: nothing that an image names is opened, so none of it needs to exist."""
    base, image = tmp_path / "base.raw", tmp_path / "a.qcow2"
    base.write_bytes(b"secret" * 10_000)
    # AES, not LUKS: qemu-img measures LUKS's key derivation and fails on a machine that is too busy
    # ("Unable to get accurate CPU usage"); the header says either by the one field.
    secret = ["--object", "secret,id=s,data=none"]
    cases: list[tuple[str, list[object]]] = [
        ("has a backing file", ["-b", base, "-F", "raw"]),
        ("has its data in another file", ["-o", f"data_file={base}", "1M"]),
        ("has its data in another file", ["-o", f"data_file={base},data_file_raw=on", "1M"]),
        ("is encrypted", [*secret, "-o", "encrypt.format=aes,encrypt.key-secret=s", "1M"]),
        ("has extended L2 entries", ["-o", "extended_l2=on", "1M"]),
    ]
    for message, words in cases:
        options, more = ([], words) if words[0] != "--object" else (words[:2], words[2:])
        size = [more.pop()] if more[-1] == "1M" else []
        qemu_img("create", "-q", *options, "-f", "qcow2", *more, image, *size)
        base.unlink(missing_ok=True)
        for declared in ("qcow2", None):
            with pytest.raises(FormatError, match=f"qcow2: the image {message}") as caught:
                open_disk(FileSource(image), declared)
            assert str(tmp_path) not in caught.value.status_message
        base.write_bytes(b"secret" * 10_000)


def test_the_sample_reads_as_qemu_img_does() -> None:
    table = samples() / "disks" / "ORACLE.tsv"
    if not table.exists():
        pytest.skip(f"no {table}")
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    found = [row for row in rows if row[0].endswith(".qcow2")]
    assert found
    for name, size, digest, *_ in found:
        data = lzma.decompress((samples() / "disks" / f"{name}.xz").read_bytes())
        disk = open_disk(MemorySource(data, name), None)
        assert disk.size == int(size)
        assert hashlib.sha256(read_all(disk)).hexdigest() == digest
