# SPDX-License-Identifier: Apache-2.0
"""Guests are made once: kept by the digest of their recipe and of this tool's source.

A file appears in the cache by a rename, so it is whole or absent. One build at a time: a second
run waits for the first one's lock and then finds its work done.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tools.make_guest.appliance import make_ova
from tools.make_guest.disk import make_disk, remove
from tools.make_guest.progress import TICK_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.make_guest.progress import Progress
    from tools.make_guest.recipe import Recipe

NAMES = {"raw": "disk.raw", "ova": "guest.ova"}


def cached(recipe: Recipe, kind: str) -> Path:
    """Return where the guest is, or will be, in the cache, as ``raw`` or ``ova``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vmferry" / "guests" / _digest(recipe) / NAMES[kind]


def obtain(recipe: Recipe, kind: str, progress: Progress) -> Path:
    """Return the guest's path in the cache; make it first if it is not there.

    Raises:
        StepError: A program is missing or failed.
    """
    wanted = cached(recipe, kind)
    if wanted.exists():
        return wanted
    wanted.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(wanted.parent, progress):
        if not wanted.exists():
            _build(recipe, kind, wanted.parent, progress)
    return wanted


def _build(recipe: Recipe, kind: str, folder: Path, progress: Progress) -> None:
    stale = list(folder.glob("part-*"))  # of killed runs, because the lock is ours
    with tempfile.TemporaryDirectory(prefix="part-", dir=folder) as name:
        work = Path(name)
        for part in stale:
            remove(part, work, progress)
        disk = folder / NAMES["raw"]
        if not disk.exists():
            make_disk(recipe, work, progress).rename(disk)
        if kind == "ova":
            make_ova(recipe, disk, work, progress).rename(folder / NAMES["ova"])


@contextmanager
def _only_one(folder: Path, progress: Progress) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress.say("Wait for another run that makes the same guest")
                time.sleep(TICK_S)
            else:
                break
        yield


def _digest(recipe: Recipe) -> str:
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
