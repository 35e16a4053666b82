# SPDX-License-Identifier: Apache-2.0
"""GRUB's environment block: a KiB of ``name=value`` lines, filled with ``#``.

Source: GNU GRUB manual 2.12, "The GRUB environment block".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.guest.settings import Settings

SIGNATURE: Final = "# GRUB Environment Block"
LONGEST: Final = 64 * KIB


def read(settings: Settings, path: str) -> dict[str, str]:
    """Return the variables of the block at ``path``; none if there is none."""
    text = settings.text(path, LONGEST)
    if text and not text.startswith(SIGNATURE):
        settings.complain(f"{path}: is not an environment block of GRUB")
        return {}
    return parse(text)


def parse(text: str) -> dict[str, str]:
    r"""Return the variables in ``text``; ``\`` stands before ``\`` and before a line's end."""
    found: dict[str, str] = {}
    joined = text.replace("\\\\", "\0").replace("\\\n", "\1").replace("\\", "")
    for line in joined.split("\n"):
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            found[name] = value.replace("\0", "\\").replace("\1", "\n")
    return found
