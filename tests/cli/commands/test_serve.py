# SPDX-License-Identifier: Apache-2.0
"""``vmferry serve`` from its first line to its end."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vmferry.cli.commands.serve import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.service import RunningService

PROGRAM = Path(sys.executable).parent / "vmferry"
STOPPED_WITHIN_S = 15
"""A stop ends the workers first, whatever they are at; the machine may be busy."""


def _serve(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "serve", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environ},
    )


def _running_below(state_dir: Path) -> list[str]:
    """Return the command lines that name the state directory or work in it."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                folder = str((process / "cwd").readlink())
            except OSError:
                continue
            if str(state_dir) in command or folder.startswith(str(state_dir)):
                found.append(command)
    return found


def _stop(running: RunningService, how: signal.Signals) -> int:
    assert running.process is not None
    running.process.send_signal(how)
    return running.process.wait(timeout=STOPPED_WITHIN_S)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_all_that_it_started(
    new_service: Callable[..., RunningService], how: signal.Signals
) -> None:
    running = new_service()
    running.prepare("some-bucket")
    running.client("s3").put_object(Bucket="some-bucket", Key="k", Body=b"x" * 512)
    container = {"UserBucket": {"S3Bucket": "some-bucket", "S3Key": "k"}}
    task = running.client("ec2").import_snapshot(DiskContainer=container)
    running.snapshot_task(task["ImportTaskId"])
    assert any("rclone" in command for command in _running_below(running.state_dir))
    assert _stop(running, how) == 0
    deadline = time.monotonic() + 5
    while (left := _running_below(running.state_dir)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
    assert "Traceback" not in running.log()


def test_what_it_prints_is_what_a_client_needs(
    new_service: Callable[..., RunningService], tmp_path: Path
) -> None:
    running = new_service(name="a state's folder")
    assert running.process is not None
    assert running.process.stdout is not None
    lines = [running.process.stdout.readline() for _ in range(3)]
    assert all(line.startswith("export AWS_") for line in lines)
    done = subprocess.run(
        ["bash", "-c", "".join(lines) + '"$0" sts get-caller-identity --query Account',
         str(PROGRAM.parent / "aws")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert shlex.quote(str(running.state_dir / "credentials")) in lines[1]


def test_credentials_are_private_and_stay(new_service: Callable[..., RunningService]) -> None:
    running = new_service()
    path = running.state_dir / "credentials"
    text = path.read_text()
    assert text.startswith("[default]\naws_access_key_id = AKIA")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    running.stop()
    path.chmod(0o644)
    running.start()
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    running.stop()
    path.unlink()
    running.start()
    assert path.read_text() == text


def test_one_state_directory_has_one_service(new_service: Callable[..., RunningService]) -> None:
    running = new_service()
    done = _serve("--state-dir", str(running.state_dir), "--listen", "127.0.0.1:0")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: state directory {running.state_dir}: another vmferry is using it\n"
        "hint: Stop that one, or name another directory with --state-dir\n"
    )
    assert running.client("sts").get_caller_identity()["Account"]


def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        done = _serve("--state-dir", str(tmp_path / "s"), "--listen", listen)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: cannot listen on {listen}: Address already in use\n"
        "hint: Choose another address with --listen HOST:PORT\n"
    )


@pytest.mark.parametrize("listen", ["4599", "localhost", ":4599", "localhost:http", "h:65536"])
def test_a_bad_address_is_refused(tmp_path: Path, listen: str) -> None:
    done = _serve("--state-dir", str(tmp_path / "s"), "--listen", listen)
    assert done.returncode == 1
    assert done.stderr == f"error: settings: serve.listen is {listen!r}, expected HOST:PORT\n"
    assert not (tmp_path / "s").exists()


def test_a_host_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = _serve("--state-dir", str(tmp_path / "s"), "--listen", "no-such-host.invalid:0")
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot listen on no-such-host.invalid:0: ")
    assert "Traceback" not in done.stderr


def test_the_environment_says_the_same(tmp_path: Path) -> None:
    environ = {"VMFERRY_STATE_DIR": str(tmp_path / "s"), "VMFERRY_LISTEN": "nonsense"}
    done = _serve(**environ)
    assert done.stderr == "error: settings: serve.listen is 'nonsense', expected HOST:PORT\n"


def test_an_unknown_log_level_is_refused(tmp_path: Path) -> None:
    done = _serve("--state-dir", str(tmp_path / "s"), "--log-level", "loud")
    assert done.returncode == 1
    assert done.stderr == (
        "error: --log-level is 'loud', expected one of debug, info, warning, error\n"
    )


def test_a_log_on_a_full_disk_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        log = Log()
        log.write("a line\n")
        log.flush()
        monkeypatch.undo()
        with suppress(OSError):
            full.close()
