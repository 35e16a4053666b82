# SPDX-License-Identifier: Apache-2.0
"""Where cloud-init looks for what to do: the last of its files that says it counts.

Source: cloud-init's documentation, "Base configuration", "Datasources"; ds-identify(8).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vmferry.guest.settings import Settings

FIRST: Final = "/etc/cloud/cloud.cfg"
FOLDER: Final = "/etc/cloud/cloud.cfg.d"
KEY: Final = "datasource_list:"
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}")
MOST: Final = 50
MOST_FILES: Final = 100


def datasources(settings: Settings) -> tuple[str, ...]:
    """Return what ``datasource_list`` says, in its order; nothing where no file has it."""
    names = [name for name in settings.names(FOLDER) if name.endswith(".cfg")][:MOST_FILES]
    found: tuple[str, ...] = ()
    for path in (FIRST, *(f"{FOLDER}/{name}" for name in names)):
        found = _listed(settings.text(path)) or found
    return found


def _listed(text: str) -> tuple[str, ...]:
    """Return the items of a flow sequence, on one line or more, or of a block sequence."""
    _, key, rest = f"\n{text}".partition(f"\n{KEY}")
    if not key:
        return ()
    rest = "\n".join(line.split("#", 1)[0].rstrip() for line in rest.split("\n"))
    if rest.lstrip().startswith("["):
        return tuple(NAME.findall(rest[: rest.find("]")]))[:MOST]
    found: list[str] = []
    for line in rest.split("\n")[1:]:
        if line and not line.lstrip().startswith("- "):
            break
        found += NAME.findall(line)[:1]
    return tuple(found)[:MOST]
