# SPDX-License-Identifier: Apache-2.0
"""DeleteRolePolicy over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.api.actions.iam.conftest import POLICY

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_a_policy_goes_once(ask: Ask, role: str) -> None:
    ask("PutRolePolicy", RoleName=role, PolicyName="p", PolicyDocument=POLICY)
    assert ask("DeleteRolePolicy", RoleName=role, PolicyName="p") == {}
    with pytest.raises(ApiError, match="The role policy with name p cannot be found") as caught:
        ask("DeleteRolePolicy", RoleName=role, PolicyName="p")
    assert (caught.value.code, caught.value.status) == ("NoSuchEntity", 404)
