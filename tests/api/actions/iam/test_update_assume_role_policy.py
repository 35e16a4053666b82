# SPDX-License-Identifier: Apache-2.0
"""UpdateAssumeRolePolicy over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.api.actions.iam.conftest import TRUST

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_the_trust_policy_is_another(ask: Ask, role: str) -> None:
    other = TRUST.replace("Allow", "Deny")
    assert ask("UpdateAssumeRolePolicy", RoleName=role, PolicyDocument=other) == {}
    answer = ask("GetRole", RoleName=role)["Role"]
    assert unquote(answer["AssumeRolePolicyDocument"]) == other
