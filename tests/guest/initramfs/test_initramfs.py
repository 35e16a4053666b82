# SPDX-License-Identifier: Apache-2.0
"""Drivers in real initramfs, in damaged ones, and in bombs."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import time
from typing import TYPE_CHECKING, Final

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isal import igzip
from tests.guest.initramfs.archives import COMPRESSORS, FOLDER, MICROCODE, MODULES, compress, cpio
from tests.guest.trees import tree_of

from vmferry.errors import FormatError
from vmferry.guest import initramfs
from vmferry.guest.initramfs.compression import MOST as MOST_INFLATED
from vmferry.guest.initramfs.prefix import TooLongError
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATH = "/boot/initrd"
WANTED = {
    name: f"kernel/drivers/net/far/{name}.ko" for name in ("nvme", "virtio_blk", "xen_blkfront")
}
CONTENT = bytes(range(256)) * 40


def drivers(data: bytes, wanted: dict[str, str] | None = None, **files: str) -> tuple[str, ...]:
    named = {path.replace("__", "/"): text for path, text in files.items()}
    return initramfs.drivers(tree_of({PATH[1:]: data, **named}), PATH, wanted or WANTED)


@pytest.mark.oracle
@pytest.mark.parametrize("name", COMPRESSORS)
def test_microcode_before_what_is_compressed(name: str, tmp_path: Path) -> None:
    early = cpio(tmp_path, MICROCODE)
    main = cpio(tmp_path, dict.fromkeys(MODULES.values(), CONTENT))
    assert drivers(early + compress(name, main)) == tuple(WANTED)


@pytest.mark.oracle
@pytest.mark.parametrize("name", COMPRESSORS)
def test_several_members(name: str, tmp_path: Path) -> None:
    members = [
        compress(name, cpio(tmp_path, {MODULES[driver]: CONTENT})) + bytes(512)
        for driver in ("nvme", "virtio_blk")
    ]
    assert drivers(b"".join(members)) == ("nvme", "virtio_blk")


@pytest.mark.oracle
def test_one_that_is_not_compressed(tmp_path: Path) -> None:
    files = {f"./{MODULES['nvme']}": CONTENT, f"{FOLDER}/nvme/host/nvme-core.ko": b""}
    assert drivers(cpio(tmp_path, files)) == ("nvme",)


AFTER = "usr/lib/systemd/systemd"
NVME = MODULES["nvme"]
BLOCK = MODULES["virtio_blk"]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("names", "found", "is_cut"),
    [
        # Sorted: what follows the modules is not read, so its damage does not matter.
        (["usr/bin/a", NVME, AFTER], ("nvme",), True),
        # Not sorted: all is read, or what is sorted at its end.
        (["usr/sbin/z", NVME, "usr/bin/a", BLOCK], ("nvme", "virtio_blk"), False),
        (["z", NVME, "a", BLOCK, AFTER], ("nvme", "virtio_blk"), True),
    ],
)
def test_sorted_names_are_left_when_the_modules_are_past(
    names: list[str], found: tuple[str, ...], is_cut: bool, tmp_path: Path
) -> None:
    archive = cpio(tmp_path, dict.fromkeys(names, CONTENT))
    assert drivers(gzip.compress(archive)) == found
    if is_cut:
        end = archive.index(AFTER.encode()) + len(AFTER) + 8
        assert drivers(archive[:end]) == found
    else:
        with pytest.raises(FormatError, match="the end of the file inside cpio"):
            drivers(archive[: archive.rindex(b"070701")])


@pytest.mark.oracle
def test_one_that_was_mended_is_read_to_its_end(tmp_path: Path) -> None:
    made = compress("gzip", cpio(tmp_path, {NVME: CONTENT, AFTER: CONTENT}))
    data = made + bytes(-len(made) % 4) + cpio(tmp_path, {BLOCK: CONTENT})
    assert drivers(data) == ("nvme",)
    assert initramfs.drivers(
        tree_of({"boot/initrd": data, "boot/.initrd.before-vmferry": made}), PATH, WANTED
    ) == ("nvme", "virtio_blk")


@pytest.mark.oracle
def test_every_archive_has_its_own_order(tmp_path: Path) -> None:
    first = cpio(tmp_path, {NVME: CONTENT})
    second = cpio(tmp_path, {"bin": b"", BLOCK: CONTENT, AFTER: CONTENT})
    assert drivers(first + gzip.compress(second)) == ("nvme", "virtio_blk")


MOST = b"#\nMODULES=most\nBUSYBOX=auto\n"
NEAR = {"nvme": "kernel/drivers/nvme/host/nvme.ko", "ena": "updates/dkms/ena.ko"}


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("conf", "override", "found"),
    [
        (MOST, "", ("nvme",)),
        (b"MODULES=dep\n", "", ()),
        (MOST, "MODULES=most\n", ("nvme",)),
        (MOST, "MODULES=dep\n", ()),
    ],
)
def test_modules_most_tells_it(
    conf: bytes, override: str, found: tuple[str, ...], tmp_path: Path
) -> None:
    data = compress("gzip", cpio(tmp_path, {"conf/initramfs.conf": conf}))
    files = {"etc__initramfs-tools__conf.d__driver-policy": override}
    assert drivers(data, NEAR, **files) == found


@pytest.mark.oracle
@pytest.mark.parametrize("name", COMPRESSORS)
def test_one_that_is_cut_off(name: str, tmp_path: Path) -> None:
    data = compress(name, cpio(tmp_path, {"init": lzma.compress(CONTENT) * 50}))
    with pytest.raises(FormatError, match="initramfs"):
        drivers(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "initramfs: found no bytes but zeros"),
        (bytes(5000), "initramfs: found no bytes but zeros"),
        (bytes(5 * MIB), "initramfs at byte 4194304: found more than 4194304 zeros"),
        (b"#!/bin/sh\n", "expected cpio or a compressed cpio"),
        (gzip.compress(b"text"), "initramfs: gzip at byte 0: found the end of the member inside"),
        (b"07070100", "initramfs at byte 0: found the end of the file inside cpio"),
        (b"070701" + b"z" * 104, "found b'zzzzzzzz', expected a hexadecimal number"),
        (b"070701" + b"0" * 104, "found a name of 0 bytes"),
        (b"\x1f\x8b\x08" + b"\xff" * 200, "initramfs: gzip at byte 0"),
    ],
)
def test_what_is_no_initramfs(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        drivers(data)


END = b"070701".ljust(94, b"0") + b"0000000b".ljust(16, b"0") + b"TRAILER!!!\0\0\0\0"
HUGE = (
    b"070701".ljust(54, b"0") + b"FFFFFFFF".ljust(40, b"0") + b"00000002".ljust(16, b"0") + b"a\0"
)


BOMBS: Final[dict[str, Callable[[], bytes]]] = {
    "gzip": lambda: igzip.compress(HUGE + bytes(300 * MIB), 1),
    "xz": lambda: lzma.compress(HUGE + bytes(100 * MIB), preset=0),
    "zstd": lambda: zstandard.compress(HUGE + bytes(400 * MIB)),
    "sparse": lambda: HUGE,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str) -> None:
    bomb = BOMBS[name]()
    start = time.process_time()
    with pytest.raises((TooLongError, FormatError)):
        drivers(bomb)
    assert time.process_time() - start < 2


def test_endless_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmferry.guest.initramfs.cpio.MOST_ENTRIES", 10)
    entry = b"070701".ljust(94, b"0") + b"00000002".ljust(16, b"0") + b"a\0"
    with pytest.raises(FormatError, match="initramfs: cpio: found more than 10 entries"):
        drivers(entry * 20)


def test_endless_archives_in_one_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmferry.guest.initramfs.cpio.MOST_ENTRIES", 10)
    data = gzip.compress(END * 20)
    with pytest.raises(FormatError, match="initramfs: cpio: found more than 10 entries"):
        drivers(data)


def test_members_share_what_is_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_INFLATED, "gzip", 1000)
    entry = b"070701".ljust(54, b"0") + b"%08x" % 500 + b"0" * 32 + b"00000002".ljust(16, b"0")
    member = gzip.compress(entry + b"a\0" + bytes(500) + END)
    assert drivers(member) == ()
    with pytest.raises(TooLongError, match=r"gzip: found more than 26\d bytes to inflate"):
        drivers(member * 2)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    head=st.sampled_from([b"070701", b"\x1f\x8b\x08\0", b"\x5d\0\0", b"BZh9", b"\x28\xb5\x2f\xfd"]),
    data=st.binary(max_size=400),
)
def test_nothing_but_format_errors(head: bytes, data: bytes) -> None:
    with contextlib.suppress(FormatError):
        drivers(head + data)
