# SPDX-License-Identifier: Apache-2.0
"""DeleteRole over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.api.actions.iam.conftest import POLICY

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_a_role_goes_once_its_policies_are_gone(ask: Ask, role: str) -> None:
    ask("PutRolePolicy", RoleName=role, PolicyName="p", PolicyDocument=POLICY)
    with pytest.raises(ApiError, match="Cannot delete entity, must delete policies first"):
        ask("DeleteRole", RoleName=role)
    ask("DeleteRolePolicy", RoleName=role, PolicyName="p")
    assert ask("DeleteRole", RoleName=role) == {}
    with pytest.raises(ApiError, match="cannot be found"):
        ask("GetRole", RoleName=role)
