# SPDX-License-Identifier: Apache-2.0
"""GetRole over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_the_role_comes_with_its_tags(ask: Ask, role: str) -> None:
    ask("TagRole", RoleName=role, Tags=[{"Key": "k", "Value": "v"}])
    answer = ask("GetRole", RoleName=role)["Role"]
    assert answer["RoleName"] == role
    assert answer["Tags"] == [{"Key": "k", "Value": "v"}]


def test_a_missing_role_is_named(ask: Ask) -> None:
    with pytest.raises(ApiError, match="The role with name none cannot be found"):
        ask("GetRole", RoleName="none")
