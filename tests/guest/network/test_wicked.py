# SPDX-License-Identifier: Apache-2.0
"""SUSE's ifcfg files, of wicked and of SLES 10."""

from __future__ import annotations

import pytest
from tests.guest.network.rendered import Row, rendered

from vmferry.guest.network.wicked import RENDERER

FOLDER = "etc/sysconfig/network"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("ifcfg-eth0", "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n", [("eth0", "dhcp", (), "")]),
        ("ifcfg-eth0", "BOOTPROTO='dhcp4'\n", [("eth0", "dhcp", (), "")]),
        ("ifcfg-eth0", "BOOTPROTO='dhcp+autoip'\n", [("eth0", "dhcp", (), "")]),
        (
            "ifcfg-eth1",
            (
                "BOOTPROTO='static'\nIPADDR='192.0.2.1/24'\nIPADDR_1='192.0.2.2'\nPREFIXLEN_1='16'\n"
                "IPADDR_x='192.0.2.3'\nNETMASK_x='255.255.255.0'\n"
            ),
            [("eth1", "static", ("192.0.2.1/24", "192.0.2.2/16", "192.0.2.3/24"), "")],
        ),
        (
            "ifcfg-eth-id-00:50:56:ab:cd:ef",
            "BOOTPROTO='static'\nIPADDR='192.0.2.1'\nNETMASK='255.255.255.0'\n",
            [("", "static", ("192.0.2.1/24",), "00:50:56:ab:cd:ef")],
        ),
        ("ifcfg-br0", "BOOTPROTO='none'\nBRIDGE='yes'\n", [("br0", "none", (), "")]),
        ("ifcfg-lo", "IPADDR='127.0.0.1/8'\n", []),
        ("ifcfg.template", "IPADDR='127.0.0.1/8'\n", []),
        ("config", "BOOTPROTO='dhcp'\n", []),
    ],
)
def test_reads(name: str, text: str, found: list[Row]) -> None:
    assert rendered(RENDERER, {f"{FOLDER}/{name}": text}) == found
