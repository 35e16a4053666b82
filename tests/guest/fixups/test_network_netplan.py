# SPDX-License-Identifier: Apache-2.0
"""netplan's YAML as installers and cloud-init write it; netplan itself says what it means."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.guest.fixups.mending import Files, mended
from tests.guest.test_wire import FACTS
from tests.guests.drawing import SBIN

from vmferry.guest.fixups.network_netplan import FIXUP
from vmferry.model.fixup import Choices, Network

if TYPE_CHECKING:
    from pathlib import Path

PATH = "etc/netplan/00-installer-config.yaml"
OLD = "# disabled by vmferry: "

UBUNTU_18 = """\
# This file describes the network interfaces available on your system
# For more information, see netplan(5).
network:
  version: 2
  renderer: networkd
  ethernets:
    ens160:
      addresses: [ 192.0.2.10/24 ]
      gateway4: 192.0.2.1
      nameservers:
          search: [ example.org ]
          addresses:
              - "192.0.2.53"
"""
UBUNTU_18_AFTER = f"""\
# This file describes the network interfaces available on your system
# For more information, see netplan(5).
network:
  version: 2
  renderer: networkd
  ethernets:
    ens160:
      dhcp4: true
      {OLD}addresses: [ 192.0.2.10/24 ]
      {OLD}gateway4: 192.0.2.1
      nameservers:
          search: [ example.org ]
          {OLD}addresses:
              {OLD}- "192.0.2.53"
"""
UBUNTU_22 = """\
# This is the network config written by 'subiquity'
network:
  ethernets:
    ens192:
      addresses:
      - 192.0.2.10/24
      dhcp4: no   # by hand
      nameservers:
        addresses:
        - 192.0.2.53
        search: []
      routes:
      - to: default
        via: 192.0.2.1
  version: 2
"""
UBUNTU_22_AFTER = f"""\
# This is the network config written by 'subiquity'
network:
  ethernets:
    ens192:
      {OLD}addresses:
      {OLD}- 192.0.2.10/24
      dhcp4: true
      nameservers:
        {OLD}addresses:
        {OLD}- 192.0.2.53
        search: []
      {OLD}routes:
      {OLD}- to: default
        {OLD}via: 192.0.2.1
  version: 2
"""
CLOUD_INIT = """\
# This file is generated from information provided by the datasource.  Changes
# to it will not persist across an instance reboot.
network:
    ethernets:
        eth0:
            dhcp4: true
            match:
                macaddress: 52:54:00:12:34:56
            set-name: eth0
    version: 2
"""
CLOUD_INIT_AFTER = (
    CLOUD_INIT.replace("match:", f"{OLD}match:")
    .replace("macaddress", f"{OLD}macaddress")
    .replace("set-name", f"{OLD}set-name")
)
BRIDGE = """\
network:
  version: 2
  ethernets:
    ens3: {dhcp4: no}
  bridges:
    br0:
      interfaces: [ens3]
      macaddress: 52:54:00:12:34:56
      addresses: [192.0.2.10/24, "2001:db8::5/64"]
      accept-ra: false
      gateway4: 192.0.2.1
    inner0:
      addresses: [10.0.0.1/24]
"""
BRIDGE_AFTER = f"""\
network:
  version: 2
  ethernets:
    ens3: {{dhcp4: no}}
  bridges:
    br0:
      dhcp4: true
      interfaces: [ens3]
      {OLD}macaddress: 52:54:00:12:34:56
      {OLD}addresses: [192.0.2.10/24, "2001:db8::5/64"]
      {OLD}accept-ra: false
      {OLD}gateway4: 192.0.2.1
    inner0:
      addresses: [10.0.0.1/24]
"""
BY_ADDRESS = """\
network:
  version: 2
  ethernets:
    lan:
      match:
        macaddress: "52:54:00:12:34:56"
      addresses: [192.0.2.10/24]
"""
BY_ADDRESS_AFTER = f"""\
network:
  version: 2
  ethernets:
    lan:
      dhcp4: true
      match:
        name: "e*"
        {OLD}macaddress: "52:54:00:12:34:56"
      {OLD}addresses: [192.0.2.10/24]
"""
MANAGER = BY_ADDRESS.replace("version: 2", "version: 2\n  renderer: NetworkManager")
MANAGER_AFTER = """\
network:
  version: 2
  renderer: NetworkManager
  ethernets:
    lan:
      dhcp4: true
      match: {}
      # disabled by vmferry: addresses: [192.0.2.10/24]
"""
FIRST_VERSION = """\
network:
  version: 1
  config:
  - type: physical
    name: eth0
    subnets:
    - type: static
      address: 192.0.2.1/24
