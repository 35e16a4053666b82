# SPDX-License-Identifier: Apache-2.0
"""NetworkManager's keyfiles, new and old."""

from __future__ import annotations

import pytest
from tests.guest.network.rendered import Row, rendered

from vmferry.guest.network.networkmanager import RENDERER

FOLDER = "etc/NetworkManager/system-connections"
STATIC = """\
[connection]
id=Wired connection 1
type=ethernet
interface-name=ens160

[ethernet]
mac-address=00:50:56:AB:CD:EF

[ipv4]
address1=192.0.2.10/24,192.0.2.1
dns=192.0.2.53;
method=manual

[ipv6]
method=auto
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (STATIC, [("ens160", "static", ("192.0.2.10/24",), "00:50:56:ab:cd:ef")]),
        ("[connection]\ntype=ethernet\n", [("", "dhcp", (), "")]),
        (
            (
                "[connection]\ntype=802-3-ethernet\n[ipv4]\nmethod=manual\n"
                "addresses1=192.0.2.10;24;192.0.2.1;\n"
            ),
            [("", "static", ("192.0.2.10/24",), "")],
        ),
        ("[connection]\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=ignore", [("", "none", (), "")]),
        ("[connection]\ntype=wifi\n", []),
        ("[connection]\ntype=loopback\n", []),
        ("", []),
    ],
)
def test_reads(text: str, found: list[Row]) -> None:
    assert rendered(RENDERER, {f"{FOLDER}/a.nmconnection": text}) == found


def test_which_files_count() -> None:
    files: dict[str, str | bytes] = {
        f"{FOLDER}/{name}": STATIC for name in ("a.nmconnection", ".b", "c~", "d.rpmsave")
    }
    files["usr/lib/NetworkManager/system-connections/a.nmconnection"] = STATIC
    assert len(rendered(RENDERER, files)) == 1
