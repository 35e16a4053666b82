# SPDX-License-Identifier: Apache-2.0
"""The reader against qemu-img, which replays logs too, and against samples that Windows wrote."""

from __future__ import annotations

import hashlib
import lzma
import random
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, MemorySource, read_all, samples
from tests.formats.vhdx.images import (
    BAT_AT,
    MIB,
    PAGE,
    PRESENT,
    Changes,
    Image,
    log_entry,
    noise,
    page_with,
    ring,
)

from vmferry.errors import FormatError
from vmferry.formats import open_disk
from vmferry.formats.vhdx.reader import VhdxReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.oracle
@pytest.mark.parametrize(
    "options",
    [
        "subformat=dynamic",
        "subformat=fixed",
        "subformat=dynamic,block_size=1M",
        "subformat=dynamic,block_state_zero=off,log_size=4M",
    ],
)
@pytest.mark.parametrize("size", [MIB, 40 * MIB + 512 * 5])
def test_qemu_img_makes_what_we_read(
    options: str, size: int, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    chance = random.Random(size)
    raw, vhdx = tmp_path / "a.raw", tmp_path / "a.vhdx"
    with raw.open("wb") as file:
        for _ in range(9):
            file.seek(chance.randrange(0, size, 512))
            file.write(chance.randbytes(chance.randrange(200_000)))
        file.truncate(size)
    qemu_img("convert", "-f", "raw", "-O", "vhdx", "-o", options, raw, vhdx)
    disk = open_disk(FileSource(vhdx), "vhdx")
    assert isinstance(disk, VhdxReader)
    assert disk.warnings == ()
    assert read_all(disk) == raw.read_bytes()


def replayed(image: Image, qemu_img: Callable[..., str], folder: Path) -> bytes:
    """Return the disk as our reader has it, after qemu-img said the same."""
    path, copy, raw = folder / "a.vhdx", folder / "copy.vhdx", folder / "a.raw"
    path.write_bytes(image.build())
    ours = VhdxReader(FileSource(path))
    assert "the log was replayed" in ours.warnings[0]
    shutil.copy(path, copy)
    qemu_img("check", "-f", "vhdx", "-r", "all", copy)
    qemu_img("convert", "-f", "vhdx", "-O", "raw", copy, raw)
    content = read_all(ours)
    assert content == raw.read_bytes()
    assert read_all(VhdxReader(FileSource(copy))) == content
    return content


def dirty_image() -> tuple[Image, dict[str, bytes]]:
    """Return a disk of four blocks, and pages of its table with some of them taken away."""
    image = Image(4 * MIB, {number: noise() for number in range(4)})
    data = image.build()
    gone = dict.fromkeys(range(4), 0)
    at = {number: image.place(number) | PRESENT for number in range(4)}
    pages = {
        "none": page_with(image, data, gone),
        "first": page_with(image, data, {**gone, 0: at[0]}),
        "three": page_with(image, data, {3: 0}),
        "swapped": page_with(image, data, {0: at[1], 1: at[0]}),
    }
    return image, pages


@pytest.mark.oracle
@pytest.mark.parametrize("first", [0, 20 * PAGE, MIB - 3 * PAGE, MIB - PAGE])
@pytest.mark.parametrize("names", [("first",), ("none", "three"), ("three", "none", "swapped")])
def test_qemu_img_replays_the_same_log(
    first: int, names: tuple[str, ...], qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    image, pages = dirty_image()
    whole = image.content()
    entries = [
        log_entry(40 + at, first, [(BAT_AT, pages[name])], flushed=8 * MIB, last=8 * MIB)
        for at, name in enumerate(names)
    ]
    image.log = ring(MIB, first, entries)
    expected = {
        "first": whole[:MIB] + bytes(3 * MIB),
        "three": whole[: 3 * MIB] + bytes(MIB),
        "swapped": whole[MIB : 2 * MIB] + whole[:MIB] + whole[2 * MIB :],
    }
    assert replayed(image, qemu_img, tmp_path) == expected[names[-1]]


@pytest.mark.oracle
def test_qemu_img_replays_zeroings_and_no_torn_entry(
    qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    """Tails are tested beside the log: qemu-img replays what stands before them, too."""
    image, pages = dirty_image()
    whole = image.content()
    block = image.place(2)
    changes: list[Changes] = [
        [(BAT_AT, pages["swapped"])],
        [(block, 64 * PAGE), (block + 80 * PAGE, PAGE)],
        [(block + 9 * PAGE, b"n" * PAGE)],
        [(BAT_AT, pages["none"])],
    ]
    entries = [
        log_entry(7 + at, 0, change, flushed=8 * MIB, last=8 * MIB)
        for at, change in enumerate(changes)
    ]
    image.log = ring(MIB, 0, [*entries[:-1], entries[-1][:PAGE]])
    wanted = bytearray(whole[MIB : 2 * MIB] + whole[:MIB] + whole[2 * MIB :])
    for first, last, letter in ((0, 64, b"\0"), (80, 81, b"\0"), (9, 10, b"n")):
        start, stop = 2 * MIB + first * PAGE, 2 * MIB + last * PAGE
        wanted[start:stop] = letter * (stop - start)
    assert replayed(image, qemu_img, tmp_path) == wanted


@pytest.mark.oracle
def test_qemu_img_reads_what_the_recipe_makes(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    image = Image(9 * MIB + 512, {0: noise(), 4: noise(), 9: noise(512)})
    path, raw = tmp_path / "a.vhdx", tmp_path / "a.raw"
    path.write_bytes(image.build())
    assert "No errors were found" in qemu_img("check", "-f", "vhdx", path)
    qemu_img("convert", "-f", "vhdx", "-O", "raw", path, raw)
    assert raw.read_bytes() == image.content()


@pytest.mark.oracle
def test_the_samples_read_as_qemu_img_does() -> None:
    table = samples() / "disks" / "ORACLE.tsv"
    if not table.exists():
        pytest.skip(f"no {table}")
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    found = [row for row in rows if row[0].endswith(".vhdx")]
    assert len(found) >= 6
    for name, size, digest, *_ in found:
        data = lzma.decompress((samples() / "disks" / f"{name}.xz").read_bytes())
        if "differential" in name:
            with pytest.raises(FormatError, match="vhdx: the disk is differencing"):
                open_disk(MemorySource(data, name), None)
            continue
        disk = open_disk(MemorySource(data, name), None)
        assert disk.size == int(size)
        assert hashlib.sha256(read_all(disk)).hexdigest() == digest
