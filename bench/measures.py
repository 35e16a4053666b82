# SPDX-License-Identifier: Apache-2.0
"""What is measured, each with its peer: the service's goals here, the formats' in ``formats``."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Final

from bench.check import measure_check
from bench.endpoint import Endpoint, endpoint
from bench.figure import Figure
from bench.formats import measure_convert, measure_large, measure_reads, measure_sparse
from bench.inputs import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.inputs import Inputs

QEMU_RAW: Final = "qemu-img convert -O raw"
QEMU_VMDK: Final = "qemu-img convert -O vmdk -o subformat=streamOptimized"


def timed(action: Callable[[], object]) -> float:
    """Return how many seconds ``action`` takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def convert(source: Path, kind: str, target: Path, *options: str) -> None:
    """Run qemu-img, as a person would: no cache options."""
    target.unlink(missing_ok=True)
    command = ["qemu-img", "convert", "-f", kind, *options, str(source), str(target)]
    subprocess.run(command, check=True)


def measure_import(inputs: Inputs, runs: int) -> list[Figure]:
    """A streamOptimized VMDK in a bucket becomes a snapshot, every time in a fresh block store."""
    ours, peer = [], []
    target = inputs.folder / "peer.raw"
    for _ in range(runs):
        state = inputs.folder / "state"
        with endpoint(state) as service:
            key = service.upload(inputs.guest_vmdk)
            warm_up(service, inputs)
            began = time.perf_counter()
            service.import_snapshot(key)
            ours.append(time.perf_counter() - began)
        shutil.rmtree(state)
        peer.append(timed(lambda: convert(inputs.guest_vmdk, "vmdk", target, "-O", "raw")))
    return [
        Figure(
            what="streamOptimized VMDK of the Debian guest to a snapshot",
            ours=min(ours), peer=min(peer), unit="s", peer_name=QEMU_RAW, goal=1.0,
        )
    ]  # fmt: skip


def warm_up(service: Endpoint, inputs: Inputs) -> None:
    """Import something tiny, so that worker processes exist: a service runs for months."""
    tiny = inputs.folder / "tiny.raw"
    tiny.write_bytes(b"x" * MIB)
    vmdk = inputs.folder / "tiny.vmdk"
    convert(tiny, "raw", vmdk, "-O", "vmdk", "-o", "subformat=streamOptimized")
    service.import_snapshot(service.upload(vmdk))


def measure_export(inputs: Inputs, runs: int) -> list[Figure]:
    """A snapshot becomes a streamOptimized VMDK in a bucket."""
    ours, peer = [], []
    target = inputs.folder / "peer.vmdk"
    options = ("-O", "vmdk", "-o", "subformat=streamOptimized")
    state = inputs.folder / "state"
    size = 0
    with endpoint(state) as service:
        snapshot = service.import_snapshot(service.upload(inputs.guest_vmdk))
        image = service.register("bench", snapshot)
        for _ in range(runs):
            began = time.perf_counter()
            artifact = service.export(image, "VMDK")
            ours.append(time.perf_counter() - began)
            size = artifact.stat().st_size
            peer.append(timed(lambda: convert(inputs.guest_raw, "raw", target, *options)))
        copied = [_copied(service, image, kind, runs) for kind in ("RAW", "VHD")]
    shutil.rmtree(state)
    return [
        Figure(
            what="snapshot of the Debian guest to a streamOptimized VMDK",
            ours=min(ours), peer=min(peer), unit="s", peer_name=QEMU_VMDK, goal=8.0,
        ),
        Figure(
            what="size of that VMDK",
            ours=size / MIB, peer=target.stat().st_size / MIB, unit="MiB",
            peer_name=QEMU_VMDK, goal=0.9,
        ),
        *copied,
    ]  # fmt: skip


def _copied(service: Endpoint, image: str, kind: str, runs: int) -> Figure:
    """A snapshot becomes an object; the peer copies the same object into the bucket."""
    ours, peer = [], []
    for _ in range(runs):
        began = time.perf_counter()
        artifact = service.export(image, kind)
        ours.append(time.perf_counter() - began)
        peer.append(timed(lambda artifact=artifact: service.copy(artifact)))  # type: ignore[misc]
    return Figure(
        what=f"snapshot of the Debian guest to {kind}",
        ours=min(ours), peer=min(peer), unit="s", peer_name="aws s3 cp", goal=0.8,
    )  # fmt: skip


def measure_memory(inputs: Inputs, _runs: int) -> list[Figure]:
    """The largest process while a disk of 1 TiB is imported and exported."""
    state = inputs.folder / "state"
    with endpoint(state) as service:
        key = service.upload(inputs.sparse_vmdk)
        began = time.perf_counter()
        snapshot = service.import_snapshot(key)
        took = time.perf_counter() - began
        service.export(service.register("sparse", snapshot), "VMDK")
        peak = max(service.peak_mib().values())
    shutil.rmtree(state)
    return [
        Figure(
            what="largest process at import and export of a sparse disk of 1 TiB",
            ours=peak, unit="MiB", goal=300,
        ),
        Figure(what="import of that disk (1 GiB of data)", ours=took, unit="s", goal=60),
    ]  # fmt: skip


def measure_start(inputs: Inputs, runs: int) -> list[Figure]:
    """From the command to the line that says that the service is ready."""
    state = inputs.folder / "state"
    took = []
    for _ in range(max(runs, 3)):
        service = Endpoint(state)
        took.append(service.started_s)
        service.stop()
    shutil.rmtree(state)
    return [
        Figure(what="first start of the service", ours=took[0], unit="s", goal=2),
        Figure(what="start of the service", ours=min(took[1:]), unit="s", goal=2),
    ]


MEASURES: Final[dict[str, Callable[[Inputs, int], list[Figure]]]] = {
    "import": measure_import,
    "export": measure_export,
    "memory": measure_memory,
    "start": measure_start,
    "convert": measure_convert,
    "large": measure_large,
    "reads": measure_reads,
    "sparse": measure_sparse,
    "check": measure_check,
}
