# SPDX-License-Identifier: Apache-2.0
"""File systems that the Linux kernel wrote: a script run in libguestfs's appliance, kept by digest.

The script, the archive and the disks to fill are disks of the appliance; the script runs where
their names are. Names have ASCII letters only, because they are libguestfs's labels.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import pytest

from vmferry.units import SECTOR, round_up

TIMEOUT_S: Final = 600


def filled(script: str, archive: bytes, sizes: dict[str, int], module: str) -> Path:
    """Return the folder of the disks that ``script`` filled; make them first if need be.

    Args:
        script: For bash in the appliance.
        archive: The file ``archive`` beside it.
        sizes: Bytes of each disk by name.
        module: The kernel's module of the file system.
    """
    digest = hashlib.sha256(repr((script, sorted(sizes.items()))).encode() + archive).hexdigest()
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "vmferry" / "filesystems"
    wanted = folder / f"{module}-{digest[:16]}"
    if not wanted.exists():
        kernel = _kernel(module)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not wanted.exists():
                with tempfile.TemporaryDirectory(dir=folder) as name:
                    work = Path(name) / "disks"
                    work.mkdir()
                    _fill(script, archive, sizes, work, kernel)
                    work.rename(wanted)
    return wanted


def _kernel(module: str) -> str:
    """Return the release of an installed kernel that has ``module``; skip if there is none."""
    found = [
        path.parts[3]
        for path in Path("/lib/modules").glob(f"*/kernel/fs/{module}/{module}.ko*")
        if Path("/boot", f"vmlinuz-{path.parts[3]}").exists()
    ]
    if shutil.which("guestfish") is None or not found:
        pytest.skip(f"needs guestfish and a kernel with {module} (linux-image-amd64)")
    return min(found)


def _fill(script: str, archive: bytes, sizes: dict[str, int], work: Path, kernel: str) -> None:
    text = f"set -euo pipefail\n{script}\n".encode()
    inputs = {"script": text.ljust(round_up(len(text), SECTOR), b"\n"), "archive": archive}
    command = ["guestfish"]
    for name, data in inputs.items():
        (work / name).write_bytes(data)
        command += ["add", str(work / name), "format:raw", "readonly:true", f"label:{name}", ":"]
    for name, size in sizes.items():
        with (work / name).open("xb") as file:
            file.truncate(size)
        command += ["add", str(work / name), "format:raw", f"label:{name}", ":"]
    command += [
        "run",
        ":",
        "debug",
        "sh",
        "cd /dev/disk/guestfs; bash script 2>&1 && echo fi''lled",
    ]
    appliance = work.parent / "appliance"
    appliance.mkdir()
    environment = {
        **os.environ,
        "LIBGUESTFS_BACKEND": "direct",
        "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg",
        "LIBGUESTFS_CACHEDIR": str(appliance),
        "SUPERMIN_KERNEL": f"/boot/vmlinuz-{kernel}",
        "SUPERMIN_KERNEL_VERSION": kernel,
        "SUPERMIN_MODULES": f"/lib/modules/{kernel}",
    }
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if "filled" not in done.stdout.split():
        pytest.fail(f"guestfish: {done.stdout}{done.stderr}")
    for name in inputs:
        (work / name).unlink()
