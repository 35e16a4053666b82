# SPDX-License-Identifier: Apache-2.0
"""ifcfg files of Red Hat's network-scripts, which NetworkManager reads as well.

Source: initscripts, sysconfig.txt, "ifcfg-<interface-name>"; nm-settings-ifcfg-rh(5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.network import LOOPBACK, Renderer, addresses, mac, masked, method
from vmferry.guest.network._shell import assignments
from vmferry.model.guest import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.settings import Settings

FOLDER: Final = "/etc/sysconfig/network-scripts"
PREFIX: Final = "ifcfg-"
NOT_READ: Final = ("~", ".bak", ".old", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".swp")
MOST_NUMBERED: Final = 16


def read(settings: Settings) -> Iterator[Interface]:
    """Yield the interfaces that have an ifcfg file."""
    for name in settings.names(FOLDER):
        if name.startswith(PREFIX) and not name.endswith(NOT_READ):
            path = f"{FOLDER}/{name}"
            keys = assignments(settings.text(path))
            suffix = name.removeprefix(PREFIX)
            if keys and LOOPBACK not in (suffix, keys.get("DEVICE")):
                yield _interface(keys, path, suffix)


def _interface(keys: dict[str, str], path: str, suffix: str) -> Interface:
    static = addresses(_addresses(keys))
    pin = mac(keys.get("HWADDR", ""))
    dhcp = keys.get("BOOTPROTO", "").lower() in ("dhcp", "bootp") or (
        not static and keys.get("DHCPV6C", "").lower() == "yes"
    )
    return Interface(
        name=keys.get("DEVICE", "" if pin else suffix),
        renderer=RENDERER.name,
        source=path,
        method=method(dhcp, static),
        addresses=static,
        mac=pin,
    )


def _addresses(keys: dict[str, str]) -> Iterator[str]:
    for number in ("", *map(str, range(MOST_NUMBERED))):
        mask = keys.get(f"PREFIX{number}") or keys.get(f"NETMASK{number}", "")
        yield masked(keys.get(f"IPADDR{number}", ""), mask)
    yield keys.get("IPV6ADDR", "")
    yield from keys.get("IPV6ADDR_SECONDARIES", "").split()


RENDERER = Renderer(name="network-scripts", read=read)
