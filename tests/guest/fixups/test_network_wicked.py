# SPDX-License-Identifier: Apache-2.0
"""ifcfg files as YaST writes them, before and after."""

from __future__ import annotations

import pytest
from tests.guest.fixups.mending import mended

from vmferry.guest.fixups.network_wicked import FIXUP
from vmferry.model.fixup import Choices, Network

FOLDER = "etc/sysconfig/network"
OLD = "# disabled by vmferry: "

SLES_11 = """\
BOOTPROTO='static'
BROADCAST=''
ETHTOOL_OPTIONS=''
IPADDR='192.0.2.10/24'
MTU=''
NAME='82545EM Gigabit Ethernet Controller (Copper)'
NETMASK=''
NETWORK=''
REMOTE_IPADDR=''
STARTMODE='auto'
USERCONTROL='no'
IPADDR_1='192.0.2.11/24'
LABEL_1='second'
"""
SLES_11_AFTER = f"""\
BOOTPROTO='dhcp'
{OLD}BROADCAST=''
ETHTOOL_OPTIONS=''
{OLD}IPADDR='192.0.2.10/24'
MTU=''
NAME='82545EM Gigabit Ethernet Controller (Copper)'
{OLD}NETMASK=''
{OLD}NETWORK=''
{OLD}REMOTE_IPADDR=''
STARTMODE='auto'
USERCONTROL='no'
{OLD}IPADDR_1='192.0.2.11/24'
{OLD}LABEL_1='second'
"""


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("eth0", SLES_11, SLES_11_AFTER),
        (
            "br0",
            "BOOTPROTO='static'\nBRIDGE='yes'\nBRIDGE_PORTS='eth0'\nIPADDR='192.0.2.1/24'\n",
            f"BOOTPROTO='dhcp'\nBRIDGE='yes'\nBRIDGE_PORTS='eth0'\n{OLD}IPADDR='192.0.2.1/24'\n",
        ),
        ("br7", "BOOTPROTO='static'\nBRIDGE='yes'\nBRIDGE_PORTS=''\nIPADDR='10.0.0.1/24'\n", None),
        ("eth0", "BOOTPROTO='dhcp4'\nIPADDR=''\nSTARTMODE='auto'\n", None),
        ("eth0", "LLADDR='00:50:56:01:02:03'\n", f"{OLD}LLADDR='00:50:56:01:02:03'\n"),
        ("lo", "IPADDR=127.0.0.1/8\nSTARTMODE=nfsroot\nBOOTPROTO=static\n", None),
    ],
)
def test_a_file(name: str, before: str, after: str | None) -> None:
    path = f"{FOLDER}/ifcfg-{name}"
    files, draft = mended(FIXUP, {path: before})
    assert files == {path: before if after is None else after}
    assert draft.notes == []


def test_a_vlan_has_no_address_and_a_note() -> None:
    path = f"{FOLDER}/ifcfg-lab"
    files, draft = mended(
        FIXUP, {path: "BOOTPROTO='static'\nETHERDEVICE='eth0'\nIPADDR='192.0.2.1/24'\n"}
    )
    assert files[path] == (f"BOOTPROTO='none'\nETHERDEVICE='eth0'\n{OLD}IPADDR='192.0.2.1/24'\n")
    assert "lab is a VLAN" in draft.notes[0]


def test_the_file_of_an_address_is_renamed() -> None:
    first, second = (f"{FOLDER}/ifcfg-eth-id-00:50:56:01:02:0{number}" for number in (3, 4))
    before: dict[str, str | bytes] = {
        first: "BOOTPROTO='static'\nIPADDR='192.0.2.1'\nSTARTMODE='auto'\n",
        second: "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n",
    }
    files, _ = mended(FIXUP, before)
    assert files == {
        f"{FOLDER}/ifcfg-eth0": f"BOOTPROTO='dhcp'\n{OLD}IPADDR='192.0.2.1'\nSTARTMODE='auto'\n",
        f"{FOLDER}/ifcfg-eth1": "BOOTPROTO='dhcp'\nSTARTMODE='hotplug'\n",
    }


def test_what_is_for_all_interfaces() -> None:
    before: dict[str, str | bytes] = {
        f"{FOLDER}/ifcfg-eth0": "BOOTPROTO='static'\nIPADDR='192.0.2.1/24'\nSTARTMODE='auto'\n",
        f"{FOLDER}/ifcfg-eth1": "BOOTPROTO='static'\nIPADDR='192.0.2.2/24'\nSTARTMODE='auto'\n",
        f"{FOLDER}/routes": "# all\ndefault 192.0.2.1 - -\n10.0.0.0/8 - - eth0\n",
        f"{FOLDER}/ifroute-eth0": "2001:db8::/32 fe80::1 -\n",
        f"{FOLDER}/config": 'A=1\nNETCONFIG_DNS_STATIC_SERVERS="192.0.2.53"\n',
    }
    files, _ = mended(FIXUP, before)
    assert files[f"{FOLDER}/routes"] == (
        f"# all\n{OLD}default 192.0.2.1 - -\n10.0.0.0/8 - - eth0\n"
    )
    assert files[f"{FOLDER}/ifroute-eth0"] == f"{OLD}2001:db8::/32 fe80::1 -\n"
    assert files[f"{FOLDER}/config"] == 'A=1\nNETCONFIG_DNS_STATIC_SERVERS=""\n'
    assert "STARTMODE='hotplug'" in str(files[f"{FOLDER}/ifcfg-eth1"])


def test_kept_is_kept() -> None:
    before: dict[str, str | bytes] = {f"{FOLDER}/ifcfg-eth0": SLES_11}
    assert mended(FIXUP, before, Choices(fixups=(), network=Network.KEEP))[0] == before
