# SPDX-License-Identifier: Apache-2.0
"""Which cards a guest has, and which is the first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.guest.fixups.mending import Files, facts_of, mended
from tests.guest.test_wire import FACTS
from tests.guest.trees import tree_of

from vmferry.guest.draft import Draft
from vmferry.guest.fixups import Fixup, _network, all_fixups
from vmferry.model.fixup import Choices, Network
from vmferry.model.guest import GuestFacts, Interface


def interface(name: str, method: str = "dhcp", mac: str = "") -> Interface:
    return Interface(name=name, renderer="ifupdown", source="/x", method=method, mac=mac)


@pytest.mark.parametrize(
    ("interfaces", "expected"),
    [
        ((interface("ens1000"), interface("ens192")), ["ens192", "ens1000"]),
        ((interface("eth10"), interface("eth2")), ["eth2", "eth10"]),
        ((interface("ens192"), interface("eth0")), ["eth0", "ens192"]),  # the kernel names
        ((interface("eth0", "none"), interface("eth1")), ["eth1", "eth0"]),
        ((interface("br0"), interface("bond0"), interface("eth0.7")), []),
        ((interface("lan", mac="00:50:56:01:02:03"), interface("wan")), ["lan"]),
        ((interface("eth0"), interface("eth1", mac="00:50:56:00:00:01")), ["eth1", "eth0"]),
        ((interface('x"y', mac="00:50:56:00:00:01"), interface("")), []),
    ],
)
def test_cards(interfaces: tuple[Interface, ...], expected: list[str]) -> None:
    facts = replace(FACTS, interfaces=interfaces)
    choices = Choices(fixups=(), macs=("00:50:56:00:00:01",))
    assert _network.cards(Draft(tree_of({})), facts, choices) == expected


def test_the_rule_says_which_is_the_first() -> None:
    draft = Draft(tree_of({_network.RULES[1:]: 'KERNEL=="wan", NAME="wan"\n'}))
    facts = replace(FACTS, interfaces=(interface("eth0"), interface("wan")))
    assert _network.cards(draft, facts, Choices(fixups=())) == ["wan", "eth0"]


def test_a_disabled_line_keeps_its_indent() -> None:
    assert _network.disabled("\t address 1") == "\t # disabled by vmferry: address 1"
    assert _network.is_disabled(_network.disabled("  address 1"))
    assert not _network.is_disabled("# address 1")


@pytest.mark.parametrize(
    ("name", "expected"), [("eth0.7", True), ("vlan12", True), ("br0", False), ("vlans", False)]
)
def test_vlans(name: str, expected: bool) -> None:
    assert _network.is_vlan(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("dummy0", True), ("virbr0-nic", True), ("lo", True), ("lan0", False), ("br0", False)],
)
def test_networks_inside(name: str, expected: bool) -> None:
    assert _network.is_inside(name) is expected


@pytest.mark.parametrize(("version", "expected"), [("22.04", 22), ("6", 6), ("", 0), ("x", 0)])
def test_major(version: str, expected: int) -> None:
    assert _network.major(replace(FACTS, version=version)) == expected


def test_to_dhcp() -> None:
    assert _network.to_dhcp(Choices(fixups=()))
    assert not _network.to_dhcp(Choices(fixups=(), network=Network.KEEP))


def together(draft: Draft, facts: GuestFacts, choices: Choices) -> None:
    for each in all_fixups():
        if each.name.startswith("network"):
            each.plan(draft, facts, choices)


TOGETHER = Fixup(name="network", summary="all of the network's", plan=together)
IFUPDOWN = "auto lan0 eth0\niface lan0 inet static\n address 192.0.2.1\n"
PERSISTENT = 'SUBSYSTEM=="net", ATTR{address}=="00:50:56:01:02:04", NAME="lan0"\n'
NETPLAN = """\
network:
  version: 2
  ethernets:
    lan0:
      match: {macaddress: "00:50:56:01:02:04"}
      set-name: lan0
      addresses: [192.0.2.10/24]
    ens224:
      addresses: [198.51.100.10/24]
"""
MAC = "00:50:56:01:02:04"
LINK = "[Match]\nMACAddress=00:50:56:01:02:04\n[Link]\nName=lan0\n"
PREDICTABLE = {"usr/lib/udev/rules.d/80-net-setup-link.rules": ""}


@pytest.mark.parametrize(
    "files",
    [
        {"etc/netplan/a.yaml": NETPLAN, "etc/systemd/network/10-lan0.link": LINK, **PREDICTABLE},
        {
            "etc/network/interfaces": IFUPDOWN,
            "etc/udev/rules.d/70-persistent-net.rules": PERSISTENT,
        },
        {
            "etc/sysconfig/network-scripts/ifcfg-ens192": f"HWADDR={MAC}\nIPADDR=1.2.3.4\n",
            "etc/sysconfig/network-scripts/ifcfg-ens224": "DEVICE=ens224\nIPADDR=1.2.3.5\n",
            "etc/NetworkManager/system-connections/a": f"[ethernet]\nmac-address={MAC}\n",
            **PREDICTABLE,
        },
    ],
)
def test_all_together_leave_nothing_static_and_nothing_tied(files: Files) -> None:
    after, _ = mended(TOGETHER, files)
    facts = facts_of(after)
    assert facts.interfaces
    assert not [each for each in facts.interfaces if each.mac or each.method == "static"]
    assert not facts.services.persistent_names
    assert _network.RULES[1:] in after
