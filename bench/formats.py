# SPDX-License-Identifier: Apache-2.0
"""Formats offline, command against command: the goals of issue 3.

Both sides are what a person types, start of the process included; neither syncs. Before each run
what the last one left is written back and removed, so that no side pays for the other's pages.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from typing import TYPE_CHECKING, Final

from bench.endpoint import VMFERRY
from bench.figure import Figure
from bench.inputs import MIB

from vmferry.formats import open_disk
from vmferry.model.disk import ExtentKind
from vmferry.stores.directory import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bench.inputs import Inputs

STREAM: Final = ("-o", "subformat=streamOptimized")
QEMU: Final = {"raw": "raw", "vmdk": "vmdk", "vhd": "vpc", "vhdx": "vhdx"}
READ: Final = 64 << 10
READS: Final = 2000

LARGER: Final = 1 / 1.06
"""Our VMDK may be 6 % larger than the peer's."""


def run(command: Sequence[object]) -> tuple[float, float]:
    """Run a command; return seconds and the largest resident size of any of its processes, MiB."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), env=environ, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"bench: {command} ended with {process.returncode}")
    return took, usage.ru_maxrss / 1024


def best(
    ours: Sequence[object], peer: Sequence[object], targets: Sequence[Path], runs: int
) -> tuple[float, float, float]:
    """Return the best seconds of each side and our largest process, MiB."""
    took: tuple[list[float], list[float]] = ([], [])
    peak = 0.0
    for _ in range(runs):
        for side, command in zip(took, (ours, peer), strict=True):
            for target in targets:
                target.unlink(missing_ok=True)
            os.sync()
            seconds, resident = run(command)
            side.append(seconds)
            if side is took[0]:
                peak = max(peak, resident)
    return min(took[0]), min(took[1]), peak


class Pair:
    """Conversions of one disk by both sides, and the largest process of ours so far.

    Args:
        inputs: Where files go.
        label: What the disk is.
        raw: The disk.
        runs: Of each side.
    """

    def __init__(self, inputs: Inputs, label: str, raw: Path, runs: int) -> None:
        self._label, self._runs = label, runs
        self._folder = inputs.folder
        self.sources = {"raw": raw}
        self.peak = 0.0

    def make(self, name: str) -> None:
        """Have qemu-img write the disk in another format, to be read by both."""
        path = self._folder / f"source.{name}"
        options = STREAM if name == "vmdk" else ()
        raw = self.sources["raw"]
        run(["qemu-img", "convert", "-f", "raw", "-O", QEMU[name], *options, raw, path])
        self.sources[name] = path

    def row(
        self, source: str, target: str, goal: float, *, one_core: bool = False, best_: bool = False
    ) -> list[Figure]:
        """Convert by both sides; return the time, and the size of a VMDK."""
        ours, theirs = (self._folder / f"{side}.{target}" for side in ("ours", "peer"))
        path = self.sources[source]
        core = ("taskset", "-c", "0") if one_core else ()
        more = ("--compression", "best") if best_ else ()
        options = STREAM if target == "vmdk" else ()
        peer = ("qemu-img", "convert", "-f", QEMU[source], "-O", QEMU[target], *options)
        seconds, peer_seconds, peak = best(
            (*core, VMFERRY, "convert", path, ours, *more),
            (*core, *peer, path, theirs),
            (ours, theirs),
            self._runs,
        )
        self.peak = max(self.peak, peak)
        what = f"{self._label}: {source} to {target}"
        what += ", one core" if one_core else ", best compression" if best_ else ""
        figures = [
            Figure(
                what=what, ours=seconds, peer=peer_seconds, unit="s",
                peer_name="qemu-img convert", goal=goal,
            )
        ]  # fmt: skip
        if target == "vmdk" and source == "raw" and not one_core:
            figures.append(self._size(what, theirs, best_=best_))
        return figures

    def _size(self, what: str, theirs: Path, *, best_: bool) -> Figure:
        """The sides alternate, so the peer's file is there and ours has to be written again."""
        ours = self._folder / "size.vmdk"
        more = ("--compression", "best") if best_ else ()
        run((VMFERRY, "convert", self.sources["raw"], ours, *more))
        sizes = [path.stat().st_size / MIB for path in (ours, theirs)]
        ours.unlink()
        return Figure(
            what=f"{what}, size", ours=sizes[0], peer=sizes[1], unit="MiB",
            peer_name="qemu-img convert", goal=1 / 1.01 if best_ else LARGER,
        )  # fmt: skip

    def clean(self) -> None:
        """Remove what was made."""
        for name, path in self.sources.items():
            if name != "raw":
                path.unlink()
        for side in ("ours", "peer"):
            for path in self._folder.glob(f"{side}.*"):
                path.unlink()


