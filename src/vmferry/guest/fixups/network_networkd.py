# SPDX-License-Identifier: Apache-2.0
"""systemd-networkd's interfaces get their addresses by DHCP.

Addresses, gateways, routes and name servers of the old network are disabled, and what ties a file
to one card: its address, its slot, its hypervisor's driver. A file that is then for no card in
particular is for every Ethernet card. The start does not wait for a card beyond the first.

Source: systemd.network(5); aws-behaviour.md, 11-R, line 959.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.fixups import Fixup, _network
from vmferry.guest.fixups._keyfile import Keyfile
from vmferry.guest.network.systemd_networkd import DHCP, FOLDERS, NOT_CARDS, VIRTUAL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

FOLDER: Final = FOLDERS[0]
OLD: Final = frozenset(
    (
        *(("Network", key) for key in ("Address", "Gateway", "DNS")),
        ("Link", "MACAddress"),
    )
)
OLD_SECTIONS: Final = ("Address", "Route", "RoutingPolicyRule", "Neighbor")
FALSE: Final = ("no", "false", "off", "0")
PINS: Final = ("MACAddress", "PermanentMACAddress", "Path")
ANY: Final = "en* eth*"


def plan(draft: Draft, facts: GuestFacts, choices: Choices) -> None:
    """Mend the .network files of cards, bonds, bridges and VLANs, and what adds to them."""
    if not _network.to_dhcp(choices):
        return
    kinds = dict(_virtual(draft))
    others = _network.cards(draft, facts, choices)[1:]
    for path in list(_paths(draft)):
        file = Keyfile(draft.text(path) or "")
        main = Keyfile(draft.text(path.partition(".d/")[0]) or "")
        name = " ".join(main.values("Match", "Name"))
        if _is_of_others(main, name) or (
            kinds.get(name) == "bridge" and not _has_port(draft, name)
        ):
            continue
        reasons = _turned(draft, file, name, kinds.get(name, ""))
        if _loosened(file):
            reasons.append(f"{name or 'it'} was tied to a card that is not there any more")
        reasons += _made_optional(file, name, others)
        if reasons:
            draft.write(path, file.text, "; ".join(reasons))


def _paths(draft: Draft) -> Iterator[str]:
    for name in draft.names(FOLDER):
        if name.endswith(".network"):
            yield f"{FOLDER}/{name}"
        elif name.endswith(".network.d"):
            added = draft.names(f"{FOLDER}/{name}")
            yield from (f"{FOLDER}/{name}/{each}" for each in added if each.endswith(".conf"))


def _virtual(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield name and kind of the devices that networkd makes."""
    for name in draft.names(FOLDER):
        if name.endswith(".netdev"):
            file = Keyfile(draft.text(f"{FOLDER}/{name}") or "")
            yield file.value("NetDev", "Name"), file.value("NetDev", "Kind")


def _has_port(draft: Draft, bridge: str) -> bool:
    files = (Keyfile(draft.text(path) or "") for path in _paths(draft))
    return any(bridge in file.values("Network", "Bridge") for file in files)


def _is_of_others(file: Keyfile, name: str) -> bool:
    """Tell whether the file is for no card: what a guest makes for itself, wireless cards."""
    kinds = {*file.value("Match", "Driver").split(), *file.value("Match", "Type").split()}
    return (
        bool(kinds & VIRTUAL)
        or any(file.value("Match", key) for key in NOT_CARDS)
        or (bool(name) and all(map(_network.is_inside, name.replace("*", "").split())))
    )


def _turned(draft: Draft, file: Keyfile, name: str, kind: str) -> list[str]:
    """Turn static addresses into DHCP; return why, nothing if there are none."""
    has_address = file.values("Network", "Address") or file.has("Address")
    dhcp = file.value("Network", "DHCP").lower()
    if not has_address or (dhcp in DHCP and not dhcp.endswith("v6")):
        return []
    file.disable(_is_old)
    if kind == "vlan" or _network.is_vlan(name):
        _network.note_vlan(draft, name)
    else:
        file.put("Network", "DHCP", "yes")
    return [_network.was_static(name or "it")]


def _is_old(section: str, key: str, value: str) -> bool:
    is_refusal = key == "IPv6AcceptRA" and value.lower() in FALSE
    return section in OLD_SECTIONS or (section, key) in OLD or is_refusal


def _loosened(file: Keyfile) -> bool:
    """Let the file be for other cards as well; return whether it was not."""

    def is_pin(section: str, key: str, value: str) -> bool:
        is_driver = section == "Match" and key == "Driver"
        return (section == "Match" and key in PINS) or (
            is_driver and not _network.DRIVERS & set(value.split()) and "*" not in value
        )

    if not file.disable(is_pin):
        return False
    file.disable(lambda section, key, _: (section, key) == ("Link", "MACAddress"))
    if not any(file.values("Match", key) for key in ("Name", "Type", "Driver")):
        file.put("Match", "Name", ANY)
    return True


def _made_optional(file: Keyfile, name: str, others: Collection[str]) -> list[str]:
    names = set(name.split())
    if not names or names - set(others) or file.value("Link", "RequiredForOnline"):
        return []
    file.put("Link", "RequiredForOnline", "no")
    return [f"{name} may not be there"]


FIXUP = Fixup(
    name="network_networkd",
    summary="let the interfaces of systemd-networkd get their addresses by DHCP",
    plan=plan,
)
