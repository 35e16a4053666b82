# SPDX-License-Identifier: Apache-2.0
"""ifcfg files of SUSE, which wicked reads, and ifup before it.

SLES 10 names the file after the card that it is for: ``ifcfg-eth-id-00:50:56:01:02:03``.

Source: ifcfg(5), ifcfg-dhcp(5) of wicked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.network import LOOPBACK, Renderer, addresses, mac, masked, method
from vmferry.guest.network._shell import assignments
from vmferry.model.guest import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.settings import Settings

FOLDER: Final = "/etc/sysconfig/network"
PREFIX: Final = "ifcfg-"
BY_ADDRESS: Final = "eth-id-"
NOT_READ: Final = ("~", ".bak", ".old", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".template")
TEMPLATE: Final = "template"


def read(settings: Settings) -> Iterator[Interface]:
    """Yield the interfaces that have an ifcfg file."""
    for name in settings.names(FOLDER):
        suffix = name.removeprefix(PREFIX)
        if suffix in (name, LOOPBACK, TEMPLATE) or name.endswith(NOT_READ):
            continue
        path = f"{FOLDER}/{name}"
        keys = assignments(settings.text(path))
        if keys:
            yield _interface(keys, path, suffix)


def _interface(keys: dict[str, str], path: str, suffix: str) -> Interface:
    static = addresses(_addresses(keys))
    dhcp = any("dhcp" in part for part in keys.get("BOOTPROTO", "").lower().split("+"))
    by_address = suffix.startswith(BY_ADDRESS)
    return Interface(
        name="" if by_address else suffix,
        renderer=RENDERER.name,
        source=path,
        method=method(dhcp, static),
        addresses=static,
        mac=mac(suffix.removeprefix(BY_ADDRESS)) if by_address else "",
    )


def _addresses(keys: dict[str, str]) -> Iterator[str]:
    """Yield what IPADDR and IPADDR_suffix have, with the mask of the same suffix."""
    for key, address in keys.items():
        if key == "IPADDR" or key.startswith("IPADDR_"):
            suffix = key.removeprefix("IPADDR")
            mask = keys.get(f"PREFIXLEN{suffix}") or keys.get(f"NETMASK{suffix}", "")
            yield masked(address, mask)


RENDERER = Renderer(name="wicked", read=read)
