# SPDX-License-Identifier: Apache-2.0
"""Which cards a guest has, and which is the first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.guest.test_wire import FACTS
from tests.guest.trees import tree_of

from vmferry.guest.draft import Draft
from vmferry.guest.fixups import _network
from vmferry.model.fixup import Choices, Network
from vmferry.model.guest import Interface


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
