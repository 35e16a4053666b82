# SPDX-License-Identifier: Apache-2.0
"""Volume groups of data that are not whole."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines

LOST = facts(lost_volumes=("volume group data: found 1 of 2 physical volumes",))


def test_none() -> None:
    assert lines("volume_group") == []


def test_one() -> None:
    assert lines("volume_group", LOST) == ["volume group data: found 1 of 2 physical volumes"] * 2


def test_its_weight() -> None:
    theirs, ours = findings("volume_group", LOST)
    assert (theirs.severity, theirs.concerns) == ("blocks", ("aws",))
    assert theirs.aws_text == (
        "ClientError: Unsupported configuration - Logical volume group activation failed"
    )
    assert (ours.severity, ours.concerns, ours.aws_text) == ("warns", ("vmferry",), "")
