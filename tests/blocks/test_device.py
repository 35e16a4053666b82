# SPDX-License-Identifier: Apache-2.0
"""The copy-on-write device: like a file over its base; holes stay holes; survives kill -9."""

from __future__ import annotations

import ctypes
import errno
import os
import random
import re
import signal
import subprocess
import sys
import threading
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.blocks.disks import Pieces, noise
from tests.house.memory import forget_peak, peak

from vmferry.blocks import device as module
from vmferry.blocks.bitmap import GRANULE, Bitmap
from vmferry.blocks.device import Device, for_threads
from vmferry.errors import IntegrityError, ServiceError, SourceError, StorageFullError
from vmferry.model.disk import ExtentKind
from vmferry.units import BLOCK, GIB, KIB, MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.blocks.disks import BlockStore

BASE = 6 * BLOCK + 700
SIZE = 8 * BLOCK + 300


def _base() -> Pieces:
    return Pieces(
        BASE, {100: noise(1, GRANULE), 2 * BLOCK: noise(2, BLOCK + 9), BASE - 5: noise(3, 5)}
    )


def _whole(disk: Device | Pieces) -> bytes:
    return disk.read_at(0, disk.size)


places = st.one_of(
    st.integers(0, SIZE), st.integers(0, SIZE // GRANULE).map(lambda at: at * GRANULE)
)
lengths = st.sampled_from([0, 1, 4096, GRANULE - 1, GRANULE, GRANULE + 1, BLOCK, 3 * BLOCK])
steps = st.lists(
    st.tuples(st.sampled_from(["write", "zero", "trim", "flush", "reopen"]), places, lengths),
    max_size=12,
)


@settings(max_examples=30)
@given(steps)
def test_a_device_is_a_file_over_its_base(
    tmp_path_factory: pytest.TempPathFactory, done: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("device")
    base = _base()
    device = Device(base, folder, SIZE)
    model = bytearray(_whole(base).ljust(SIZE, b"\0"))
    touched: set[int] = set()
    for number, (what, offset, wanted) in enumerate(done):
        length = min(wanted, SIZE - offset)
        if what == "write":
            data = noise(number + 10, length)
            device.write_at(offset, data)
            model[offset : offset + length] = data
        elif what == "zero":
            device.zero_at(offset, length)
            model[offset : offset + length] = bytes(length)
        elif what == "trim":
            device.trim_at(offset, length)
            model = _trimmed(model, device, offset, length)
        elif what == "flush":
            device.flush()
        else:
            device.close()
            device = Device(base, folder)
        if what in ("write", "zero", "trim") and length:
            touched.update(range(offset // BLOCK, (offset + length - 1) // BLOCK + 1))
    assert _whole(device) == model
    assert set(device.changed()) <= touched
    assert {
        at // BLOCK
        for at in range(0, SIZE, BLOCK)
        if model[at : at + BLOCK]
        != _whole(base)[at : at + BLOCK].ljust(len(model[at : at + BLOCK]), b"\0")
    } <= set(device.changed())
    _check_extents(device, model)
    device.close()


def _trimmed(model: bytearray, device: Device, offset: int, length: int) -> bytearray:
    """Return what the range may be after trimming: whole granules are zeros, the rest is not."""
    out = bytearray(model)
    for at in range(0, SIZE, GRANULE):
        end = min(at + GRANULE, SIZE)
        if offset <= at and end <= offset + length:
            out[at:end] = bytes(end - at)
    assert _whole(device) == out
    return out


def _check_extents(device: Device, model: bytearray) -> None:
    extents = list(device.extents())
    assert [extent.offset for extent in extents] == [0, *(e.end for e in extents)][:-1]
    assert extents[-1].end == SIZE
    assert all(a.kind is not b.kind for a, b in pairwise(extents))
    for extent in extents:
        if extent.kind is ExtentKind.ZERO:
            assert not any(model[extent.offset : extent.end])


def test_a_write_copies_up_only_its_granules(tmp_path: Path) -> None:
    base = Pieces(4 * BLOCK, {0: noise(1, 4 * BLOCK)})
    with closing(Device(base, tmp_path)) as device:
        device.write_at(BLOCK + 5, b"x")
        assert base.bytes_read == GRANULE
        device.write_at(BLOCK + 6, b"y" * 10)
        device.write_at(2 * BLOCK, bytes(GRANULE))
        assert base.bytes_read == GRANULE, "held, or written whole"
        assert list(device.changed()) == [1, 2]
        assert (tmp_path / "overlay").stat().st_blocks * 512 == 2 * GRANULE
        assert (
            device.read_at(BLOCK, 17)
            == noise(1, 4 * BLOCK)[BLOCK : BLOCK + 5]
            + b"x"
            + b"y" * 10
            + (noise(1, 4 * BLOCK)[BLOCK + 16 : BLOCK + 17])
        )


def test_zeros_over_holes_touch_nothing(tmp_path: Path) -> None:
    with closing(Device(_base(), tmp_path, SIZE)) as device:
        device.zero_at(4 * BLOCK + 17, BLOCK)
        device.zero_at(7 * BLOCK - 3, BLOCK)
        device.trim_at(6 * BLOCK + 700, SIZE - 6 * BLOCK - 700)
        assert list(device.changed()) == []
        device.zero_at(2 * BLOCK - 17, 100)
        assert list(device.changed()) == [2]


def test_zeros_take_no_space(tmp_path: Path) -> None:
    with closing(Device(Pieces(64 * MIB), tmp_path)) as device:
        device.write_at(0, noise(1, 8 * MIB))
        device.flush()
        assert (tmp_path / "overlay").stat().st_blocks * 512 >= 8 * MIB
        device.zero_at(0, 8 * MIB)
        device.flush()
        assert (tmp_path / "overlay").stat().st_blocks == 0
        assert [extent.kind for extent in device.extents()] == [ExtentKind.ZERO]


def test_a_file_system_without_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Libc:
        @staticmethod
        def fallocate64(*_arguments: object) -> int:
            return -1

    monkeypatch.setattr(module, "_libc", Libc)
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.EOPNOTSUPP)
    with closing(Device(Pieces(4 * MIB), tmp_path)) as device:
        device.write_at(0, noise(1, 3 * MIB))
        device.zero_at(5, 2 * MIB)
        assert _whole(device)[:5] == noise(1, 3 * MIB)[:5]
        assert not any(device.read_at(5, 2 * MIB))
        monkeypatch.setattr(ctypes, "get_errno", lambda: errno.ENOSPC)
        with pytest.raises(StorageFullError, match=r"^device: its overlay: 0 bytes could not be"):
            device.zero_at(0, MIB)


def test_a_device_grows_when_it_is_opened(tmp_path: Path) -> None:
    base = Pieces(BLOCK + 100, {0: noise(1, BLOCK + 100)})
    with closing(Device(base, tmp_path)) as device:
        device.write_at(BLOCK + 50, b"end")
        assert device.size == BLOCK + 100
    with closing(Device(base, tmp_path, 5 * GIB)) as device:
        assert device.size == 5 * GIB
        assert device.read_at(BLOCK + 45, 60) == (
            noise(1, BLOCK + 100)[BLOCK + 45 : BLOCK + 50]
            + b"end"
            + noise(1, BLOCK + 100)[BLOCK + 53 :]
            + bytes(5)
        )
        device.write_at(5 * GIB - 3, b"far")
    with closing(Device(base, tmp_path)) as device:
        assert device.read_at(5 * GIB - 4, 4) == b"\0far"
        assert list(device.changed()) == [1, 5 * 2048 - 1]
    with pytest.raises(ServiceError, match=rf"{GIB} bytes are wanted, expected at least {5 * GIB}"):
        Device(base, tmp_path, GIB)
    with pytest.raises(ServiceError, match=r"^device: 7 bytes are wanted, expected at least"):
        Device(base, tmp_path / "new", 7)


def test_one_writer_or_many_readers(tmp_path: Path) -> None:
    base = _base()
    with pytest.raises(ServiceError, match=r"^device: cannot be written: No such file"):
        Device(base, tmp_path / "none", writable=False)
    with closing(Device(base, tmp_path / "d")) as device:
        device.write_at(0, b"new")
        for writable in (True, False):
            with pytest.raises(ServiceError, match="has it open"):
                Device(base, tmp_path / "d", writable=writable)
    readers = [Device(base, tmp_path / "d", writable=False) for _ in range(3)]
    assert all(reader.read_at(0, 3) == b"new" for reader in readers)
    with pytest.raises(ServiceError, match="has it open"):
        Device(base, tmp_path / "d")
    uses: list[Callable[[], object]] = [
        lambda: readers[0].write_at(0, b"x"),
        lambda: readers[0].zero_at(0, 1),
        lambda: readers[0].trim_at(0, 1),
    ]
    for use in uses:
        with pytest.raises(ServiceError, match=r"^device: it is open for reading only$"):
            use()
    for reader in readers:
        reader.flush()
        reader.close()
        reader.close()


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (BASE, 1), (BASE - 1, 2), (GIB, 1)])
def test_ranges_outside(tmp_path: Path, offset: int, length: int) -> None:
    text = re.escape(f"{length} bytes at byte {offset} are wanted, it has {BASE} bytes")
    with closing(Device(_base(), tmp_path)) as device:
        uses: list[Callable[[], object]] = [
            lambda: device.read_at(offset, length),
            lambda: device.extents(offset, length),
            lambda: device.write_at(offset, bytes(length)),
            lambda: device.zero_at(offset, length),
            lambda: device.trim_at(offset, length),
        ]
        for use in uses:
            with pytest.raises(SourceError, match=rf"^device: {text}$"):
                use()


def test_a_damaged_folder(tmp_path: Path) -> None:
    Device(_base(), tmp_path).close()
    os.truncate(tmp_path / "overlay", 5)
    with pytest.raises(IntegrityError, match=rf"its overlay has 5 bytes, expected at least {BASE}"):
        Device(_base(), tmp_path)
    (tmp_path / "overlay").unlink()
    with pytest.raises(IntegrityError, match=r"its overlay: cannot be read: it does not exist"):
        Device(_base(), tmp_path)
    (tmp_path / "bitmap").unlink()
    Device(_base(), tmp_path).close()


def test_bits_are_written_when_the_bytes_are_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, keep = os.fdatasync, Bitmap.keep
    with closing(Device(_base(), tmp_path)) as device:

        def watched_sync(fd: int) -> None:
            done.append(Path(f"/proc/self/fd/{fd}").readlink().name)
            if done == ["overlay"]:
                device.write_at(BLOCK, b"too late for this flush")
            sync(fd)

        def watched_keep(bitmap: Any, pages: dict[int, bytes]) -> None:
            assert pages[0][:2] == b"\x01\0"
            keep(bitmap, pages)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", watched_sync)
            patch.setattr(Bitmap, "keep", watched_keep)
            device.write_at(0, b"first")
            device.flush()
        assert done == ["overlay", "bitmap"]


def test_a_flush_that_failed_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    device = Device(_base(), tmp_path)
    device.write_at(0, b"lost")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", full)
        with pytest.raises(StorageFullError, match=r"^device: its overlay: .*No space left"):
            device.flush()
    for use in (device.flush, device.close):
        with pytest.raises(StorageFullError, match="No space left"):
            use()
    with closing(Device(_base(), tmp_path)) as again:
        assert again.read_at(0, 4) == bytes(4)


def test_what_a_lost_write_left_is_never_seen(tmp_path: Path) -> None:
    base = _base()
    Device(base, tmp_path).close()
    # As after a kill: bytes are in the overlay, their bits are not.
    with (tmp_path / "overlay").open("rb+") as overlay:
        overlay.write(noise(9, BASE))
    with closing(Device(base, tmp_path)) as device:
        assert _whole(device) == _whole(base)
        model = bytearray(_whole(base))
        device.write_at(5 * BLOCK + 7, b"in a hole of the base")
        model[5 * BLOCK + 7 : 5 * BLOCK + 28] = b"in a hole of the base"
        device.write_at(2 * BLOCK + 7, b"in its data")
        model[2 * BLOCK + 7 : 2 * BLOCK + 18] = b"in its data"
        device.zero_at(3 * BLOCK - 9, 2 * GRANULE)
        model[3 * BLOCK - 9 : 3 * BLOCK - 9 + 2 * GRANULE] = bytes(2 * GRANULE)
        assert _whole(device) == model


WRITER = """
import random, sys
from pathlib import Path
from tests.blocks.disks import Pieces, noise
from vmferry.blocks.device import Device
seed = int(sys.argv[2])
base = Pieces(1 << 24, {0: noise(1, 1 << 24)})
device = Device(base, Path(sys.argv[1]))
chance = random.Random(seed)
number = seed * 1000
while True:
    number += 1
    at = chance.randrange((1 << 24) - 70000)
    device.write_at(at, number.to_bytes(8, "big") * (chance.randrange(1, 70000) // 8))
    if chance.random() < 0.2:
        device.flush()
        print(number, flush=True)
"""


@pytest.mark.crash
def test_kill_9_loses_nothing_that_was_flushed(tmp_path: Path) -> None:
    """Writes are replayed up to the last flush; later ones may be there, whole granules or not."""
    folder, size = tmp_path / "device", 1 << 24
    base = Pieces(size, {0: noise(1, size)})
    certain = bytearray(_whole(base))
    maybe = bytearray(size)  # 1: a write that was not flushed may have changed it, or not.
    chance = random.Random(5)
    for seed in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(seed)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])},
            cwd=Path(__file__).parents[2],
        )
        assert child.stdout is not None
        flushed = 0
        for _ in range(chance.randrange(3, 30)):
            flushed = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        flushed = int(rest[-1]) if rest else flushed
        replay = random.Random(seed)
        for number in range(seed * 1000 + 1, flushed + 2000):
            at = replay.randrange(size - 70000)
            data = number.to_bytes(8, "big") * (replay.randrange(1, 70000) // 8)
            replay.random()
            if number <= flushed:
                certain[at : at + len(data)] = data
                maybe[at : at + len(data)] = bytes(len(data))
            else:
                maybe[at : at + len(data)] = b"\1" * len(data)
        with closing(Device(base, folder)) as device:
            found = _whole(device)
        for at in range(0, size, 4096):
            if found[at : at + 4096] != certain[at : at + 4096]:
                pages = (data[at : at + 4096] for data in (found, certain, maybe))
                assert all(
                    one == other or perhaps for one, other, perhaps in zip(*pages, strict=True)
                )
        certain[:] = found
        maybe[:] = bytes(size)


def test_threads_may_write_the_same_granules(tmp_path: Path) -> None:
    base = Pieces(4 * MIB, {0: noise(1, 4 * MIB)})
    with closing(Device(base, tmp_path)) as device:
        step = 4 * KIB

        def write(mine: int) -> None:
            for at in range(mine * step, device.size, 8 * step):
                device.write_at(at, bytes([mine + 1]) * step)
                if at < MIB:
                    device.flush()

        threads = [threading.Thread(target=write, args=(n,)) for n in range(8) if n != 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for at in range(0, device.size, step):
            mine = at // step % 8
            expected = noise(1, 4 * MIB)[at : at + step] if mine == 3 else bytes([mine + 1]) * step
            assert device.read_at(at, step) == expected


def test_a_base_that_is_not_made_for_threads_is_read_in_turn(blocks: BlockStore) -> None:
    class Watched(Pieces):
        inside = 0

        def read_at(self, offset: int, length: int) -> bytes:
            assert self.inside == 0
            self.inside += 1
            data = super().read_at(offset, length)
            self.inside -= 1
            return data

    disk = for_threads(Watched(MIB, {0: noise(1, MIB)}))
    wrong: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(50):
                assert disk.read_at(5, 4096) == noise(1, MIB)[5:4101]
                assert [extent.length for extent in disk.extents()] == [MIB]
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert for_threads(disk) is disk
    blocks.keep("m", Pieces(BLOCK, {0: noise(1)}))
    snapshot = blocks.disk("m")
    assert for_threads(snapshot) is snapshot


def test_a_device_over_a_device(tmp_path: Path) -> None:
    with closing(Device(_base(), tmp_path / "one")) as one:
        one.write_at(0, b"one")
        with closing(Device(one, tmp_path / "two")) as two:
            two.write_at(3, b"two")
            assert two.read_at(0, 6) == b"onetwo"
            assert one.read_at(0, 6) == b"one" + bytes(3)


def test_a_device_of_four_tebibytes(tmp_path: Path) -> None:
    forget_peak()
    before = peak()
    with closing(Device(Pieces(GIB, {0: noise(1)}), tmp_path, 4 * TIB)) as device:
        device.write_at(4 * TIB - 1, b"x")
        device.zero_at(GIB, TIB)
        device.flush()
        assert list(device.changed()) == [4 * TIB // BLOCK - 1]
        assert len(list(device.extents())) == 3
    assert peak() - before < 48 * MIB, "its bitmap has 8 MiB"
    assert (tmp_path / "bitmap").stat().st_size == 4096 + 4 * TIB // BLOCK
    assert (tmp_path / "overlay").stat().st_blocks * 512 <= GRANULE
