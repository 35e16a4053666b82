# SPDX-License-Identifier: Apache-2.0
"""interfaces as Debian and Ubuntu have it, before and after; ifupdown itself says what it means."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.guest.fixups.mending import Files, mended
from tests.guests.drawing import SBIN

from vmferry.guest.fixups.network_ifupdown import FIXUP
from vmferry.model.fixup import Choices, Network

if TYPE_CHECKING:
    from pathlib import Path

INTERFACES = "etc/network/interfaces"
OLD = "# disabled by vmferry: "
LO = "auto lo\niface lo inet loopback\n\n"

DEBIAN_6 = (
    "# The loopback network interface\n"
    + LO
    + """\
# The primary network interface
allow-hotplug eth0
iface eth0 inet static
\taddress 192.0.2.10
\tnetmask 255.255.255.0
\tnetwork 192.0.2.0
\tbroadcast 192.0.2.255
\tgateway 192.0.2.1
\t# dns-* options are implemented by the resolvconf package, if installed
\tdns-nameservers 192.0.2.53
\tdns-search example.org
"""
)
DEBIAN_6_AFTER = (
    "# The loopback network interface\n"
    + LO
    + f"""\
# The primary network interface
allow-hotplug eth0
iface eth0 inet dhcp
\t{OLD}address 192.0.2.10
\t{OLD}netmask 255.255.255.0
\t{OLD}network 192.0.2.0
\t{OLD}broadcast 192.0.2.255
\t{OLD}gateway 192.0.2.1
\t# dns-* options are implemented by the resolvconf package, if installed
\t{OLD}dns-nameservers 192.0.2.53
\tdns-search example.org
"""
)
COMMANDS = """\
auto eth0
iface eth0 inet static
  address 192.0.2.10/24
  hwaddress ether 00:50:56:01:02:03
  up route add -net 10.0.0.0/8 gw 192.0.2.1
  post-up /sbin/ip -4 route add 10.1.0.0/16 via 192.0.2.1
  pre-up iptables-restore < /etc/iptables.rules
  up ethtool -K eth0 tso off
"""
COMMANDS_AFTER = f"""\
auto eth0
iface eth0 inet dhcp
  {OLD}address 192.0.2.10/24
  {OLD}hwaddress ether 00:50:56:01:02:03
  {OLD}up route add -net 10.0.0.0/8 gw 192.0.2.1
  {OLD}post-up /sbin/ip -4 route add 10.1.0.0/16 via 192.0.2.1
  pre-up iptables-restore < /etc/iptables.rules
  up ethtool -K eth0 tso off
"""
CLOUD_INIT = """\
auto ens3
iface ens3 inet static
    address 192.0.2.7/24
    gateway 192.0.2.1
"""
BRIDGE = """\
auto br0 virbr9
iface eth0 inet manual
iface br0 inet static
    address 192.0.2.10/24
    bridge_ports eth0
iface virbr9 inet static
    address 198.51.100.1/24
    bridge_ports none
"""
BOND = """\
auto eth0 eth1 bond0
iface eth0 inet manual
    bond-master bond0
iface eth1 inet manual
    bond-master bond0
iface bond0 inet static
    address 192.0.2.10/24
    bond-slaves none
"""
ALIASES = """\
auto eth0 eth0:1
iface eth0 inet static
 address 192.0.2.1/24
iface eth0 inet static
 address 192.0.2.2/24
iface eth0:1 inet static
 address 192.0.2.3
"""
ALIASES_AFTER = f"""\
auto eth0
iface eth0 inet dhcp
 {OLD}address 192.0.2.1/24
{OLD}iface eth0 inet static
 {OLD}address 192.0.2.2/24
{OLD}iface eth0:1 inet static
 {OLD}address 192.0.2.3
