# SPDX-License-Identifier: Apache-2.0
"""ifupdown: stanzas, includes, and includes that lead to themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.network.rendered import Row, complaints, rendered

from vmferry.guest.network.ifupdown import RENDERER

STATIC = """\
# The loopback network interface
auto lo
iface lo inet loopback

allow-hotplug ens192
iface ens192 inet static
\taddress 192.0.2.10
\tnetmask 255.255.255.0
\tgateway 192.0.2.1
    dns-nameservers 192.0.2.53 \\
        192.0.2.54
iface ens192 inet6 static
    address 2001:db8::10/64
iface br0 inet manual
auto eth1
iface eth1 inet dhcp
"""


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {"etc/network/interfaces": STATIC},
            [
                ("ens192", "static", ("192.0.2.10/24", "2001:db8::10/64"), ""),
                ("br0", "none", (), ""),
                ("eth1", "dhcp", (), ""),
            ],
        ),
        (
            {
                "etc/network/interfaces": "source /etc/network/interfaces.d/*.cfg\nsource more\n",
                "etc/network/interfaces.d/50-cloud-init.cfg": "iface eth0 inet dhcp\n",
                "etc/network/interfaces.d/README": "iface eth9 inet dhcp\n",
                "etc/network/more": "source-directory interfaces.e",
                "etc/network/interfaces.e/setup": "iface eth1 inet dhcp\n",
                "etc/network/interfaces.e/setup.bak": "iface eth8 inet dhcp\n",
            },
            [("eth0", "dhcp", (), ""), ("eth1", "dhcp", (), "")],
        ),
        ({"etc/network/interfaces": "iface\niface eth0\naddress\nmapping x\n  map y"}, None),
        ({}, []),
    ],
)
def test_reads(files: dict[str, str | bytes], found: list[Row] | None) -> None:
    expected = [("eth0", "none", (), "")] if found is None else found
    assert rendered(RENDERER, files) == expected


def test_includes_that_lead_to_themselves() -> None:
    files: dict[str, str | bytes] = {
        "etc/network/interfaces": "source interfaces\nsource *\niface eth0 inet dhcp\n",
        "etc/network/loop": "source /etc/network/*\n",
    }
    assert rendered(RENDERER, files) == [("eth0", "dhcp", (), "")]


def test_includes_without_end() -> None:
    files: dict[str, str | bytes] = {f"etc/network/{n}": f"source {n + 1}" for n in range(500)}
    files["etc/network/interfaces"] = "source 0"
    assert complaints(RENDERER, files) == ["/etc/network/interfaces: includes more than 200 files"]


def test_includes_of_many_patterns() -> None:
    text = "".join(f"source x{number}*\n" for number in range(1000))
    files: dict[str, str | bytes] = {"etc/network/interfaces": text, "etc/network/x5": "source a\n"}
    assert complaints(RENDERER, files) == ["/etc/network/interfaces: includes more than 200 files"]


@given(st.text(max_size=200))
def test_reads_anything(text: str) -> None:
    rendered(RENDERER, {"etc/network/interfaces": f"iface x inet static\n{text}"})
