# SPDX-License-Identifier: Apache-2.0
"""systemd-networkd: .network files, drop-ins, and names tied to addresses by .link files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.guest.network.rendered import Row, rendered

from vmferry.guest.network.systemd_networkd import RENDERER

STATIC = """\
[Match]
Name=ens192 ens193
PermanentMACAddress=00:50:56:AB:CD:EF

[Network]
Address=192.0.2.1/24
DHCP=ipv6

[Address]
Address=192.0.2.2/24
"""


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {"etc/systemd/network/10-a.network": STATIC},
            [
                (
                    "ens192 ens193",
                    "static",
                    ("192.0.2.1/24", "192.0.2.2/24"),
                    "00:50:56:ab:cd:ef",
                )
            ],
        ),
        (
            {"usr/lib/systemd/network/80-ec2.network": "[Match]\nDriver=ena\n[Network]\nDHCP=1"},
            [("", "dhcp", (), "")],
        ),
        (
            {
                "etc/systemd/network/a.network": "[Match]\nName=eth0\n",
                "etc/systemd/network/a.network.d/x.conf": "[Network]\nDHCP=ipv4\n",
                "usr/lib/systemd/network/a.network": STATIC,
                "usr/lib/systemd/network/a.network.d/x.conf": "[Network]\nDHCP=no\n",
            },
            [("eth0", "dhcp", (), "")],
        ),
        (
            {
                "etc/systemd/network/10-lan.link": "[Match]\nMACAddress=x 00:50:56:ab:cd:ef\n"
                "[Link]\nName=lan0\n",
                "usr/lib/systemd/network/99-default.link": "[Match]\nOriginalName=*\n",
            },
            [("lan0", "none", (), "00:50:56:ab:cd:ef")],
        ),
        ({"usr/lib/systemd/network/80-x.network": "[Match]\nKind=veth\nName=v-*\n"}, []),
        ({"etc/systemd/network/lo.network": "[Match]\nName=lo\n"}, []),
        ({"etc/systemd/network/empty.network": ""}, []),
    ],
)
def test_reads(files: dict[str, str | bytes], found: list[Row]) -> None:
    assert rendered(RENDERER, files) == found


@pytest.mark.oracle
def test_what_systemd_brings_is_of_no_card() -> None:
    folder = Path("/usr/lib/systemd/network")
    files: dict[str, str | bytes] = {
        str(path.relative_to("/")): path.read_bytes() for path in folder.glob("*") if path.is_file()
    }
    if not any(name.endswith(".network") for name in files):
        pytest.skip("systemd is not installed")
    assert rendered(RENDERER, files) == []
