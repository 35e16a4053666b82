# SPDX-License-Identifier: Apache-2.0
"""Entries without a default."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ENTRY, facts, findings, lines


def test_one_is_the_default() -> None:
    assert lines("bls_default", facts(boot_entries=(replace(ENTRY, loader="bls"),))) == []


def test_none_is() -> None:
    assert lines(
        "bls_default", facts(boot_entries=(replace(ENTRY, loader="bls", default=False),) * 2)
    ) == ["boot entries: found 2 without a default, expected a default in grubenv"]


def test_its_weight() -> None:
    finding = findings(
        "bls_default", facts(boot_entries=(replace(ENTRY, loader="bls", default=False),))
    )[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == (
        "ClientError: BLSC-style GRUB found, but unable to detect default kernel"
    )
