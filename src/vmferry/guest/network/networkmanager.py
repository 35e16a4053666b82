# SPDX-License-Identifier: Apache-2.0
"""NetworkManager's keyfiles; its ifcfg files are those of network-scripts.

Source: nm-settings-keyfile(5); NetworkManager.conf(5) for the folders; a connection without a
method has ``auto``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.network import Renderer, addresses, mac, masked, method
from vmferry.guest.network._ini import parse, value
from vmferry.model.guest import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.network._ini import Setting
    from vmferry.guest.settings import Settings

FOLDERS: Final = (
    "/etc/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)
NOT_READ: Final = ("~", ".bak", ".rpmnew", ".rpmsave", ".rpmorig", ".dpkg-dist", ".dpkg-old")
CARDS: Final = ("ethernet", "802-3-ethernet", "bond", "bridge", "vlan", "team", "")
"""Kinds of connections that a server has; wireless cards and tunnels are not imported."""

FAMILIES: Final = ("ipv4", "ipv6")


def read(settings: Settings) -> Iterator[Interface]:
    """Yield the connections of cards; one in /etc hides one of its name below /usr."""
    seen = set()
    for folder in FOLDERS:
        for name in settings.names(folder):
            if name.startswith(".") or name.endswith(NOT_READ) or name in seen:
                continue
            seen.add(name)
            path = f"{folder}/{name}"
            keys = parse(settings.text(path))
            if keys and value(keys, "connection", "type") in CARDS:
                yield _interface(keys, path)


def _interface(keys: list[Setting], path: str) -> Interface:
    static = addresses(_addresses(keys))
    dhcp = value(keys, "ipv4", "method", "auto") == "auto" or (
        not static and value(keys, "ipv6", "method", "auto") in ("auto", "dhcp")
    )
    pins = (mac(value(keys, section, "mac-address")) for section in ("ethernet", "802-3-ethernet"))
    return Interface(
        name=value(keys, "connection", "interface-name"),
        renderer=RENDERER.name,
        source=path,
        method=method(dhcp, static),
        addresses=static,
        mac=next((pin for pin in pins if pin), ""),
    )


def _addresses(keys: list[Setting]) -> Iterator[str]:
    """Yield ``address1=192.0.2.1/24,192.0.2.254`` and the old ``addresses1=192.0.2.1;24;…``."""
    for setting in keys:
        if setting.section not in FAMILIES or not setting.key.startswith("address"):
            continue
        key = setting.key.rstrip("0123456789")
        if key in ("address", "addresses"):
            address, *rest = setting.value.replace(",", ";").split(";")
            yield masked(address, rest[0] if key == "addresses" and rest else "")


RENDERER = Renderer(name="networkmanager", read=read)
