# SPDX-License-Identifier: Apache-2.0
"""Clients that we did not write: qemu-img, qemu-io, nbdinfo, nbdcopy, libnbd, fio."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.blocks.disks import Pieces, noise, text

from vmferry.blocks.device import Device
from vmferry.blocks.nbd import serve
from vmferry.errors import IntegrityError
from vmferry.formats.raw import RawReader
from vmferry.stores.directory import FileSource
from vmferry.units import BLOCK, MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.blocks.disks import BlockStore

    from vmferry.blocks.nbd import Server

pytestmark = pytest.mark.oracle

SIZE = 8 * BLOCK + 1024


def run(
    *command: str, check: bool = True, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=60, cwd=cwd)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A file of noise, text and holes."""
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.truncate(40 * MIB + 1024)
        for at, data in ((0, noise(1)), (5 * MIB, text(2, 7 * MIB)), (39 * MIB, noise(3, MIB))):
            file.seek(at)
            file.write(data)
    return path


def test_nbdinfo_reads_what_is_offered(server: Server) -> None:
    told = json.loads(run("nbdinfo", "--json", server.uri).stdout)
    assert (told["protocol"], told["structured"]) == ("newstyle-fixed", True)
    (export,) = told["exports"]
    wanted = {
        "export-name": "", "export-size": 8 * BLOCK + 1000, "is_read_only": False,
        "can_cache": True, "can_df": True, "can_flush": True, "can_fua": True,
        "can_multi_conn": True, "can_trim": True, "can_zero": True,
        "block_size_minimum": 1, "block_size_preferred": BLOCK, "block_size_maximum": 32 * MIB,
        "contexts": ["base:allocation"],
    }  # fmt: skip
    assert {key: export[key] for key in wanted} == wanted
    listed = json.loads(run("nbdinfo", "--list", "--json", server.uri).stdout)
    assert [item["export-name"] for item in listed["exports"]] == [""]
    extents = json.loads(run("nbdinfo", "--map", "--json", server.uri).stdout)
    assert [(item["length"] / BLOCK, item["type"]) for item in extents][:4] == [
        (1, 3), (1, 0), (2, 3), (1, 0),
    ]  # fmt: skip


def test_qemu_img_copies_out_and_in(raw: Path, tmp_path: Path) -> None:
    with serve(RawReader(FileSource(raw, "disk")), tmp_path / "s") as server:
        told = json.loads(run("qemu-img", "info", "--output=json", server.uri).stdout)
        assert (told["format"], told["virtual-size"]) == ("raw", raw.stat().st_size)
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", server.uri, str(tmp_path / "q"))
        run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", str(tmp_path / "q"), str(raw))
        mapped = run("qemu-img", "map", "--output=json", "-f", "raw", server.uri).stdout
        (overlay := tmp_path / "over").mkdir()
        local = run("qemu-img", "map", "--output=json", "-f", "raw", str(raw)).stdout
        assert [(e["start"], e["length"], e["zero"]) for e in json.loads(mapped)] == [
            (e["start"], e["length"], e["zero"]) for e in json.loads(local)
        ]
    with closing(Device(Pieces(raw.stat().st_size), overlay)) as device:
        with serve(device, tmp_path / "s") as server:
            run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", str(raw), server.uri)
            run("qemu-img", "compare", "-f", "raw", "-F", "raw", server.uri, str(raw))
        assert list(device.changed()) == [0, *range(10, 24), 78, 79]
        assert server.failure is None


def test_nbdcopy_copies_out_and_in(raw: Path, tmp_path: Path) -> None:
    with closing(Device(Pieces(raw.stat().st_size), tmp_path / "d")) as device:
        with serve(device, tmp_path / "s") as server:
            run("nbdcopy", "--flush", str(raw), server.uri)
            run("nbdcopy", server.uri, str(tmp_path / "copy"))
        assert (tmp_path / "copy").read_bytes() == raw.read_bytes()
        assert list(device.changed()) == [0, *range(10, 24), 78, 79]


