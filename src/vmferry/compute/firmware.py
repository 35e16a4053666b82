# SPDX-License-Identifier: Apache-2.0
"""What starts a machine: SeaBIOS, which QEMU brings, or OVMF with variables of the machine's own.

OVMF is two flash images: the code, which all machines share read-only, and the variables, where a
guest writes its boot entries, so every machine has a copy. Both must be of one build: 4 MiB
images and the older 2 MiB images do not mix. None of these demands Secure Boot.

Source: edk2, OvmfPkg/README, "OVMF Flash Layout"; Debian, package ovmf, README.Debian.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final, NamedTuple

from vmferry.errors import SetupError


class Ovmf(NamedTuple):
    """One build of OVMF."""

    code: Path
    variables: Path


FOLDER: Final = Path("/usr/share/OVMF")
BUILDS: Final = (
    Ovmf(FOLDER / "OVMF_CODE_4M.fd", FOLDER / "OVMF_VARS_4M.fd"),
    Ovmf(FOLDER / "OVMF_CODE.fd", FOLDER / "OVMF_VARS.fd"),
)
"""Where Debian's packages have them, the better first."""


def find_ovmf() -> Ovmf:
    """Return the OVMF that is installed.

    Raises:
        SetupError: None is.
    """
    for build in BUILDS:
        if build.code.is_file() and build.variables.is_file():
            return build
    raise SetupError(
        f"compute: OVMF, the firmware of UEFI machines, was not found in {FOLDER}",
        hint="Install it: apt-get install ovmf",
    )


def copy_variables(target: Path) -> Path:
    """Write empty variables for one machine to ``target`` and return it; its owner may read it.

    Raises:
        SetupError: OVMF is not installed, or the copy cannot be written.
    """
    ovmf = find_ovmf()
    try:
        with ovmf.variables.open("rb") as source:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as copy:
                shutil.copyfileobj(source, copy)
    except OSError as error:
        raise SetupError(f"compute: {target} cannot be written: {error.strerror}") from error
    return target
