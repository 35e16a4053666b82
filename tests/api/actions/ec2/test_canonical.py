# SPDX-License-Identifier: Apache-2.0
"""Canonical users: those of the guide, as corrected."""

from __future__ import annotations

import re

from vmferry.api.actions.ec2._canonical import ELSEWHERE, USERS, canonical_user


def test_every_user_is_a_canonical_id() -> None:
    assert all(re.fullmatch("[0-9a-f]{64}", user) for user in (*USERS.values(), ELSEWHERE))


def test_regions_without_their_own_share_one() -> None:
    assert canonical_user("us-east-1") == canonical_user("eu-west-1") == ELSEWHERE
    assert canonical_user("af-south-1").startswith("3f7744ae")
    assert canonical_user("me-central-1").startswith("7d301883")


def test_the_guides_misprints_are_corrected() -> None:
    assert canonical_user("eu-central-2").startswith("5d9fcea7")
    assert canonical_user("us-gov-west-1").startswith("af913ca13efe7a94b88392711f6cfc8aa")
    assert canonical_user("cn-north-1").startswith("834bafd8")
