# SPDX-License-Identifier: Apache-2.0
"""What DHCP needs and no file can give is noted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.guest.fixups.mending import Files, mended
from tests.guest.test_wire import FACTS

from vmferry.guest.fixups.network_dhcp import FIXUP
from vmferry.model.fixup import Choices, Network

INTERFACES = "etc/network/interfaces"
STATIC: Files = {INTERFACES: "iface eth0 inet static\n address 192.0.2.1/24\n"}
DHCLIENT: Files = {"sbin/dhclient": ""}
NETWORKD: Files = {"lib/systemd/systemd-networkd": ""}
ADVICE = "can start: install dhclient or dhcpcd or pump or udhcpc before the machine is exported"


@pytest.mark.parametrize(
    ("files", "notes"),
    [
        ({**STATIC, **DHCLIENT}, []),
        (
            {**STATIC, **NETWORKD},
            [f"network_dhcp: no DHCP client is installed that ifupdown {ADVICE}"],
        ),
        ({"etc/netplan/a.yaml": "network: {ethernets: {a: {dhcp4: true}}}", **NETWORKD}, []),
        ({}, []),
        (
            {**STATIC, **DHCLIENT, "etc/resolv.conf": "search x\nnameserver 192.0.2.53\n"},
            [
                (
                    "network_dhcp: /etc/resolv.conf names 192.0.2.53 and stays as it is: "
                    "where no DHCP client writes it, name the new servers there"
                )
            ],
        ),
        ({**STATIC, **DHCLIENT, "etc/resolv.conf": "->/run/r", "run/r": "nameserver ::1"}, []),
        (
            {INTERFACES: "iface eth0 inet dhcp\n", **DHCLIENT, "etc/resolv.conf": "nameserver ::1"},
            [],
        ),
    ],
)
def test_notes(files: Files, notes: list[str]) -> None:
    after, draft = mended(FIXUP, files)
    assert after == files
    assert draft.notes == notes


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("ro ip=192.0.2.1::192.0.2.254:255.255.255.0:a:ens192:none quiet", True),
        ("ifname=ens192:00:50:56:01:02:03", True),
        ("ip=dhcp ro", False),
        ("ip=ens192:dhcp", False),
        ("ro quiet", False),
    ],
)
def test_an_address_on_the_command_line(options: str, found: bool) -> None:
    (entry,) = FACTS.boot_entries
    entries = (
        replace(entry, options=options, default=True),
        replace(entry, options="ip=10.0.0.1"),
    )
    _, draft = mended(FIXUP, {}, boot_entries=entries)
    assert bool(draft.notes) == found


def test_kept_is_kept() -> None:
    choices = Choices(fixups=(), network=Network.KEEP)
    assert mended(FIXUP, STATIC, choices)[1].notes == []
