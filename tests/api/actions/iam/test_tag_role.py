# SPDX-License-Identifier: Apache-2.0
"""TagRole over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_a_tag_is_added_and_replaced(ask: Ask, role: str) -> None:
    for value in ("1", ""):
        assert ask("TagRole", RoleName=role, Tags=[{"Key": "k", "Value": value}]) == {}
    assert ask("ListRoleTags", RoleName=role)["Tags"] == [{"Key": "k", "Value": ""}]
