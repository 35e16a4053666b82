# SPDX-License-Identifier: Apache-2.0
"""SUSE's ifcfg files get their addresses by DHCP, whether wicked or the old ifup reads them.

Addresses, routes and the resolver's static servers belong to the old network. SLES 10 names a file
after the address of its card; that card is not there any more, so the file is named after the
interface. A card beyond the first is set up when it appears: wicked waits 30 s for one that it
must have.

Source: ifcfg(5), ifcfg-dhcp(5), routes(5) of wicked; netconfig(8); aws-behaviour.md, 11-R, 959.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.guest.fixups import Fixup, _network
from vmferry.guest.fixups._assignments import Assignments
from vmferry.guest.network.wicked import BY_ADDRESS, FOLDER, NOT_READ, PREFIX, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

ROUTES: Final = f"{FOLDER}/routes"
RESOLVER: Final = f"{FOLDER}/config"
SERVERS: Final = "NETCONFIG_DNS_STATIC_SERVERS"
ADDRESS: Final = re.compile(r"IPADDR(?:_\w+)?")
OLD: Final = re.compile(
    r"(?:IPADDR|REMOTE_IPADDR|PREFIXLEN|NETMASK|BROADCAST|NETWORK|SCOPE|LABEL)(?:_\w+)?"
)
SPOOF: Final = re.compile(r"LLADDR")
VIA: Final = re.compile(r"\s*[^#\s]\S*\s+(?:[0-9]+\.[0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*)(?:\s.*)?")
"""A route over a gateway: destination, gateway, mask, interface."""

TAGGED: Final = ("ETHERDEVICE", "VLAN_ID")


def plan(draft: Draft, facts: GuestFacts, choices: Choices) -> None:
    """Mend the ifcfg files, the routes and the resolver."""
    if not _network.to_dhcp(choices):
        return
    others = _network.cards(draft, facts, choices)[1:]
    was_static = [_mend(draft, suffix, name, others) for suffix, name in list(_interfaces(draft))]
    if not any(was_static):
        return
    for file in draft.names(FOLDER):
        if file == "routes" or file.startswith("ifroute-"):
            _disable_routes(draft, f"{FOLDER}/{file}")
    resolver = Assignments(draft.text(RESOLVER) or "")
    if resolver.values.get(SERVERS):
        resolver.put(SERVERS, "")
        draft.write(RESOLVER, resolver.text, "the name servers are of another network")


def _interfaces(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield the end of each file's name, and the interface's name."""
    number = 0
    for file in draft.names(FOLDER):
        suffix = file.removeprefix(PREFIX)
        if suffix in (file, TEMPLATE) or file.endswith(NOT_READ):
            continue
        if suffix.startswith(BY_ADDRESS):
            while draft.exists(f"{FOLDER}/{PREFIX}eth{number}"):
                number += 1
            yield suffix, f"eth{number}"
            number += 1
        else:
            yield suffix, suffix


def _mend(draft: Draft, suffix: str, name: str, others: Collection[str]) -> bool:
    """Mend one file; return whether its address was static."""
    path = f"{FOLDER}/{PREFIX}{suffix}"
    text = draft.text(path)
    if text is None or _network.is_inside(name):
        return False
    file = Assignments(text)
    if file.values.get("BRIDGE", "").lower() == "yes" and not file.values.get("BRIDGE_PORTS"):
        return False
    reasons = _reasons(draft, name, file)
    was_static = bool(reasons)
    if file.disable(SPOOF):
        reasons.append(f"{name} had the address of another card")
    if name in others and file.values.get("STARTMODE", "").lower() in ("auto", "boot", "onboot"):
        file.put("STARTMODE", "hotplug")
        reasons.append(f"{name} may not be there")
    if name != suffix:
        reasons.append(f"{suffix.removeprefix(BY_ADDRESS)} is not there any more")
        draft.remove(path, reasons[-1])
    if reasons:
        draft.write(f"{FOLDER}/{PREFIX}{name}", file.text, "; ".join(reasons))
    return was_static


def _reasons(draft: Draft, name: str, file: Assignments) -> list[str]:
    """Turn the address of one interface into DHCP; return why, nothing if it is no static one."""
    has_address = any(value and ADDRESS.fullmatch(key) for key, value in file.values.items())
    if not has_address or "dhcp" in file.values.get("BOOTPROTO", "").lower():
        return []
    file.disable(OLD)
    if _network.is_vlan(name) or any(file.values.get(key) for key in TAGGED):
        file.put("BOOTPROTO", "none")
        _network.note_vlan(draft, name)
    else:
        file.put("BOOTPROTO", "dhcp")
    return [_network.was_static(name)]


def _disable_routes(draft: Draft, path: str) -> None:
    lines = (draft.text(path) or "").split("\n")
    mended = [_network.disabled(line) if VIA.fullmatch(line) else line for line in lines]
    if mended != lines:
        draft.write(path, "\n".join(mended), "the gateways are of another network")


FIXUP = Fixup(
    name="network_wicked",
    summary="let the interfaces of ifcfg files (SUSE) get their addresses by DHCP",
    plan=plan,
)
