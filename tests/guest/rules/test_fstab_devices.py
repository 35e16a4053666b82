# SPDX-License-Identifier: Apache-2.0
"""Devices of fstab."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.guest.rules.subjects import LINE, ROOT, facts, findings, lines


def test_by_uuid() -> None:
    assert lines("fstab_devices") == []


def test_what_is_no_device() -> None:
    assert lines("fstab_devices", facts(fstab=(replace(LINE, spec="tmpfs", partition=None),))) == []


@pytest.mark.parametrize("options", ["ro,nofail", "noauto", "_netdev", "x-systemd.automount"])
def test_what_need_not_be_there(options: str) -> None:
    line = replace(LINE, options=options, partition=None)
    assert lines("fstab_devices", facts(fstab=(line,))) == []


def test_what_is_a_network_s() -> None:
    line = replace(LINE, spec="/dev/x", kind="nfs", path="/srv", partition=None)
    assert lines("fstab_devices", facts(fstab=(line,))) == []


def test_what_is_not_there() -> None:
    assert lines("fstab_devices", facts(fstab=(replace(LINE, path="/srv", partition=None),))) == [
        "/etc/fstab, line 1: found UUID=u, expected a device of these disks for /srv"
    ]


def test_by_its_place() -> None:
    assert lines("fstab_devices", facts(fstab=(replace(LINE, spec="/dev/sda1"),))) == [
        "/etc/fstab, line 1: found /dev/sda1, expected a UUID for /"
    ]


@pytest.mark.parametrize(
    ("path", "kind", "hidden", "severity"),
    [
        ("/srv", "ext4", "", "warns"),
        ("/", "ext4", "", "informs"),
        ("none", "swap", "", "informs"),
        ("/srv", "ext4", "linux_raid_member", "informs"),
        ("/srv", "ext4", "crypto_LUKS", "informs"),
    ],
)
def test_its_weight(path: str, kind: str, hidden: str, severity: str) -> None:
    line = replace(LINE, path=path, kind=kind, partition=None)
    seen = facts(fstab=(line,), partitions=(ROOT, replace(ROOT, number=2, filesystem=hidden)))
    finding = findings("fstab_devices", seen)[0]
    assert finding.severity == severity
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ""
