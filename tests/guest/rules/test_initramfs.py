# SPDX-License-Identifier: Apache-2.0
"""An initramfs that cannot be read."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import KERNEL, facts, findings, lines

BROKEN = facts(kernels=(replace(KERNEL, undecided=f"{KERNEL.initramfs}: no cpio"),))


def test_one_that_can() -> None:
    assert lines("initramfs", facts(damage=(f"{KERNEL.initramfs}: is damaged",))) == []


def test_one_that_is_too_long_for_us() -> None:
    kernel = replace(KERNEL, undecided="the drivers in the initramfs are not known: more")
    assert lines("initramfs", facts(kernels=(kernel,))) == []


def test_one_that_cannot() -> None:
    assert lines("initramfs", BROKEN) == ["boot/initrd.img-5.10.0-28-amd64: no cpio"] * 2


def test_its_weight() -> None:
    theirs, ours = findings("initramfs", BROKEN)
    assert (theirs.severity, theirs.concerns) == ("blocks", ("aws",))
    assert theirs.aws_text == (
        "ClientError: We were unable to read your import's initramfs/initrd to determine "
        "what drivers your import requires to run in EC2"
    )
    assert (ours.severity, ours.concerns, ours.aws_text) == ("warns", ("vmferry",), "")
