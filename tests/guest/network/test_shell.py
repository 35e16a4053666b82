# SPDX-License-Identifier: Apache-2.0
"""Assignments, against a shell."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.guest.network._shell import assignments

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# DEVICE=eth9
DEVICE=eth0
export BOOTPROTO='none'
IPADDR="192.0.2.1"   # a comment
  NETMASK=255.255.255.0
NAME="System \\"eth0\\""
GATEWAY=
ZONE='a b'
"""


def test_reads_assignments() -> None:
    assert assignments(TEXT + 'A=$(reboot)\nB=`x`\nC="open\nd=1\r\nnot one\n') == {
        "DEVICE": "eth0",
        "BOOTPROTO": "none",
        "IPADDR": "192.0.2.1",
        "NETMASK": "255.255.255.0",
        "NAME": 'System "eth0"',
        "GATEWAY": "",
        "ZONE": "a b",
        "D": "1",
    }


@pytest.mark.oracle
def test_reads_what_a_shell_reads(tmp_path: Path) -> None:
    path = tmp_path / "ifcfg"
    path.write_text(TEXT)
    for name, value in assignments(TEXT).items():
        said = subprocess.run(
            ["/bin/sh", "-c", f'. "$0"; printf %s "${name}"', str(path)],
            capture_output=True,
            check=True,
            text=True,
        )
        assert said.stdout == value


@given(st.text(max_size=200))
def test_reads_anything(text: str) -> None:
    assignments(text)


def test_long_lines_take_no_time() -> None:
    for line in ("A=" + '"' + "\\x" * 30_000, "A=" + "'" * 60_001, "A=x" + " " * 60_000 + "\0"):
        assignments(line)
