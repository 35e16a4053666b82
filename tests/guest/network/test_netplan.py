# SPDX-License-Identifier: Apache-2.0
"""netplan: definitions, matches, files that add to each other."""

from __future__ import annotations

import pytest
from tests.guest.network.rendered import Row, complaints, rendered

from vmferry.guest.network.netplan import RENDERER

CLOUD = """\
network:
    version: 2
    ethernets:
        ens33:
            dhcp4: true
            match:
                macaddress: 00:0C:29:AB:CD:EF
            set-name: ens33
"""
STATIC = """\
network:
  renderer: networkd
  ethernets:
    eth0:
      dhcp4: no
      addresses: [192.0.2.10/24, '2001:db8::10/64']
      routes: [{to: default, via: 192.0.2.1}]
    eth1: {dhcp6: yes}
    eth2: {dhcp6: yes, addresses: [{192.0.2.11/24: {label: x}}]}
    any: {match: {name: "en*"}, dhcp4: true}
    all: {match: {driver: vmxnet3}, dhcp4: true}
    off: {}
  vlans:
    vlan10: {id: 10, link: eth0, addresses: [10.0.0.1/8]}
"""


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"etc/netplan/50-cloud-init.yaml": CLOUD}, [("ens33", "dhcp", (), "00:0c:29:ab:cd:ef")]),
        (
            {"etc/netplan/01-netcfg.yaml": STATIC},
            [
                ("eth0", "static", ("192.0.2.10/24", "2001:db8::10/64"), ""),
                ("eth1", "dhcp", (), ""),
                ("eth2", "static", ("192.0.2.11/24",), ""),
                ("en*", "dhcp", (), ""),
                ("", "dhcp", (), ""),
                ("off", "none", (), ""),
                ("vlan10", "static", ("10.0.0.1/8",), ""),
            ],
        ),
        (
            {
                "etc/netplan/1.yaml": "network: {ethernets: {a: {dhcp4: true, addresses: [::1]}}}",
                "lib/netplan/1.yaml": "network: {ethernets: {b: {dhcp4: true}}}",
                "lib/netplan/2.yaml": "network: {ethernets: {a: {dhcp4: false, match: {name: c},"
                " addresses: ['::2']}}}",
                "etc/netplan/no.yml": "network: {ethernets: {d: {}}}",
            },
            [("c", "static", ("::1", "::2"), "")],
        ),
        ({"etc/netplan/a.yaml": "network: [a]"}, []),
        ({"etc/netplan/a.yaml": "network: {ethernets: {a: b, c: {addresses: x}}}"}, None),
    ],
)
def test_reads(files: dict[str, str | bytes], found: list[Row] | None) -> None:
    expected = [("a", "none", (), ""), ("c", "none", (), "")] if found is None else found
    assert rendered(RENDERER, files) == expected


def test_what_is_no_yaml_is_a_sentence() -> None:
    files: dict[str, str | bytes] = {"etc/netplan/a.yaml": "a: &a [x]\nb: [*a, *a]\n"}
    assert complaints(RENDERER, files) == [
        "/etc/netplan/a.yaml: line 1: found an anchor, which is not read here"
    ]
