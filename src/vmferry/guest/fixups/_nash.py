# SPDX-License-Identifier: Apache-2.0
"""The ``/init`` of RHEL 5: a script of nash that loads modules one by one, by name.

    echo "Loading sd_mod.ko module"
    insmod /lib/sd_mod.ko
    stabilized --hash --interval 250 /proc/scsi/scsi
    mkblkdevs

Nothing looks for devices there, so what is added has to be loaded by name, and devices have to be
made anew afterwards, before the root is looked for.

Source: nash(8) and mkinitrd(8) of RHEL 5, mkinitrd-5.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError

if TYPE_CHECKING:
    from collections.abc import Iterable

SHEBANG: Final = re.compile(rb"#! ?/bin/nash\b")
FOLDER: Final = "lib"
LOADING: Final = (b"insmod ", b"mkblkdevs", b"stabilized ")
SETTLE: Final = b"stabilized --hash --interval 250 /proc/scsi/scsi\nmkblkdevs\n"


def is_script(init: bytes) -> bool:
    """Tell whether ``/init`` is one of nash."""
    return SHEBANG.match(init) is not None


def loading(init: bytes, modules: Iterable[str]) -> bytes:
    """Return the script that also loads the files ``modules`` of ``/lib``, in their order.

    Raises:
        GuestError: It makes no devices, so it is not known where.
    """
    lines = init.splitlines(keepends=True)
    places = [at for at, line in enumerate(lines) if line.startswith(LOADING)]
    if not any(lines[at].startswith(b"mkblkdevs") for at in places):
        raise GuestError("the init of the initramfs is a script of nash without mkblkdevs")
    added = b"".join(
        f'echo "Loading {name} module"\ninsmod /{FOLDER}/{name}\n'.encode() for name in modules
    )
    end = places[-1] + 1
    return b"".join(lines[:end]) + added + SETTLE + b"".join(lines[end:])
