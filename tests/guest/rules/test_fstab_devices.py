# SPDX-License-Identifier: Apache-2.0
"""Devices of fstab."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import LINE, facts, findings, lines


def test_by_uuid() -> None:
    assert lines("fstab_devices") == []


def test_what_is_no_device() -> None:
    assert lines("fstab_devices", facts(fstab=(replace(LINE, spec="tmpfs", partition=None),))) == []


def test_what_need_not_be_there() -> None:
    assert (
        lines("fstab_devices", facts(fstab=(replace(LINE, options="ro,nofail", partition=None),)))
        == []
    )


def test_what_is_not_there() -> None:
    assert lines("fstab_devices", facts(fstab=(replace(LINE, path="/srv", partition=None),))) == [
        "/etc/fstab, line 1: found UUID=u, expected a device of these disks for /srv"
    ]


def test_by_its_place() -> None:
    assert lines("fstab_devices", facts(fstab=(replace(LINE, spec="/dev/sda1"),))) == [
        "/etc/fstab, line 1: found /dev/sda1, expected a UUID for /"
    ]


def test_its_weight() -> None:
    finding = findings("fstab_devices", facts(fstab=(replace(LINE, partition=None),)))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")
