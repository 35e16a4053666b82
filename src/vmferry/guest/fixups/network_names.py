# SPDX-License-Identifier: Apache-2.0
"""A card on another machine has the name that the guest's configuration has for it.

A card's place on the bus is another one after the move, and so is its address: ``ens192`` is
``ens3`` then, and a persistent rule keeps ``eth0`` for a card that is gone. What ties a name to an
address is removed, and where the name would be another, one udev rule gives it to the first card.
Configuration, firewall zones, VLANs and bridges go on naming what they name.

    names by the kernel, eth0       nothing: the first card is eth0
    names by place, or another name a rule: the first card has it
    addresses are kept              a rule for each card, by its MAC address
    udev before rules by attribute  a note

A rule with ``NAME=`` and no ``.link`` file: systemd-udevd before 240 never renames what an
initramfs has named (systemd issues 9006 and 9807), and Debian's initramfs names cards. Every udev
obeys ``NAME=``, and both net_setup_link and biosdevname leave a card alone that has one.

Source: udev(7), NAME, DRIVERS, TEST; systemd's 80-net-setup-link.rules; aws-behaviour.md, 11-L.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vmferry.guest.fixups import Fixup, _network
from vmferry.guest.network import mac
from vmferry.guest.network._ini import parse, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

FOLDER: Final = "/etc/udev/rules.d"
LINKS: Final = "/etc/systemd/network"
ADDRESS: Final = re.compile(r'(?:ATTRS?|SYSFS)\{address\}=="([^"]{1,40})"')
PLACE: Final = re.compile(
    r'(?:KERNELS|ID)=="(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"', re.IGNORECASE
)
GIVEN: Final = re.compile(
    r'\bNAME:?="([A-Za-z0-9_-]{1,15})"|rename_netiface %k ([A-Za-z0-9_-]{1,15})'
)
"""The second is that of SLES 10."""

NET: Final = 'SUBSYSTEM=="net"'
CONTINUED: Final = re.compile(r"(?:[^\n]*\\\n)*[^\n]*\n?")

FIRST: Final = "eth0"
CARD: Final = f'{NET}, ACTION=="add", DRIVERS=="?*", ATTR{{type}}=="1", '
"""Only what a driver of a device made: no bridge, bond or VLAN, which have the card's address."""

HEAD: Final = """\
# Written by vmferry. On this machine the card would have another name than the
# configuration has for it.
"""

SINCE: Final = {
    **dict.fromkeys(("rhel", "centos", "ol", "scientific", "redhat"), 6),
    **dict.fromkeys(("sles", "sled", "opensuse"), 11),
    "debian": 5,
    "ubuntu": 9,
}
"""The first releases whose udev (118 and later) has ``ATTR``, ``DRIVERS`` and ``TEST``."""


@dataclass(frozen=True, slots=True)
class _Pin:
    """A name that a card has by its address; ``""`` for a place."""

    name: str
    mac: str


def plan(draft: Draft, facts: GuestFacts, choices: Choices) -> None:
    """Let go of addresses, and give the cards their names."""
    pins = [*_rule_pins(draft), *_link_pins(draft)]
    names = _network.cards(draft, facts, choices, [pin.name for pin in pins])
    if _network.to_dhcp(choices):
        _unpin(draft)
        if names and _needs_rule(draft, facts, names[0]):
            _write(draft, facts, _first_card(names[0]), f"{names[0]} would have another name")
    elif names:
        _tie(draft, facts, choices, names, pins)


def _rule_pins(draft: Draft) -> Iterator[_Pin]:
    for path in _rule_files(draft):
        for rule in CONTINUED.findall(draft.text(path) or ""):
            given = GIVEN.search(rule)
            if _ties(rule) and given:
                address = ADDRESS.search(rule)
                yield _Pin(given[1] or given[2], mac(address[1]) if address else "")


def _rule_files(draft: Draft) -> list[str]:
    names = draft.names(FOLDER)
    return [f"{FOLDER}/{name}" for name in names if name.endswith(".rules")]


