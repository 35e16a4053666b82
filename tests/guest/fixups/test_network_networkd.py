# SPDX-License-Identifier: Apache-2.0
""".network files, before and after."""

from __future__ import annotations

import pytest
from tests.guest.fixups.mending import Files, mended

from vmferry.guest.fixups.network_networkd import FIXUP
from vmferry.model.fixup import Choices, Network

FOLDER = "etc/systemd/network"
OLD = "# disabled by vmferry: "

STATIC = """\
# the lan
[Match]
Name=ens192

[Network]
Address=192.0.2.10/24
Gateway=192.0.2.1
DNS=192.0.2.53
Domains=example.org
IPv6AcceptRA=no
"""
STATIC_AFTER = f"""\
# the lan
[Match]
Name=ens192

[Network]
DHCP=yes
{OLD}Address=192.0.2.10/24
{OLD}Gateway=192.0.2.1
{OLD}DNS=192.0.2.53
Domains=example.org
{OLD}IPv6AcceptRA=no
"""
SECTIONS = """\
[Match]
MACAddress=00:50:56:01:02:03

[Address]
Address=192.0.2.10/24

[Route]
Gateway=192.0.2.1
GatewayOnLink=yes

[Network]
DHCP=no
"""
SECTIONS_AFTER = f"""\
[Match]
Name=en* eth*
{OLD}MACAddress=00:50:56:01:02:03

{OLD}[Address]
{OLD}Address=192.0.2.10/24

{OLD}[Route]
{OLD}Gateway=192.0.2.1
{OLD}GatewayOnLink=yes

[Network]
DHCP=yes
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STATIC, STATIC_AFTER),
        (SECTIONS, SECTIONS_AFTER),
        (
            "[Match]\nDriver=vmxnet3\nName=eth0\n[Network]\nDHCP=ipv4\n",
            f"[Match]\n{OLD}Driver=vmxnet3\nName=eth0\n[Network]\nDHCP=ipv4\n",
        ),
        ("[Match]\nDriver=ena virtio_net\n[Network]\nDHCP=ipv4\n", None),
        ("[Match]\nName=e*\n[Network]\nDHCP=yes\nAddress=192.0.2.1/24\n", None),
        (
            "[Match]\nName=e*\n[Network]\nDHCP=ipv6\nAddress=192.0.2.1/24\n",
            f"[Match]\nName=e*\n[Network]\nDHCP=yes\n{OLD}Address=192.0.2.1/24\n",
        ),
        ("[Match]\nName=virbr0\n[Network]\nAddress=10.0.0.1/24\n", None),
        ("[Match]\nType=wlan\n[Network]\nAddress=10.0.0.1/24\n", None),
        ("[Match]\nName=lo\n[Network]\nAddress=10.0.0.1/32\n", None),
    ],
)
def test_a_file(before: str, after: str | None) -> None:
    path = f"{FOLDER}/10-lan.network"
    files, draft = mended(FIXUP, {path: before})
    assert files == {path: before if after is None else after}
    assert draft.notes == []


def test_what_adds_to_a_file() -> None:
    before: Files = {
        f"{FOLDER}/10-lan.network": "[Match]\nName=ens192\n",
        f"{FOLDER}/10-lan.network.d/static.conf": "[Network]\nAddress=192.0.2.1/24\n",
    }
    files, draft = mended(FIXUP, before)
    assert files[f"{FOLDER}/10-lan.network.d/static.conf"] == (
        f"[Network]\nDHCP=yes\n{OLD}Address=192.0.2.1/24\n"
    )
    assert draft.edits()[0].reasons[0].why == "ens192 had a static address of another network"


def test_bridges_and_vlans() -> None:
    address = "[Network]\nAddress=192.0.2.1/24\n"
    before: Files = {
        f"{FOLDER}/br0.netdev": "[NetDev]\nName=br0\nKind=bridge\n",
        f"{FOLDER}/br0.network": f"[Match]\nName=br0\n{address}",
        f"{FOLDER}/br1.netdev": "[NetDev]\nName=br1\nKind=bridge\n",
        f"{FOLDER}/br1.network": f"[Match]\nName=br1\n{address}",
        f"{FOLDER}/lab.netdev": "[NetDev]\nName=lab\nKind=vlan\n",
        f"{FOLDER}/lab.network": f"[Match]\nName=lab\n{address}",
        f"{FOLDER}/port.network": "[Match]\nName=ens192\n[Network]\nBridge=br0\nVLAN=lab\n",
    }
    files, draft = mended(FIXUP, before)
    assert [name for name in files if files[name] != before[name]] == [
        f"{FOLDER}/br0.network",
        f"{FOLDER}/lab.network",
    ]
    assert "DHCP=yes" in str(files[f"{FOLDER}/br0.network"])
    assert files[f"{FOLDER}/lab.network"] == (
        f"[Match]\nName=lab\n[Network]\n{OLD}Address=192.0.2.1/24\n"
    )
    assert "lab is a VLAN" in draft.notes[0]


def test_the_start_does_not_wait_for_a_second_card() -> None:
    before: Files = {
        f"{FOLDER}/1.network": "[Match]\nName=ens192\n[Network]\nDHCP=yes\n",
        f"{FOLDER}/2.network": "[Match]\nName=ens224\n[Network]\nDHCP=yes\n",
    }
    files, _ = mended(FIXUP, before)
    assert files == {
        **before,
        f"{FOLDER}/2.network": f"{before[f'{FOLDER}/2.network']!s}\n[Link]\nRequiredForOnline=no\n",
    }


def test_kept_is_kept() -> None:
    before: Files = {f"{FOLDER}/a.network": STATIC}
    assert mended(FIXUP, before, Choices(fixups=(), network=Network.KEEP))[0] == before
