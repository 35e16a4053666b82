# SPDX-License-Identifier: Apache-2.0
"""netplan's interfaces get their addresses by DHCP, and so do those that cloud-init makes it from.

What belongs to the old network becomes a comment: addresses, gateways, routes, name servers. A card
that was matched by its address is matched by its name, or, where it had none, by that of any card.
The start does not wait for a card beyond the first.

Files that cloud-init made are mended like others: it makes them anew when it finds a source of
data on the new host, and leaves them as they are, with the old card's address, when it finds none.
Ubuntu's installer keeps the same in /etc/cloud/cloud.cfg.d/90-installer-network.cfg.

Source: https://netplan.readthedocs.io/en/stable/netplan-yaml/; cloud-init, "Network configuration
sources" and "Networking config version 2"; aws-behaviour.md, 11-R, line 959.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.guest.fixups import Fixup, _network
from vmferry.guest.fixups._yaml import edited
from vmferry.guest.network import mac
from vmferry.guest.network._yaml import parse
from vmferry.guest.network.netplan import FOLDERS, KINDS, TRUE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vmferry.guest.draft import Draft
    from vmferry.guest.network._yaml import Value
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

CLOUD: Final = "/etc/cloud/cloud.cfg.d"
OLD: Final = ("addresses", "gateway4", "gateway6", "routes", "routing-policy")
FALSE: Final = ("false", "no", "off", "n")
ANY: Final = "e*"
NETWORK_MANAGER: Final = "NetworkManager"


def plan(draft: Draft, facts: GuestFacts, choices: Choices) -> None:
    """Mend netplan's files, and those that cloud-init makes them from."""
    if not _network.to_dhcp(choices):
        return
    others = _network.cards(draft, facts, choices)[1:]
    _mend(draft, list(_files(draft, FOLDERS, ".yaml")), others)
    if facts.services.cloud_init:
        _mend(draft, list(_files(draft, (CLOUD,), ".cfg")), others)


def _files(draft: Draft, folders: Collection[str], ending: str) -> Iterator[str]:
    """Yield the files in effect: one in /etc hides one of its name below /usr."""
    seen = set()
    for folder in folders:
        for name in draft.names(folder):
            if name.endswith(ending) and name not in seen:
                seen.add(name)
                yield f"{folder}/{name}"


def _mend(draft: Draft, paths: list[str], others: Collection[str]) -> None:
    """Mend files that are one configuration."""
    networks = {path: network for path in paths if (network := _network_of(draft, path))}
    uses_manager = any(each.get("renderer") == NETWORK_MANAGER for each in networks.values())
    static = set(_static(networks))
    for path, network in networks.items():
        reasons: list[str] = []
        after = dict(network)
        for kind in KINDS:
            definitions = _mapping(network.get(kind))
            if definitions:
                after[kind] = {
                    name: _Definition(name, kind, _mapping(value), reasons).mended(
                        name in static, others, "" if uses_manager else ANY
                    )
                    for name, value in definitions.items()
                }
        if reasons:
            _write(draft, path, after, reasons)
            _note_vlans(draft, network, static)


def _network_of(draft: Draft, path: str) -> dict[str, Value]:
    """Return what a file says below ``network``, nothing of one that is not understood."""
    text = draft.text(path) or ""
    if not any(line.startswith(("network:", '"network"', "{")) for line in text.split("\n")):
        return {}
    try:
        network = _mapping(_mapping(parse(text)).get("network"))
    except FormatError as error:
        draft.note(f"{path} stays as it is: {error.message}")
        return {}
    if "static" in str(network.get("config", "")):
        draft.note(f"{path} stays as it is: static addresses in the first version of the format")
    return network


def _static(networks: dict[str, dict[str, Value]]) -> Iterator[str]:
    """Yield the names of interfaces that have addresses, and no DHCP in any file."""
    found: dict[str, dict[str, Value]] = {}
    for network in networks.values():
        for kind in KINDS:
            for name, value in _mapping(network.get(kind)).items():
                found.setdefault(name, {}).update({"kind": kind, **_mapping(value)})
    for name, each in found.items():
        is_inside = each["kind"] == "bridges" and not each.get("interfaces")
        is_dhcp = str(each.get("dhcp4", "")).lower() in TRUE
        if each.get("addresses") and not is_dhcp and not is_inside:
            yield name


def _write(draft: Draft, path: str, network: dict[str, Value], reasons: list[str]) -> None:
    text = draft.text(path) or ""
    value = _mapping(parse(text))
    mended = edited(text, {**value, "network": network})
    draft.write(path, mended, "; ".join(dict.fromkeys(reasons)))


def _note_vlans(draft: Draft, network: dict[str, Value], static: Collection[str]) -> None:
    for name in _mapping(network.get("vlans")):
        if name in static:
            _network.note_vlan(draft, name)


def _mapping(value: Value | None) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


class _Definition:
    """One interface of one file."""

    def __init__(self, name: str, kind: str, value: dict[str, Value], reasons: list[str]) -> None:
        self._name = name
        self._kind = kind
        self._old = value
        self._new = dict(value)
        self._reasons = reasons

    def mended(self, is_static: bool, others: Collection[str], any_card: str) -> dict[str, Value]:
        """Return the definition as it should be.

        Args:
            is_static: Whether the interface's addresses become DHCP.
            others: The names of cards beyond the first.
            any_card: What matches any card; ``""`` where NetworkManager takes no pattern.
        """
        if is_static:
            self._turn()
        if self._kind == "ethernets":
            self._unmatch(any_card)
            card = str(self._old.get("set-name") or _match(self._old).get("name") or self._name)
            if card in others and "optional" not in self._new:
                self._new["optional"] = "true"
                self._reasons.append(f"{card} may not be there")
        if self._kind != "vlans" and mac(str(self._new.get("macaddress", ""))):
            del self._new["macaddress"]
            self._reasons.append(f"{self._name} had the address of another card")
        return self._new

    def _turn(self) -> None:
        new = self._new
        has_addresses = bool(new.get("addresses"))
        for key in OLD:
            new.pop(key, None)
        servers = dict(_mapping(new.get("nameservers")))
        if servers.pop("addresses", ""):
            del new["nameservers"]
            new |= {"nameservers": servers} if servers else {}
        if str(new.get("accept-ra", "")).lower() in FALSE:
            del new["accept-ra"]
        if has_addresses and self._kind != "vlans":
            new["dhcp4"] = "true"
        if new != self._old:
            self._reasons.append(_network.was_static(self._name))

    def _unmatch(self, any_card: str) -> None:
        """Match no address and no driver of the old card."""
        match = _match(self._old)
        left = {key: value for key, value in match.items() if key not in ("macaddress", "driver")}
        if left == match or not (match.get("macaddress") or _is_of_old_host(match.get("driver"))):
            return
        name = self._old.get("set-name")
        if name and not left:
            del self._new["set-name"]
            left = {"name": name}
        if left == {"name": self._name}:
            del self._new["match"]
        else:
            self._new["match"] = left or ({"name": any_card} if any_card else {})
        self._reasons.append(f"{self._name} was tied to a card that is not there any more")


def _match(definition: dict[str, Value]) -> dict[str, Value]:
    return _mapping(definition.get("match"))


def _is_of_old_host(driver: Value | None) -> bool:
    """Tell whether no card of the new host can have the driver."""
    drivers = driver if isinstance(driver, list) else [driver or "*"]
    return not any("*" in str(each) or str(each) in _network.DRIVERS for each in drivers)


FIXUP = Fixup(
    name="network_netplan",
    summary="let the interfaces of netplan get their addresses by DHCP",
    plan=plan,
)
