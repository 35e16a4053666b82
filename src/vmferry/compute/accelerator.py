# SPDX-License-Identifier: Apache-2.0
"""What runs instructions: KVM if it really works, else emulation (TCG).

``/dev/kvm`` may exist and not work, so a boot sector is run on it (``_probe.py``: why and what).
The answer is remembered until the host boots anew or QEMU or the kernel changes.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vmferry.compute._probe import PASSED, STAGES, sector
from vmferry.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

QEMU: Final = "qemu-system-x86_64"
DEVICE: Final = Path("/dev/kvm")
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

KVM_ARGUMENTS: Final = ("-accel", "kvm", "-cpu", "host")
TCG_ARGUMENTS: Final = ("-accel", "tcg,thread=multi", "-cpu", "max")

PROBE_S: Final = 30.0
"""Emulation needs 0.3 s for it, 2 s on a crowded host. A hang is known after this, once per boot of
the host; a host that was only slow would be remembered as broken."""

VERSION_S: Final = 30.0
LONGEST_NOTE: Final = 4096
SLOWER: Final = 4
"""Emulated boots take several times as long: the demo guest's login comes after 34 s on two idle
cores, after 93 s on two cores that eight others want."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """How instructions are run.

    Attributes:
        name: ``kvm`` or ``tcg``.
        arguments: QEMU's, the CPU's model among them.
        patience: By what deadlines that were chosen for KVM are multiplied.
        why: Why it is not KVM, in words; ``""`` for KVM.
    """

    name: str
    arguments: tuple[str, ...]
    patience: int = 1
    why: str = ""


KVM: Final = Accelerator(name="kvm", arguments=KVM_ARGUMENTS)


def emulation(why: str) -> Accelerator:
    """Return TCG, and why nothing better."""
    return Accelerator(name="tcg", arguments=TCG_ARGUMENTS, patience=SLOWER, why=why)


def probe(cache: Path | None = None) -> Accelerator:
    """Return the accelerator that works here.

    Args:
        cache: The folder where the answer is kept; ``default_cache(os.environ)`` without one.

    Raises:
        SetupError: QEMU is not installed or does not run.
    """
    program = find_qemu()
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        absent = "may not be used by this user" if DEVICE.exists() else "does not exist"
        return emulation(f"{DEVICE} {absent}")
    note = (cache or default_cache(os.environ)) / "accelerator.json"
    key = _key(program)
    why = _remembered(note, key)
    if why is None:
        why = refusal(program, KVM_ARGUMENTS)
        _remember(note, key, why)
    return emulation(why) if why else KVM


def find_qemu() -> Path:
    """Return QEMU's program.

    Raises:
        SetupError: It is not installed.
    """
    found = shutil.which(QEMU)
    if found is None:
        raise SetupError(
            f"compute: the program {QEMU} was not found",
            hint="Install it: apt-get install qemu-system-x86",
        )
    return Path(found)


def default_cache(environ: Mapping[str, str]) -> Path:
    """Return vmferry's XDG cache directory."""
    home = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/root")) / ".cache"
    return Path(home) / "vmferry"


def refusal(program: Path, arguments: tuple[str, ...], *, deadline_s: float = PROBE_S) -> str:
    """Return what fails when the probe runs with QEMU's ``arguments``; ``""`` if nothing does."""
    with tempfile.TemporaryDirectory(prefix="vmferry-probe-") as folder:
        disk = Path(folder) / "probe.raw"
        disk.write_bytes(sector())
        try:
            done = subprocess.run(
                [
                    str(program), *arguments, "-m", "64", "-nodefaults", "-no-user-config",
                    "-display", "none", "-no-reboot", "-debugcon", "stdio",
                    "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
                    "-drive", f"file={disk},format=raw,if=ide,snapshot=on",
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=deadline_s,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            return f"{_reached(error.stdout or b'')} within {deadline_s:g} s"
    if done.returncode == PASSED:
        return ""
    said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
    said = said.removeprefix(f"{program}: ").removeprefix(f"{QEMU}: ")[:200]
    return f"{_reached(done.stdout)}: QEMU ended with {done.returncode}" + (said and f", {said}")


def _reached(output: bytes) -> str:
    missing = [name for letter, name in STAGES.items() if letter.encode() not in output]
    return f"the probe did not reach {missing[0] if missing else 'its end'}"


def _key(program: Path) -> dict[str, str]:
    try:
        version = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_S,
            check=True,
        ).stdout.partition("\n")[0]
        boot = BOOT_ID.read_text().strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError(f"compute: {program} does not run: {error}") from error
    return {"boot": boot, "kernel": platform.release(), "qemu": version}


def _remembered(note: Path, key: dict[str, str]) -> str | None:
    """Return the refusal that is remembered for ``key``, ``None`` if there is no such memory."""
    try:
        with note.open("rb") as file:
            document = json.loads(file.read(LONGEST_NOTE))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("host") != key:
        return None
    why = document.get("refusal")
    return why if isinstance(why, str) else None


def _remember(note: Path, key: dict[str, str], why: str) -> None:
    """Keep the answer; a cache that cannot be written costs the next start a second probe."""
    part = note.with_name(f"{note.name}.{os.getpid()}")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"host": key, "refusal": why}))
        part.replace(note)
    except OSError:
        with suppress(OSError):
            part.unlink()