"""
SHORT = "network: {version: 2, ethernets: {ens3: {addresses: [192.0.2.10/24]}}}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (UBUNTU_18, UBUNTU_18_AFTER),
        (UBUNTU_22, UBUNTU_22_AFTER),
        (CLOUD_INIT, CLOUD_INIT_AFTER),
        (BRIDGE, BRIDGE_AFTER),
        (BY_ADDRESS, BY_ADDRESS_AFTER),
        (MANAGER, MANAGER_AFTER),
        (SHORT, "network: {version: 2, ethernets: {ens3: {dhcp4: true}}}\n"),
        (
            BY_ADDRESS.replace("addresses", "set-name: eth9\n      addresses"),
            BY_ADDRESS_AFTER.replace('"e*"', "eth9").replace(
                f"{OLD}addresses", f"{OLD}set-name: eth9\n      {OLD}addresses"
            ),
        ),
        (
            BY_ADDRESS.replace("macaddress:", "name: ens3\n        macaddress:"),
            BY_ADDRESS.replace("macaddress:", f"name: ens3\n        {OLD}macaddress:")
            .replace("match", "dhcp4: true\n      match")
            .replace("addresses", f"{OLD}addresses"),
        ),
        (
            BY_ADDRESS.replace("macaddress:", "driver:").replace("52:54:00:12:34:56", "vmxnet3"),
            BY_ADDRESS_AFTER.replace("macaddress:", "driver:").replace(
                "52:54:00:12:34:56", "vmxnet3"
            ),
        ),
        ("network:\n  ethernets:\n    a:\n      match: {driver: virtio_net}\n", None),
        (
            "network:\n  ethernets:\n    ens3:\n      dhcp4: true\n      addresses: [10.0.0.1/8]\n",
            None,
        ),
        ("network:\n  version: 2\n  renderer: NetworkManager\n", None),
        ("network:\n  ethernets:\n", None),
        ("", None),
    ],
)
def test_a_file(before: str, after: str | None) -> None:
    files, draft = mended(FIXUP, {PATH: before})
    assert files == {PATH: before if after is None else after}
    assert draft.notes == []


def test_the_reasons() -> None:
    _, draft = mended(FIXUP, {PATH: BRIDGE})
    assert draft.edits()[0].reasons[0].why == (
        "br0 had a static address of another network; br0 had the address of another card"
    )


def test_a_vlan_has_no_address_and_a_note() -> None:
    before = (
        "network:\n  vlans:\n    lab:\n      id: 7\n      link: ens3\n"
        "      addresses: [192.0.2.1/24]\n      gateway4: 192.0.2.254\n"
    )
    files, draft = mended(FIXUP, {PATH: before})
    assert files[PATH] == before.replace("addresses", f"{OLD}addresses").replace(
        "gateway4", f"{OLD}gateway4"
    )
    assert "lab is a VLAN" in draft.notes[0]


def test_the_start_does_not_wait_for_a_second_card() -> None:
    before = "network:\n  ethernets:\n    ens3:\n      dhcp4: true\n    ens4:\n      dhcp4: true\n"
    files, draft = mended(FIXUP, {PATH: before})
    assert files[PATH] == before.replace("ens4:\n", "ens4:\n      optional: true\n")
    assert draft.edits()[0].reasons[0].why == "ens4 may not be there"


def test_files_are_one_configuration() -> None:
    before: Files = {
        "etc/netplan/10.yaml": "network:\n  ethernets:\n    ens3:\n      gateway4: 192.0.2.1\n",
        "etc/netplan/20.yaml": "network:\n  ethernets:\n    ens3:\n      addresses: [10.0.0.5/8]\n",
    }
    files, _ = mended(FIXUP, before)
    assert files["etc/netplan/10.yaml"] == "network:\n  ethernets:\n    ens3: {}\n"
    assert "dhcp4: true\n" in str(files["etc/netplan/20.yaml"])


def test_what_cloud_init_makes_it_from() -> None:
    path = "etc/cloud/cloud.cfg.d/90-installer-network.cfg"
    services = replace(FACTS.services, cloud_init=True)
    before: Files = {
        path: UBUNTU_22,
        "etc/cloud/cloud.cfg.d/05.cfg": "datasource: &x\n  a: |\n   b\n",
        "etc/cloud/cloud.cfg.d/99-off.cfg": "network: {config: disabled}\n",
        "etc/cloud/cloud.cfg.d/v1.cfg": FIRST_VERSION,
    }
    files, draft = mended(FIXUP, before, services=services)
    assert files == {**before, path: UBUNTU_22_AFTER}
    assert draft.notes == [
        (
            "network_netplan: /etc/cloud/cloud.cfg.d/v1.cfg stays as it is: "
            "static addresses in the first version of the format"
        )
    ]
    assert mended(FIXUP, before)[0] == before


def test_what_is_not_understood_is_noted() -> None:
    before = "network:\n  ethernets: &all\n    ens3: {}\n"
    files, draft = mended(FIXUP, {PATH: before})
    assert files[PATH] == before
    assert draft.notes == [
        f"network_netplan: /{PATH} stays as it is: line 2: found an anchor, which is not read here"
    ]


def test_kept_is_kept() -> None:
    choices = Choices(fixups=(), network=Network.KEEP)
    assert mended(FIXUP, {PATH: UBUNTU_22}, choices)[0] == {PATH: UBUNTU_22}


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("before", "name"),
    [
        (UBUNTU_22, "ens192"),
        (CLOUD_INIT, "eth0"),
        (BRIDGE, "br0"),
        (BY_ADDRESS, "lan"),
        (MANAGER, "lan"),
    ],
)
def test_netplan_asks_dhcp(before: str, name: str, tmp_path: Path) -> None:
    program = shutil.which("netplan", path=SBIN)
    if program is None:
        pytest.skip("netplan is not installed")
    files, _ = mended(FIXUP, {PATH: before})
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)
    path.write_text(str(files[PATH]), encoding="ascii")
    path.chmod(0o600)
    subprocess.run([program, "generate", "--root-dir", str(tmp_path)], check=True, timeout=60)
    if before is MANAGER:
        made = f"run/NetworkManager/system-connections/netplan-{name}.nmconnection"
        wanted = "[ipv4]\nmethod=auto\n"
    else:
        made = f"run/systemd/network/10-netplan-{name}.network"
        wanted = "DHCP=ipv4\n"
    text = (tmp_path / made).read_text(encoding="ascii")
    assert wanted in text
    assert "192.0.2" not in text
    assert "52:54" not in text
    assert not list(tmp_path.glob("run/systemd/network/*.link"))