def _ties(rule: str) -> bool:
    """Tell whether a rule gives a name to the card of an address or place."""
    return (
        not rule.lstrip().startswith("#")
        and NET in rule
        and bool(ADDRESS.search(rule) or PLACE.search(rule))
        and ("NAME=" in rule or "NAME:=" in rule or "rename_netiface" in rule)
    )


def _link_pins(draft: Draft) -> Iterator[_Pin]:
    for _, name, address in _links(draft):
        if _network.NAME.fullmatch(name):
            yield _Pin(name, address)


def _links(draft: Draft) -> Iterator[tuple[str, str, str]]:
    """Yield path, name and address of the .link files that are for one card only."""
    for file in draft.names(LINKS):
        text = draft.text(f"{LINKS}/{file}") if file.endswith(".link") else None
        keys = parse(text or "")
        name = value(keys, "Link", "Name")
        address = value(keys, "Match", "MACAddress") or value(keys, "Match", "PermanentMACAddress")
        if name and (address or value(keys, "Match", "Path")):
            yield f"{LINKS}/{file}", name, mac(address)


def _unpin(draft: Draft) -> None:
    for path, _, address in list(_links(draft)):
        draft.remove(path, f"names the card {address or 'of a slot'}, which is not there any more")
    for path in _rule_files(draft):
        rules = CONTINUED.findall(draft.text(path) or "")
        if not any(map(_ties, rules)):
            continue
        why = "gives names to cards by their addresses, which are not there any more"
        if all(_ties(rule) or not rule.strip() or rule.startswith("#") for rule in rules):
            draft.remove(path, why)
        else:
            draft.write(path, "".join(map(_untied, rules)), why)


def _untied(rule: str) -> str:
    if not _ties(rule):
        return rule
    return "".join(_network.disabled(line) for line in rule.splitlines(keepends=True))


def _needs_rule(draft: Draft, facts: GuestFacts, name: str) -> bool:
    """Tell whether the first card would not have ``name`` by itself, and no rule gives it."""
    if name in _network.OWN_NAME.findall(draft.text(_network.RULES) or ""):
        return False
    return name != FIRST or _network.has_predictable_names(draft, facts)


def _first_card(name: str) -> str:
    """Return the rules for the first card that comes; others keep what they would be called.

    The first line holds the name when events come again (``udevadm trigger``).
    """
    return (
        f'{HEAD}{CARD}KERNEL=="{name}", NAME="{name}"\n'
        f'{CARD}KERNEL!="{name}", TEST!="/sys/class/net/{name}", NAME="{name}"\n'
    )


def _write(draft: Draft, facts: GuestFacts, text: str, why: str) -> None:
    if _network.major(facts) and _network.major(facts) < SINCE.get(facts.distribution, 0):
        draft.note(f"{why}, and its udev takes no rule for that: configure {FIRST} by DHCP")
    else:
        draft.write(_network.RULES, text, why)


def _tie(
    draft: Draft, facts: GuestFacts, choices: Choices, names: list[str], pins: list[_Pin]
) -> None:
    """Give each card its name by its address: as the guest has them, or in their order."""
    macs = [address for each in choices.macs if (address := mac(each))]
    known = {each.name: each.mac for each in facts.interfaces if each.mac}
    known |= {pin.name: pin.mac for pin in pins if pin.mac}
    unused = iter([address for address in macs if address not in known.values()])
    rules = []
    for name in names:
        address = known.get(name) or next(unused, "")
        if not address or (macs and address not in macs):
            has = f"has no card of {address}" if address else "has no card left"
            draft.note(f"{name} keeps its configuration, but the machine {has}")
        else:
            rules.append(f'{CARD}ATTR{{address}}=="{address}", NAME="{name}"\n')
    if rules:
        _write(draft, facts, HEAD + "".join(rules), "each card keeps its name by its address")


FIXUP = Fixup(
    name="network_names",
    summary="untie names of network cards from addresses, and keep the name that is configured",
    rank=40,
    plan=plan,
)