"""
ADDRESS_6 = " address 2001:db8::5\n netmask 64\n gateway 2001:db8::1\n"
ADDRESS_6_AFTER = "".join(f" {OLD}{line[1:]}\n" for line in ADDRESS_6.splitlines())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (DEBIAN_6, DEBIAN_6_AFTER),
        (COMMANDS, COMMANDS_AFTER),
        (
            BRIDGE,
            BRIDGE.replace("br0 inet static", "br0 inet dhcp", 1).replace(
                "address 192", f"{OLD}address 192"
            ),
        ),
        (
            BOND,
            BOND.replace("static", "dhcp")
            .replace("address", f"{OLD}address")
            .replace("auto eth0 eth1 bond0", "auto eth0 bond0\nallow-hotplug eth1"),
        ),
        (ALIASES, ALIASES_AFTER),
        (
            "auto eth0:1\niface eth0:1 inet static\n",
            f"{OLD}auto eth0:1\n{OLD}iface eth0:1 inet static\n",
        ),
        (
            f"iface eth0 inet dhcp\niface eth0 inet6 static\n{ADDRESS_6} accept_ra 0\n",
            f"iface eth0 inet dhcp\niface eth0 inet6 auto\n{ADDRESS_6_AFTER} {OLD}accept_ra 0\n",
        ),
        (
            f"iface ens3 inet6 static\n{ADDRESS_6}",
            f"iface ens3 inet dhcp\n\niface ens3 inet6 auto\n{ADDRESS_6_AFTER}",
        ),
        (  # one long line
            "iface eth0 inet static \\\n  address 192.0.2.1\n",
            "iface eth0 inet dhcp \\\n  address 192.0.2.1\n",
        ),
        (
            "iface eth0 inet static\n  address \\\n  192.0.2.1\n",
            f"iface eth0 inet dhcp\n  {OLD}address \n  {OLD}192.0.2.1\n",
        ),
        (LO + "auto ens192\niface ens192 inet dhcp\n", None),
        ("iface dummy0 inet static\n address 10.0.0.1/32\n", None),
        ("iface lo inet static\n address 10.0.0.1/32\n", None),
        ("", None),
    ],
)
def test_a_file(before: str, after: str | None) -> None:
    files, draft = mended(FIXUP, {INTERFACES: before})
    assert files[INTERFACES] == (before if after is None else after)
    assert draft.notes == []


def test_files_that_are_included() -> None:
    before: Files = {
        INTERFACES: LO + "source /etc/network/interfaces.d/*\n",
        "etc/network/interfaces.d/50-cloud-init.cfg": CLOUD_INIT,
    }
    files, draft = mended(FIXUP, before)
    assert files[INTERFACES] == before[INTERFACES]
    assert str(files["etc/network/interfaces.d/50-cloud-init.cfg"]).startswith(
        f"auto ens3\niface ens3 inet dhcp\n    {OLD}address"
    )
    (edit,) = draft.edits()
    assert edit.reasons[0].why == "ens3 had a static address of another network"


def test_a_vlan_has_no_address_and_a_note() -> None:
    before = "auto eth0.7\niface eth0.7 inet static\n address 192.0.2.1/24\n gateway 192.0.2.254\n"
    files, draft = mended(FIXUP, {INTERFACES: before})
    assert files[INTERFACES] == (
        f"auto eth0.7\niface eth0.7 inet manual\n {OLD}address 192.0.2.1/24\n"
        f" {OLD}gateway 192.0.2.254\n"
    )
    assert draft.notes == [
        "network_ifupdown: eth0.7 is a VLAN, which is not there any more: it has no address"
    ]


@pytest.mark.parametrize(
    ("distribution", "version", "method"),
    [("debian", "6.0", "manual"), ("ubuntu", "10.04", "manual"), ("debian", "7", "auto")],
)
def test_old_ifupdown_knows_no_auto(distribution: str, version: str, method: str) -> None:
    before = "iface eth0 inet dhcp\niface eth0 inet6 static\n address 2001:db8::5\n"
    files, _ = mended(FIXUP, {INTERFACES: before}, distribution=distribution, version=version)
    assert f"iface eth0 inet6 {method}\n" in str(files[INTERFACES])


def test_kept_is_kept() -> None:
    choices = Choices(fixups=(), network=Network.KEEP)
    assert mended(FIXUP, {INTERFACES: DEBIAN_6}, choices)[0] == {INTERFACES: DEBIAN_6}


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("before", "starts"),
    [(DEBIAN_6, ["lo"]), (COMMANDS, ["lo", "eth0"]), (BOND, ["lo", "eth0", "bond0"])],
)
def test_ifupdown_starts_a_dhcp_client(before: str, starts: list[str], tmp_path: Path) -> None:
    if shutil.which("ifquery", path=SBIN) is None:
        pytest.skip("ifquery is not installed")
    files, _ = mended(FIXUP, {INTERFACES: before})
    path = tmp_path / "interfaces"
    path.write_text(str(files[INTERFACES]), encoding="ascii")

    def said(*command: str) -> str:
        result = subprocess.run(
            [*command, "-i", str(path)],
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": SBIN},
        )
        return result.stdout + result.stderr

    assert said("ifquery", "--list", "--allow=auto").split() == starts
    name = "bond0" if before is BOND else "eth0"
    assert not re.search("192.0.2", said("ifquery", name))
    assert re.search(r"dhclient|udhcpc|dhcpcd", said("ifup", "-n", "-v", "--force", name))
