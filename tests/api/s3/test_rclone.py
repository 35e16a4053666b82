# SPDX-License-Identifier: Apache-2.0
"""The supervised child."""

from __future__ import annotations

import http.client
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from vmferry.api.s3.rclone import SOCKET, Rclone, find_program, sweep
from vmferry.errors import SetupError

PARENT = """
import pathlib, sys, time
from vmferry.api.s3.rclone import Rclone
state = pathlib.Path(sys.argv[1])
child = Rclone(root=state / "buckets", state=state / "rclone")
child.start()
while not (state / "rclone" / "rclone.sock").exists():
    time.sleep(0.01)
(state / "pid").write_text(str(child.pid))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.crash
def test_a_killed_rclone_comes_back(fragile: Any) -> None:
    s3 = fragile.client()
    s3.create_bucket(Bucket="disks")
    s3.put_object(Bucket="disks", Key="x", Body=b"data", Metadata={"a": "b"})
    before = fragile.rclone.pid
    os.kill(before, 9)
    got = s3.get_object(Bucket="disks", Key="x")
    assert (got["Body"].read(), got["Metadata"]) == (b"data", {"a": "b"})
    assert fragile.rclone.pid not in (0, before)
    status = (fragile.root.parent / "rclone").stat()
    assert stat.S_IMODE(status.st_mode) == 0o700


def test_an_upload_that_waits_costs_no_processor_time(service: Any, s3: Any, bucket: str) -> None:
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "x"})
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.putrequest("PUT", url.removeprefix(service.url))
    connection.putheader("Content-Length", "9000000")
    connection.endheaders(bytes(3_000_000))
    folder = service.root / bucket
    while not any(folder.iterdir()):
        time.sleep(0.01)
    before = _ticks(service.rclone.pid)
    time.sleep(0.5)
    spent = _ticks(service.rclone.pid) - before
    connection.close()
    # With --dir-cache-time=0s it was all of a core.
    assert spent < 0.2 * os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.crash
def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        while parent.stdout.readline() not in ("ready\n", ""):
            pass
        child = int((tmp_path / "pid").read_text())
        os.kill(child, 0)
        parent.kill()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("rclone outlived its parent")


def test_leftovers_are_swept_and_objects_stay(tmp_path: Path) -> None:
    folder = tmp_path / "disks" / "a"
    folder.mkdir(parents=True)
    for name in (".rclone_temp_put_1", "disk.vmdk"):
        (folder / name).write_bytes(b"x")
    sweep(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["disk.vmdk"]


def test_a_stop_before_the_child_lives_ends_it(tmp_path: Path) -> None:
    child = Rclone(root=tmp_path / "buckets", state=tmp_path / "rclone")
    child.start()
    assert child.socket.endswith(SOCKET)
    child.stop()
    assert child.pid == 0


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="the program rclone was not found"):
        find_program()
