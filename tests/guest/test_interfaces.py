# SPDX-License-Identifier: Apache-2.0
"""Interfaces of all renderers together, and of too many."""

from __future__ import annotations

from tests.guest.trees import tree_of

from vmferry.guest import interfaces
from vmferry.guest.settings import Settings


def test_every_renderer_is_asked() -> None:
    assert sorted(renderer.name for renderer in interfaces.RENDERERS) == [
        *("ifupdown", "netplan", "network-scripts", "networkmanager", "systemd-networkd", "wicked"),
    ]
    settings = Settings(
        tree_of(
            {
                "etc/network/interfaces": "iface eth0 inet dhcp\n",
                "etc/sysconfig/network/ifcfg-eth1": "BOOTPROTO=dhcp\n",
            }
        )
    )
    assert [(each.name, each.renderer) for each in interfaces.read(settings)] == [
        ("eth0", "ifupdown"),
        ("eth1", "wicked"),
    ]


def test_many_and_long_ones_are_cut() -> None:
    text = "".join(f"iface {'x' * 100}{number} inet dhcp\n" for number in range(400))
    settings = Settings(tree_of({"etc/network/interfaces": text}))
    found = interfaces.read(settings)
    assert len(found) == 250
    assert {len(each.name) for each in found} == {64}
    assert settings.damage == ["network: found more than 250 interfaces, the others are not told"]
