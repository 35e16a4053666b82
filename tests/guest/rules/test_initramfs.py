# SPDX-License-Identifier: Apache-2.0
"""An initramfs that cannot be read."""

from __future__ import annotations

from tests.guest.rules.subjects import KERNEL, facts, findings, lines


def test_one_that_can() -> None:
    assert lines("initramfs", facts(damage=("etc/x: is damaged",))) == []


def test_one_that_cannot() -> None:
    assert lines("initramfs", facts(damage=(f"{KERNEL.initramfs}: no cpio",))) == [
        "boot/initrd.img-5.10.0-28-amd64: no cpio"
    ]


def test_its_weight() -> None:
    finding = findings("initramfs", facts(damage=(f"{KERNEL.initramfs}: no cpio",)))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == (
        "ClientError: We were unable to read your import's initramfs/initrd to determine "
        "what drivers your import requires to run in EC2"
    )
