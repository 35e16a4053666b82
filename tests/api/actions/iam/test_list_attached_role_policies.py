# SPDX-License-Identifier: Apache-2.0
"""ListAttachedRolePolicies over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_there_are_none(ask: Ask, role: str) -> None:
    answer = ask("ListAttachedRolePolicies", RoleName=role)
    assert answer == {"AttachedPolicies": [], "IsTruncated": False}


def test_a_missing_role_is_named(ask: Ask) -> None:
    with pytest.raises(ApiError, match="cannot be found"):
        ask("ListAttachedRolePolicies", RoleName="none")