def test_qemu_io_writes_what_it_reads(server: Server, device: Device) -> None:
    commands = [
        "write -P 5 1M 70k", "write -z 2M 1M", "write -f -P 6 3M 512", "discard 3584k 256k",
        "write -z -u 2560k 64k", "aio_write -P 7 100k 300k", "aio_flush", "flush",
        "read -P 5 1M 70k", "read -P 0 2M 1M", "read -P 6 3M 512", "read -P 0 3584k 256k",
        "read -P 7 100k 300k",
    ]  # fmt: skip
    arguments = [part for command in commands for part in ("-c", command)]
    done = run("qemu-io", "-f", "raw", *arguments, server.uri)
    assert "failed" not in done.stdout + done.stderr
    assert "error" not in (done.stdout + done.stderr).lower()
    assert device.read_at(MIB, 4) == b"\5" * 4
    assert server.failure is None


SHELL = r"""
import nbd, sys
h = nbd.NBD()
h.add_meta_context("base:allocation")
h.connect_uri(sys.argv[1])
buf = bytearray(h.pread(70000, 5))
chunks = []
def chunk(data, offset, kind, error):
    chunks.append((bytes(data), offset, kind))
h.pread_structured(len(buf), 5, chunk, nbd.CMD_FLAG_DF)
assert chunks == [(bytes(buf), 5, nbd.READ_DATA)]
h.pwrite(b"x" * 1000, 70000, nbd.CMD_FLAG_FUA)
h.zero(300, 70100, nbd.CMD_FLAG_NO_HOLE)
h.trim(65536, 131072)
h.cache(1 << 20, 0)
h.flush()
assert h.pread(1000, 70000) == b"x" * 100 + bytes(300) + b"x" * 600
found = []
h.block_status(1 << 20, 0, lambda *said: found.append(said[2]) or 0, nbd.CMD_FLAG_REQ_ONE)
assert len(found) == 1 and len(found[0]) == 2, found
h.set_strict_mode(0)
for use, number in (
    (lambda: h.pread(10, h.get_size() - 1), 22),
    (lambda: h.pwrite(b"12", h.get_size() - 1), 28),
    (lambda: h.trim(10, h.get_size()), 28),
):
    try:
        use()
    except nbd.Error as error:
        assert error.errnum == number, error
    else:
        raise SystemExit("it was not refused")
h.shutdown()
print("done")
"""


def test_libnbd_says_what_others_do_not(server: Server) -> None:
    # The distribution's Python: libnbd's binding is made for it, and nbdsh takes the first of PATH.
    done = run("/usr/bin/python3", "-c", SHELL, server.uri, check=False)
    assert done.stderr == ""
    assert done.stdout == "done\n"


def test_fio_verifies_what_it_wrote(blocks: BlockStore, tmp_path: Path) -> None:
    blocks.keep("m", Pieces(32 * BLOCK, {0: noise(1, 32 * BLOCK)}))
    device = Device(blocks.disk("m"), tmp_path / "d")
    with closing(device), serve(device, tmp_path / "s") as server:
        job = ("fio", "--name=j", "--ioengine=nbd", f"--uri={server.uri}", "--size=16m")
        verify = ("--bs=4k-96k", "--iodepth=16", "--verify=crc32c", "--fsync=32")
        run(*job, "--rw=randrw", *verify, cwd=tmp_path)  # It leaves a file where it runs.
        run(*job, "--rw=randtrim", "--bs=64k", "--io_size=4m", cwd=tmp_path)
        assert server.failure is None
        assert set(device.changed()) == set(range(32))


def test_a_damaged_block_is_eio_to_qemu(blocks: BlockStore, tmp_path: Path) -> None:
    blocks.keep("m", Pieces(4 * BLOCK, {0: noise(1), 2 * BLOCK: noise(2)}))
    (key,) = blocks.store.list("segments/")
    segment = blocks.root / key
    data = bytearray(segment.read_bytes())
    data[BLOCK + 7] ^= 1
    segment.write_bytes(data)
    with serve(blocks.disk("m"), tmp_path / "s") as server:
        run("qemu-io", "-r", "-f", "raw", "-c", "read 0 512k", server.uri)
        done = run("qemu-io", "-r", "-f", "raw", "-c", "read 1M 4k", server.uri, check=False)
        assert "read failed: Input/output error" in done.stdout + done.stderr
        assert isinstance(server.failure, IntegrityError)
        assert server.failure.message.startswith(f"segment {segment.name}: block 2 at byte {BLOCK}")
