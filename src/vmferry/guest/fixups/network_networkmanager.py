# SPDX-License-Identifier: Apache-2.0
"""NetworkManager's keyfiles get their addresses by DHCP.

``method=manual`` becomes ``auto``; addresses, routes, gateways and name servers are disabled. A
connection that named its card only by an address takes any card. ``uuid`` stays. NetworkManager's
ifcfg files are those of ``network_scripts``.

Source: nm-settings-keyfile(5), nm-settings(5); aws-behaviour.md, 11-R, line 959.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.guest.fixups import Fixup, _network
from vmferry.guest.fixups._keyfile import Keyfile
from vmferry.guest.network import mac
from vmferry.guest.network.networkmanager import CARDS, FAMILIES, FOLDERS, NOT_READ

if TYPE_CHECKING:
    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

FOLDER: Final = FOLDERS[0]
OLD: Final = re.compile(
    r"(?:address(?:es)?|routes?|routing-rule|gateway|dns)\d*(?:_options)?|ignore-auto-(?:dns|routes)"
)
ETHERNET: Final = ("ethernet", "802-3-ethernet")
PINS: Final = ("mac-address", "cloned-mac-address")
PLACES: Final = ("path", "driver")
NO_ADDRESS: Final = {"ipv4": "disabled", "ipv6": "ignore"}


def plan(draft: Draft, _facts: GuestFacts, choices: Choices) -> None:
    """Mend the connections of cards, bonds, bridges and VLANs."""
    if not _network.to_dhcp(choices):
        return
    files = {
        f"{FOLDER}/{name}": Keyfile(text)
        for name in draft.names(FOLDER)
        if not name.startswith(".") and not name.endswith(NOT_READ)
        if (text := draft.text(f"{FOLDER}/{name}")) is not None
    }
    masters = {
        file.value("connection", key) for file in files.values() for key in ("master", "controller")
    }
    for path, file in files.items():
        kind = file.value("connection", "type")
        if kind not in CARDS or _is_inside(file, masters):
            continue
        name = file.value("connection", "interface-name") or path.rpartition("/")[2]
        reasons = _turned(draft, file, name)
        if file.disable(_is_pin):
            reasons.append(f"{name} was tied to a card that is not there any more")
        if reasons:
            draft.write(path, file.text, "; ".join(reasons))


def _is_inside(file: Keyfile, masters: set[str]) -> bool:
    """Tell whether it is a network in the guest, a bridge without ports among them."""
    name = file.value("connection", "interface-name")
    own = {name, file.value("connection", "uuid"), file.value("connection", "id")} - {""}
    is_bridge = file.value("connection", "type") == "bridge"
    return _network.is_inside(name) or (is_bridge and not own & masters)


def _turned(draft: Draft, file: Keyfile, name: str) -> list[str]:
    """Turn static addresses into DHCP; return why, nothing if there are none."""
    static = [family for family in FAMILIES if file.value(family, "method") == "manual"]
    if not static:
        return []
    is_vlan = file.value("connection", "type") == "vlan" or _network.is_vlan(name)
    file.disable(lambda section, key, _: section in static and bool(OLD.fullmatch(key)))
    for family in static:
        file.put(family, "method", NO_ADDRESS[family] if is_vlan else "auto")
    if is_vlan:
        _network.note_vlan(draft, name)
    elif file.value("ipv4", "method") == "disabled":
        file.put("ipv4", "method", "auto")
    return [_network.was_static(name)]


def _is_pin(section: str, key: str, value: str) -> bool:
    if section == "match":
        return key in PLACES
    return section in ETHERNET and key in PINS and bool(mac(value))


FIXUP = Fixup(
    name="network_networkmanager",
    summary="let the connections of NetworkManager get their addresses by DHCP",
    plan=plan,
)
