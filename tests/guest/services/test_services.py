# SPDX-License-Identifier: Apache-2.0
"""What runs in a guest, of all kinds."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.guest import services
from vmferry.guest.settings import Settings
from vmferry.model.guest import Services

Files = dict[str, str | bytes]

PERSISTENT = (
    'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:50:56:ab:cd:ef", \\\n'
    'ATTR{dev_id}=="0x0", ATTR{type}=="1", KERNEL=="eth*", NAME="eth0"\n'
)
OF_CLOUD_INIT = (
    'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:50:56:ab:cd:ef", NAME="e"\n'
)
PORT = r"dev-virtio\x2dports-org.qemu.guest_agent.0.device"
WANTS = "etc/systemd/system/multi-user.target.wants"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, Services()),
        ({"usr/sbin/sshd": ""}, Services(ssh="disabled")),
        ({"usr/sbin/sshd": "", "etc/rc3.d/S55sshd": ""}, Services(ssh="enabled")),
        ({"etc/rc3.d/S55sshd": ""}, Services()),
        (
            {
                "lib/systemd/systemd": "",
                f"{WANTS}/ufw.service": "",
                f"{WANTS}/nftables.service": "",
                "etc/ufw/ufw.conf": "# x\nENABLED=yes\nLOGLEVEL=low\n",
            },
            Services(firewalls=("nftables", "ufw")),
        ),
        ({"etc/ufw/ufw.conf": "ENABLED=no\n"}, Services()),
        (
            {"etc/rc3.d/S08iptables": "", "etc/rc3.d/S90clamd": "", "sbin/dhclient": ""},
            Services(firewalls=("iptables",), antivirus=("clamav",), dhcp_clients=("dhclient",)),
        ),
        ({"usr/bin/cloud-init": ""}, Services(cloud_init=True)),
        ({"usr/bin/cloud-init": "", "etc/cloud/cloud-init.disabled": ""}, Services()),
        (
            {"usr/bin/vmtoolsd": "", "usr/sbin/qemu-ga": ""},
            Services(tools=("open-vm-tools",), agents=("qemu-guest-agent",)),
        ),
        (
            {
                "usr/bin/vmtoolsd": "",
                "usr/sbin/qemu-ga": "",
                "usr/bin/amazon-ssm-agent": "",
                "etc/rc3.d/S50vmtoolsd": "",
                "lib/udev/rules.d/60-qemu-guest-agent.rules": "",
            },
            Services(
                tools=("open-vm-tools",),
                agents=("amazon-ssm-agent", "qemu-guest-agent"),
                started=("open-vm-tools", "qemu-guest-agent"),
            ),
        ),
        (
            {
                "lib/systemd/systemd": "",
                "usr/bin/qemu-ga": "",
                f"etc/systemd/system/{PORT}.wants/qemu-guest-agent.service": "",
            },
            Services(agents=("qemu-guest-agent",), started=("qemu-guest-agent",)),
        ),
        (
            {
                "etc/rc3.d/S50vmtoolsd": "",
                "lib/udev/rules.d/60-qemu-guest-agent.rules": "",
            },
            Services(),
        ),
        (
            {"usr/bin/cloud-init": "", "etc/cloud/cloud.cfg": "datasource_list: [Ec2]\n"},
            Services(cloud_init=True, datasources=("Ec2",)),
        ),
        (
            {"etc/selinux/config": "# SELINUX=disabled\nSELINUX=Enforcing\nSELINUXTYPE=targeted\n"},
            Services(selinux="enforcing"),
        ),
        ({"etc/selinux/config": "SELINUX=maybe\n"}, Services()),
        (
            {
                "etc/udev/rules.d/70-persistent-net.rules": "# comment\n" + PERSISTENT,
                "etc/udev/rules.d/71-a.rules": OF_CLOUD_INIT,
                "etc/udev/rules.d/72-b.rules": "# " + OF_CLOUD_INIT,
                "etc/udev/rules.d/73-c.rules": 'SUBSYSTEM=="block", NAME="x"\n',
                "etc/udev/rules.d/74-d": OF_CLOUD_INIT,
            },
            Services(
                persistent_names=(
                    "/etc/udev/rules.d/70-persistent-net.rules",
                    "/etc/udev/rules.d/71-a.rules",
                )
            ),
        ),
    ],
)
def test_reads(files: Files, found: Services) -> None:
    settings = Settings(tree_of(files))
    assert services.read(settings) == found
    assert settings.damage == []
