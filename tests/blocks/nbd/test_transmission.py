# SPDX-License-Identifier: Apache-2.0
"""Commands: like a file, every number checked, one failing read told as EIO."""

from __future__ import annotations

import struct
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.blocks.disks import Pieces, noise
from tests.blocks.nbd.client import (
    BLOCK_STATUS,
    CACHE,
    DISC,
    FLUSH,
    READ,
    TRIM,
    WRITE,
    WRITE_ZEROES,
    Client,
)

from vmferry.blocks.device import Device
from vmferry.blocks.nbd import serve, transmission
from vmferry.errors import IntegrityError, StorageFullError, TaskCancelledError
from vmferry.units import BLOCK, GIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.blocks.nbd import Server

EPERM, EIO, EINVAL, ENOSPC = 1, 5, 22, 28
FUA, NO_HOLE, DF, REQ_ONE = 1, 2, 4, 8

SIZE = 4 * BLOCK + 512

places = st.one_of(st.integers(0, SIZE), st.integers(0, SIZE // 65536).map(lambda at: at * 65536))
lengths = st.sampled_from([0, 1, 512, 65536, 65537, BLOCK, 3 * BLOCK])
commands = st.lists(
    st.tuples(
        st.sampled_from([READ, WRITE, WRITE, WRITE_ZEROES, TRIM, FLUSH, BLOCK_STATUS]),
        places,
        lengths,
        st.booleans(),
    ),
    max_size=15,
)


@settings(max_examples=40)
@given(commands, st.booleans())
def test_an_export_is_a_file(
    tmp_path_factory: pytest.TempPathFactory,
    done: list[tuple[int, int, int, bool]],
    structured: bool,
) -> None:
    folder = tmp_path_factory.mktemp("nbd")
    base = Pieces(3 * BLOCK, {BLOCK: noise(1)})
    model = bytearray(base.read_at(0, base.size).ljust(SIZE, b"\0"))
    with closing(Device(base, folder / "d", SIZE)) as device, serve(device, folder / "s") as server:
        client = Client(server.path).go(structured=structured)
        for number, (command, offset, wanted, flag) in enumerate(done):
            length = min(wanted, SIZE - offset)
            if command == READ:
                assert client.ask(READ, offset, length).data == model[offset : offset + length]
            elif command == WRITE:
                data = noise(number, length)
                answer = client.ask(WRITE, offset, length, data=data, flags=FUA * flag)
                assert answer.error == 0
                model[offset : offset + length] = data
            elif command == FLUSH:
                assert client.ask(FLUSH).error == 0
            elif command == BLOCK_STATUS:
                if structured and length:
                    check_status(client, model, offset, length)
            else:
                flags = FUA * flag | (NO_HOLE * flag if command == WRITE_ZEROES else 0)
                assert client.ask(command, offset, length, flags=flags).error == 0
                first, end = offset, offset + length
                if command == TRIM:
                    first, end = (
                        -(-first // 65536) * 65536,
                        end if end == SIZE else end // 65536 * 65536,
                    )
                model[first:end] = bytes(max(end - first, 0))
        assert client.ask(READ, 0, SIZE).data == model
        client.close()
        assert server.failure is None
    with closing(Device(base, folder / "d")) as device:
        assert device.read_at(0, SIZE) == model


def check_status(client: Client, model: bytearray, offset: int, length: int) -> None:
    answer = client.ask(BLOCK_STATUS, offset, length)
    assert (answer.error, answer.kind, answer.data[:4]) == (0, 5, b"\0\0\0\1")
    found = list(struct.iter_unpack(">II", answer.data[4:]))
    assert sum(size for size, _ in found) == length
    for size, state in found:
        assert state in (0, 3)
        assert state == 0 or not any(model[offset : offset + size])
        offset += size


def test_block_status(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    all_of_it = struct.pack(
        ">I10I", 1, BLOCK, 3, BLOCK, 0, 2 * BLOCK, 3, BLOCK, 0, 3 * BLOCK + 1000, 3
    )
    assert client.ask(BLOCK_STATUS, 0, 8 * BLOCK + 1000).data == all_of_it
    one = client.ask(BLOCK_STATUS, BLOCK + 5, 3 * BLOCK, flags=REQ_ONE).data
    assert one == struct.pack(">III", 1, BLOCK - 5, 0)
    monkeypatch.setattr(transmission, "MOST_EXTENTS", 2)
    assert client.ask(BLOCK_STATUS, 0, 8 * BLOCK).data == all_of_it[:20]


def test_reads_of_nothing_and_of_much(client: Client) -> None:
    assert client.ask(READ, 5, 0) == (0, b"", 0)
    assert client.ask(READ, 0, 8 * BLOCK + 1000, flags=DF).data.count(b"\0") > 6 * BLOCK
    assert client.ask(CACHE, 0, 8 * BLOCK + 1000) == (0, b"", -1)


END = 8 * BLOCK + 1000


@pytest.mark.parametrize(
    ("command", "offset", "length", "flags", "error", "text"),
    [
        (READ, END, 1, 0, EINVAL, f"the export ends at byte {END}"),
        (READ, 2**64 - 1, 2**32 - 1, 0, EINVAL, f"the export ends at byte {END}"),
        (CACHE, 1, END, 0, EINVAL, f"the export ends at byte {END}"),
        (BLOCK_STATUS, 0, END + 1, 0, EINVAL, f"the export ends at byte {END}"),
        (BLOCK_STATUS, 0, 0, 0, EINVAL, "no context was agreed on, or no bytes are asked for"),
        (TRIM, END - 1, 2, 0, ENOSPC, f"the export ends at byte {END}"),
        (WRITE_ZEROES, 2**63, 4096, 0, ENOSPC, f"the export ends at byte {END}"),
        (FLUSH, 1, 0, 0, EINVAL, "FLUSH has no offset and no length"),
        (FLUSH, 0, 1, 0, EINVAL, "FLUSH has no offset and no length"),
        (READ, 0, 1, NO_HOLE, EINVAL, "flags 0x2 are not for this command"),
        (TRIM, 0, 1, DF, EINVAL, "flags 0x4 are not for this command"),
        (WRITE_ZEROES, 0, 1, 16, EINVAL, "flags 0x10 are not for this command"),
        (8, 0, 0, 0, EINVAL, "command 8 is not known"),
        (65535, 0, 0, 0, EINVAL, "command 65535 is not known"),
    ],
)
def test_what_is_refused(
    server: Server,
    client: Client,
    command: int,
    offset: int,
    length: int,
    flags: int,
    error: int,
    text: str,
) -> None:
    answer = client.ask(command, offset, length, flags=flags)
    assert answer == (error, text.encode(), 0x8001)
    simple = Client(server.path).go(structured=False)
    assert simple.ask(command, offset, length, flags=flags) == (error, b"", -1)
    assert simple.ask(READ, 0, 2) == (0, bytes(2), -1), "the connection goes on"
    assert server.failure is None


def test_a_refused_write_is_read_past(client: Client, device: Device) -> None:
    data = noise(5, 4096)
    assert client.ask(WRITE, END - 1, 4096, data=data).error == ENOSPC
    assert client.ask(WRITE, 0, 4096, flags=DF, data=data).error == EINVAL
    assert client.ask(WRITE, 0, 4096, data=data).error == 0
    assert device.read_at(0, 4096) == data


def test_too_much_at_once(tmp_path: Path) -> None:
    with serve(Pieces(GIB), tmp_path / "s") as server:
        client = Client(server.path).go()
        text = b"at most 33554432 bytes at once"
        assert client.ask(READ, 0, 32 * MIB + 1) == (EINVAL, text, 0x8001)
        assert client.ask(CACHE, 0, 2**29) == (EINVAL, text, 0x8001)
        assert len(client.ask(READ, 0, 32 * MIB).data) == 32 * MIB
        client.socket.sendall(struct.pack(">IHHQQI", 0x25609513, 0, WRITE, 0, 0, 32 * MIB + 1))
        assert client.ended
        other = Client(server.path).go()
        other.socket.sendall(struct.pack(">IHHQQI", 0x25609514, 0, READ, 0, 0, 1))
        assert other.ended


def test_a_disk_is_read_only(tmp_path: Path) -> None:
    disk = Pieces(2 * BLOCK, {0: noise(1)})
    Device(disk, tmp_path / "d").close()
    with closing(Device(disk, tmp_path / "d", writable=False)) as device:
        for served in (disk, device):
            with serve(served, tmp_path / "s") as server:
                client = Client(server.path).go()
                text = b"the export is read-only"
                for command in (TRIM, WRITE_ZEROES):
                    assert client.ask(command, 0, 5) == (EPERM, text, 0x8001)
                assert client.ask(WRITE, 2**60, 3, data=b"abc") == (EPERM, text, 0x8001)
                assert client.ask(FLUSH).error == 0
                assert client.ask(READ, 0, BLOCK).data == noise(1)
                check_status(client, bytearray(noise(1) + bytes(BLOCK)), 0, 2 * BLOCK)


class Damaged(Pieces):
    """Cannot be read at its second block."""

    def read_at(self, offset: int, length: int) -> bytes:
        if offset + length > BLOCK:
            raise IntegrityError("segment 00ff: block 1 at byte 7: SHA-256 is 12, expected 34")
        return super().read_at(offset, length)


def test_a_damaged_block_is_an_error_of_one_command(tmp_path: Path) -> None:
    with serve(Damaged(4 * BLOCK), tmp_path / "s") as server:
        client, simple = Client(server.path).go(), Client(server.path).go(structured=False)
        text = "segment 00ff: block 1 at byte 7: SHA-256 is 12, expected 34"
        with capture_logs() as logged:
            for _ in range(2):
                assert client.ask(READ, BLOCK, 4096) == (EIO, text.encode(), 0x8001)
        (line,) = logged
        assert (line["event"], line["command"], line["offset"]) == ("command failed", "READ", BLOCK)
        assert line["error"] == text
        assert simple.ask(READ, BLOCK, 4096) == (EIO, b"", -1)
        assert client.ask(CACHE, 0, 2 * BLOCK).error == EIO
        assert client.ask(READ, 0, 4096).data == simple.ask(READ, 0, 4096).data == bytes(4096)
        assert isinstance(server.failure, IntegrityError)
        assert server.failure.message == text


def test_errors_of_the_device(
    server: Server,
    client: Client,
    device: Device,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_arguments: object) -> None:
        raise StorageFullError("device: its overlay: 4 KiB could not be written")

    def stop() -> None:
        raise TaskCancelledError("x" * 5000)

    monkeypatch.setattr(device, "write_at", full)
    assert client.ask(WRITE, 0, 1, data=b"x").error == EIO
    with serve(device, tmp_path / "other", stop_when_full=True) as other:
        stopped = Client(other.path).go()
        assert stopped.ask(WRITE, 0, 1, data=b"x").error == ENOSPC
    monkeypatch.setattr(device, "flush", stop)
    assert client.ask(FLUSH) == (EIO, b"x" * 1000, 0x8001)
    assert isinstance(server.failure, StorageFullError), "the first one is kept"


def test_fua_and_flush_make_it_durable(
    client: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    flush = device.flush

    def watched() -> None:
        flushed.append(1)
        flush()

    monkeypatch.setattr(device, "flush", watched)
    for count, (command, data) in enumerate(
        [(WRITE, b"x" * 512), (TRIM, b""), (WRITE_ZEROES, b"")], 1
    ):
        client.ask(command, 0, 512, data=data)
        assert len(flushed) == count - 1
        client.ask(command, 0, 512, data=data, flags=FUA)
        assert len(flushed) == count
    client.ask(READ, 0, 512, flags=FUA)
    client.ask(FLUSH)
    assert len(flushed) == 4


def test_no_hole_takes_space(client: Client, device: Device, tmp_path: Path) -> None:
    overlay = tmp_path / "device" / "overlay"
    client.ask(WRITE_ZEROES, 5, 3 * MIB, flags=FUA)
    assert overlay.stat().st_blocks * 512 <= 2 * 65536
    client.ask(WRITE_ZEROES, 5, 3 * MIB, flags=NO_HOLE | FUA)
    assert overlay.stat().st_blocks * 512 >= 3 * MIB
    assert not any(device.read_at(5, 3 * MIB))


numbers = st.one_of(
    st.integers(0, END + 10), st.integers(0, 2**64 - 1), st.sampled_from([2**32 - 1, 2**63])
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*range(10), 255, 65535]).filter(lambda command: command not in (WRITE, DISC)),
    numbers,
    numbers.map(lambda number: number % 2**32),
    st.one_of(st.integers(0, 15), st.integers(0, 65535)),
)
def test_any_request_is_answered(
    server: Server, client: Client, command: int, offset: int, length: int, flags: int
) -> None:
    answer = client.ask(command, offset, length, flags=flags)
    assert answer.error in (0, EINVAL, ENOSPC)
    if answer.error == 0 and command in (READ, CACHE, TRIM, WRITE_ZEROES, BLOCK_STATUS):
        assert offset + length <= END
    assert server.failure is None
