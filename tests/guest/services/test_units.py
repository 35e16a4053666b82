# SPDX-License-Identifier: Apache-2.0
"""What starts with the machine: links of systemd, SysV, upstart and OpenRC."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.guest.trees import tree_of
from tests.guests.drawing import run

from vmferry.guest.services.units import enabled
from vmferry.guest.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

SYSTEMD = "lib/systemd/systemd"
UNITS = "lib/systemd/system"
OWN = "etc/systemd/system"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, set()),
        (
            {
                SYSTEMD: "",
                f"{UNITS}/ssh.service": "",
                f"{UNITS}/nginx.service": "",
                f"{OWN}/multi-user.target.wants/ssh.service": f"->/{UNITS}/ssh.service",
                f"{OWN}/sockets.target.wants/cups.socket": f"->/{UNITS}/cups.socket",
                f"{UNITS}/sysinit.target.wants/kmod.service": "",
                f"{OWN}/other.service.wants/x.service": "",
            },
            {"ssh", "cups", "kmod"},
        ),
        (
            {
                SYSTEMD: "",
                f"{OWN}/sshd.service": "->/dev/null",
                f"{OWN}/multi-user.target.wants/sshd.service": "->../sshd.service",
            },
            set(),
        ),
        (
            {
                SYSTEMD: "",
                f"{UNITS}/ssh.service": "",
                "etc/rc2.d/S02ssh": "->../init.d/ssh",
                "etc/rc2.d/S02old": "->../init.d/old",
                "etc/rc2.d/K01gone": "->../init.d/gone",
            },
            {"old"},
        ),
        ({"etc/rc3.d/S55sshd": "", "etc/rc3.d/S1": "", "etc/rc3.d/README": ""}, {"sshd"}),
        ({"etc/init.d/rc3.d/S11sshd": ""}, {"sshd"}),
        (
            {
                "etc/init/ssh.conf": "description x\n  start on runlevel [2345]\n",
                "etc/init/cups.conf": "start on runlevel\n",
                "etc/init/cups.override": "manual\n",
                "etc/init/idle.conf": "stop on x\n",
            },
            {"ssh"},
        ),
        ({"etc/runlevels/default/sshd": "->/etc/init.d/sshd"}, {"sshd"}),
    ],
)
def test_what_starts(files: dict[str, str | bytes], found: set[str]) -> None:
    assert enabled(Settings(tree_of(files))) == found


UNIT = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
SOCKET = "[Socket]\nListenStream=22\n[Install]\nWantedBy=sockets.target\n"


@pytest.mark.oracle
def test_what_systemctl_enabled_and_masked(tmp_path: Path) -> None:
    if shutil.which("systemctl") is None:
        pytest.skip("systemctl is not installed")
    units = tmp_path / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for name in ("a.service", "b.service", "c.service", "d@.service"):
        (units / name).write_text(UNIT)
    (units / "s.socket").write_text(SOCKET)
    (units / "s.service").write_text(UNIT)
    root = f"--root={tmp_path}"
    run(["systemctl", "--quiet", root, "enable", "a.service", "c.service", "d@x.service"])
    run(["systemctl", "--quiet", root, "enable", "s.socket"])
    run(["systemctl", "--quiet", root, "mask", "c.service"])
    files: dict[str, str | bytes] = {"usr/lib/systemd/systemd": ""}
    for path in sorted(tmp_path.rglob("*")):
        name = str(path.relative_to(tmp_path))
        if path.is_symlink():
            files[name] = f"->{path.readlink()}"
        elif path.is_file():
            files[name] = path.read_text()
    assert enabled(Settings(tree_of(files))) == {"a", "d@x", "s"}
