# SPDX-License-Identifier: Apache-2.0
"""Red Hat's ifcfg files, which NetworkManager reads as well, get their addresses by DHCP.

Addresses, gateways, name servers and the files of routes belong to the old network and are
disabled; so is ``HWADDR``, for with another card's address ifup passes the whole file over
("has different MAC address than expected"). ``UUID`` stays: it is the connection's own name.

Source: sysconfig.txt of initscripts; nm-settings-ifcfg-rh(5); aws-behaviour.md, 11-R, line 959.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.guest.fixups import Fixup, _network
from vmferry.guest.fixups._assignments import Assignments
from vmferry.guest.network import mac
from vmferry.guest.network.network_scripts import FOLDER, NOT_READ, PREFIX

if TYPE_CHECKING:
    from collections.abc import Collection

    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

GLOBAL: Final = "/etc/sysconfig/network"
ROUTES: Final = "/etc/sysconfig/static-routes"
DHCP: Final = ("dhcp", "bootp")
ADDRESSES: Final = re.compile(r"IPADDR\d*|IPV6ADDR")
OLD: Final = re.compile(
    r"(?:IPADDR|PREFIX|NETMASK|BROADCAST|NETWORK|GATEWAY|DNS)\d*|SCOPE|SRCADDR|PEERDNS|"
    r"IPV6ADDR(?:_SECONDARIES)?|IPV6_DEFAULTGW|IPV6_AUTOCONF|IPV6_PEERDNS"
)
OLD_GLOBAL: Final = re.compile(r"GATEWAY(?:DEV)?|IPV6_DEFAULT(?:GW|DEV)")
SPOOF: Final = re.compile(r"HWADDR|MACADDR")
ALIAS: Final = re.compile(r".+:.+|.+-range\d+")


def plan(draft: Draft, _facts: GuestFacts, choices: Choices) -> None:
    """Mend the ifcfg files, and what is for all of them."""
    if not _network.to_dhcp(choices):
        return
    files = {
        name.removeprefix(PREFIX): Assignments(text)
        for name in draft.names(FOLDER)
        if name.startswith(PREFIX) and not name.endswith(NOT_READ)
        if (text := draft.text(f"{FOLDER}/{name}")) is not None
    }
    ports = {
        file.values[key]
        for file in files.values()
        for key in ("BRIDGE", "BRIDGE_UUID")
        if key in file.values
    }
    was_static = [_mend(draft, suffix, file, ports) for suffix, file in files.items()]
    if any(was_static):
        whole = Assignments(draft.text(GLOBAL) or "")
        if whole.disable(OLD_GLOBAL):
            draft.write(GLOBAL, whole.text, "the gateway is of another network")
        draft.remove(ROUTES, "the routes are of another network")


def _mend(draft: Draft, suffix: str, file: Assignments, ports: Collection[str]) -> bool:
    """Mend one file; return whether its address was static."""
    device = file.values.get("DEVICE", suffix)
    if _is_inside(device, file, ports):
        return False
    path = f"{FOLDER}/{PREFIX}{suffix}"
    is_static = _has_address(file) and file.values.get("BOOTPROTO", "").lower() not in DHCP
    if is_static and (ALIAS.fullmatch(device) or ALIAS.fullmatch(suffix)):
        draft.remove(path, f"{device} has no second address by DHCP")
        return True
    reasons = []
    if is_static:
        _turn(draft, device, file)
        reasons.append(_network.was_static(device))
        for kind in ("route", "route6", "rule", "rule6"):
            draft.remove(f"{FOLDER}/{kind}-{suffix}", "the routes are of another network")
    if any(mac(file.values.get(key, "")) for key in ("HWADDR", "MACADDR")):
        file.disable(SPOOF)
        if "DEVICE" not in file.values and _network.CARD.fullmatch(suffix):
            file.put("DEVICE", suffix)
        reasons.append(f"{device} was tied to the address of a card that is not there any more")
    if reasons:
        draft.write(path, file.text, "; ".join(reasons))
    return is_static


def _is_inside(device: str, file: Assignments, ports: Collection[str]) -> bool:
    is_bridge = file.values.get("TYPE", "").lower() == "bridge"
    is_without_ports = is_bridge and not {device, file.values.get("UUID", device)} & set(ports)
    return is_without_ports or _network.is_inside(device)


def _has_address(file: Assignments) -> bool:
    return any(value and ADDRESSES.fullmatch(name) for name, value in file.values.items())


def _turn(draft: Draft, device: str, file: Assignments) -> None:
    file.disable(OLD)
    is_tagged = file.values.get("VLAN", "").lower() == "yes"
    if is_tagged or file.values.get("TYPE", "").lower() == "vlan" or _network.is_vlan(device):
        file.put("BOOTPROTO", "none")
        _network.note_vlan(draft, device)
    else:
        file.put("BOOTPROTO", "dhcp")


FIXUP = Fixup(
    name="network_scripts",
    summary="let the interfaces of ifcfg files (Red Hat) get their addresses by DHCP",
    plan=plan,
)