def measure_convert(inputs: Inputs, runs: int) -> list[Figure]:
    """Every conversion of the real guest."""
    pair = Pair(inputs, "guest", inputs.guest_raw, runs)
    figures = _conversions(pair)
    figures += pair.row("raw", "vmdk", 2.0, best_=True)
    figures += pair.row("vhdx", "vmdk", 1.0)
    figures += pair.row("vmdk", "raw", 0, one_core=True)
    figures += pair.row("raw", "vmdk", 0, one_core=True)
    return [*figures, _end(pair, "guest")]


def measure_large(inputs: Inputs, _runs: int) -> list[Figure]:
    """Conversions of 10 GiB of which half is random; once each, as the peer takes minutes."""
    pair = Pair(inputs, "half-random", inputs.half_random, 1)
    return [*_conversions(pair), _end(pair, "half-random")]


def _conversions(pair: Pair) -> list[Figure]:
    figures: list[Figure] = []
    for name in ("vhdx", "vhd", "vmdk"):
        pair.make(name)
        figures += pair.row(name, "raw", 2.5 if name == "vmdk" else 1.0)
        figures += pair.row("raw", name, 10.0 if name == "vmdk" else 1.0)
    return figures


def _end(pair: Pair, label: str) -> Figure:
    """Remove the files and return the largest process that there was."""
    pair.clean()
    what = f"{label}: largest process of vmferry convert"
    return Figure(what=what, ours=pair.peak, unit="MiB", goal=200)


def measure_reads(inputs: Inputs, runs: int) -> list[Figure]:
    """64 KiB at random places of a streamOptimized VMDK that hold data, one after the other."""
    path = inputs.guest_vmdk
    places = _places(path)
    ours, peer, idle = [], [], []
    commands = "".join(f"read -q {at} {READ}\n" for at in places)
    program = ["qemu-io", "-r", "-f", "vmdk", str(path)]
    for _ in range(runs):
        ours.append(_timed(lambda: _read(path, places)))
        idle.append(_timed(lambda: subprocess.run(program, input="", text=True, check=True)))
        peer.append(_timed(lambda: _silent(program, commands)))
    return [
        Figure(
            what=f"{READS} random reads of 64 KiB from the guest's streamOptimized VMDK",
            ours=min(ours), peer=min(peer) - min(idle), unit="s", peer_name="qemu-io read",
            goal=2.0,
        )
    ]  # fmt: skip


def _places(path: Path) -> list[int]:
    disk = open_disk(FileSource(path, path.name), "vmdk")
    stored = [
        at
        for extent in disk.extents()
        if extent.kind is ExtentKind.DATA
        for at in range(extent.offset, extent.end - READ + 1, READ)
    ]
    return random.Random(1).sample(stored, READS)  # noqa: S311


def _read(path: Path, places: list[int]) -> None:
    disk = open_disk(FileSource(path, path.name), "vmdk")
    for at in places:
        disk.read_at(at, READ)


def _silent(program: list[str], commands: str) -> None:
    subprocess.run(program, input=commands, text=True, check=True, stdout=subprocess.DEVNULL)


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def measure_sparse(inputs: Inputs, _runs: int) -> list[Figure]:
    """A VHDX of 16 TiB with 1 GiB of data: looked at, and converted in the time of its data."""
    path = inputs.sparse_vhdx
    target = inputs.folder / "sparse-target.vmdk"
    info, _ = run((VMFERRY, "info", path))
    seconds, peak = run((VMFERRY, "convert", path, target))
    target.unlink()
    return [
        Figure(what="vmferry info of a VHDX of 16 TiB", ours=info, unit="s", goal=1),
        Figure(what="that VHDX (1 GiB of data) to VMDK", ours=seconds, unit="s", goal=15),
        Figure(what="largest process at that", ours=peak, unit="MiB", goal=200),
    ]
