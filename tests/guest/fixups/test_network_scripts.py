# SPDX-License-Identifier: Apache-2.0
"""ifcfg files as Red Hat's installers write them, before and after."""

from __future__ import annotations

import pytest
from tests.guest.fixups.mending import mended

from vmferry.guest.fixups import network_names
from vmferry.guest.fixups.network_scripts import FIXUP
from vmferry.model.fixup import Choices, Network

FOLDER = "etc/sysconfig/network-scripts"
OLD = "# disabled by vmferry: "

RHEL_5 = """\
# Intel Corporation 82545EM Gigabit Ethernet Controller (Copper)
DEVICE=eth0
BOOTPROTO=static
BROADCAST=192.0.2.255
HWADDR=00:0C:29:AA:BB:CC
IPADDR=192.0.2.10
NETMASK=255.255.255.0
NETWORK=192.0.2.0
ONBOOT=yes
"""
RHEL_5_AFTER = f"""\
# Intel Corporation 82545EM Gigabit Ethernet Controller (Copper)
DEVICE=eth0
BOOTPROTO=dhcp
{OLD}BROADCAST=192.0.2.255
{OLD}HWADDR=00:0C:29:AA:BB:CC
{OLD}IPADDR=192.0.2.10
{OLD}NETMASK=255.255.255.0
{OLD}NETWORK=192.0.2.0
ONBOOT=yes
"""
RHEL_7 = """\
TYPE="Ethernet"
BOOTPROTO="none"
DEFROUTE="yes"
IPV6INIT="yes"
IPV6_AUTOCONF="no"
NAME="ens192"
UUID="6a0d6d30-2b1d-4e6c-a0f5-0a3e9b7b6ed5"
DEVICE="ens192"
ONBOOT="yes"
IPADDR="192.0.2.10"
PREFIX="24"
GATEWAY="192.0.2.1"
DNS1="192.0.2.53"
DOMAIN="example.org"
IPV6ADDR="2001:db8::5/64"
IPV6_DEFAULTGW="2001:db8::1"
"""
RHEL_7_AFTER = f"""\
TYPE="Ethernet"
BOOTPROTO="dhcp"
DEFROUTE="yes"
IPV6INIT="yes"
{OLD}IPV6_AUTOCONF="no"
NAME="ens192"
UUID="6a0d6d30-2b1d-4e6c-a0f5-0a3e9b7b6ed5"
DEVICE="ens192"
ONBOOT="yes"
{OLD}IPADDR="192.0.2.10"
{OLD}PREFIX="24"
{OLD}GATEWAY="192.0.2.1"
{OLD}DNS1="192.0.2.53"
DOMAIN="example.org"
{OLD}IPV6ADDR="2001:db8::5/64"
{OLD}IPV6_DEFAULTGW="2001:db8::1"
"""


@pytest.mark.parametrize(
    ("suffix", "before", "after"),
    [
        ("eth0", RHEL_5, RHEL_5_AFTER),
        ("ens192", RHEL_7, RHEL_7_AFTER),
        (
            "eth0",  # written by cloud-init, which may write it anew
            (
                "# Created by cloud-init on instance boot automatically, do not edit.\n#\n"
                "BOOTPROTO=dhcp\nDEVICE=eth0\nHWADDR=52:54:00:12:34:56\nONBOOT=yes\n"
            ),
            (
                "# Created by cloud-init on instance boot automatically, do not edit.\n#\n"
                f"BOOTPROTO=dhcp\nDEVICE=eth0\n{OLD}HWADDR=52:54:00:12:34:56\nONBOOT=yes\n"
            ),
        ),
        ("eth1", "IPADDR=192.0.2.1\n", f"{OLD}IPADDR=192.0.2.1\nBOOTPROTO=dhcp\n"),
        (
            "ens192",
            "HWADDR=00:0c:29:aa:bb:cc\nBOOTPROTO=dhcp\n",
            f"{OLD}HWADDR=00:0c:29:aa:bb:cc\nBOOTPROTO=dhcp\nDEVICE=ens192\n",
        ),
        (
            "System_eth0",
            "HWADDR=00:0c:29:aa:bb:cc\nBOOTPROTO=dhcp\n",
            f"{OLD}HWADDR=00:0c:29:aa:bb:cc\nBOOTPROTO=dhcp\n",
        ),
        (
            "bond0",
            "DEVICE=bond0\nBONDING_OPTS='mode=1 miimon=100'\nBOOTPROTO=none\nIPADDR=192.0.2.1\n",
            (
                "DEVICE=bond0\nBONDING_OPTS='mode=1 miimon=100'\nBOOTPROTO=dhcp\n"
                f"{OLD}IPADDR=192.0.2.1\n"
            ),
        ),
        ("eth0", "DEVICE=eth0\nMASTER=bond0\nSLAVE=yes\nBOOTPROTO=none\n", None),
        ("virbr0", "DEVICE=virbr0\nTYPE=Bridge\nIPADDR=10.0.0.1\n", None),
        ("br7", "DEVICE=br7\nTYPE=Bridge\nIPADDR=10.0.0.1\n", None),
        ("lo", "DEVICE=lo\nIPADDR=127.0.0.1\nNETMASK=255.0.0.0\n", None),
        ("eth0", "DEVICE=eth0\nBOOTPROTO=dhcp\nIPADDR=\n", None),
        ("eth0:0", "DEVICE=eth0:0\nIPADDR=192.0.2.9\n", ""),
        ("eth0-range0", "IPADDR_START=192.0.2.9\nIPADDR=192.0.2.9\n", ""),
        ("eth0.bak", "DEVICE=eth0\nIPADDR=192.0.2.9\n", None),
    ],
)
def test_a_file(suffix: str, before: str, after: str | None) -> None:
    path = f"{FOLDER}/ifcfg-{suffix}"
    files, draft = mended(FIXUP, {path: before})
    assert files.get(path, "") == (before if after is None else after)
    assert draft.notes == []


