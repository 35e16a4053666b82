# SPDX-License-Identifier: Apache-2.0
"""Keyfiles as nmcli and Anaconda write them, before and after."""

from __future__ import annotations

import pytest
from tests.guest.fixups.mending import Files, mended

from vmferry.guest.fixups.network_networkmanager import FIXUP
from vmferry.model.fixup import Choices, Network

FOLDER = "etc/NetworkManager/system-connections"
OLD = "# disabled by vmferry: "

RHEL_9 = """\
[connection]
id=ens192
uuid=0b0e2d0c-7f2c-3d0b-9f5e-3f6f3a9a6f0a
type=ethernet
autoconnect-priority=-999
interface-name=ens192
timestamp=1700000000

[ethernet]

[ipv4]
address1=192.0.2.10/24,192.0.2.1
dns=192.0.2.53;
dns-search=example.org;
method=manual
route1=10.0.0.0/8,192.0.2.254

[ipv6]
addr-gen-mode=eui64
method=auto

[proxy]
"""
RHEL_9_AFTER = (
    RHEL_9.replace("address1", f"{OLD}address1")
    .replace("dns=", f"{OLD}dns=")
    .replace("method=manual", "method=auto")
    .replace("route1", f"{OLD}route1")
)
PINNED = """\
[connection]
id=Wired connection 1
uuid=0b0e2d0c-7f2c-3d0b-9f5e-3f6f3a9a6f0b
type=802-3-ethernet

[802-3-ethernet]
mac-address=00:50:56:01:02:03
cloned-mac-address=stable

[ipv4]
method=auto
"""
OLD_FORM = """\
[connection]
id=lan
type=ethernet

[ipv4]
method=manual
addresses1=192.0.2.10;24;192.0.2.1;
ignore-auto-dns=true

[ipv6]
method=manual
address1=2001:db8::5/64,2001:db8::1
"""
ONLY_6 = """\
[connection]
type=ethernet
interface-name=eth0
[ipv4]
method=disabled
[ipv6]
address1=2001:db8::5/64
method=manual
"""
VLAN = """\
[connection]
type=vlan
interface-name=lab
[ipv4]
address1=192.0.2.10/24
method=manual
[ipv6]
address1=2001:db8::5/64
method=manual
"""
BRIDGE = (
    "[connection]\ntype=bridge\ninterface-name=br0\n[ipv4]\nmethod=manual\naddress1=192.0.2.1/24\n"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (RHEL_9, RHEL_9_AFTER),
        (PINNED, PINNED.replace("mac-address=00", f"{OLD}mac-address=00", 1)),
        (
            PINNED.replace("=stable", "=00:50:56:01:02:03"),
            PINNED.replace("=stable", "=00:50:56:01:02:03")
            .replace("cloned-mac-address", f"{OLD}cloned-mac-address")
            .replace("\nmac-address=00", f"\n{OLD}mac-address=00"),
        ),
        (
            OLD_FORM,
            OLD_FORM.replace("manual", "auto")
            .replace("address", f"{OLD}address")
            .replace("ignore", f"{OLD}ignore"),
        ),
        (
            ONLY_6,
            ONLY_6.replace("disabled", "auto")
            .replace("manual", "auto")
            .replace("address1", f"{OLD}address1"),
        ),
        (
            "[connection]\ntype=ethernet\n[match]\npath=pci-0000:0b:00.0\ndriver=vmxnet3\n",
            (
                f"[connection]\ntype=ethernet\n[match]\n{OLD}path=pci-0000:0b:00.0\n"
                f"{OLD}driver=vmxnet3\n"
            ),
        ),
        (BRIDGE, None),
        ("[connection]\ntype=wifi\n[ipv4]\nmethod=manual\n", None),
        ("[connection]\ntype=dummy\ninterface-name=dummy0\n[ipv4]\nmethod=manual\n", None),
    ],
)
def test_a_file(before: str, after: str | None) -> None:
    path = f"{FOLDER}/a.nmconnection"
    files, draft = mended(FIXUP, {path: before})
    assert files == {path: before if after is None else after}
    assert draft.notes == []


def test_a_vlan_has_no_address_and_a_note() -> None:
    path = f"{FOLDER}/lab"
    files, draft = mended(FIXUP, {path: VLAN})
    assert files[path] == VLAN.replace("address1", f"{OLD}address1").replace(
        "manual", "disabled", 1
    ).replace("manual", "ignore", 1)
    assert "lab is a VLAN" in draft.notes[0]


def test_a_bridge_with_a_port_by_dhcp() -> None:
    port = "[connection]\ntype=ethernet\nmaster=br0\nslave-type=bridge\n"
    before: Files = {f"{FOLDER}/br0": BRIDGE, f"{FOLDER}/port": port}
    files, draft = mended(FIXUP, before)
    assert "method=auto\n" in str(files[f"{FOLDER}/br0"])
    assert files[f"{FOLDER}/port"] == port
    assert draft.edits()[0].reasons[0].why == "br0 had a static address of another network"


def test_kept_is_kept() -> None:
    before: Files = {f"{FOLDER}/a": RHEL_9}
    assert mended(FIXUP, before, Choices(fixups=(), network=Network.KEEP))[0] == before
