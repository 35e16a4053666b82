# SPDX-License-Identifier: Apache-2.0
"""What starts with the machine, by systemd, by SysV links, by upstart or by OpenRC.

systemd starts a SysV script only where it has no unit of its own for it; a unit that is a link to
nowhere, or to /dev/null, is masked and never starts.

Sources: systemd.unit(5), "Unit File Load Path" and [Install]; systemd-sysv-generator(8); LSB 3.1,
20.5; init(5) of upstart, "Override files"; OpenRC, rc-update(8).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.settings import Settings

SYSTEMD: Final = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")
OWN: Final = "/etc/systemd/system"
VENDOR: Final = ("/usr/lib/systemd/system", "/lib/systemd/system")
WANTS: Final = (
    *("basic.target", "default.target", "graphical.target", "multi-user.target"),
    *("network-online.target", "network-pre.target", "network.target", "sockets.target"),
    *("sysinit.target", "cloud-init.target", "local-fs.target", "timers.target"),
    r"dev-virtio\x2dports-org.qemu.guest_agent.0.device",
)
"""Targets that every start passes, and the port of QEMU's agent, which is a unit too; what another
unit wants starts with that."""

RUN_LEVELS: Final = ("/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d", "/etc/rcS.d", "/etc/init.d/rc3.d")
START: Final = re.compile(r"S[0-9]{2}(.+)")
UPSTART: Final = "/etc/init"
OPENRC: Final = ("/etc/runlevels/boot", "/etc/runlevels/default", "/etc/runlevels/sysinit")
SUFFIXES: Final = (".service", ".socket")


def enabled(settings: Settings) -> frozenset[str]:
    """Return the names of what starts with the machine, those of units without their suffix."""
    scripts = frozenset((*_sysv(settings), *_upstart(settings), *_openrc(settings)))
    if not any(settings.exists(path) for path in SYSTEMD):
        return scripts
    own = settings.names(OWN)
    known = {_bare(name) for folder in VENDOR for name in settings.names(folder)}
    known.update(_bare(name) for name in own)
    masked = {
        _bare(name)
        for name in own
        if name.endswith(SUFFIXES) and not settings.exists(f"{OWN}/{name}")
    }
    wanted = {_bare(name) for name in _wanted(settings)}
    return (scripts - known | wanted) - masked


def _bare(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _wanted(settings: Settings) -> Iterator[str]:
    for folder in (OWN, *VENDOR):
        for target in WANTS:
            for kind in ("wants", "requires"):
                yield from settings.names(f"{folder}/{target}.{kind}")


def _sysv(settings: Settings) -> Iterator[str]:
    for folder in RUN_LEVELS:
        for name in settings.names(folder):
            found = START.fullmatch(name)
            if found is not None:
                yield found[1]


def _upstart(settings: Settings) -> Iterator[str]:
    names = settings.names(UPSTART)
    for name in names:
        if name.endswith(".conf"):
            job = name.removesuffix(".conf")
            text = settings.text(f"{UPSTART}/{name}")
            if f"{job}.override" in names:
                text += "\n" + settings.text(f"{UPSTART}/{job}.override")
            lines = [line.strip() for line in text.split("\n")]
            if any(line.startswith("start on") for line in lines) and "manual" not in lines:
                yield job


def _openrc(settings: Settings) -> Iterator[str]:
    for folder in OPENRC:
        yield from settings.names(folder)
