# SPDX-License-Identifier: Apache-2.0
"""The command line of the demo: prepare a place, run the job, prove it, leave nothing behind."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.demo.job import MACHINE, POLICIES, check_space, main_job
from tools.demo.proof import disks_of, prove, unpack, virtual_size
from tools.demo.screen import Screen
from tools.demo.service import environment, running
from tools.demo.shell import DemoError, Shell
from tools.make_guest.cache import obtain
from tools.make_guest.progress import Progress, StepError
from tools.make_guest.recipe import Recipe

from vmferry.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

FAILED: Final = 1
INTERRUPTED: Final = 130

ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals after which everything is cleaned up."""


def main(arguments: list[str] | None = None) -> int:
    """Run the demo.

    Returns:
        The exit status: 0 when everything was proved, 1 with one message, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    screen = Screen()
    before = {number: signal.signal(number, _interrupt) for number in ENDINGS}
    try:
        _demo(screen, options.ova, keep=options.keep)
    except (DemoError, StepError) as error:
        screen.failed(str(error))
        return FAILED
    except KeyboardInterrupt:
        screen.failed("interrupted; the service was ended")
        return INTERRUPTED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _demo(screen: Screen, wanted: str, *, keep: bool) -> None:
    screen.title("A real machine")
    ova = _machine(screen, wanted)
    disks = disks_of(ova)
    started = time.monotonic()
    with _place(screen, keep=keep) as folder:
        size = sum(virtual_size(folder, ova, disk) for disk in disks)
        packed = ova.stat().st_size
        screen.result(f"{ova}\n{human(packed)}, {human(size)} of disk in {', '.join(disks)}")
        check_space(folder, size)
        (folder / MACHINE).symlink_to(ova)
        for name in POLICIES:
            shutil.copy(Path(__file__).parent / name, folder)
        screen.title("A fresh service")
        with running(screen, folder) as service:
            shell = Shell(screen, folder, environment(service), service.check)
            sources = unpack(shell, disks)
            exports = main_job(shell, sources[0])
            digest = prove(shell, sources, exports)
    times = exports.times
    screen.proved(
        f"{human(size)} of disk from an OVA of {human(packed)} came back bit for bit: "
        f"RAW export = qemu-img convert (SHA-256 {digest[:16]}…), "
        "VMDK export passes qemu-img check and compare; "
        f"import {times.image:.1f} s, export RAW {times.raw:.1f} s, VMDK {times.vmdk:.1f} s, "
        f"all in {time.monotonic() - started:.0f} s"
    )


def _machine(screen: Screen, wanted: str) -> Path:
    if wanted:
        return Path(wanted).expanduser().absolute()
    screen.result("Debian 12 by tools/make_guest; the first time it is made, later it is cached")
    return obtain(Recipe(), "ova", Progress())


@contextmanager
def _place(screen: Screen, *, keep: bool) -> Iterator[Path]:
    """Make a folder for everything, and remove it at the end, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="vmferry-demo-"))
    try:
        yield folder
    finally:
        if keep:
            screen.title("Kept")
            screen.result(f"{folder}; serve it again with:")
            screen.command(f"vmferry serve --state-dir {folder / 'state'}")
        else:
            screen.during(f"removing {folder}", lambda: shutil.rmtree(folder))


def _interrupt(_number: int, _frame: object) -> None:
    for number in ENDINGS:  # cleaning up takes a moment; a second Ctrl-C would leave half of it
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--ova",
        default=os.environ.get("OVA", ""),
        metavar="PATH",
        help="another machine than the demo's own (also: environment variable OVA)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the state directory and files")
    return parser


if __name__ == "__main__":
    sys.exit(main())
