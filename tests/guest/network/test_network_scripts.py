# SPDX-License-Identifier: Apache-2.0
"""Red Hat's ifcfg files."""

from __future__ import annotations

import pytest
from tests.guest.network.rendered import Row, rendered

from vmferry.guest.network.network_scripts import RENDERER

FOLDER = "etc/sysconfig/network-scripts"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("ifcfg-eth0", 'DEVICE="eth0"\nBOOTPROTO=dhcp\nONBOOT=yes\n', [("eth0", "dhcp", (), "")]),
        (
            "ifcfg-ens192",
            (
                "NAME=ens192\nDEVICE=ens192\nBOOTPROTO=none\nIPADDR=192.0.2.1\nPREFIX=24\n"
                "IPADDR1=192.0.2.2\nNETMASK1=255.255.0.0\nIPV6ADDR=2001:db8::1/64\n"
                'IPV6ADDR_SECONDARIES="2001:db8::2/64 2001:db8::3/64"\n'
            ),
            [
                (
                    "ens192",
                    "static",
                    (
                        *("192.0.2.1/24", "192.0.2.2/16", "2001:db8::1/64"),
                        *("2001:db8::2/64", "2001:db8::3/64"),
                    ),
                    "",
                )
            ],
        ),
        (
            "ifcfg-Auto_eth1",
            "HWADDR=00:0C:29:AB:CD:EF\nBOOTPROTO=bootp\n",
            [("", "dhcp", (), "00:0c:29:ab:cd:ef")],
        ),
        ("ifcfg-eth1", "ONBOOT=no\n", [("eth1", "none", (), "")]),
        ("ifcfg-eth1", "DHCPV6C=yes\n", [("eth1", "dhcp", (), "")]),
        ("ifcfg-eth1", "", []),
        ("ifcfg-lo", "DEVICE=lo\nIPADDR=127.0.0.1\n", []),
        ("ifcfg-eth0.bak", "DEVICE=eth0\n", []),
        ("route-eth0", "DEVICE=eth0\n", []),
    ],
)
def test_reads(name: str, text: str, found: list[Row]) -> None:
    assert rendered(RENDERER, {f"{FOLDER}/{name}": text}) == found
