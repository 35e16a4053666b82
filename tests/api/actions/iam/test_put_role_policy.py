# SPDX-License-Identifier: Apache-2.0
"""PutRolePolicy over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.api.actions.iam.conftest import POLICY

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_a_policy_is_replaced_without_a_word(ask: Ask, role: str) -> None:
    for _ in range(2):
        answer = ask("PutRolePolicy", RoleName=role, PolicyName="p", PolicyDocument=POLICY)
        assert answer == {}
    assert ask("ListRolePolicies", RoleName=role)["PolicyNames"] == ["p"]


def test_a_broken_policy_is_refused(ask: Ask, role: str) -> None:
    with pytest.raises(ApiError, match=r"^Syntax errors in policy$"):
        ask("PutRolePolicy", RoleName=role, PolicyName="p", PolicyDocument="role-policy.json")
