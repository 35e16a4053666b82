# SPDX-License-Identifier: Apache-2.0
"""``vmferry compare`` as it is typed: its words and its status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.appliances.recipes import ova, ovf
from tests.formats.recipes import SparseDisk, fill, stream_vmdk, write_file

from vmferry.formats.raw import RawWriter
from vmferry.formats.vhdx.writer import VhdxWriter
from vmferry.formats.vmdk.writer import VmdkWriter
from vmferry.units import GIB, MIB

PROGRAM = Path(sys.executable).parent / "vmferry"


def _run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "compare", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
    )


def test_equal_and_different(tmp_path: Path) -> None:
    disk = SparseDisk(8 * MIB, {MIB: b"content"})
    paths = [tmp_path / name for name in ("a.raw", "b.vmdk", "c.vhdx")]
    write_file(RawWriter(disk.size), disk, paths[0])
    write_file(VmdkWriter(9 * MIB), SparseDisk(9 * MIB, {MIB: b"content"}), paths[1])
    write_file(VhdxWriter(disk.size), SparseDisk(disk.size, {MIB: b"contend"}), paths[2])
    done = _run(*paths[:2])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("identical, ")
    assert done.stdout.endswith(" of data compared; 1 MiB of zeros end the longer one\n")
    done = _run(paths[0], paths[2])
    assert (done.returncode, done.stdout) == (1, f"different from byte {MIB + 6}\n")
    done = _run(paths[0], paths[2], "--output", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert found["disks"] == [
        {"identical": False, "first_difference": MIB + 6, "sizes": [8 * MIB, 8 * MIB]}
    ]


def test_what_cannot_be_compared_is_no_difference(tmp_path: Path) -> None:
    disk, appliance = tmp_path / "a.raw", tmp_path / "b.ova"
    disk.write_bytes(bytes(512))
    member = bytes(stream_vmdk({1: fill(1)}, GIB // 512))
    appliance.write_bytes(ova([("vm.ovf", ovf()), ("disk1.vmdk", member)]))
    assert _run(disk, appliance).returncode == 1
    done = _run(disk, tmp_path / "none")
    assert done.returncode == 2
    assert "none: cannot be read: No such file or directory" in done.stderr
