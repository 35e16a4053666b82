# SPDX-License-Identifier: Apache-2.0
"""systemd-networkd's .network files, and the .link files by which udev names cards.

Source: systemd.network(5), systemd.link(5): a file in /etc hides one of its name below /usr/lib, a
folder ``name.d`` adds to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.network import LOOPBACK, NONE, Renderer, addresses, mac, method
from vmferry.guest.network._ini import parse, value, values
from vmferry.model.guest import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.network._ini import Setting
    from vmferry.guest.settings import Settings

FOLDERS: Final = ("/etc/systemd/network", "/usr/lib/systemd/network", "/lib/systemd/network")
DHCP: Final = ("yes", "true", "on", "1", "both", "ipv4", "ipv6", "v4", "v6")
NOT_CARDS: Final = ("Kind", "Virtualization", "WLANInterfaceType", "SSID", "BSSID")
VIRTUAL: Final = frozenset(("bridge", "sit", "tun", "veth", "wlan"))
"""Drivers and types. What matches by them, or has any match of ``NOT_CARDS``, is what systemd
brings for containers, machines in the guest, tunnels and wireless cards."""


def read(settings: Settings) -> Iterator[Interface]:
    """Yield what each file configures, in the order of the files' names."""
    files: dict[str, str] = {}
    for folder in FOLDERS:
        for name in settings.names(folder):
            if name.endswith((".network", ".link")):
                files.setdefault(name, f"{folder}/{name}")
    for name, path in sorted(files.items()):
        keys = parse(settings.text(path) + _added(settings, name))
        if not keys or not _is_of_cards(keys):
            continue
        pins = values(keys, "Match", "MACAddress") + values(keys, "Match", "PermanentMACAddress")
        pin = next((mac(each) for pin in pins for each in pin.split() if mac(each)), "")
        if name.endswith(".link"):
            yield from _link(keys, path, pin)
        elif value(keys, "Match", "Name") != LOOPBACK:
            yield _network(keys, path, pin)


def _is_of_cards(keys: list[Setting]) -> bool:
    kinds = {*value(keys, "Match", "Driver").split(), *value(keys, "Match", "Type").split()}
    return not kinds & VIRTUAL and not any(value(keys, "Match", key) for key in NOT_CARDS)


def _added(settings: Settings, name: str) -> str:
    paths = {
        added: f"{folder}/{name}.d/{added}"
        for folder in reversed(FOLDERS)
        for added in settings.names(f"{folder}/{name}.d")
        if added.endswith(".conf")
    }
    return "".join(f"\n{settings.text(path)}" for _, path in sorted(paths.items()))


def _link(keys: list[Setting], path: str, pin: str) -> Iterator[Interface]:
    """Yield a card that gets its name by its address; other links configure nothing."""
    name = value(keys, "Link", "Name")
    if name and pin:
        yield Interface(name=name, renderer=RENDERER.name, source=path, method=NONE, mac=pin)


def _network(keys: list[Setting], path: str, pin: str) -> Interface:
    static = addresses(
        values(keys, "Network", "Address")
        + [each.value for each in keys if (each.section, each.key) == ("Address", "Address")]
    )
    dhcp = value(keys, "Network", "DHCP").lower()
    return Interface(
        name=" ".join(values(keys, "Match", "Name")),
        renderer=RENDERER.name,
        source=path,
        method=method(dhcp in DHCP and not (static and dhcp.endswith("v6")), static),
        addresses=static,
        mac=pin,
    )


RENDERER = Renderer(name="systemd-networkd", read=read)
