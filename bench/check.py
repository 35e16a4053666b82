# SPDX-License-Identifier: Apache-2.0
"""``vmferry check`` against virt-inspector, command against command, on the same disks: issue 4.

virt-inspector is spared what we do not look for: the list of packages, and the icon. Its appliance
is emulated, as everywhere in this house; ``LIBGUESTFS_BACKEND_SETTINGS=`` lets it use KVM.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Final

from bench.endpoint import VMFERRY
from bench.figure import Figure
from bench.inputs import MIB
from tools.make_guest.cache import cached
from tools.make_guest.disk import appliance_settings
from tools.make_guest.recipe import MATRIX, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.inputs import Inputs

PEER: Final = ("virt-inspector", "--no-applications", "--no-icon", "--format=raw", "-a")
GOAL: Final = 20
MOST_READ: Final = 2
"""Per cent of a machine's file."""


def measure_check(inputs: Inputs, runs: int) -> list[Figure]:
    """The demo's guest as a disk and as an OVA, then what else of the matrix is in the cache."""
    figures = [_against(inputs, Recipe(), inputs.guest_raw, runs)]
    read, size = _bytes(inputs.guest_ova)
    figures.append(
        Figure(
            what="the Debian guest's OVA: share of it that is read",
            ours=100 * read / size, unit="%", goal=MOST_READ,
        )
    )  # fmt: skip
    for recipe in MATRIX:
        disk = cached(recipe, "raw")
        if recipe != Recipe() and disk.exists():
            figures.append(_against(inputs, recipe, disk, runs))
    return figures


def _against(inputs: Inputs, recipe: Recipe, disk: Path, runs: int) -> Figure:
    settings = appliance_settings(recipe, inputs.folder)
    ours, peer = [], []
    for _ in range(runs):
        ours.append(_timed([str(VMFERRY), "check", str(disk)], {}, fine=(0, 1)))
        peer.append(_timed([*PEER, str(disk)], settings, fine=(0,)))
    read, _ = _bytes(disk)
    return Figure(
        what=f"check of {recipe.name} ({read / MIB:.1f} MiB read)",
        ours=min(ours), peer=min(peer), unit="s", peer_name="virt-inspector", goal=GOAL,
    )  # fmt: skip


def _timed(command: Sequence[str], settings: dict[str, str], fine: tuple[int, ...]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, env=settings | _environ(), capture_output=True, check=False)
    took = time.perf_counter() - began
    if done.returncode not in fine:
        raise SystemExit(f"bench: {command} ended with {done.returncode}: {done.stderr!r}")
    return took


def _bytes(path: Path) -> tuple[int, int]:
    command = [str(VMFERRY), "check", "--output=json", str(path)]
    report = json.loads(
        subprocess.run(command, env=_environ(), capture_output=True, check=False).stdout
    )
    return report["bytes_read"], report["bytes_total"]


def _environ() -> dict[str, str]:
    return {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