def test_a_bridge_with_a_port() -> None:
    before: dict[str, str | bytes] = {
        f"{FOLDER}/ifcfg-br0": "DEVICE=br0\nTYPE=Bridge\nBOOTPROTO=static\nIPADDR=192.0.2.1\n",
        f"{FOLDER}/ifcfg-eth0": "DEVICE=eth0\nBRIDGE=br0\n",
    }
    files, _ = mended(FIXUP, before)
    assert "BOOTPROTO=dhcp" in str(files[f"{FOLDER}/ifcfg-br0"])
    assert files[f"{FOLDER}/ifcfg-eth0"] == "DEVICE=eth0\nBRIDGE=br0\n"


@pytest.mark.parametrize(
    ("suffix", "keys"), [("eth0.7", "VLAN=yes\n"), ("vlan7", ""), ("lab", "TYPE=Vlan\n")]
)
def test_a_vlan_has_no_address_and_a_note(suffix: str, keys: str) -> None:
    path = f"{FOLDER}/ifcfg-{suffix}"
    files, draft = mended(FIXUP, {path: f"DEVICE={suffix}\n{keys}IPADDR=192.0.2.1\n"})
    assert files[path] == (f"DEVICE={suffix}\n{keys}{OLD}IPADDR=192.0.2.1\nBOOTPROTO=none\n")
    assert "is a VLAN, which is not there any more" in draft.notes[0]


def test_what_is_for_all_interfaces() -> None:
    before: dict[str, str | bytes] = {
        f"{FOLDER}/ifcfg-eth0": RHEL_5,
        f"{FOLDER}/route-eth0": "10.0.0.0/8 via 192.0.2.1\n",
        "etc/sysconfig/static-routes": "any net 10.0.0.0/8 gw 192.0.2.1\n",
        "etc/sysconfig/network": "NETWORKING=yes\nHOSTNAME=a\nGATEWAY=192.0.2.1\n",
    }
    files, draft = mended(FIXUP, before)
    assert files == {
        f"{FOLDER}/ifcfg-eth0": RHEL_5_AFTER,
        "etc/sysconfig/network": f"NETWORKING=yes\nHOSTNAME=a\n{OLD}GATEWAY=192.0.2.1\n",
    }
    assert [reason.why for edit in draft.edits() for reason in edit.reasons] == [
        "the gateway is of another network",
        (
            "eth0 had a static address of another network; "
            "eth0 was tied to the address of a card that is not there any more"
        ),
        "the routes are of another network",
        "the routes are of another network",
    ]


def test_a_file_without_a_device_gets_its_name_from_the_rule() -> None:
    before: dict[str, str | bytes] = {
        f"{FOLDER}/ifcfg-ens192": "HWADDR=00:0c:29:aa:bb:cc\nBOOTPROTO=dhcp\n",
        "usr/lib/udev/rules.d/80-net-setup-link.rules": "",
    }
    named, _ = mended(network_names.FIXUP, before)
    assert 'NAME="ens192"' in str(named["etc/udev/rules.d/70-vmferry-net.rules"])


def test_kept_is_kept() -> None:
    before: dict[str, str | bytes] = {f"{FOLDER}/ifcfg-eth0": RHEL_5}
    assert mended(FIXUP, before, Choices(fixups=(), network=Network.KEEP))[0] == before
