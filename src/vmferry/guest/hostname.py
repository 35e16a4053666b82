# SPDX-License-Identifier: Apache-2.0
"""The machine's own name, by the files of every distribution.

Sources: hostname(5); SUSE's HOSTNAME; network-scripts' sysconfig.txt; OpenRC's conf.d/hostname.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vmferry.guest.settings import Settings

NAMED: Final = ("/etc/hostname", "/etc/HOSTNAME")
ASSIGNED: Final = (("/etc/sysconfig/network", "HOSTNAME"), ("/etc/conf.d/hostname", "hostname"))
LONGEST: Final = 255
"""HOST_NAME_MAX is 64; SUSE writes the domain too."""

NO_NAMES: Final = ("localhost", "localhost.localdomain", "(none)")


def read(settings: Settings) -> str:
    """Return the name, ``""`` if no file has one or it is everybody's."""
    for name in _names(settings):
        if name and len(name) <= LONGEST and name.isprintable() and name not in NO_NAMES:
            return name
    return ""


def _names(settings: Settings) -> list[str]:
    found = []
    for path in NAMED:
        lines = (line.strip() for line in settings.text(path).split("\n"))
        found.append(next((line for line in lines if line and not line.startswith("#")), ""))
    for path, key in ASSIGNED:
        for line in settings.text(path).split("\n"):
            name, _, value = line.strip().partition("=")
            if name == key:
                found.append(value.strip().strip("\"'"))
    return found
