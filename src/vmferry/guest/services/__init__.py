# SPDX-License-Identifier: Apache-2.0
"""What runs in a guest: whether it can be reached, and what does not belong on another host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.guest.services import cloud, known, units, users
from vmferry.model.guest import Services

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vmferry.guest.settings import Settings

UFW: Final = "/etc/ufw/ufw.conf"
UFW_ENABLED: Final = re.compile(r"""\s*ENABLED=["']?yes["']?\s*""", re.IGNORECASE)
CLOUD_INIT: Final = "/usr/bin/cloud-init"
CLOUD_INIT_DISABLED: Final = "/etc/cloud/cloud-init.disabled"
SELINUX: Final = "/etc/selinux/config"
SELINUX_MODES: Final = ("enforcing", "permissive", "disabled")
AGENT_RULES: Final = (
    "/usr/lib/udev/rules.d/60-qemu-guest-agent.rules",
    "/lib/udev/rules.d/60-qemu-guest-agent.rules",
)
RULES: Final = "/etc/udev/rules.d"
MOST_RULES: Final = 100


def read(settings: Settings) -> Services:
    """Return what runs in the guest."""
    running = units.enabled(settings)
    return Services(
        ssh=_ssh(settings, running),
        firewalls=tuple(sorted((*known.enabled("firewalls", running), *_ufw(settings)))),
        dhcp_clients=known.installed("dhcp_clients", settings),
        key_users=users.with_keys(settings),
        datasources=cloud.datasources(settings),
        cloud_init=settings.exists(CLOUD_INIT) and not settings.exists(CLOUD_INIT_DISABLED),
        tools=known.installed("tools", settings),
        agents=known.installed("agents", settings),
        started=_started(settings, running),
        antivirus=known.enabled("antivirus", running),
        selinux=_selinux(settings),
        persistent_names=tuple(_persistent_names(settings))[:MOST_RULES],
    )


def _ssh(settings: Settings, running: Collection[str]) -> str:
    if not known.installed("ssh", settings):
        return ""
    return "enabled" if known.enabled("ssh", running) else "disabled"


def _started(settings: Settings, running: Collection[str]) -> tuple[str, ...]:
    """Return the tools and agents that are installed and start with the machine."""
    found = {
        name
        for kind in ("tools", "agents")
        for name in known.enabled(kind, running)
        if name in known.installed(kind, settings)
    }
    # Debian's agent has no target: udev starts it where its port is.
    if any(settings.exists(path) for path in AGENT_RULES) and "qemu-guest-agent" in (
        known.installed("agents", settings)
    ):
        found.add("qemu-guest-agent")
    return tuple(sorted(found))


def _ufw(settings: Settings) -> Iterator[str]:
    """Yield ``ufw`` if it is on: its unit always starts, and does nothing if this file says no."""
    if any(UFW_ENABLED.fullmatch(line) for line in settings.text(UFW).split("\n")):
        yield "ufw"


def _selinux(settings: Settings) -> str:
    mode = ""
    for line in settings.text(SELINUX).split("\n"):
        name, _, value = line.strip().partition("=")
        if name == "SELINUX" and value.strip().lower() in SELINUX_MODES:
            mode = value.strip().lower()
    return mode


def _persistent_names(settings: Settings) -> Iterator[str]:
    """Yield the files of rules that name a network card by its address."""
    for name in settings.names(RULES):
        path = f"{RULES}/{name}"
        if name.endswith(".rules") and any(_names_a_card(line) for line in _rules(settings, path)):
            yield path


def _rules(settings: Settings, path: str) -> list[str]:
    return settings.text(path).replace("\\\n", " ").split("\n")


def _names_a_card(rule: str) -> bool:
    words = ("NAME=", "address}==", 'SUBSYSTEM=="net"')
    return not rule.lstrip().startswith("#") and all(word in rule for word in words)
