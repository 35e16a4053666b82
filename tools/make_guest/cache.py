# SPDX-License-Identifier: Apache-2.0
"""Guests are made once: kept by the digest of all commands that make them.

Trees, which guests of one release share, are kept beside them. A file appears in the cache by a
rename, so it is whole or absent. One build at a time: a second run waits for the first one's lock
and then finds its work done.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools.make_guest.appliance import OVF, make_ova
from tools.make_guest.disk import disk_plan, make_disk
from tools.make_guest.progress import TICK_S
from tools.make_guest.tree import make_tree, remove, tree_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.make_guest.progress import Progress
    from tools.make_guest.recipe import Recipe

NAMES = {"raw": "disk.raw", "ova": "guest.ova"}


def cached(recipe: Recipe, kind: str) -> Path:
    """Return where the guest is, or will be, in the cache, as ``raw`` or ``ova``."""
    return _base() / _digest([tree_plan(recipe), disk_plan(recipe), OVF]) / NAMES[kind]


def obtain(recipe: Recipe, kind: str, progress: Progress) -> Path:
    """Return the guest's path in the cache; make it first if it is not there.

    Raises:
        StepError: A program is missing or failed.
    """
    disk = cached(recipe, "raw")

    def raw(work: Path) -> Path:
        return make_disk(recipe, _tree(recipe, progress), work, progress)

    def ova(work: Path) -> Path:
        return make_ova(recipe, disk, work, progress)

    _once(disk, raw, progress)
    if kind == "ova":
        return _once(cached(recipe, kind), ova, progress)
    return disk


def _tree(recipe: Recipe, progress: Progress) -> Path:
    wanted = _base() / f"tree-{_digest(tree_plan(recipe))}" / "tree.img"
    return _once(wanted, lambda work: make_tree(recipe, work, progress), progress)


def _once(wanted: Path, make: Callable[[Path], Path], progress: Progress) -> Path:
    if wanted.exists():
        return wanted
    folder = wanted.parent
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder, progress):
        if not wanted.exists():
            stale = list(folder.glob("part-*"))  # of killed runs, because the lock is ours
            with tempfile.TemporaryDirectory(prefix="part-", dir=folder) as name:
                work = Path(name)
                for part in stale:
                    remove(part, work, progress)
                make(work).rename(wanted)
    return wanted


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


def _base() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vmferry" / "guests"


def _digest(plan: list[object]) -> str:
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:16]
